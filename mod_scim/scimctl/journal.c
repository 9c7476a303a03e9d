#include <stdio.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

#define MONTHS_MAX 1200

static scim_error *maintain(scimctl_call *call)
{
    const char *months = scimctl_text(call, "keep");
    apr_int64_t keep = 0;
    int made, dropped;
    scim_error *err = NULL;

    if (months != NULL) {
        err = scimctl_number(&keep, "--keep", months, 0, MONTHS_MAX,
                             call->pool);
    }
    if (err == NULL) {
        err = store_journal_maintain(&made, &dropped, (int)keep, call->db,
                                     call->pool);
    }
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(
            json_pack("{s:i, s:i}", "made", made, "dropped", dropped));
    }
    else {
        printf("Journal: %d partitions made, %d dropped.\n", made, dropped);
    }
    return NULL;
}

/* clang-format off */
static const scimctl_option maintain_options[] = {
    { "keep", "MONTHS",
      "drops what is older than so many whole months (default 0: nothing)",
      0 },
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_journal[] = {
    { "journal", "maintain", NULL,
      "Makes the journal's partitions three months ahead; for cron, monthly.",
      maintain_options, maintain },
    { NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */
