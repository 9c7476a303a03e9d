/* Filters in memory. */
#ifndef SCIM_CORE_MATCH_H
#define SCIM_CORE_MATCH_H

#include "core/filter.h"

/* Whether a folded resource (scim_resource_fold(), with id, meta, groups or
 * members in it) satisfies the filter. A condition looks at the assigned values
 * at its path: any of them decides. `ne` holds also where there is none; `pr`
 * where there is one, and an empty text is one. Inside of brackets the values
 * are those of one element. */
int scim_filter_matches(const scim_filter *filter, const json_t *folded,
                        const scim_resource_type *type);

/* Whether one folded element satisfies the inner filter of a value path. */
int scim_filter_matches_element(const scim_filter *inner,
                                const json_t *folded_element);

/* type eq "work" and primary eq true: gives a new element what it must have so
 * that the filter chooses it. 0 if the filter does not tell. */
int scim_filter_meet(json_t *element, const scim_filter *filter);

#endif
