#include "admin/effect.h"

const admin_field admin_effect_fields[] = {
    ADMIN_EFFECT_FIELDS,
    { .name = NULL },
};
