#include "core/type_file.h"

#include <string.h>

#include <apr_lib.h>

#include "core/place.h"
#include "core/message.h"

static int is_word(const char *text)
{
    return apr_isalpha(text[0]) && scim_place_is_made_of(text, "-_");
}

static scim_error *read_names(scim_type_file *out, const json_t *file,
                              const scim_place *at)
{
    const char *id = NULL;
    scim_error *err =
        scim_place_need_text(&out->name, file, "name", SCIM_FILE_NAME_MAX, at);

    if (err == NULL && !is_word(out->name)) {
        err = scim_place_wrong(at, "name",
                               "must be a letter, then letters, digits, \"-\" "
                               "and \"_\"");
    }
    if (err == NULL) {
        err = scim_place_text(&id, file, "id", SCIM_FILE_NAME_MAX, at);
    }
    if (err == NULL && id != NULL && strcmp(id, out->name) != 0) {
        err = scim_place_wrong(at, "id", "must be the name, or be left out");
    }
    if (err == NULL) {
        err = scim_place_need_text(&out->endpoint, file, "endpoint",
                                   SCIM_FILE_NAME_MAX, at);
    }
    if (err == NULL &&
        (out->endpoint[0] != '/' || !is_word(out->endpoint + 1))) {
        err = scim_place_wrong(at, "endpoint",
                               "must be \"/\" and one word, as in "
                               "\"/Departments\"");
    }
    return err;
}

static scim_error *read_extension(scim_type_file_extension *out,
                                  const json_t *json, const scim_place *at)
{
    static const char *const keys[] = { "schema", "required", NULL };
    scim_error *err = scim_place_keys(json, keys, at);

    if (err == NULL) {
        err = scim_place_need_urn(&out->schema, json, "schema", at);
    }
    return err != NULL ? err
                       : scim_place_flag(&out->required, json, "required", at);
}

static scim_error *read_extensions(scim_type_file *out, const json_t *file,
                                   const scim_place *at)
{
    const json_t *list = json_object_get(file, "schemaExtensions");
    scim_place in_list = { at, "schemaExtensions", 0, at->pool };
    scim_error *err = NULL;
    size_t i;

    out->extensions =
        apr_array_make(at->pool, 2, sizeof(scim_type_file_extension));
    if (list != NULL && !json_is_array(list)) {
        return scim_place_wrong(at, "schemaExtensions", "must be an array");
    }
    for (i = 0; err == NULL && i < json_array_size(list); i++) {
        scim_place element = { &in_list, NULL, (int)i, at->pool };
        scim_type_file_extension *extension = apr_array_push(out->extensions);

        extension->required = 0;
        err = read_extension(extension, json_array_get(list, i), &element);
    }
    return err;
}

scim_error *scim_type_file_read(scim_type_file **out, const char *text,
                                apr_size_t len, apr_pool_t *pool)
{
    static const char *const keys[] = {
        "schemas",          "id",   "name", "endpoint", "description", "schema",
        "schemaExtensions", "meta", NULL
    };
    const scim_place root = { NULL, NULL, 0, pool };
    scim_type_file *type = apr_pcalloc(pool, sizeof(*type));
    json_t *file;
    scim_error *err = scim_place_parse(&file, text, len, pool);

    if (err == NULL) {
        err = scim_place_keys(file, keys, &root);
    }
    if (err == NULL) {
        err = scim_place_kind(file, SCIM_URN_RESOURCE_TYPE, &root);
    }
    if (err == NULL) {
        err = read_names(type, file, &root);
    }
    type->description = "";
    if (err == NULL) {
        err = scim_place_text(&type->description, file, "description",
                              SCIM_FILE_TEXT_MAX, &root);
    }
    if (err == NULL) {
        err = scim_place_need_urn(&type->schema, file, "schema", &root);
    }
    if (err == NULL) {
        err = read_extensions(type, file, &root);
    }
    json_decref(file);
    if (err == NULL) {
        *out = type;
    }
    return err;
}
