#include "core/schema.h"

/* RFC 7643, 4.2 and 8.7.1 with its verified errata. Members also have the
 * sub-attribute "display" (erratum 6011), which costs a join and is therefore
 * returned on request; their ids and references are case-exact. */

/* clang-format off */
static const char *const member_types[] = { "User", "Group", NULL };

static const scim_attr member_attrs[] = {
    { .name = "value", .case_exact = 1, .mutability = SCIM_IMMUTABLE,
      .description =
          "Identifier of the member of this Group." },
    { .name = "$ref", .type = SCIM_REFERENCE, .case_exact = 1,
      .mutability = SCIM_IMMUTABLE, .references = member_types,
      .description =
          "The URI corresponding to a SCIM resource that is a member of this "
          "Group." },
    { .name = "display", .mutability = SCIM_READ_ONLY,
      .returned = SCIM_RETURNED_REQUEST,
      .description =
          "A human-readable name of the member, for display purposes.  "
          "READ-ONLY; returned when it is asked for." },
    { .name = "type", .mutability = SCIM_IMMUTABLE, .canonical = member_types,
      .description =
          "A label indicating the type of resource, e.g., 'User' or 'Group'." },
    { .name = NULL }
};

static const scim_attr group_attrs[] = {
    { .name = "displayName", .required = 1, .indexed = 1,
      .description =
          "A human-readable name for the Group. REQUIRED." },
    { .name = "members", .type = SCIM_COMPLEX, .multi = 1, .sub = member_attrs,
      .description =
          "A list of members of the Group." },
    { .name = NULL }
};
/* clang-format on */

const scim_schema scim_schema_group = {
    .id = SCIM_URN_GROUP,
    .name = "Group",
    .description = "Group",
    .attrs = group_attrs,
};
