#include "core/datetime.h"

#include <apr_strings.h>

typedef struct moment {
    int year, month, day, hour, minute, second;
} moment;

/* Reads exactly `digits` digits; -1 if they are not there. */
static int take_number(const char **at, int digits)
{
    int n = 0;

    for (; digits > 0; digits--, (*at)++) {
        if (**at < '0' || **at > '9') {
            return -1;
        }
        n = 10 * n + (**at - '0');
    }
    return n;
}

static int take(const char **at, char c)
{
    if (**at != c) {
        return 0;
    }
    (*at)++;
    return 1;
}

static int days_in(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30,
                                31, 31, 30, 31, 30, 31 };
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* yyyy "-" mm "-" dd: four digits of year, because a longer or a negative one
 * would not sort as text */
static int take_date(moment *m, const char **at)
{
    m->year = take_number(at, 4);
    if (m->year < 0 || !take(at, '-')) {
        return 0;
    }
    m->month = take_number(at, 2);
    if (m->month < 1 || m->month > 12 || !take(at, '-')) {
        return 0;
    }
    m->day = take_number(at, 2);
    return m->day >= 1 && m->day <= days_in(m->year, m->month);
}

/* hh ":" mm ":" ss [ "." 1*DIGIT ], or 24:00:00, the end of the day */
static int take_time(moment *m, char fraction[10], const char **at)
{
    int digits = 0, zero = 1;

    m->hour = take_number(at, 2);
    if (m->hour < 0 || !take(at, ':')) {
        return 0;
    }
    m->minute = take_number(at, 2);
    if (m->minute < 0 || m->minute > 59 || !take(at, ':')) {
        return 0;
    }
    m->second = take_number(at, 2);
    if (m->second < 0 || m->second > 59) {
        return 0;
    }
    if (take(at, '.')) {
        for (; **at >= '0' && **at <= '9'; (*at)++, digits++) {
            zero &= **at == '0';
            if (digits < 9) {
                fraction[digits] = **at;
            }
        }
        if (digits == 0) {
            return 0;
        }
    }
    return m->hour < 24
           || (m->hour == 24 && m->minute == 0 && m->second == 0 && zero);
}

/* "Z", ("+" | "-") hh ":" mm up to 14:00, or nothing, then the end */
static int take_zone(int *minutes, const char **at)
{
    int sign = **at == '-' ? -1 : 1, hours, rest;

    *minutes = 0;
    if (take(at, '+') || take(at, '-')) {
        hours = take_number(at, 2);
        if (hours < 0 || !take(at, ':')) {
            return 0;
        }
        rest = take_number(at, 2);
        if (rest < 0 || rest > 59 || 60 * hours + rest > 14 * 60) {
            return 0;
        }
        *minutes = sign * (60 * hours + rest);
    }
    else {
        take(at, 'Z');
    }
    return **at == '\0';
}

/* Moves the moment by less than two days; 0 when it leaves the years that
 * four digits hold. */
static int shift(moment *m, int minutes)
{
    int total = 60 * m->hour + m->minute + minutes;

    while (total < 0) {
        total += 24 * 60;
        if (--m->day < 1) {
            if (--m->month < 1) {
                m->month = 12;
                m->year--;
            }
            m->day = days_in(m->year, m->month);
        }
    }
    while (total >= 24 * 60) {
        total -= 24 * 60;
        if (++m->day > days_in(m->year, m->month)) {
            m->day = 1;
            if (++m->month > 12) {
                m->month = 1;
                m->year++;
            }
        }
    }
    m->hour = total / 60;
    m->minute = total % 60;
    return m->year >= 0 && m->year <= 9999;
}

const char *scim_datetime_normal(const char *text, apr_pool_t *pool)
{
    char fraction[10] = "000000000";
    moment m;
    int zone;

    if (!take_date(&m, &text) || !take(&text, 'T')
        || !take_time(&m, fraction, &text) || !take_zone(&zone, &text)
        || !shift(&m, -zone)) {
        return NULL;
    }
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02d.%sZ", m.year,
                        m.month, m.day, m.hour, m.minute, m.second, fraction);
}
