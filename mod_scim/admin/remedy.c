#include "admin/remedy.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "admin/provider.h"
#include "core/json.h"

/* Which words of the detail name the attribute. */
typedef enum { NO_NAME, FIRST_WORD, FIRST_QUOTED } naming;

/* The first row that fits says what was broken. */
static const struct rule {
    const char *code;
    int status;            /* 0: any */
    const char *scim_type; /* NULL: any */
    const char *says;      /* words of the detail; NULL: any */
    naming attribute;
    const char *section;   /* of an RFC: "7643, 4.1.1"; or NULL */
    const char *rule;
    const char *remedy;
    admin_page page;       /* of the provider; or, of ours: */
    const char *where;
    const char *by_provider[ADMIN_GENERIC]; /* in place of `remedy` */
} rules[] = {
#define NEXT_CYCLE " The provider asks again by itself at its next cycle."
    /* clang-format off */
    { "strict", 400, NULL, "(strict: ", FIRST_QUOTED, "7644, 3.12",
      "The app is strict: it takes only what the RFCs say, and this is a habit "
      "beside them.",
      "Switch Strict off in the app's settings, and it is understood; or "
      "correct what the provider sends.",
      ADMIN_PAGE_NONE, "SCIM > the app > Settings", { NULL } },
    { "brake", 429, NULL, "The brake", NO_NAME, NULL,
      "More was to be removed at once than the organization's brake lets "
      "through.",
      "Look at who is held. If it was meant, let them through or release the "
      "brake; if not, correct it in the provider first." NEXT_CYCLE,
      ADMIN_PAGE_NONE, "Settings > Brake", { NULL } },
    { "rate", 429, NULL, NULL, NO_NAME, "6585, 4",
      "More requests came in a second than ScimRateLimit lets one token make.",
      "Nothing has to be done: the provider waits and asks again. If it comes "
      "often, ask the server's operator for a higher limit.",
      ADMIN_PAGE_NONE, NULL, { NULL } },
    { "readOnlyToken", 403, NULL, "may only read", NO_NAME, "6750, 3.1",
      "The secret token may only read.",
      "Make a token that may write, and paste it.",
      ADMIN_PAGE_CREDENTIALS, NULL, { NULL } },
    { "forbidden", 403, NULL, NULL, NO_NAME, "7644, 3.12",
      "The token does not allow this.",
      "See what the app may do in its settings.",
      ADMIN_PAGE_NONE, "SCIM > the app > Settings", { NULL } },

    { "userNameTaken", 409, "uniqueness", "userName ", FIRST_WORD,
      "7643, 4.1.1",
      "A userName belongs to one user of the organization, whatever its case, "
      "and also while that user is inactive.",
      "Search for the name under Users. If it is the same person, have the "
      "provider match instead of create; if it is another app's user, let an "
      "owner hand that over (scimctl app adopt); if it is somebody else, "
      "change one of the two names.",
      ADMIN_PAGE_MAPPINGS, NULL, {
      [ADMIN_ENTRA] = "Search for the name under Users. If it is the same "
      "person, see that userPrincipalName is mapped to userName with matching "
      "precedence 1, then Provision on demand. Another app's user is an "
      "owner's to hand over (scimctl app adopt); of two people one needs "
      "another name.",
      [ADMIN_OKTA] = "Search for the name under Users. If it is the same "
      "person, unassign and assign them again: Okta looks for the userName "
      "first. Another app's user is an owner's to hand over (scimctl app "
      "adopt); of two people one needs another name." } },
    { "groupNameTaken", 409, "uniqueness", "displayName ", FIRST_WORD,
      "7643, 4.2",
      "No two groups of one app have the same name, whatever its case.",
      "Rename one of the two in the provider, or link to the group that is "
      "there.", ADMIN_PAGE_GROUPS, NULL, {
      [ADMIN_OKTA] = "Choose \"Link Group\" instead of \"Create Group\" when "
      "pushing it, or rename one of the two.",
      [ADMIN_ENTRA] = "Map displayName as the matching attribute of groups, "
      "or rename one of the two, then Provision on demand." } },
    { "valueTaken", 409, "uniqueness", NULL, FIRST_QUOTED, "7643, 2.2",
      "The attribute is unique in the organization, and another resource has "
      "this value.",
      "Correct the value of one of the two in the provider.",
      ADMIN_PAGE_MAPPINGS, NULL, { NULL } },
    { "notCreated", 409, NULL, "was not created", NO_NAME, "7644, 3.7.2",
      "An operation of a Bulk refers to one that failed.",
      "Correct the operation that failed first; it has a row of its own.",
      ADMIN_PAGE_STATUS, NULL, { NULL } },
    { "conflict", 409, NULL, NULL, NO_NAME, "7644, 3.12",
      "The request does not fit what is there.",
      "Let the provider read anew, and try again.",
      ADMIN_PAGE_STATUS, NULL, { NULL } },

    { "valueMissing", 400, NULL, "is required", FIRST_QUOTED, "7643, 2.2",
      "The attribute is required, and no value came.",
      "Map an attribute to it that everybody has, or fill it in for this "
      "person in the provider's directory.",
      ADMIN_PAGE_MAPPINGS, NULL, { NULL } },
    { "memberUnknown", 400, "invalidValue", "members: no user or group",
      FIRST_WORD, "7643, 4.2",
      "A member is a user or a group that is here, by the id that it has "
      "here, and that this app may see.",
      "Let the provider send the people first: those who are members must be "
      "provisioned themselves.",
      ADMIN_PAGE_ASSIGNED, NULL, {
      [ADMIN_ENTRA] = "Assign the members, too, or their group: Entra sends "
      "only who is in scope. If users were deleted here, Restart "
      "provisioning, so that Entra looks for them anew.",
      [ADMIN_OKTA] = "Assign the members to the app as well: a pushed group "
      "has only members who are assigned. Then Push Groups > Push now." } },
    { "memberOfItself", 400, "invalidValue", "cannot be a member of itself",
      FIRST_WORD, "7643, 4.2",
      "Groups are not members of themselves.",
      "Take the group out of its own members.",
      ADMIN_PAGE_GROUPS, NULL, { NULL } },
    { "primaryTwice", 400, "invalidValue", "primary values", FIRST_QUOTED,
      "7643, 2.4",
      "Of an attribute's values one at most is the primary one.",
      "Map one value of it as primary.",
      ADMIN_PAGE_MAPPINGS, NULL, { NULL } },
    { "valueTooLong", 400, "invalidValue", "is longer than", FIRST_QUOTED,
      "7643, 2.3.1",
      "Values by which people are looked up have at most 1,024 bytes.",
      "Shorten the value, or map another attribute.",
      ADMIN_PAGE_MAPPINGS, NULL, { NULL } },
    { "password", 400, "invalidValue", "\"password\"", FIRST_QUOTED,
      "7643, 4.1.1",
      "The password does not fit what is kept here.",
      "Do not send passwords: the app needs none, unless it keeps them.",
      ADMIN_PAGE_MAPPINGS, NULL, {
      [ADMIN_OKTA] = "Untick \"Sync Password\" (Provisioning > To App), "
      "unless the app keeps passwords." } },
    { "wrongType", 400, "invalidValue", "must be ", FIRST_QUOTED, "7643, 2.3",
      "The value is of another type than the attribute.",
      "Map an attribute of the right type, or an expression that makes one.",
      ADMIN_PAGE_MAPPINGS, NULL, { NULL } },
    { "invalidValue", 400, "invalidValue", NULL, FIRST_QUOTED, "7644, 3.12",
      "The value is none that the attribute may have.",
      "Correct the value in the provider's directory, or the mapping that "
      "makes it.", ADMIN_PAGE_MAPPINGS, NULL, { NULL } },
    { "mutability", 400, "mutability", NULL, FIRST_QUOTED, "7643, 2.2",
      "The attribute cannot be changed: the server sets it, or it keeps its "
      "first value.",
      "Take it out of the mapping, or map it for new users only.",
      ADMIN_PAGE_MAPPINGS, NULL, {
      [ADMIN_ENTRA] = "Edit the attribute's mapping: \"Apply this mapping: "
      "Only during object creation\", or delete the mapping." } },
    { "noTarget", 400, "noTarget", NULL, FIRST_QUOTED, "7644, 3.5.2.3",
      "The path of the operation chooses nothing that is there, and cannot "
      "tell what to make.",
      "Map the attribute with a filter by eq, such as "
      "emails[type eq \"work\"].value, or without one.",
      ADMIN_PAGE_MAPPINGS, NULL, { NULL } },
    { "invalidPath", 400, "invalidPath", NULL, FIRST_QUOTED, "7644, 3.5.2",
      "The path of the operation leads to no attribute that is known here.",
      "Correct the target attribute: its URN and its spelling. What only your "
      "organization has needs a schema file (ScimSchema) on the server first.",
      ADMIN_PAGE_MAPPINGS, NULL, {
      [ADMIN_ENTRA] = "Correct the target attribute of the mapping. Show "
      "advanced options > Edit attribute list has the names that Entra knows; "
      "what only your organization has needs a schema file (ScimSchema) on "
      "the server first." } },
    { "givenTwice", 400, "invalidSyntax", "given twice", FIRST_QUOTED,
      "8259, 4",
      "A name stands twice in one object, so nobody can tell which is meant.",
      "Delete one of the two mappings to this attribute.",
      ADMIN_PAGE_MAPPINGS, NULL, { NULL } },
    { "notJson", 400, "invalidSyntax", "JSON", NO_NAME, "8259",
      "The body could not be read as JSON.",
      "Something between the provider and here may have cut or changed it, "
      "or the client is at fault: show its maker this row.",
      ADMIN_PAGE_STATUS, NULL, { NULL } },
    { "invalidSyntax", 400, "invalidSyntax", NULL, NO_NAME, "7644, 3.12",
      "The request is not built as RFC 7644 has it.",
      "The client is at fault: show its maker this row. If the app is "
      "strict, switch that off.",
      ADMIN_PAGE_NONE, "SCIM > the app > Settings", { NULL } },
    { "invalidFilter", 400, "invalidFilter", NULL, FIRST_QUOTED,
      "7644, 3.4.2.2",
      "The filter cannot be understood, or asks for what has no order or no "
      "text.",
      "Match by userName or externalId.",
      ADMIN_PAGE_MAPPINGS, NULL, { NULL } },
    { "tooMany", 400, "tooMany", NULL, NO_NAME, "7644, 3.12",
      "The answer or the work would be larger than one request may make it.",
      "Ask for less at once: smaller pages, members by their values, "
      "excludedAttributes=members.",
      ADMIN_PAGE_STATUS, NULL, { NULL } },
    { "badRequest", 400, NULL, NULL, NO_NAME, "7644, 3.12",
      "The request could not be understood.",
      "The client is at fault: show its maker this row.",
      ADMIN_PAGE_STATUS, NULL, { NULL } },

    { "endpointUnknown", 404, NULL, "endpoint", NO_NAME, "7644, 3.2",
      "There is no such endpoint below the tenant URL.",
      "Compare the tenant URL in the provider with the one under SCIM.",
      ADMIN_PAGE_CREDENTIALS, NULL, { NULL } },
    { "notFound", 404, NULL, NULL, NO_NAME, "7644, 3.12",
      "The provider remembers a resource that is not here any more, or that "
      "belongs to another app.",
      "Let the provider forget it and look for it anew, by unassigning and "
      "assigning it again.",
      ADMIN_PAGE_ASSIGNED, NULL, {
      [ADMIN_ENTRA] = "Restart provisioning (Provisioning > Overview): Entra "
      "forgets what it remembers and matches everybody anew. For one person, "
      "Provision on demand.",
      [ADMIN_OKTA] = "Unassign and assign the person again; for a group, "
      "unlink the pushed group and push it again." } },
    { "method", 405, NULL, NULL, NO_NAME, "7644, 3.2",
      "The method does not fit the address.",
      "Compare the tenant URL in the provider with the one under SCIM.",
      ADMIN_PAGE_CREDENTIALS, NULL, { NULL } },
    { "version", 412, NULL, NULL, NO_NAME, "7644, 3.14",
      "The client asked for the change of a version that is not the current "
      "one: somebody else was faster.",
      "Nothing has to be done: the client reads anew and tries again.",
      ADMIN_PAGE_NONE, NULL, { NULL } },
    { "tooLarge", 413, NULL, NULL, NO_NAME, "9110, 15.5.14",
      "The request is larger than the server takes (ScimMaxBody, "
      "ScimBulkLimits).",
      "Send less at once, or ask the server's operator for a higher limit.",
      ADMIN_PAGE_STATUS, NULL, { NULL } },
    { "mediaType", 415, NULL, NULL, NO_NAME, "7644, 3.1",
      "The body is not declared as application/scim+json or "
      "application/json in UTF-8.",
      "Set the Content-Type header in the provider, or in the proxy between.",
      ADMIN_PAGE_CREDENTIALS, NULL, { NULL } },
    { "dependency", 424, NULL, NULL, NO_NAME, "7644, 3.7",
      "The Bulk is atomic, and another operation of it failed.",
      "Correct the operation that failed; it has a row of its own.",
      ADMIN_PAGE_STATUS, NULL, { NULL } },
    { "notOffered", 501, NULL, NULL, NO_NAME, "7644, 3.12",
      "The server does not offer this.",
      "Switch the feature off in the provider; /ServiceProviderConfig says "
      "what is offered.",
      ADMIN_PAGE_CREDENTIALS, NULL, { NULL } },
    { "other", 0, NULL, NULL, NO_NAME, NULL,
      "The request was refused.",
      "The detail says why; httpd's error log may say more.",
      ADMIN_PAGE_STATUS, NULL, { NULL } },
    /* clang-format on */
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static const char *text_of(const json_t *row, const char *name)
{
    return json_string_value(json_object_get(row, name));
}

static int is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static const struct rule *find(int status, const char *scim_type,
                               const char *detail)
{
    apr_size_t i;

    for (i = 0; i < COUNT(rules) - 1; i++) {
        const struct rule *r = &rules[i];

        if ((r->status == 0 || r->status == status)
            && (r->scim_type == NULL || is_same(r->scim_type, scim_type))
            && (r->says == NULL || strstr(detail, r->says) != NULL)) {
            break;
        }
    }
    return &rules[i];
}

/* "userName" of: userName "anna" is taken; of: The attribute "userName" is
 * required. What names a value is no attribute, but an operation's path is. */
static const char *attribute_of(const struct rule *rule, const char *detail,
                                apr_pool_t *pool)
{
    const char *begin = detail, *end;

    switch (rule->attribute) {
    case FIRST_WORD:
        end = begin + strcspn(begin, " :");
        break;
    case FIRST_QUOTED:
        begin = strchr(detail, '"');
        begin += begin != NULL;
        end = begin != NULL ? strchr(begin, '"') : NULL;
        if (end != NULL && strchr(begin, '[') != NULL
            && strchr(begin, '[') < end) { /* emails[type eq "work"].value */
            end = strchr(begin, ']');
            end = end != NULL ? strchr(end, '"') : NULL;
        }
        break;
    default:
        return NULL;
    }
    return begin != NULL && end != NULL && end > begin
               ? apr_pstrmemdup(pool, begin, (apr_size_t)(end - begin))
               : NULL;
}

/* "Operations[2]: ..." */
static json_t *operation_of(const char *detail)
{
    const char *at = strstr(detail, "Operations[");

    return at != NULL ? json_integer(atoi(at + strlen("Operations["))) : NULL;
}

/* "7644, 3.5.2" */
static const char *url_of(const char *section, apr_pool_t *pool)
{
    const char *comma = strchr(section, ',');

    return comma == NULL
               ? apr_pstrcat(pool, "https://www.rfc-editor.org/rfc/rfc",
                             section, NULL)
               : apr_pstrcat(pool, "https://www.rfc-editor.org/rfc/rfc",
                             apr_pstrmemdup(pool, section,
                                            (apr_size_t)(comma - section)),
                             "#section-", comma + 2, NULL);
}

static const char *section_of(const char *section, apr_pool_t *pool)
{
    const char *comma = strchr(section, ',');

    return comma == NULL
               ? apr_pstrcat(pool, "RFC ", section, NULL)
               : apr_pstrcat(pool, "RFC ",
                             apr_pstrmemdup(pool, section,
                                            (apr_size_t)(comma - section)),
                             ", section ", comma + 2, NULL);
}

static json_t *or_null(const char *text)
{
    return text != NULL ? scim_json_text(text) : json_null();
}

static json_t *help_of(const struct rule *rule, admin_provider provider,
                       const char *detail, apr_pool_t *pool)
{
    const char *own = provider < ADMIN_GENERIC ? rule->by_provider[provider]
                                               : NULL;
    const char *where = rule->page != ADMIN_PAGE_NONE
                            ? admin_provider_page(provider, rule->page)
                            : rule->where;
    json_t *operation = operation_of(detail);

    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "code", rule->code, "rule",
        rule->rule, "section",
        or_null(rule->section != NULL ? section_of(rule->section, pool)
                                      : NULL),
        "url", or_null(rule->section != NULL ? url_of(rule->section, pool)
                                             : NULL),
        "operation", operation != NULL ? operation : json_null(), "attribute",
        or_null(attribute_of(rule, detail, pool)), "remedy",
        own != NULL ? own : rule->remedy, "where", or_null(where));
}

void admin_remedy_add(json_t *row, apr_pool_t *pool)
{
    int status = (int)json_integer_value(json_object_get(row, "status"));
    const char *detail = text_of(row, "detail");

    if (status < 400 || detail == NULL) {
        json_object_set_new(row, "help", json_null());
        return;
    }
    json_object_set_new(
        row, "help",
        help_of(find(status, text_of(row, "scim_type"), detail),
                admin_provider_of(text_of(row, "kind")), detail, pool));
}
