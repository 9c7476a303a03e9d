/* What httpd's configuration says that scimctl wants to know. */
#ifndef SCIM_SCIMCTL_SETTINGS_H
#define SCIM_SCIMCTL_SETTINGS_H

#include <apr_tables.h>

#include "core/error.h"

/* The last value that is there, as httpd takes it; NULL or 0: none. */
typedef struct scimctl_settings {
    const char *database;      /* ScimDatabase */
    const char *password_file; /* ScimDatabasePasswordFile */
    int pool;                  /* ScimDatabasePool */
    int is_prefork;            /* by LoadModule */
    int server_limit, threads_per_child, max_request_workers;
    int serves;                /* sections with ScimService scim */
} scimctl_settings;

/* Reads a configuration file ("-": standard input) line by line. It follows no
 * Include: `apachectl -t -D DUMP_CONFIG` writes a whole configuration as one
 * text. SCIM_INVALID_VALUE: it cannot be read. */
scim_error *scimctl_settings_read(scimctl_settings *out, const char *path,
                                  apr_pool_t *pool);

/* How many children there may be, and connections of each. */
int scimctl_settings_children(const scimctl_settings *settings);
int scimctl_settings_connections(const scimctl_settings *settings);

#endif
