#include "admin/route.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "admin/account.h"
#include "admin/alert.h"
#include "admin/app.h"
#include "admin/brake.h"
#include "admin/configuration.h"
#include "admin/group.h"
#include "admin/history.h"
#include "admin/holder.h"
#include "admin/issue.h"
#include "admin/journal.h"
#include "admin/mapping.h"
#include "admin/organization.h"
#include "admin/overview.h"
#include "admin/permission.h"
#include "admin/role.h"
#include "admin/stack.h"
#include "admin/trial.h"
#include "admin/user.h"

/* clang-format off */
#define ORG "/v1/organizations/{organization}"

const admin_route admin_routes[] = {
    { "GET",    "/v1/openapi.json", NULL, 200, NULL },
    { "GET",    "/v1/organizations", &admin_organization_list, 200, NULL },

    { "GET",    ORG,                 &admin_organization_get, 200, NULL },
    { "PATCH",  ORG,                 &admin_organization_change, 200, NULL },
    { "DELETE", ORG,                 &admin_organization_delete, 200, NULL },
    { "POST",   ORG "/enable",       &admin_organization_enable, 200, NULL },
    { "POST",   ORG "/disable",      &admin_organization_disable, 200, NULL },
    { "POST",   ORG "/suspend",      &admin_organization_suspend, 200, NULL },
    { "POST",   ORG "/resume",       &admin_organization_resume, 200, NULL },
    { "GET",    ORG "/me",           &admin_account_me, 200, NULL },

    { "GET",    ORG "/configuration", &admin_configuration_export, 200,
      NULL },
    { "POST",   ORG "/configuration/import", &admin_configuration_import, 200,
      NULL },
    { "GET",    ORG "/overview",     &admin_overview_get, 200, NULL },
    { "GET",    ORG "/hints",        &admin_hint_list, 200, NULL },

    { "GET",    ORG "/alerts",       &admin_alert_get, 200, NULL },
    { "PATCH",  ORG "/alerts",       &admin_alert_change, 200, NULL },
    { "GET",    ORG "/alerts/current", &admin_alert_list, 200, NULL },
    { "GET",    ORG "/brake",        &admin_brake_get, 200, NULL },
    { "PATCH",  ORG "/brake",        &admin_brake_change, 200, NULL },
    { "POST",   ORG "/brake/release", &admin_brake_release, 200, NULL },
    { "GET",    ORG "/brake/held",   &admin_brake_held, 200, NULL },
    { "POST",   ORG "/brake/held/{id}/let-through", &admin_brake_let_through,
      200, NULL },

    { "GET",    ORG "/accounts",     &admin_account_list, 200, NULL },
    { "POST",   ORG "/accounts",     &admin_account_create, 201,
      ORG "/accounts/{id}" },
    { "GET",    ORG "/accounts/{id}", &admin_account_get, 200, NULL },
    { "PATCH",  ORG "/accounts/{id}", &admin_account_change, 200, NULL },
    { "DELETE", ORG "/accounts/{id}", &admin_account_remove, 204, NULL },
    { "POST",   ORG "/accounts/{id}/transfer", &admin_account_transfer, 200,
      NULL },
    { "POST",   ORG "/accounts/{id}/link", &admin_account_link, 200, NULL },
    { "POST",   ORG "/accounts/{id}/unlink", &admin_account_unlink, 200,
      NULL },

    { "GET",    ORG "/apps",         &admin_app_list, 200, NULL },
    { "POST",   ORG "/apps",         &admin_app_install, 201,
      ORG "/apps/{id}" },
    { "GET",    ORG "/apps/{id}",    &admin_app_get, 200, NULL },
    { "PATCH",  ORG "/apps/{id}",    &admin_app_change, 200, NULL },
    { "POST",   ORG "/apps/{id}/uninstall", &admin_app_uninstall, 200, NULL },
    { "GET",    ORG "/apps/{id}/rehearsal", &admin_app_rehearsal, 200, NULL },
    { "POST",   ORG "/apps/{id}/live", &admin_app_live, 200, NULL },
    { "POST",   ORG "/apps/{id}/rehearse", &admin_app_rehearse, 200, NULL },
    { "POST",   ORG "/apps/{id}/adopt", &admin_app_adopt, 200, NULL },
    { "POST",   ORG "/apps/{app}/tokens", &admin_token_create, 201,
      ORG "/tokens/{id}" },
    { "GET",    ORG "/apps/{id}/test", &admin_app_test, 200, NULL },
    { "POST",   ORG "/apps/{app}/test-tokens", &admin_token_test, 201,
      ORG "/tokens/{id}" },

    { "GET",    ORG "/tokens",       &admin_token_list, 200, NULL },
    { "GET",    ORG "/tokens/{id}",  &admin_token_get, 200, NULL },
    { "POST",   ORG "/tokens/{id}/rotate", &admin_token_rotate, 201,
      ORG "/tokens/{id}" },
    { "POST",   ORG "/tokens/{id}/revoke", &admin_token_revoke, 200, NULL },

    { "GET",    ORG "/stacks",       &admin_stack_list, 200, NULL },
    { "POST",   ORG "/stacks",       &admin_stack_create, 201,
      ORG "/stacks/{id}" },
    { "GET",    ORG "/stacks/{id}",  &admin_stack_get, 200, NULL },
    { "PATCH",  ORG "/stacks/{id}",  &admin_stack_change, 200, NULL },
    { "DELETE", ORG "/stacks/{id}",  &admin_stack_delete, 200, NULL },
    { "GET",    ORG "/stacks/{id}/preview", &admin_stack_preview, 200, NULL },

    { "GET",    ORG "/roles",        &admin_role_list, 200, NULL },
    { "POST",   ORG "/roles",        &admin_role_create, 201,
      ORG "/roles/{id}" },
    { "GET",    ORG "/roles/{id}",   &admin_role_get, 200, NULL },
    { "PATCH",  ORG "/roles/{id}",   &admin_role_change, 200, NULL },
    { "DELETE", ORG "/roles/{id}",   &admin_role_delete, 200, NULL },
    { "GET",    ORG "/roles/{id}/preview", &admin_role_preview, 200, NULL },

    { "GET",    ORG "/mappings",     &admin_mapping_list, 200, NULL },
    { "POST",   ORG "/mappings",     &admin_mapping_save, 200, NULL },
    { "POST",   ORG "/mappings/preview", &admin_mapping_preview, 200, NULL },
    { "GET",    ORG "/mappings/unmapped", &admin_mapping_unmapped, 200, NULL },
    { "GET",    ORG "/mappings/dormant", &admin_mapping_dormant, 200, NULL },
    { "GET",    ORG "/mappings/{id}", &admin_mapping_get, 200, NULL },
    { "DELETE", ORG "/mappings/{id}", &admin_mapping_delete, 200, NULL },
    { "GET",    ORG "/mappings/{id}/preview", &admin_mapping_delete_preview,
      200, NULL },
    { "POST",   ORG "/mappings/{id}/reconnect", &admin_mapping_reconnect, 200,
      NULL },

    { "GET",    ORG "/holders",      &admin_holder_list, 200, NULL },
    { "GET",    ORG "/holders/count", &admin_holder_count, 200, NULL },

    { "GET",    ORG "/users",        &admin_user_list, 200, NULL },
    { "GET",    ORG "/users/deleted", &admin_user_deleted, 200, NULL },
    { "GET",    ORG "/users/{id}",   &admin_user_get, 200, NULL },
    { "GET",    ORG "/users/{id}/permissions", &admin_permission_explain, 200,
      NULL },
    { "GET",    ORG "/groups",       &admin_group_list, 200, NULL },
    { "GET",    ORG "/groups/deleted", &admin_group_deleted, 200, NULL },
    { "GET",    ORG "/groups/{id}",  &admin_group_get, 200, NULL },
    { "GET",    ORG "/groups/{id}/members", &admin_group_members, 200, NULL },
    { "GET",    ORG "/me/permissions", &admin_permission_mine, 200, NULL },

    { "GET",    ORG "/users/{id}/history", &admin_user_history, 200, NULL },
    { "GET",    ORG "/users/{id}/versions/{version}", &admin_user_version, 200,
      NULL },
    { "GET",    ORG "/users/{id}/memberships", &admin_user_memberships, 200,
      NULL },
    { "POST",   ORG "/users/{id}/restore", &admin_user_restore, 200, NULL },
    { "GET",    ORG "/groups/{id}/history", &admin_group_history, 200, NULL },
    { "GET",    ORG "/groups/{id}/versions/{version}", &admin_group_version,
      200, NULL },
    { "POST",   ORG "/groups/{id}/restore", &admin_group_restore, 200, NULL },

    { "GET",    ORG "/journal",      &admin_journal_list, 200, NULL },
    { "GET",    ORG "/journal/follow", &admin_journal_follow, 200, NULL },
    { "GET",    ORG "/journal/show", &admin_journal_show, 200, NULL },
    { NULL, NULL, NULL, 0, NULL },
};
/* clang-format on */

/* Whether the path fits the template, segment by segment. */
static int fits(apr_array_header_t *captures, const char *template,
                const char *path, apr_pool_t *pool)
{
    while (*template == '/' && *path == '/') {
        apr_size_t have = strcspn(++template, "/"),
                   given = strcspn(++path, "/");

        if (template[0] == '{') {
            if (given == 0) {
                return 0;
            }
            APR_ARRAY_PUSH(captures, admin_capture) = (admin_capture){
                .name = apr_pstrmemdup(pool, template + 1, have - 2),
                .value = apr_pstrmemdup(pool, path, given),
            };
        }
        else if (have != given || memcmp(template, path, have) != 0) {
            return 0;
        }
        template += have;
        path += given;
    }
    return *template == '\0' && *path == '\0';
}

static const char *add_method(const char *list, const char *method,
                              apr_pool_t *pool)
{
    list = list == NULL ? method
                        : apr_pstrcat(pool, list, ", ", method, NULL);
    return strcmp(method, "GET") == 0
               ? apr_pstrcat(pool, list, ", HEAD", NULL)
               : list;
}

static scim_error *wrong_method(const char *allow, apr_pool_t *pool)
{
    scim_error *err = scim_error_make(SCIM_METHOD_NOT_ALLOWED, pool,
                                      "This method is not allowed here; "
                                      "allowed are %s.",
                                      allow);

    err->allow = allow;
    return err;
}

/* The place that the path names: "/mappings/dormant" is no mapping's id. NULL:
 * there is none. */
static const char *find_place(apr_array_header_t **captures, const char *path,
                              apr_pool_t *pool)
{
    const char *place = NULL;
    const admin_route *route;

    for (route = admin_routes; path != NULL && route->method != NULL;
         route++) {
        apr_array_header_t *at = apr_array_make(pool, 3,
                                                sizeof(admin_capture));

        if (fits(at, route->path, path, pool)
            && (place == NULL || at->nelts < (*captures)->nelts)) {
            place = route->path;
            *captures = at;
        }
    }
    return place;
}

scim_error *admin_route_find(const admin_route **out, const char **allow,
                             apr_array_header_t **captures, const char *method,
                             const char *path, apr_pool_t *pool)
{
    const char *place = find_place(captures, path, pool);
    const admin_route *route, *found = NULL;

    if (place == NULL) {
        return scim_error_make(SCIM_NOT_FOUND, pool,
                               "There is nothing of this name; "
                               "v1/openapi.json says what there is.");
    }
    if (strcmp(method, "HEAD") == 0) {
        method = "GET";
    }
    *allow = NULL;
    for (route = admin_routes; route->method != NULL; route++) {
        if (strcmp(route->path, place) == 0) {
            *allow = add_method(*allow, route->method, pool);
            found = strcmp(method, route->method) == 0 ? route : found;
        }
    }
    *allow = apr_pstrcat(pool, *allow, ", OPTIONS", NULL);
    *out = found;
    return found != NULL || strcmp(method, "OPTIONS") == 0
               ? NULL
               : wrong_method(*allow, pool);
}

static const char *value_of(const char *name,
                            const apr_array_header_t *captures,
                            const json_t *members, apr_pool_t *pool)
{
    const json_t *member = json_object_get(members, name);
    int i;

    /* The result's before the path's: {id} of what was made. */
    if (json_is_integer(member)) {
        return apr_psprintf(pool, "%" APR_INT64_T_FMT,
                            (apr_int64_t)json_integer_value(member));
    }
    if (json_is_string(member)) {
        return json_string_value(member);
    }
    for (i = 0; i < captures->nelts; i++) {
        const admin_capture *at = &APR_ARRAY_IDX(captures, i, admin_capture);

        if (strcmp(at->name, name) == 0) {
            return at->value;
        }
    }
    return NULL;
}

const char *admin_route_fill(const char *path,
                             const apr_array_header_t *captures,
                             const json_t *members, apr_pool_t *pool)
{
    const char *filled = "", *open, *name, *value;

    while ((open = strchr(path, '{')) != NULL) {
        apr_size_t len = strcspn(open + 1, "}");

        name = apr_pstrmemdup(pool, open + 1, len);
        value = value_of(name, captures, members, pool);
        if (value == NULL) {
            return NULL;
        }
        filled = apr_pstrcat(pool, filled,
                             apr_pstrmemdup(pool, path,
                                            (apr_size_t)(open - path)),
                             apr_pescape_urlencoded(pool, value), NULL);
        path = open + len + 2;
    }
    return apr_pstrcat(pool, filled, path, NULL);
}
