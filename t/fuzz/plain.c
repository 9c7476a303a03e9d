/* Any bytes as plain JSON: what is read and written without jansson is what
 * jansson reads and writes, in the same order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_written(const json_t *json)
{
    char out[512];
    apr_size_t room, size;
    char *wanted = json_dumps(json, SCIM_JSON_FLAGS);
    apr_size_t len = strlen(wanted);

    for (room = 0; room <= sizeof(out); room += room < 48 ? 1 : 29) {
        size = scim_plain_write(json, out, room);
        expect(size == 0 || (size == len && memcmp(out, wanted, len) == 0));
        expect(size <= room);
    }
    free(wanted);
}

static void check_read(const json_t *json, const char *text, size_t size)
{
    json_t *plain = scim_plain_read(text, size);
    char *mine, *wanted;

    if (plain != NULL) {
        expect(json_is_object(json) && json_equal(plain, json));
        mine = json_dumps(plain, SCIM_JSON_FLAGS);
        wanted = json_dumps(json, SCIM_JSON_FLAGS);
        expect(strcmp(mine, wanted) == 0);
        free(mine);
        free(wanted);
    }
    json_decref(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES,
                              NULL);

    check_read(json, (const char *)data, size);
    if (json != NULL) {
        check_written(json);
    }
    json_decref(json);
    return 0;
}
