#include "store/record.h"

#include <apr_lib.h>
#include <apr_strings.h>

/* Columns of store_shape_columns. */
enum { ID, VERSION, CREATED, LAST_MODIFIED, BODY, REF_IDS, FLAGS, NAMES };

store_shape store_shape_of(const scim_resource_type *type,
                           const store_wants *wants)
{
    if (!wants->refs || type->kind == SCIM_KIND_OTHER) {
        return store_shape_of_row(type);
    }
    if (type->kind == SCIM_KIND_USER) {
        return STORE_SHAPE_USER_GROUPS;
    }
    return wants->display ? STORE_SHAPE_GROUP_MEMBER_NAMES
                          : STORE_SHAPE_GROUP_MEMBERS;
}

store_shape store_shape_of_row(const scim_resource_type *type)
{
    static const store_shape rows[] = {
        [SCIM_KIND_USER] = STORE_SHAPE_USER,
        [SCIM_KIND_GROUP] = STORE_SHAPE_GROUP,
        [SCIM_KIND_OTHER] = STORE_SHAPE_RESOURCE,
    };

    return rows[type->kind];
}

store_shape store_shape_within(store_shape shape, const store_transaction *tx)
{
    return shape == STORE_SHAPE_USER_GROUPS && tx->nested
               ? STORE_SHAPE_USER_ALL_GROUPS
               : shape;
}

static store_step *add_by_id(store_statement statement, const char *id,
                             const scim_resource_type *type,
                             store_transaction *tx)
{
    store_step *step = store_add(statement, tx);

    store_step_text(step, id);
    if (type->kind == SCIM_KIND_OTHER) {
        store_step_text(step, type->name);
    }
    return step;
}

store_step *store_add_select(store_shape shape, const char *id,
                             const scim_resource_type *type,
                             store_transaction *tx)
{
    return add_by_id((store_statement)(STORE_USER + (int)shape), id, type, tx);
}

store_step *store_add_lock(const char *id, const scim_resource_type *type,
                           store_transaction *tx)
{
    static const store_statement locks[] = {
        [SCIM_KIND_USER] = STORE_USER_LOCK,
        [SCIM_KIND_GROUP] = STORE_GROUP_LOCK,
        [SCIM_KIND_OTHER] = STORE_RESOURCE_LOCK,
    };

    return add_by_id(locks[type->kind], id, type, tx);
}

static int is_user(store_shape shape)
{
    return shape == STORE_SHAPE_USER || shape == STORE_SHAPE_USER_GROUPS
           || shape == STORE_SHAPE_USER_ALL_GROUPS;
}

static int has_refs(store_shape shape)
{
    return shape != STORE_SHAPE_USER && shape != STORE_SHAPE_GROUP
           && shape != STORE_SHAPE_RESOURCE;
}

static int has_names(store_shape shape)
{
    return shape == STORE_SHAPE_USER_GROUPS
           || shape == STORE_SHAPE_USER_ALL_GROUPS
           || shape == STORE_SHAPE_GROUP_MEMBER_NAMES;
}

static const apr_array_header_t *read_refs(const PGresult *result, int row,
                                           int column, store_shape shape,
                                           apr_pool_t *pool)
{
    store_array ids, flags, names = { 0 };
    apr_array_header_t *refs;
    const void *id, *flag, *name;
    int len, flag_len, name_len;

    store_array_open(&ids, result, row, column + REF_IDS);
    store_array_open(&flags, result, row, column + FLAGS);
    if (has_names(shape)) {
        store_array_open(&names, result, row, column + NAMES);
    }
    refs = apr_array_make(pool, ids.count, sizeof(store_reference));
    while (store_array_next(&id, &len, &ids)) {
        store_reference *ref = apr_array_push(refs);
        /* Direct groups come without: they are all direct. */
        int set = !store_array_next(&flag, &flag_len, &flags)
                  || *(const char *)flag != 0;

        ref->id = store_uuid_text(id, pool);
        ref->type = is_user(shape) || set ? &scim_type_group : &scim_type_user;
        ref->direct = set;
        ref->display = NULL;
        if (store_array_next(&name, &name_len, &names) && name != NULL) {
            ref->display = apr_pstrmemdup(pool, name, (apr_size_t)name_len);
        }
    }
    return refs;
}

store_record *store_record_read(const PGresult *result, int row, int column,
                                store_shape shape, apr_pool_t *pool)
{
    store_record *record = apr_pcalloc(pool, sizeof(*record));

    record->id = store_id(result, row, column + ID, pool);
    record->version = store_number(result, row, column + VERSION);
    record->created = store_time(result, row, column + CREATED, pool);
    record->last_modified = store_time(result, row, column + LAST_MODIFIED,
                                       pool);
    record->body = PQgetvalue(result, row, column + BODY);
    record->body_len = (apr_size_t)PQgetlength(result, row, column + BODY);
    if (has_refs(shape)) {
        record->refs = read_refs(result, row, column, shape, pool);
        record->is_large = !is_user(shape)
                           && record->refs->nelts > STORE_MEMBERS_AT_ONCE;
    }
    return record;
}

scim_error *store_record_of(store_record **out, const store_step *step,
                            store_shape shape, const char *id,
                            const scim_resource_type *type, apr_pool_t *pool)
{
    if (PQntuples(step->result) != 1) {
        return store_not_found(type, id, pool);
    }
    *out = store_record_read(step->result, 0, 0, shape, pool);
    return NULL;
}

scim_error *store_record_parse(store_record *record, apr_pool_t *pool)
{
    record->json = scim_json_adopt(
        scim_json_load(record->body, record->body_len), pool);
    if (!json_is_object(record->json)) {
        return scim_error_because(
            scim_error_make(SCIM_INTERNAL, pool,
                            "The service met an unexpected fault."),
            pool, "the stored body of %s is no JSON object", record->id);
    }
    return NULL;
}

/* store_reference of each row of STORE_DIRECT_GROUPS. */
static const apr_array_header_t *direct_groups(const PGresult *result,
                                               apr_pool_t *pool)
{
    int i, rows = PQntuples(result);
    apr_array_header_t *refs = apr_array_make(pool, rows,
                                              sizeof(store_reference));

    for (i = 0; i < rows; i++) {
        store_reference *ref = apr_array_push(refs);

        ref->id = store_id(result, i, 0, pool);
        ref->type = &scim_type_group;
        ref->display = store_text(result, i, 1);
        ref->direct = 1;
    }
    return refs;
}

void store_add_selection(store_selection *out, const store_step *written,
                         store_shape shape, const char *id,
                         const scim_resource_type *type,
                         store_transaction *tx)
{
    store_shape plain = store_shape_of_row(type);
    int apart = shape == STORE_SHAPE_USER_GROUPS;
    store_step *groups;

    out->shape = apart ? plain : shape;
    out->groups = NULL;
    out->row = written != NULL && out->shape == plain
                   ? written
                   : store_add_select(out->shape, id, type, tx);
    if (apart) {
        groups = store_add(STORE_DIRECT_GROUPS, tx);
        store_step_text(groups, id);
        out->groups = groups;
    }
}

scim_error *store_selected(store_record **out, const store_selection *from,
                           const char *id, const scim_resource_type *type,
                           apr_pool_t *pool)
{
    scim_error *err = store_record_of(out, from->row, from->shape, id, type,
                                      pool);

    if (err == NULL && from->groups != NULL) {
        (*out)->refs = direct_groups(from->groups->result, pool);
    }
    return err;
}

scim_error *store_not_found(const scim_resource_type *type, const char *id,
                            apr_pool_t *pool)
{
    return scim_error_make(SCIM_NOT_FOUND, pool, "%s \"%s\" does not exist.",
                           type->name, scim_excerpt(id, pool));
}

const char *store_id_normal(const char *id, apr_pool_t *pool)
{
    char *out, *c;

    if (!store_uuid_is(id)) {
        return NULL;
    }
    out = apr_pstrdup(pool, id);
    for (c = out; *c != '\0'; c++) {
        *c = (char)apr_tolower(*c);
    }
    return out;
}
