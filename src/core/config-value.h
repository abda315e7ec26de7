/* The kinds of values that agent.conf knows, from text: nothing here knows a key. */
#pragma once

#include "util.h"

/* "30s", "10min", "1h30min", "2d"; a plain number is seconds. 0; -EINVAL; -ERANGE: past 100 years.
 */
int value_parse_span(const char *text, usec_t *ret);
/* "512M", "4G" (powers of 1024), a plain number is bytes. 0; -EINVAL; -ERANGE. */
int value_parse_size(const char *text, uint64_t *ret);
/* A decimal number. 0; -EINVAL; -ERANGE. */
int value_parse_int(const char *text, int64_t *ret);
/* Minutes of the day; to may be before from: past midnight. */
typedef struct DayWindow {
        unsigned from, to;
} DayWindow;
/* "01:00-05:00". 0; -EINVAL, also for an empty window. */
int value_parse_window(const char *text, DayWindow *ret);
/* usec until the window (as value_parse_window() takes it) opens in local time; 0: it is open, or
 * text is none. */
usec_t value_window_opens_in(const char *text, usec_t now);
/* yes, no, true, false. 0 or -EINVAL. */
int value_parse_bool(const char *text, bool *ret);
/* The index of text in a NULL-terminated list; -EINVAL. */
int value_find_word(const char *const *words, const char *text);
/* Words between white space, each one of words (NULL: any), none twice, at least one. 0 and *ret
 * (owned by the caller, value_free_words()); -EINVAL; -ENOMEM. */
int value_parse_words(const char *const *words, const char *text, char ***ret);
/* Frees a NULL-terminated list; NULL is fine. */
void value_free_words(char **list);
DEFINE_CLEANUP(char **, value_free_words)
