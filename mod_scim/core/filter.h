/* Filters (RFC 7644, 3.4.2.2) as a tree with two readers: core/match.c in
 * memory and store/where.c in SQL, which always agree. */
#ifndef SCIM_CORE_FILTER_H
#define SCIM_CORE_FILTER_H

#include "core/path.h"

typedef enum {
    SCIM_FILTER_AND,
    SCIM_FILTER_OR,
    SCIM_FILTER_NOT,     /* left */
    SCIM_FILTER_PRESENT, /* path pr */
    SCIM_FILTER_COMPARE, /* path op value */
    SCIM_FILTER_ELEMENT, /* path[left]: one element meets all of left; the
                            paths in left are sub-attributes of path.attr */
    SCIM_FILTER_NOTHING  /* no resource: the attribute is another type's */
} scim_filter_kind;

typedef enum {
    SCIM_EQ,
    SCIM_NE,
    SCIM_CO,
    SCIM_SW,
    SCIM_EW,
    SCIM_GT,
    SCIM_GE,
    SCIM_LT,
    SCIM_LE
} scim_compare_op;

typedef enum {
    SCIM_VALUE_TEXT,    /* text: ready to be compared with folded values */
    SCIM_VALUE_NUMBER,  /* text: a JSON number */
    SCIM_VALUE_BOOLEAN, /* boolean */
    SCIM_VALUE_NEVER    /* no value of this attribute can be equal, e.g. a
                           string that is no dateTime: eq false, ne true */
} scim_value_kind;

typedef struct scim_filter scim_filter;
struct scim_filter {
    scim_filter_kind kind;
    scim_compare_op op;
    /* Of COMPARE, PRESENT, ELEMENT. In an ELEMENT's inner filter attr is the
     * outer attribute and sub the inner one. A complex attribute without a
     * sub-attribute that has a "value" is resolved to it at parse time. */
    scim_path path;
    scim_value_kind value_kind;
    const char *text; /* folded, if the attribute is caseExact=false; normal,
                         if it is a dateTime; ids in lower case */
    const char *literal; /* of TEXT: as the client wrote it */
    int boolean;
    int is_quoted; /* of BOOLEAN: the client wrote "True" */
    const scim_filter *left, *right;
};

typedef struct scim_filter_limits {
    apr_size_t length; /* bytes of the text */
    int depth;         /* nesting of brackets and not */
    int nodes;         /* conditions: comparisons and pr */
} scim_filter_limits;

extern const scim_filter_limits scim_filter_default_limits;

/* Parses and resolves against `type`, with precedence not, and, or. Literals
 * are prepared for comparison: folded, normal times, "True" as a boolean where
 * the attribute is one. `eq null` becomes NOT PRESENT, `ne null` PRESENT.
 * After the bracket of a value path a comparison may follow
 * (emails[type eq "work"].value eq "x"): it joins the inner filter by AND.
 * Errors: invalidFilter with the position (1 based) and what was expected. */
scim_error *scim_filter_parse(const scim_filter **out, const char *text,
                              const scim_resource_type *type,
                              const scim_filter_limits *limits,
                              apr_pool_t *pool);

/* The same as a part of a query of several types (`types` ends with NULL),
 * `type` among them: an attribute that only others have is one that no resource
 * of `type` has assigned (RFC 7644, 3.4.2.1). */
scim_error *scim_filter_parse_among(const scim_filter **out, const char *text,
                                    const scim_resource_type *type,
                                    const scim_resource_type *const *types,
                                    const scim_filter_limits *limits,
                                    apr_pool_t *pool);

/* The filter in the brackets of a PATCH path: sub-attributes of at->attr. */
scim_error *scim_filter_parse_element(const scim_filter **out,
                                      const char *text, apr_size_t len,
                                      const scim_path *at,
                                      const scim_resource_type *type,
                                      const scim_filter_limits *limits,
                                      scim_fault fault, apr_pool_t *pool);

/* Whether a boolean in it is written as a text. */
int scim_filter_quotes_boolean(const scim_filter *filter);

#endif
