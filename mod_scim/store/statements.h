/* Every fixed statement (DESIGN 5.8). Private to store/. */
#ifndef SCIM_STORE_STATEMENTS_H
#define SCIM_STORE_STATEMENTS_H

/* A caller sees what its app made (alias `r`), or all: scim.app is the app's
 * number, negative for one that sees the whole organization. In a scan the
 * setting is asked once a statement; of a row that is found by its key, that
 * costs more than asking twice. */
#define STORE_VISIBLE_AS(r, app) "(" r ".app_id = " app " OR " app " < 0)"
#define STORE_VISIBLE(r) \
    STORE_VISIBLE_AS(r, "(SELECT current_setting('scim.app')::int)")
#define STORE_VISIBLE_ROW(r) \
    STORE_VISIBLE_AS(r, "current_setting('scim.app')::int")
#define STORE_APP "abs(current_setting('scim.app')::int)"

/* How many members of a group come with its row. A larger group is read by
 * STORE_GROUP_STREAM. One more, to see that there are more. */
#define STORE_MEMBERS_AT_ONCE 1000
#define STORE_MEMBERS_LIMIT   "1001"

typedef enum {
    STORE_AD_HOC, /* text made by query.c */
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_ENTER, /* one of these three comes first */
    STORE_ENTER_TO_WRITE,
    STORE_ENTER_ALONE, /* the same, with nobody else in the organization */
    STORE_LIMIT, /* the time that is left, for a later trip */
    STORE_TOKEN_REFUSAL,
    STORE_TOKEN_USED,
    STORE_PASSWORD_SET,
    STORE_PASSWORD_OF,

    STORE_DIRECT_GROUPS, /* of one user */
    STORE_USER_NAMED,    /* who is active, by the folded userName */
    STORE_CURSOR_KEY,    /* the organization's secret, the time, the app */

    /* One resource by id, and a page of a list: in the order of store_shape */
    STORE_USER,
    STORE_USER_GROUPS,
    STORE_USER_ALL_GROUPS,
    STORE_GROUP,
    STORE_GROUP_MEMBERS,
    STORE_GROUP_MEMBER_NAMES,
    STORE_RESOURCE,           /* of a file's type: $3 */
    STORE_GROUP_SOME_MEMBERS, /* names, at most $3 of them */
    STORE_GROUP_STREAM,       /* the group, then a row for each member */
    STORE_GROUP_STREAM_NAMES,
    STORE_PAGE_USER,
    STORE_PAGE_USER_GROUPS,
    STORE_PAGE_USER_ALL_GROUPS,
    STORE_PAGE_GROUP,
    STORE_PAGE_GROUP_MEMBERS,
    STORE_PAGE_GROUP_MEMBER_NAMES,
    STORE_PAGE_RESOURCE,      /* of the type $4 */
    STORE_COUNT_USERS,
    STORE_COUNT_GROUPS,
    STORE_COUNT_RESOURCES,

    STORE_USER_LOCK,
    STORE_USER_INSERT,
    STORE_USER_UPDATE,
    STORE_USER_FOLDED_INSERT,
    STORE_USER_FOLDED_EMAILS, /* the same, where nothing else has rows */
    STORE_USER_FOLDED_UPDATE,
    STORE_USER_FOLDED_ALONE, /* an update that leaves user_values as they are */
    STORE_USER_DELETE,
    STORE_GROUP_LOCK,
    STORE_GROUP_INSERT,
    STORE_GROUP_UPDATE,
    STORE_GROUP_MEMBERSHIP, /* a whole PATCH of members */
    STORE_GROUP_DELTA,      /* the members' part of a larger write */
    STORE_GROUP_DELETE,
    STORE_RESOURCE_LOCK,
    STORE_RESOURCE_INSERT,
    STORE_RESOURCE_UPDATE,
    STORE_RESOURCE_DELETE,
    STORE_VALUES_CLAIM,   /* of attributes whose values are unique */
    STORE_VALUES_RELEASE,
    STORE_GROUPS_LOCK,  /* of a batch: many, and the holders of some */
    STORE_USERS_LOCK,
    STORE_RESOURCES_LOCK,
    STORE_HOLDERS_LOCK, /* the groups that a resource is in */
    STORE_USER_LEAVE,
    STORE_GROUP_LEAVE,
    STORE_USER_TOMBSTONE,
    STORE_GROUP_TOMBSTONE,
    STORE_RESOURCE_TOMBSTONE,
    STORE_PERMISSIONS_USER, /* what users hold, and what changes it */
    STORE_PERMISSIONS_GROUP_END,
    STORE_BRAKE_USER, /* against too many removals */
    STORE_BRAKE_GROUP_END,
    STORE_BRAKE_HOLD,
    STORE_MAPPING_TAKE_UP,
    STORE_USER_REVIVE, /* the tombstone goes */
    STORE_GROUP_REVIVE,
    STORE_JOURNAL,
    STORE_JOURNAL_REFUSAL,
    STORE_STATEMENT_COUNT
} store_statement;

typedef struct store_statement_row {
    const char *name; /* also of the prepared statement */
    const char *sql;  /* $1 is the organization, unless is_bare */
    int is_bare;
} store_statement_row;

extern const store_statement_row store_statements[STORE_STATEMENT_COUNT];

/* What is read of a resource: the row alone, or with what refers to others. */
typedef enum {
    STORE_SHAPE_USER,
    STORE_SHAPE_USER_GROUPS,     /* direct ones: all, unless groups nest */
    STORE_SHAPE_USER_ALL_GROUPS, /* a recursion */
    STORE_SHAPE_GROUP,
    STORE_SHAPE_GROUP_MEMBERS,
    STORE_SHAPE_GROUP_MEMBER_NAMES,
    STORE_SHAPE_RESOURCE,
    STORE_SHAPE_COUNT
} store_shape;

/* "SELECT <columns>" and " FROM <table> r ...": a statement that reads
 * resources is made of them; query.c puts its own between and behind. */
extern const char *const store_shape_columns[STORE_SHAPE_COUNT];
extern const char *const store_shape_joins[STORE_SHAPE_COUNT];

/* Behind the columns, what makes them as many as those of any other shape. */
extern const char *const store_shape_padding[STORE_SHAPE_COUNT];

#endif
