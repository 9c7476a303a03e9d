/* sortBy and sortOrder: core/sort.c. */
#include "core/sort.h"

#include <apr_general.h>

#include "tap.h"

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static apr_pool_t *pool;

static void takes(const char *text, const scim_resource_type *type,
                  const char *want)
{
    scim_path path;
    scim_error *err = scim_sort_parse(&path, text, type, pool);

    is_str(err != NULL ? err->detail : scim_path_text(&path, type, pool), want,
           text);
}

static void refuses(const char *text, const scim_resource_type *type,
                    const char *want)
{
    scim_path path;
    scim_error *err = scim_sort_parse(&path, text, type, pool);

    is_str(err != NULL ? err->detail : NULL, want, want);
    is_int(err != NULL ? (int)err->fault : -1, SCIM_INVALID_PATH,
           "... as invalidPath");
}

static void order(const char *text, int want)
{
    int got = -1;
    scim_error *err = scim_sort_order(&got, text, pool);

    is_int(err == NULL ? got : -1, want, text != NULL ? text : "no sortOrder");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    takes("userName", &scim_type_user, "userName");
    takes("USERNAME", &scim_type_user, "userName");
    takes("name.familyName", &scim_type_user, "name.familyName");
    takes(SCIM_URN_USER ":name.familyName", &scim_type_user, "name.familyName");
    takes(ENTERPRISE ":department", &scim_type_user, ENTERPRISE ":department");
    takes(ENTERPRISE ":manager.value", &scim_type_user,
          ENTERPRISE ":manager.value");
    takes("emails", &scim_type_user, "emails.value");
    takes("emails.type", &scim_type_user, "emails.type");
    takes("members", &scim_type_group, "members.value");
    takes("schemas", &scim_type_group, "schemas");
    takes("meta.lastModified", &scim_type_group, "meta.lastModified");
    takes("id", &scim_type_group, "id");

    /* P-3.4.2.3-04 */
    refuses("name", &scim_type_user,
            "sortBy: \"name\" has several parts; name one of them, as in "
            "\"name.formatted\".");
    refuses("meta", &scim_type_user,
            "sortBy: \"meta\" has several parts; name one of them, as in "
            "\"meta.resourceType\".");
    refuses(ENTERPRISE ":manager", &scim_type_user,
            "sortBy: \"" ENTERPRISE ":manager\" has several parts; name one of "
            "them, as in \"" ENTERPRISE ":manager.value\".");
    refuses(ENTERPRISE, &scim_type_user,
            "sortBy: \"" ENTERPRISE "\" has several parts; name one of them, "
            "as in \"" ENTERPRISE ":employeeNumber\".");
    refuses("password", &scim_type_user,
            "sortBy: \"password\" gives no order.");
    refuses("meta.location", &scim_type_user,
            "sortBy: \"meta.location\" gives no order.");
    refuses("members.$ref", &scim_type_group,
            "sortBy: \"members.$ref\" gives no order.");
    refuses("bogus", &scim_type_user,
            "sortBy: \"bogus\" is not an attribute of a User.");
    refuses("", &scim_type_user, "sortBy: \"\" is not an attribute path.");

    /* P-3.4.2.3-06, P-3.4.2.3-08 */
    order(NULL, 0);
    order("ascending", 0);
    order("Descending", 1);
    order("up", -1);
    order("", -1);
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
