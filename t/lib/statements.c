/* Prepares every statement of the store, as the store does it, and prints each
 * as a line of JSON: name, sql, bare (no organization), error. Run by
 * t/22-store-statements.t.
 *
 *     statements CONNINFO */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "store/statements.h"

static const char *prepare(PGconn *pg, const store_statement_row *row)
{
    PGresult *result = PQprepare(pg, row->name, row->sql, 0, NULL);
    const char *error = PQresultStatus(result) == PGRES_COMMAND_OK
                            ? NULL
                            : PQerrorMessage(pg);

    PQclear(result);
    return error;
}

int main(int argc, char **argv)
{
    PGconn *pg = PQconnectdb(argc == 2 ? argv[1] : "");
    int i;

    if (PQstatus(pg) != CONNECTION_OK) {
        fputs(PQerrorMessage(pg), stderr);
        return 1;
    }
    for (i = STORE_AD_HOC + 1; i < STORE_STATEMENT_COUNT; i++) {
        const store_statement_row *row = &store_statements[i];
        json_t *line = json_pack("{ss, ss, sb, ss?}", "name", row->name, "sql",
                                 row->sql, "bare", row->is_bare, "error",
                                 prepare(pg, row));

        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    }
    PQfinish(pg);
    return 0;
}
