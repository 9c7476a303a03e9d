/* Acts that say what they take from whom and give to whom, before they are done
 * or after: members of what is given. */
#ifndef SCIM_ADMIN_EFFECT_H
#define SCIM_ADMIN_EFFECT_H

#include "admin/operation.h"

/* clang-format off */
#define ADMIN_EFFECT_FIELDS \
    { .name = "limit", .type = ADMIN_NUMBER, .least = 1, \
      .most = ADMIN_LIST_MAX, \
      .help = "of how many people gains and losses are told (50)" }, \
    { .name = "after", .type = ADMIN_TEXT, .most = 36, \
      .help = "the user behind whom they begin: next of the answer before" }
/* clang-format on */

/* What a deletion is given. */
extern const admin_field admin_effect_fields[];

#endif
