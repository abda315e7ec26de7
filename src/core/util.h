/* Small things every room uses: time in usec, cleanup macros, string helpers. No I/O but the
 * clocks. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC ((usec_t)1000000)
#define USEC_PER_MIN (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_INFINITY UINT64_MAX
/* A wall-clock time that was not given. */
#define NO_TIME USEC_INFINITY
/* An integer that was not given. */
#define NO_INT INT64_MIN
/* Room for "2026-11-24T04:10:00.123Z". */
#define TIME_TEXT_MAX 32

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))
/* Not built into its caller, for what is seldom needed and costs every call a frame. */
#define _apart_ __attribute__((noinline))
#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define streq(a, b) (strcmp((a), (b)) == 0)

/* Hands an owned pointer over and leaves NULL behind. */
#define TAKE_PTR(p)                                                                                \
        ({                                                                                         \
                __typeof__(p) *_pp = &(p);                                                         \
                __typeof__(p) _v = *_pp;                                                           \
                *_pp = NULL;                                                                       \
                _v;                                                                                \
        })

/* Hands an owned file descriptor over and leaves -1 behind. */
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int *_pf = &(fd);                                                                  \
                int _f = *_pf;                                                                     \
                *_pf = -1;                                                                         \
                _f;                                                                                \
        })

/* Defines xp(), the cleanup function of a pointer type: calls func on a pointer that is not NULL.
 * Freeing NULL by func itself is fine, too. */
#define DEFINE_CLEANUP(type, func)                                                                 \
        static inline void func##p(type *p)                                                        \
        {                                                                                          \
                if (*p)                                                                            \
                        func(*p);                                                                  \
        }

/* Elements one after the other; of which type and size, whoever has it knows (codec.h: FIELD_LIST).
 */
typedef struct List {
        void *items;
        size_t count;
} List;

/* Microseconds: a span, or since 1970 UTC, or since the boot. */
typedef uint64_t usec_t;

/* The cleanup function of malloc()'s pointers. */
static inline void freep(void *p)
{
        free(*(void **)p);
}

/* Closes a descriptor that is not -1 and sets it to -1; errno is kept. */
void closep(int *fd);

/* "" for NULL. */
static inline const char *strempty(const char *s)
{
        return s ? s : "";
}

/* The same text, or both NULL. */
static inline bool str_equal(const char *a, const char *b)
{
        return a && b ? streq(a, b) : a == b;
}

/* What follows the prefix; NULL: s does not begin with it. */
static inline const char *startswith(const char *s, const char *prefix)
{
        size_t n = strlen(prefix);
        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* Intervals: CLOCK_BOOTTIME, which goes on while the machine sleeps. */
usec_t boottime_now(void);
/* Schedules and time stamps: the wall clock, usec since 1970 UTC. */
usec_t wallclock_now(void);

/* Reads an RFC 3339 time ("2026-11-24T04:10:00.5Z", "+02:00" offsets; a missing offset is UTC, as
 * many CSMS mean it). 0 and *ret in usec since 1970 UTC, 0 for all times before; -EINVAL. */
int time_parse(const char *text, usec_t *ret);
/* Writes UTC with milliseconds; NO_TIME and what is behind the year 9999, for which RFC 3339 has no
 * words, give "". Returns buffer. */
const char *time_format(usec_t t, char buffer[static TIME_TEXT_MAX]);

/* Replaces *s by a copy of value (NULL allowed). 0 or -ENOMEM. */
int str_replace(char **s, const char *value);
/* asprintf whose result is owned by the caller; NULL when out of memory. */
char *str_printf(const char *format, ...) _printf_(1, 2);
/* The words of a NULL-terminated list (NULL: an empty one) with separator between them. Owned by
 * the caller; NULL when out of memory. */
char *str_join(char *const *words, const char *separator);

/* Reads a whole small file, NUL appended, at most max bytes. 0 and *ret (owned by the caller), with
 * *ret_size (may be NULL); -EFBIG if longer; negative errno. */
int file_read(const char *path, size_t max, char **ret, size_t *ret_size);
/* rename(), made durable by an fsync of the folder of to. 0 or negative errno. */
int file_rename(const char *from, const char *to);
/* Writes path by a temporary name, fsync, rename and fsync of the folder. 0 or negative errno. */
int file_write_atomic(const char *path, const void *data, size_t size, unsigned mode);
/* Writes over the bytes from at on of a file that is there and long enough, then fdatasync: a power
 * cut may leave part of it. 0 or negative errno. */
int file_write_over(const char *path, size_t at, const void *data, size_t size);

/* Removes white space at both ends in place; returns the first kept character. */
char *str_strip(char *s);
/* Lower-case hex of n bytes into out, which has room for 2n + 1. Returns out. */
char *hex_encode(const void *data, size_t n, char *out);
/* The reverse: exactly 2n hex digits. 0 or -EINVAL. */
int hex_decode(const char *text, void *out, size_t n);
/* A random (version 4) UUID, 36 characters and NUL. 0 or negative errno. */
int uuid_make(char out[static 37]);
/* A random number in 0 … max (both included). */
uint64_t random_below_or_equal(uint64_t max);
