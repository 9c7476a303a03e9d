/* Every fixed statement (DESIGN 5.8). Private to store/. */
#ifndef SCIM_STORE_STATEMENTS_H
#define SCIM_STORE_STATEMENTS_H

typedef enum {
    STORE_AD_HOC, /* text made by where.c */
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ENTER,
    STORE_TOKEN_REFUSAL,
    STORE_TOKEN_USED,
    STORE_USER_BY_ID,
    STORE_USER_GROUPS,
    STORE_USER_LOCK,
    STORE_USER_INSERT,
    STORE_USER_UPDATE,
    STORE_USER_FOLDED_INSERT,
    STORE_USER_FOLDED_UPDATE,
    STORE_USER_VALUES_DELETE,
    STORE_USER_VALUES_INSERT,
    STORE_USER_GROUPS_LOCK,
    STORE_USER_GROUPS_LEAVE,
    STORE_USER_DELETE,
    STORE_GROUP_BY_ID,
    STORE_GROUP_MEMBERS,
    STORE_GROUP_MEMBERS_DISPLAY,
    STORE_GROUP_LOCK,
    STORE_GROUP_INSERT,
    STORE_GROUP_UPDATE,
    STORE_GROUP_DELTA,
    STORE_GROUP_PARENTS_LOCK,
    STORE_GROUP_LEAVE,
    STORE_GROUP_DELETE,
    STORE_TOMBSTONE,
    STORE_JOURNAL,
    STORE_STATEMENT_COUNT
} store_statement;

typedef struct store_statement_row {
    const char *name;
    const char *sql; /* $1 is the organization, where there is one */
} store_statement_row;

extern const store_statement_row store_statements[STORE_STATEMENT_COUNT];

#endif
