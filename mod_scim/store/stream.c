#include "store/record.h"

/* Columns behind those of the group itself. */
enum { MEMBER = 5, IS_GROUP, NAME };

typedef struct stream {
    const char *asked, *id; /* as the caller wrote it; as the key, or NULL */
    const store_wants *wants;
    const store_member_reader *reader;
    int started;
    apr_pool_t *scratch; /* of one row */
} stream;

static void take_row(const PGresult *one, void *baton)
{
    stream *s = baton;
    store_reference member = { 0 };

    apr_pool_clear(s->scratch);
    if (!PQgetisnull(one, 0, 0)) {
        s->started = 1;
        s->reader->start(store_record_read(one, 0, 0, STORE_SHAPE_GROUP,
                                           s->scratch),
                         s->reader->baton);
        return;
    }
    member.id = store_id(one, 0, MEMBER, s->scratch);
    member.type = store_boolean(one, 0, IS_GROUP) ? &scim_type_group
                                                  : &scim_type_user;
    member.display = store_text(one, 0, NAME);
    s->reader->member(&member, s->reader->baton);
}

static scim_error *work(store_transaction *tx, void *baton)
{
    stream *s = baton;
    scim_error *err;

    s->started = 0;
    if (s->id != NULL) {
        store_step *step = store_add(s->wants->display
                                         ? STORE_GROUP_STREAM_NAMES
                                         : STORE_GROUP_STREAM,
                                     tx);

        store_step_text(step, s->id);
        store_step_int(step, s->reader->limit + 1, tx->pool);
        step->row = take_row;
        step->baton = s;
    }
    err = store_go(tx);
    return err != NULL || s->started
               ? err
               : store_not_found(&scim_type_group, s->asked, tx->pool);
}

scim_error *store_members_read(const char *id, const store_wants *wants,
                               const store_member_reader *reader,
                               const store_caller *caller, store *s,
                               apr_pool_t *pool)
{
    stream all = { .asked = id,
                   .id = store_id_normal(id, pool),
                   .wants = wants,
                   .reader = reader };

    apr_pool_create(&all.scratch, pool);
    return store_transact(work, &all, STORE_READS, caller, s, pool);
}
