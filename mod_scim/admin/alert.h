/* Alerts: whom an organization wants told of what needs attention. */
#ifndef SCIM_ADMIN_ALERT_H
#define SCIM_ADMIN_ALERT_H

#include "admin/operation.h"

extern const admin_operation admin_alert_get, admin_alert_change,
    admin_alert_list;

/* Their settings. */
extern const admin_field admin_alert_fields[];

/* What a field cannot say of them. SCIM_INVALID_VALUE. */
scim_error *admin_alert_check(const json_t *given, apr_pool_t *pool);

/* An address that can stand in a mail's header as it is: a plain local part, an
 * ASCII host name. Stricter than RFC 5321, on purpose. */
int admin_is_address(const char *text);

#endif
