#include "core/schema.h"

/* RFC 7643, 4.1, 4.3 and 8.7.1 with its verified errata, and these of our
 * own, because they are what this service provider does:
 * - references, binary values and ids are case-exact (errata 6000, 6001, and
 *   8472 for manager.value);
 * - addresses have the sub-attribute "primary" (erratum 6005, section 2.4);
 * - "display" is no longer called READ-ONLY where it is readWrite, and the
 *   sub-attributes of "manager" are no longer called REQUIRED. */

/* clang-format off */
static const char *const refers_to_any[] = { "external", NULL };
static const char *const email_types[] = { "work", "home", "other", NULL };
static const char *const phone_number_types[] = {
    "work", "home", "mobile", "fax", "pager", "other", NULL
};
static const char *const im_types[] = {
    "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo", NULL
};
static const char *const photo_types[] = { "photo", "thumbnail", NULL };
static const char *const refers_to_group[] = { "Group", NULL };
static const char *const group_types[] = { "direct", "indirect", NULL };
static const char *const refers_to_user[] = { "User", NULL };

static const scim_attr name_attrs[] = {
    { .name = "formatted",
      .description =
          "The full name, including all middle names, titles, and suffixes "
          "as appropriate, formatted for display (e.g., 'Ms. Barbara J "
          "Jensen, III')." },
    { .name = "familyName", .indexed = 1,
      .description =
          "The family name of the User, or last name in most Western "
          "languages (e.g., 'Jensen' given the full name 'Ms. Barbara J "
          "Jensen, III')." },
    { .name = "givenName",
      .description =
          "The given name of the User, or first name in most Western "
          "languages (e.g., 'Barbara' given the full name 'Ms. Barbara J "
          "Jensen, III')." },
    { .name = "middleName",
      .description =
          "The middle name(s) of the User (e.g., 'Jane' given the full name "
          "'Ms. Barbara J Jensen, III')." },
    { .name = "honorificPrefix",
      .description =
          "The honorific prefix(es) of the User, or title in most Western "
          "languages (e.g., 'Ms.' given the full name 'Ms. Barbara J Jensen, "
          "III')." },
    { .name = "honorificSuffix",
      .description =
          "The honorific suffix(es) of the User, or suffix in most Western "
          "languages (e.g., 'III' given the full name 'Ms. Barbara J Jensen, "
          "III')." },
    { .name = NULL }
};

static const scim_attr email_attrs[] = {
    { .name = "value", .indexed = 1,
      .description =
          "Email addresses for the user.  The value SHOULD be canonicalized "
          "by the service provider, e.g., 'bjensen@example.com' instead of "
          "'bjensen@EXAMPLE.COM'. Canonical type values of 'work', 'home', "
          "and 'other'." },
    { .name = "display",
      .description =
          "A human-readable name, primarily used for display purposes." },
    { .name = "type", .canonical = email_types,
      .description =
          "A label indicating the attribute's function, e.g., 'work' or "
          "'home'." },
    { .name = "primary", .type = SCIM_BOOLEAN,
      .description =
          "A Boolean value indicating the 'primary' or preferred attribute "
          "value for this attribute, e.g., the preferred mailing address or "
          "primary email address.  The primary attribute value 'true' MUST "
          "appear no more than once." },
    { .name = NULL }
};

static const scim_attr phone_number_attrs[] = {
    { .name = "value",
      .description =
          "Phone number of the User." },
    { .name = "display",
      .description =
          "A human-readable name, primarily used for display purposes." },
    { .name = "type", .canonical = phone_number_types,
      .description =
          "A label indicating the attribute's function, e.g., 'work', "
          "'home', 'mobile'." },
    { .name = "primary", .type = SCIM_BOOLEAN,
      .description =
          "A Boolean value indicating the 'primary' or preferred attribute "
          "value for this attribute, e.g., the preferred phone number or "
          "primary phone number.  The primary attribute value 'true' MUST "
          "appear no more than once." },
    { .name = NULL }
};

static const scim_attr im_attrs[] = {
    { .name = "value",
      .description =
          "Instant messaging address for the User." },
    { .name = "display",
      .description =
          "A human-readable name, primarily used for display purposes." },
    { .name = "type", .canonical = im_types,
      .description =
          "A label indicating the attribute's function, e.g., 'aim', "
          "'gtalk', 'xmpp'." },
    { .name = "primary", .type = SCIM_BOOLEAN,
      .description =
          "A Boolean value indicating the 'primary' or preferred attribute "
          "value for this attribute, e.g., the preferred messenger or "
          "primary messenger.  The primary attribute value 'true' MUST "
          "appear no more than once." },
    { .name = NULL }
};

static const scim_attr photo_attrs[] = {
    { .name = "value", .type = SCIM_REFERENCE, .case_exact = 1,
      .references = refers_to_any,
      .description =
          "URL of a photo of the User." },
    { .name = "display",
      .description =
          "A human-readable name, primarily used for display purposes." },
    { .name = "type", .canonical = photo_types,
      .description =
          "A label indicating the attribute's function, i.e., 'photo' or "
          "'thumbnail'." },
    { .name = "primary", .type = SCIM_BOOLEAN,
      .description =
          "A Boolean value indicating the 'primary' or preferred attribute "
          "value for this attribute, e.g., the preferred photo or thumbnail.  "
          "The primary attribute value 'true' MUST appear no more than once." },
    { .name = NULL }
};

static const scim_attr address_attrs[] = {
    { .name = "formatted",
      .description =
          "The full mailing address, formatted for display or use with a "
          "mailing label.  This attribute MAY contain newlines." },
    { .name = "streetAddress",
      .description =
          "The full street address component, which may include house "
          "number, street name, P.O. box, and multi-line extended street "
          "address information.  This attribute MAY contain newlines." },
    { .name = "locality",
      .description =
          "The city or locality component." },
    { .name = "region",
      .description =
          "The state or region component." },
    { .name = "postalCode",
      .description =
          "The zip code or postal code component." },
    { .name = "country", .country = 1,
      .description =
          "The country name component." },
    { .name = "type", .canonical = email_types,
      .description =
          "A label indicating the attribute's function, e.g., 'work' or "
          "'home'." },
    { .name = "primary", .type = SCIM_BOOLEAN,
      .description =
          "A Boolean value indicating the 'primary' or preferred attribute "
          "value for this attribute, e.g., the preferred mailing address.  "
          "The primary attribute value 'true' MUST appear no more than once." },
    { .name = NULL }
};

static const scim_attr group_attrs[] = {
    { .name = "value", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .description =
          "The identifier of the User's group." },
    { .name = "$ref", .type = SCIM_REFERENCE, .case_exact = 1,
      .mutability = SCIM_READ_ONLY, .references = refers_to_group,
      .description =
          "The URI of the corresponding 'Group' resource to which the user "
          "belongs." },
    { .name = "display", .mutability = SCIM_READ_ONLY,
      .description =
          "A human-readable name, primarily used for display purposes.  "
          "READ-ONLY." },
    { .name = "type", .mutability = SCIM_READ_ONLY, .canonical = group_types,
      .description =
          "A label indicating the attribute's function, e.g., 'direct' or "
          "'indirect'." },
    { .name = NULL }
};

static const scim_attr entitlement_attrs[] = {
    { .name = "value",
      .description =
          "The value of an entitlement." },
    { .name = "display",
      .description =
          "A human-readable name, primarily used for display purposes." },
    { .name = "type",
      .description =
          "A label indicating the attribute's function." },
    { .name = "primary", .type = SCIM_BOOLEAN,
      .description =
          "A Boolean value indicating the 'primary' or preferred attribute "
          "value for this attribute.  The primary attribute value 'true' "
          "MUST appear no more than once." },
    { .name = NULL }
};

static const scim_attr role_attrs[] = {
    { .name = "value",
      .description =
          "The value of a role." },
    { .name = "display",
      .description =
          "A human-readable name, primarily used for display purposes." },
    { .name = "type",
      .description =
          "A label indicating the attribute's function." },
    { .name = "primary", .type = SCIM_BOOLEAN,
      .description =
          "A Boolean value indicating the 'primary' or preferred attribute "
          "value for this attribute.  The primary attribute value 'true' "
          "MUST appear no more than once." },
    { .name = NULL }
};

static const scim_attr certificate_attrs[] = {
    { .name = "value", .type = SCIM_BINARY, .case_exact = 1,
      .description =
          "The value of an X.509 certificate." },
    { .name = "display",
      .description =
          "A human-readable name, primarily used for display purposes." },
    { .name = "type",
      .description =
          "A label indicating the attribute's function." },
    { .name = "primary", .type = SCIM_BOOLEAN,
      .description =
          "A Boolean value indicating the 'primary' or preferred attribute "
          "value for this attribute.  The primary attribute value 'true' "
          "MUST appear no more than once." },
    { .name = NULL }
};

static const scim_attr user_attrs[] = {
    { .name = "userName", .required = 1, .uniqueness = SCIM_UNIQUE_SERVER,
      .indexed = 1,
      .description =
          "Unique identifier for the User, typically used by the user to "
          "directly authenticate to the service provider. Each User MUST "
          "include a non-empty userName value.  This identifier MUST be "
          "unique across the service provider's entire set of Users. "
          "REQUIRED." },
    { .name = "name", .type = SCIM_COMPLEX, .sub = name_attrs,
      .description =
          "The components of the user's real name. Providers MAY return just "
          "the full name as a single string in the formatted sub-attribute, "
          "or they MAY return just the individual component attributes using "
          "the other sub-attributes, or they MAY return both.  If both "
          "variants are returned, they SHOULD be describing the same name, "
          "with the formatted name indicating how the component attributes "
          "should be combined." },
    { .name = "displayName", .indexed = 1,
      .description =
          "The name of the User, suitable for display to end-users.  The "
          "name SHOULD be the full name of the User being described, if "
          "known." },
    { .name = "nickName",
      .description =
          "The casual way to address the user in real life, e.g., 'Bob' or "
          "'Bobby' instead of 'Robert'.  This attribute SHOULD NOT be used "
          "to represent a User's username (e.g., 'bjensen' or "
          "'mpepperidge')." },
    { .name = "profileUrl", .type = SCIM_REFERENCE, .case_exact = 1,
      .references = refers_to_any,
      .description =
          "A fully qualified URL pointing to a page representing the User's "
          "online profile." },
    { .name = "title",
      .description =
          "The user's title, such as \"Vice President.\"" },
    { .name = "userType",
      .description =
          "Used to identify the relationship between the organization and "
          "the user.  Typical values used might be 'Contractor', 'Employee', "
          "'Intern', 'Temp', 'External', and 'Unknown', but any value may be "
          "used." },
    { .name = "preferredLanguage",
      .description =
          "Indicates the User's preferred written or spoken language.  "
          "Generally used for selecting a localized user interface; e.g., "
          "'en_US' specifies the language English and country US." },
    { .name = "locale",
      .description =
          "Used to indicate the User's default location for purposes of "
          "localizing items such as currency, date time format, or numerical "
          "representations." },
    { .name = "timezone",
      .description =
          "The User's time zone in the 'Olson' time zone database format, "
          "e.g., 'America/Los_Angeles'." },
    { .name = "active", .type = SCIM_BOOLEAN,
      .description =
          "A Boolean value indicating the User's administrative status." },
    { .name = "password", .mutability = SCIM_WRITE_ONLY,
      .returned = SCIM_RETURNED_NEVER,
      .description =
          "The User's cleartext password.  This attribute is intended to be "
          "used as a means to specify an initial password when creating a "
          "new User or to reset an existing User's password." },
    { .name = "emails", .type = SCIM_COMPLEX, .multi = 1, .sub = email_attrs,
      .description =
          "Email addresses for the user.  The value SHOULD be canonicalized "
          "by the service provider, e.g., 'bjensen@example.com' instead of "
          "'bjensen@EXAMPLE.COM'. Canonical type values of 'work', 'home', "
          "and 'other'." },
    { .name = "phoneNumbers", .type = SCIM_COMPLEX, .multi = 1,
      .sub = phone_number_attrs,
      .description =
          "Phone numbers for the User.  The value SHOULD be canonicalized by "
          "the service provider according to the format specified in RFC "
          "3966, e.g., 'tel:+1-201-555-0123'. Canonical type values of "
          "'work', 'home', 'mobile', 'fax', 'pager', and 'other'." },
    { .name = "ims", .type = SCIM_COMPLEX, .multi = 1, .sub = im_attrs,
      .description =
          "Instant messaging addresses for the User." },
    { .name = "photos", .type = SCIM_COMPLEX, .multi = 1, .sub = photo_attrs,
      .description =
          "URLs of photos of the User." },
    { .name = "addresses", .type = SCIM_COMPLEX, .multi = 1,
      .sub = address_attrs,
      .description =
          "A physical mailing address for this User. Canonical type values "
          "of 'work', 'home', and 'other'.  This attribute is a complex type "
          "with the following sub-attributes." },
    { .name = "groups", .type = SCIM_COMPLEX, .multi = 1,
      .mutability = SCIM_READ_ONLY, .sub = group_attrs,
      .description =
          "A list of groups to which the user belongs, either through direct "
          "membership, through nested groups, or dynamically calculated." },
    { .name = "entitlements", .type = SCIM_COMPLEX, .multi = 1,
      .sub = entitlement_attrs,
      .description =
          "A list of entitlements for the User that represent a thing the "
          "User has." },
    { .name = "roles", .type = SCIM_COMPLEX, .multi = 1, .sub = role_attrs,
      .description =
          "A list of roles for the User that collectively represent who the "
          "User is, e.g., 'Student', 'Faculty'." },
    { .name = "x509Certificates", .type = SCIM_COMPLEX, .multi = 1,
      .sub = certificate_attrs,
      .description =
          "A list of certificates issued to the User." },
    { .name = NULL }
};

static const scim_attr manager_attrs[] = {
    { .name = "value", .case_exact = 1,
      .description =
          "The id of the SCIM resource representing the User's manager." },
    { .name = "$ref", .type = SCIM_REFERENCE, .case_exact = 1,
      .references = refers_to_user,
      .description =
          "The URI of the SCIM resource representing the User's manager." },
    { .name = "displayName", .mutability = SCIM_READ_ONLY,
      .description =
          "The displayName of the User's manager. OPTIONAL and READ-ONLY." },
    { .name = NULL }
};

static const scim_attr enterprise_attrs[] = {
    { .name = "employeeNumber",
      .description =
          "Numeric or alphanumeric identifier assigned to a person, "
          "typically based on order of hire or association with an "
          "organization." },
    { .name = "costCenter",
      .description =
          "Identifies the name of a cost center." },
    { .name = "organization",
      .description =
          "Identifies the name of an organization." },
    { .name = "division",
      .description =
          "Identifies the name of a division." },
    { .name = "department",
      .description =
          "Identifies the name of a department." },
    { .name = "manager", .type = SCIM_COMPLEX, .sub = manager_attrs,
      .description =
          "The User's manager.  A complex type that optionally allows "
          "service providers to represent organizational hierarchy by "
          "referencing the 'id' attribute of another User." },
    { .name = NULL }
};
/* clang-format on */

const scim_schema scim_schema_user = {
    .id = SCIM_URN_USER,
    .name = "User",
    .description = "User Account",
    .attrs = user_attrs,
};

const scim_schema scim_schema_enterprise_user = {
    .id = SCIM_URN_ENTERPRISE_USER,
    .name = "EnterpriseUser",
    .description = "Enterprise User",
    .attrs = enterprise_attrs,
};
