/* Filters in memory. */
#ifndef SCIM_CORE_MATCH_H
#define SCIM_CORE_MATCH_H

#include "core/filter.h"

/* Whether a folded resource (scim_resource_fold(), with id, meta, groups or
 * members in it) satisfies the filter. Any-of for multi-valued attributes, `ne`
 * holds for absent ones (spec/README.md, 3). */
int scim_filter_matches(const scim_filter *filter, const json_t *folded,
                        const scim_resource_type *type);

/* Whether one folded element satisfies the inner filter of a value path. */
int scim_filter_matches_element(const scim_filter *inner,
                                const json_t *folded_element);

#endif
