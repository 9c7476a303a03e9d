/* What is counted across the children of one httpd: requests of a token,
 * failures of an address or a name, tokens and passwords that were good a
 * moment ago. */
#ifndef SCIM_HTTPD_LIMIT_H
#define SCIM_HTTPD_LIMIT_H

#include <apr_network_io.h>

#include "core/sha256.h"

/* In the parent, once for each configuration. Without shared memory every
 * child counts for itself. */
apr_status_t mod_scim_limit_create(apr_pool_t *pconf);

/* Takes one request of the token: 0, or the seconds to wait for the next. */
int mod_scim_limit_take(const unsigned char hash[SCIM_SHA256_SIZE], int rate,
                        int burst);

/* An address that sends bad tokens is refused before a connection to
 * PostgreSQL is taken: 0, or the seconds to wait. Identity providers share
 * addresses among their customers: a token that was good a moment ago
 * passes. */
int mod_scim_limit_blocked(const apr_sockaddr_t *address,
                           const unsigned char hash[SCIM_SHA256_SIZE]);

/* 1: this was the failure that blocks the address. */
int mod_scim_limit_failed(const apr_sockaddr_t *address);

/* The same of a name that somebody signs in with, from any address; there need
 * not be such a user. */
int mod_scim_limit_name_blocked(const char *name,
                                const unsigned char hash[SCIM_SHA256_SIZE]);
int mod_scim_limit_name_failed(const char *name);

void mod_scim_limit_good(const unsigned char hash[SCIM_SHA256_SIZE]);

#endif
