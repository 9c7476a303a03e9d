/* dateTime: XML Schema 1.1, 3.3.7 as RFC 7643, 2.3.5 asks. */
#ifndef SCIM_CORE_DATETIME_H
#define SCIM_CORE_DATETIME_H

#include <apr_pools.h>

/* Any zone and fraction -> UTC in an order-preserving spelling with nine
 * digits, "2026-02-01T09:30:00.000000000Z"; a value without a zone is taken
 * as UTC. NULL if `text` is no dateTime. Further digits are cut. */
const char *scim_datetime_normal(const char *text, apr_pool_t *pool);

#endif
