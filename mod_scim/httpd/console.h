/* The console's files, below a section of ScimService admin. */
#ifndef SCIM_HTTPD_CONSOLE_H
#define SCIM_HTTPD_CONSOLE_H

#include "httpd/call.h"

/* ScimConsole. */
const char *mod_scim_set_console(cmd_parms *cmd, void *dir, const char *arg);

/* In translate_name: takes the request if it is for one of the files, whose
 * name r->filename is from then on; r->handler is set in fixups. */
int mod_scim_console_claim(mod_scim_call *call);

/* In map_to_storage. */
int mod_scim_console_find(mod_scim_call *call);

/* In fixups: httpd's core sends the file. */
void mod_scim_console_send(mod_scim_call *call);

#endif
