/* The right side of a comparison. Of filter.c only. */
#ifndef SCIM_CORE_FILTER_LITERAL_H
#define SCIM_CORE_FILTER_LITERAL_H

#include "core/filter.h"

/* Puts `operand` (a text, number or boolean) into `node`, ready to be compared
 * with the attribute at node->path by node->op. NULL, or a sentence that says
 * why the two cannot be compared. */
const char *scim_filter_set_operand(scim_filter *node, const json_t *operand,
                                    apr_pool_t *pool);

/* eq, ne, ...: 0 if it is none. */
int scim_filter_find_operator(scim_compare_op *out, const char *text,
                              apr_size_t len);

/* Of a JSON string with its quotes; 0 if it does not end. */
apr_size_t scim_filter_string_length(const char *begin, const char *end);

/* What `node`, a comparison of a sub-attribute "primary", says where an element
 * without one has false (RFC 7643, 2.4); any other node as it is. */
const scim_filter *scim_filter_assume_primary(scim_filter *node,
                                              int in_brackets,
                                              apr_pool_t *pool);

#endif
