/* What the owner's side can do: each operation once, in a table of its noun,
 * for the admin API and for scimctl alike. */
#ifndef SCIM_ADMIN_OPERATION_H
#define SCIM_ADMIN_OPERATION_H

#include "store/admin.h"

typedef enum {
    ADMIN_NAME,    /* a text for people (admin_check_name) */
    ADMIN_TEXT,    /* any text of at most `most` characters, also none */
    ADMIN_WORD,    /* one of `choices` */
    ADMIN_NUMBER,  /* an integer, `least` to `most` */
    ADMIN_BOOLEAN,
    ADMIN_TIME,    /* RFC 3339 */
    ADMIN_LIST,    /* of objects with `fields`, or of texts without */
    ADMIN_OBJECT   /* with `fields`; without: any */
} admin_type;

/* A member of what is given: of a body, or a parameter of a query, or an
 * option of scimctl ("-" for "_"). The openapi document says it, too. */
typedef struct admin_field admin_field;
struct admin_field {
    const char *name;
    admin_type type;
    const char *help;
    int required;
    const char *choices; /* of a word: "admin|member" */
    apr_int64_t least, most;
    const admin_field *fields; /* ends with a NULL name */
    int nullable;              /* null means something: nothing */
    const char *option;        /* of scimctl, where it is not the name */
};

typedef struct admin_operation admin_operation;

/* One run of an operation. */
typedef struct admin_call {
    const admin_operation *operation;
    const char *slug;    /* the organization; or NULL */
    const char *ids[2];  /* of what is named below it: numbers or UUIDs */
    json_t *given;       /* an object; or NULL */
    const char *version; /* of If-Match; or NULL */
    store_slice slice;   /* of a list */
    const char *tenant_url; /* of the organization; or NULL: not known here */
    json_t *out;         /* result: object, list, or NULL; owned by `pool` */
    store_admin *db;
    apr_pool_t *pool;
} admin_call;

struct admin_operation {
    const char *name;    /* "stack.create" */
    const char *summary; /* a sentence for the help and for openapi */
    store_need need;
    const admin_field *fields; /* ends with a NULL name; NULL: takes nothing */
    int is_list;
    const char *ids; /* what call->ids holds: "n" a number, "u" a UUID */
    /* Within a transaction of the organization. */
    scim_error *(*run)(admin_call *call);
    int is_tried; /* for what comes of it: nothing of it stays. A given
                     "dry_run" says the same of one run */
    /* Before it, when something is to be prepared outside; or NULL. */
    scim_error *(*prepare)(admin_call *call);
};

/* Checks what is given and runs it as one transaction. SCIM_INVALID_VALUE names
 * the member, err->field. */
scim_error *admin_perform(admin_call *call);

#define ADMIN_LIST_DEFAULT 50
#define ADMIN_LIST_MAX     200

#endif
