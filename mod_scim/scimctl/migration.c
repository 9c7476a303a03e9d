#include "scimctl/migration.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "store/admin.h"

#define LARGEST_FILE (4 * 1024 * 1024)

static scim_error *unreadable(const char *path, apr_status_t status,
                              apr_pool_t *pool)
{
    char reason[120];

    return scim_error_make(SCIM_INVALID_VALUE, pool, "%s cannot be read: %s",
                           path, apr_strerror(status, reason, sizeof(reason)));
}

/* Not by its size: a password may come from a pipe. */
scim_error *scimctl_read_file(const char **out, const char *path,
                              apr_pool_t *pool)
{
    apr_file_t *file;
    apr_size_t len;
    char *text;
    apr_status_t status = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT,
                                        pool);

    if (status != APR_SUCCESS) {
        return unreadable(path, status, pool);
    }
    text = apr_palloc(pool, LARGEST_FILE + 1);
    status = apr_file_read_full(file, text, LARGEST_FILE, &len);
    apr_file_close(file);
    if (status != APR_SUCCESS && status != APR_EOF) {
        return unreadable(path, status, pool);
    }
    text[len] = '\0';
    if (len == LARGEST_FILE || strlen(text) != len) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "%s is no text file of less than 4 MiB.", path);
    }
    *out = text;
    return NULL;
}

/* "0001-provisioning.sql" is 1; 0: another file. */
static int version_of(const char *name)
{
    apr_size_t len = strlen(name);

    if (strspn(name, "0123456789") != 4 || name[4] != '-' || len < 9
        || strcmp(name + len - 4, ".sql") != 0) {
        return 0;
    }
    return atoi(name);
}

static scim_error *wrong_folder(const char *dir, const char *problem,
                                int version, apr_pool_t *pool)
{
    return scim_error_make(SCIM_INVALID_VALUE, pool,
                           "%s is not the SQL folder of this release: "
                           "migration %d %s (the environment's SCIM_SQL_DIR "
                           "names another folder).",
                           dir, version, problem);
}

static scim_error *place(scimctl_migration *slots, const char *dir,
                         const char *name, apr_pool_t *pool)
{
    int version = version_of(name);

    if (version == 0) {
        return NULL;
    }
    if (version > STORE_SCHEMA_VERSION) {
        return wrong_folder(dir, "is too new", version, pool);
    }
    if (slots[version - 1].path != NULL) {
        return wrong_folder(dir, "is there twice", version, pool);
    }
    slots[version - 1].version = version;
    slots[version - 1].path = apr_pstrcat(pool, dir, "/", name, NULL);
    return NULL;
}

static scim_error *read_folder(scimctl_migration *slots, const char *path,
                               apr_pool_t *pool)
{
    apr_dir_t *dir;
    apr_finfo_t entry;
    scim_error *err = NULL;
    apr_status_t status = apr_dir_open(&dir, path, pool);

    if (status != APR_SUCCESS) {
        return unreadable(path, status, pool);
    }
    while (err == NULL
           && apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        err = place(slots, path, entry.name, pool);
    }
    apr_dir_close(dir);
    return err;
}

scim_error *scimctl_migrations(apr_array_header_t **out, apr_pool_t *pool)
{
    apr_array_header_t *all = apr_array_make(pool, STORE_SCHEMA_VERSION,
                                             sizeof(scimctl_migration));
    scimctl_migration *slots = (scimctl_migration *)all->elts;
    const char *path = getenv("SCIM_SQL_DIR");
    scim_error *err;
    int i;

    if (path == NULL || *path == '\0') {
        path = SCIM_SQL_DIR;
    }
    memset(slots, 0, STORE_SCHEMA_VERSION * sizeof(*slots));
    err = read_folder(slots, path, pool);
    for (i = 0; err == NULL && i < STORE_SCHEMA_VERSION; i++) {
        if (slots[i].path == NULL) {
            err = wrong_folder(path, "is missing", i + 1, pool);
        }
    }
    all->nelts = STORE_SCHEMA_VERSION;
    if (err == NULL) {
        *out = all;
    }
    return err;
}
