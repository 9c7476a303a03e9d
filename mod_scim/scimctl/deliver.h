/* Programs that get a text on standard input, without a shell. */
#ifndef SCIM_SCIMCTL_DELIVER_H
#define SCIM_SCIMCTL_DELIVER_H

#include "core/error.h"

/* Runs argv[0], an absolute path, with nothing of our environment.
 * SCIM_UNAVAILABLE: it could not be run, or did not end with 0. */
scim_error *scimctl_deliver(const char *const *argv, const char *text,
                            apr_size_t len, apr_pool_t *pool);

/* The program that a file's first line names; NULL where `path` names no file.
 * SCIM_FORBIDDEN: file or program is not root's alone to write. */
scim_error *scimctl_program_named(const char **out, const char *path,
                                  apr_pool_t *pool);

#endif
