/* What to do about a refusal that the journal tells of. */
#ifndef SCIM_ADMIN_REMEDY_H
#define SCIM_ADMIN_REMEDY_H

#include <apr_pools.h>
#include <jansson.h>

/* Gives a row with a status of 400 or more "help": {code, rule, section, url,
 * operation, attribute, remedy, where}, and null where there is none. Codes are
 * stable. */
void admin_remedy_add(json_t *row, apr_pool_t *pool);

#endif
