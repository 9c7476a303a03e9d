/* Findings of `database check` and `doctor`. */
#include <apr_strings.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

static json_t *as_json(const apr_array_header_t *findings)
{
    json_t *all = json_array();
    int i;

    for (i = 0; i < findings->nelts; i++) {
        const store_finding *f = APR_ARRAY_IDX(findings, i, store_finding *);

        json_array_append_new(
            all, json_pack("{s:s, s:b, s:o, s:o}", "subject", f->subject,
                           "good", f->good, "says", scimctl_json_text(f->says),
                           "hint", scimctl_json_text(f->hint)));
    }
    return all;
}

static void print_table(const apr_array_header_t *findings,
                           apr_pool_t *pool)
{
    scimctl_table *table = scimctl_table_make(3, pool);
    int i;

    for (i = 0; i < findings->nelts; i++) {
        const store_finding *f = APR_ARRAY_IDX(findings, i, store_finding *);

        scimctl_table_add(table, f->good ? "good" : "BAD");
        scimctl_table_add(table, f->subject);
        scimctl_table_add(table, f->hint == NULL
                                     ? f->says
                                     : apr_pstrcat(pool, f->says, "; to do: ",
                                                   f->hint, NULL));
    }
    scimctl_table_print(table);
}

scim_error *scimctl_print_findings(const apr_array_header_t *findings,
                                   const scimctl_call *call)
{
    int i, bad = 0;

    if (call->json) {
        scimctl_print_json(as_json(findings));
    }
    else {
        print_table(findings, call->pool);
    }
    for (i = 0; i < findings->nelts; i++) {
        bad += !APR_ARRAY_IDX(findings, i, store_finding *)->good;
    }
    return bad == 0 ? NULL
                    : scim_error_make(SCIM_INVALID_VALUE, call->pool,
                                      "%d of %d checks failed; what to do "
                                      "stands beside each.",
                                      bad, findings->nelts);
}
