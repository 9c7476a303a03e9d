#include "store/comparison.h"

#include <string.h>

#include <apr_strings.h>
#include <unistr.h>

#define LAST_CODE_POINT 0x10ffff
#define BEFORE_SURROGATES 0xd7ff
#define AFTER_SURROGATES 0xe000

/* clang-format off */
static const char *const operators[] = {
    [SCIM_EQ] = "=",  [SCIM_NE] = "<>", [SCIM_GT] = ">",
    [SCIM_GE] = ">=", [SCIM_LT] = "<",  [SCIM_LE] = "<=",
};
/* clang-format on */

const char *store_param(const char *text, store_params *params)
{
    APR_ARRAY_PUSH(params->values, const char *) = text;
    return apr_psprintf(params->pool, "$%d",
                        params->first + params->values->nelts - 1);
}

const char *store_literal(const char *name, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(name) + 3), *to = out;

    for (*to++ = '\''; *name != '\0'; name++) {
        if (*name == '\'') {
            *to++ = '\'';
        }
        *to++ = *name;
    }
    *to++ = '\'';
    *to = '\0';
    return out;
}

/* Its last character raised by one; the highest one cannot be, and gives way to
 * the one before it. */
const char *store_prefix_end(const char *text, apr_pool_t *pool)
{
    const uint8_t *begin = (const uint8_t *)text, *at;
    const uint8_t *end = begin + strlen(text);
    uint8_t raised[7] = "";
    ucs4_t c;

    for (; (at = u8_prev(&c, end, begin)) != NULL; end = at) {
        if (c < LAST_CODE_POINT) {
            c = c == BEFORE_SURROGATES ? AFTER_SURROGATES : c + 1;
            u8_uctomb(raised, c, sizeof(raised));
            return apr_pstrcat(pool,
                               apr_pstrmemdup(pool, text,
                                              (apr_size_t)(at - begin)),
                               (const char *)raised, NULL);
        }
    }
    return NULL;
}

/* The range alone may be wider than the prefix. */
static const char *prefix_sql(const scim_filter *node, const char *value,
                              const char *p, store_params *params)
{
    const char *after = store_prefix_end(node->text, params->pool);
    const char *check = apr_psprintf(params->pool, "starts_with(%s, %s)", value,
                                     p);

    return after == NULL
               ? check
               : apr_psprintf(params->pool, "(%s >= %s AND %s < %s AND %s)",
                              value, p, value, store_param(after, params),
                              check);
}

const char *store_compare_text(const scim_filter *node, const char *value,
                               int indexed, store_params *params)
{
    const char *p = store_param(node->text, params);

    switch (node->op) {
    case SCIM_CO:
        return apr_psprintf(params->pool, "strpos(%s, %s) > 0", value, p);
    case SCIM_EW:
        return apr_psprintf(params->pool, "right(%s, length(%s)) = %s", value,
                            p, p);
    case SCIM_SW:
        return indexed ? prefix_sql(node, value, p, params)
                       : apr_psprintf(params->pool, "starts_with(%s, %s)",
                                      value, p);
    case SCIM_NE:
        return apr_psprintf(params->pool, "%s IS DISTINCT FROM %s", value, p);
    default:
        return apr_psprintf(params->pool, "%s %s %s", value,
                            operators[node->op], p);
    }
}

/* Stored times have milliseconds. A literal with more digits lies between two
 * of them, where PostgreSQL would round. */
const char *store_compare_time(const scim_filter *node, const char *column,
                               store_params *params)
{
    const char *fraction = node->text + strlen("2026-02-01T09:30:00.000");
    const char *cut = apr_pstrmemdup(params->pool, node->text,
                                     (apr_size_t)(fraction - node->text));
    int between = strncmp(fraction, "000000", 6) != 0;
    scim_compare_op op = node->op;

    if (between && (op == SCIM_EQ || op == SCIM_NE)) {
        return op == SCIM_NE ? "true" : "false";
    }
    if (between) {
        op = op == SCIM_GT || op == SCIM_GE ? SCIM_GT : SCIM_LE;
    }
    /* PostgreSQL knows no year 0. */
    cut = strncmp(cut, "0000", 4) == 0
              ? "-infinity"
              : apr_pstrcat(params->pool, cut, "Z", NULL);
    return apr_psprintf(params->pool, "%s %s %s::timestamptz", column,
                        operators[op], store_param(cut, params));
}

static const char *json_text_sql(const scim_filter *node, const char *object,
                                 const char *quoted, store_params *params)
{
    const char *text = quoted != NULL
                           ? apr_psprintf(params->pool,
                                          "((%s ->> %s) COLLATE \"C\")",
                                          object, quoted)
                           : apr_psprintf(params->pool,
                                          "((%s #>> '{}') COLLATE \"C\")",
                                          object);

    return store_compare_text(node, text, 0, params);
}

const char *store_compare_json(const scim_filter *node, const char *object,
                               const char *name, store_params *params)
{
    const char *quoted
        = name != NULL ? store_literal(name, params->pool) : NULL;
    const char *json = name != NULL ? apr_psprintf(params->pool, "(%s -> %s)",
                                                   object, quoted)
                                    : object;

    if (node->kind == SCIM_FILTER_PRESENT) {
        return apr_psprintf(params->pool, "%s IS NOT NULL", json);
    }
    switch (node->value_kind) {
    case SCIM_VALUE_BOOLEAN:
        return apr_psprintf(params->pool, "%s IS %s FROM '%s'::jsonb", json,
                            node->op == SCIM_EQ ? "NOT DISTINCT" : "DISTINCT",
                            node->boolean ? "true" : "false");
    case SCIM_VALUE_NUMBER:
        return apr_psprintf(params->pool, "%s %s to_jsonb(%s::numeric)", json,
                            node->op == SCIM_NE ? "IS DISTINCT FROM"
                                                : operators[node->op],
                            store_param(node->text, params));
    case SCIM_VALUE_NEVER:
        return node->op == SCIM_NE ? "true" : "false";
    default:
        return json_text_sql(node, object, quoted, params);
    }
}
