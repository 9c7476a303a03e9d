/* Filters as SQL, without a database: what gets into the text, and what is
 * known of its cost. t/21-store-filters.t tells whether it means the same. */
#include "store/where.h"

#include <stdlib.h>

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "core/type_set.h"
#include "chance.h"
#include "tap.h"

#define ID "0190b6f2-6c1e-7abc-8def-0123456789ab"
#define FIRST 4
#define ROUNDS 4000

/* In no name and no statement of ours, whatever the case; folds to itself. */
#define MARKER "qxj7kwq"

static apr_pool_t *pool;
static const store_index *indexes; /* that are ready */

static scim_error *compile(store_where *out, const char *text,
                           const scim_resource_type *type, apr_pool_t *p)
{
    const scim_filter *filter;
    scim_error *err = scim_filter_parse(&filter, text, type,
                                        &scim_filter_default_limits, p);

    return err != NULL ? err
                       : store_where_compile(out, filter, type, indexes, FIRST,
                                             p);
}

/* --------------------------------------------------- no text of the client */

/* Outside of string literals SQL consists of few characters; parameters are
 * those that there are. NULL, or what is wrong. */
static const char *wrong_with(const store_where *where, apr_pool_t *p)
{
    const char *at;
    int quoted = 0, n;

    for (at = where->condition; *at != '\0'; at++) {
        if (*at == '\'') {
            quoted = !quoted;
        }
        else if (!quoted && !apr_isalnum(*at)
                 && strchr(" ().,_=<>$:*|-#'\"[]", *at) == NULL) {
            return apr_psprintf(p, "the character \"%c\"", *at);
        }
        if (!quoted && *at == '$') {
            n = atoi(at + 1);
            if (n != 1 && (n < FIRST || n >= FIRST + where->params->nelts)) {
                return apr_psprintf(p, "parameter %d", n);
            }
        }
    }
    if (quoted || strstr(where->condition, "--") != NULL) {
        return "a quote or a comment";
    }
    return strcasestr(where->condition, MARKER) != NULL ? "the client's text"
                                                        : NULL;
}

static void only_our_text(const scim_resource_type *type)
{
    apr_pool_t *scratch;
    const char *text, *wrong = NULL;
    store_where where;
    int i, params = 0;
    chance c;

    chance_start(&c, 1, pool);
    c.marker = MARKER;
    apr_pool_create(&scratch, pool);
    for (i = 0; i < ROUNDS && wrong == NULL; i++) {
        apr_pool_clear(scratch);
        text = chance_filter(&c, type, 4, scratch);
        if (compile(&where, text, type, scratch) == NULL) {
            wrong = wrong_with(&where, scratch);
            params += where.params->nelts;
            if (wrong != NULL) {
                printf("# %s:\n#   %s\n#   %s\n", wrong, text,
                       where.condition);
            }
        }
    }
    ok(wrong == NULL, apr_psprintf(pool, "no text of a client is in the SQL "
                                         "of %d filters of a %s",
                                   i, type->name));
    ok(params > ROUNDS, "... all of it is in parameters");
    apr_pool_destroy(scratch);
}

/* ----------------------------------------------------------------- its cost */

static void cost(const char *text, const scim_resource_type *type, int indexed,
                 int joins_folded)
{
    store_where where = { 0 };
    scim_error *err = compile(&where, text, type, pool);

    if (!ok(err == NULL && where.indexed == indexed
                && where.joins_folded == joins_folded,
            apr_psprintf(pool, "%s: %s%s", text,
                         indexed ? "an index helps" : "no index helps",
                         joins_folded ? ", the document is needed" : ""))) {
        printf("# %s\n", err != NULL ? err->detail : where.condition);
    }
}

static void user_costs(void)
{
    const scim_resource_type *user = &scim_type_user;

    cost("userName eq \"a\"", user, 1, 0);
    cost("userName sw \"a\"", user, 1, 0);
    cost("userName gt \"a\"", user, 1, 0);
    cost("userName co \"a\"", user, 0, 0);
    cost("userName ew \"a\"", user, 0, 0);
    cost("userName ne \"a\"", user, 0, 0);
    cost("userName pr", user, 0, 0);
    cost("not (userName eq \"a\")", user, 0, 0);
    cost("externalId eq \"a\"", user, 1, 0);
    cost("displayName sw \"a\"", user, 1, 0);
    cost("name.familyName eq \"a\"", user, 1, 0);
    cost("name.givenName eq \"a\"", user, 0, 1);
    cost("id eq \"" ID "\"", user, 1, 0);
    cost("id gt \"" ID "\"", user, 1, 0);
    cost("id sw \"0190\"", user, 0, 0);
    cost("meta.lastModified gt \"2026-02-01T09:30:00Z\"", user, 1, 0);
    cost("meta.created gt \"2026-02-01T09:30:00Z\"", user, 0, 0);
    cost("active eq true", user, 0, 1);
    cost("active eq false", user, 1, 1);
    cost("emails eq \"a\"", user, 1, 0);
    cost("emails.value sw \"a\"", user, 1, 0);
    cost("emails.value co \"a\"", user, 0, 0);
    cost("emails[type eq \"work\"].value eq \"a\"", user, 1, 0);
    cost("emails[value eq \"a\" and type eq \"work\"]", user, 1, 0);
    cost("emails[value eq \"a\"]", user, 1, 0);
    cost("emails[primary eq true and value eq \"a\"]", user, 1, 1);
    cost("emails[primary eq true or value eq \"a\"]", user, 0, 1);
    cost("emails.type eq \"work\"", user, 0, 1);
    cost("groups.value eq \"" ID "\"", user, 1, 0);
    cost("groups[value eq \"" ID "\"]", user, 1, 0);
    cost("groups.display eq \"a\"", user, 0, 0);
    cost("title eq \"a\" and userName eq \"a\"", user, 1, 1);
    cost("title eq \"a\" or userName eq \"a\"", user, 0, 1);
    cost("externalId eq \"a\" or userName eq \"a\" or id eq \"" ID "\"", user,
         1, 0);
    cost("userName eq \"a\" or (title eq \"a\" and id eq \"" ID "\")", user, 1,
         0);
}

static void group_costs(void)
{
    const scim_resource_type *group = &scim_type_group;

    cost("displayName eq \"a\"", group, 1, 0);
    cost("externalId eq \"a\"", group, 1, 0);
    cost("members eq \"" ID "\"", group, 1, 0);
    cost("members.value eq \"" ID "\"", group, 1, 0);
    cost("members[value eq \"" ID "\" and type eq \"User\"]", group, 1, 0);
    cost("meta.lastModified gt \"2026-02-01T09:30:00Z\"", group, 0, 0);
}

/* With the marks of a section, and what the database has of them. */
static void marked_costs(void)
{
    static const store_index ready[]
        = { { .path = "title", .attr = 7, .ready = 1 },
            { .path = "addresses.locality", .attr = 8, .ready = 1 },
            { .path = "nickName", .attr = 9 },
            { .path = NULL } };
    scim_type_set *set = scim_type_set_make(pool);
    const scim_resource_type *user = scim_type_set_types(set)[0];
    scim_path path;

    scim_type_set_mark(&path, set, "title");
    scim_type_set_mark(&path, set, "addresses.locality");
    scim_type_set_mark(&path, set, "nickName");
    cost("title eq \"a\"", user, 0, 1);
    indexes = ready;
    cost("title eq \"a\"", user, 1, 1);
    cost("title sw \"a\"", user, 1, 1);
    cost("title co \"a\"", user, 0, 1);
    cost("title ne \"a\"", user, 0, 1);
    cost("title pr", user, 0, 1);
    cost("nickName eq \"a\"", user, 0, 1); /* not ready */
    cost("addresses.locality eq \"a\"", user, 1, 1);
    cost("addresses[locality eq \"a\"]", user, 1, 1);
    cost("addresses[locality eq \"a\" and type eq \"work\"]", user, 1, 1);
    cost("addresses[locality eq \"a\" or type eq \"work\"]", user, 0, 1);
    cost("title eq \"a\" or userName eq \"a\"", user, 1, 0);
    cost("title eq \"a\"", &scim_type_user, 0, 1); /* not marked here */
    only_our_text(user);
    indexes = NULL;
}

/* ----------------------------------------------------------------- refusals */

static void refused(const char *text, const scim_resource_type *type)
{
    store_where where;
    scim_error *err = compile(&where, text, type, pool);

    is_str(err != NULL ? scim_fault_type(err->fault) : "none", "invalidFilter",
           apr_psprintf(pool, "%s is refused", text));
}

static void refusals(void)
{
    refused("groups.$ref co \"h\"", &scim_type_user);
    refused("groups[$ref sw \"h\"]", &scim_type_user);
    refused("not (groups[value eq \"a\"].$ref gt \"h\")", &scim_type_user);
    refused("members.$ref ne \"h\"", &scim_type_group);
    refused("userName eq \"a\" or meta.location sw \"h\"", &scim_type_user);
    refused("meta[location sw \"h\"]", &scim_type_group);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    only_our_text(&scim_type_user);
    only_our_text(&scim_type_group);
    user_costs();
    group_costs();
    marked_costs();
    refusals();
    return done();
}
