/* The right side of a comparison. Of filter.c only. */
#ifndef SCIM_CORE_FILTER_LITERAL_H
#define SCIM_CORE_FILTER_LITERAL_H

#include "core/filter.h"

/* Puts `operand` (a text, number or boolean) into `node`, ready to be compared
 * with the attribute at node->path by node->op. NULL, or a sentence that says
 * why the two cannot be compared. */
const char *scim_filter_set_operand(scim_filter *node, const json_t *operand,
                                    apr_pool_t *pool);

#endif
