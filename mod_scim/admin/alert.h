/* Alerts: whom an organization wants told of what needs attention. */
#ifndef SCIM_ADMIN_ALERT_H
#define SCIM_ADMIN_ALERT_H

#include "admin/operation.h"

extern const admin_operation admin_alert_get, admin_alert_change,
    admin_alert_list;

/* An address that can stand in a mail's header as it is: a plain local part, an
 * ASCII host name. Stricter than RFC 5321, on purpose. */
int admin_is_address(const char *text);

#endif
