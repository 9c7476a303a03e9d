/* One connection: how it is made and looked at. Private to store/, and used by
 * the pool of connection.c alone. */
#ifndef SCIM_STORE_CONNECT_H
#define SCIM_STORE_CONNECT_H

#include "store/connection.h"

/* Connects and checks that role and schema are fit for serving. Blocks up to
 * the settings' connect_timeout_s for each host. SCIM_UNAVAILABLE says why not;
 * the cleanup of (*out)->pool closes it. */
scim_error *store_connect(store_connection **out,
                          const store_settings *settings, apr_time_t deadline,
                          apr_pool_t *pool);

/* Readable while idle: the server has closed it, or said goodbye. */
int store_connection_is_dead(const store_connection *c);

#endif
