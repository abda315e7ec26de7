/* Who holds the charger back from an install or a reboot: locks that live as long as a file
 * descriptor, so that a holder that dies lets go by itself (as logind's inhibitors do). */
#pragma once

#include "util.h"
#include <systemd/sd-event.h>

/* Locks at a time, of all holders; bytes of their texts, NUL included. */
#define LOCKS_MAX 32
#define LOCK_WHO_MAX 64
#define LOCK_WHY_MAX 128

typedef struct Locks Locks;

typedef struct Lock {
        char who[LOCK_WHO_MAX]; /* a name that is the same after a restart */
        char why[LOCK_WHY_MAX]; /* for people */
        uint32_t connector;     /* a charging session at it; 0: something else holds */
} Lock;

/* on_change: a lock was taken or let go. event is borrowed. 0 and *ret; negative errno. */
int locks_new(sd_event *event, void (*on_change)(void *userdata), void *userdata, Locks **ret);
/* Forgets all locks, without on_change; the holders' descriptors stay theirs. */
void locks_free(Locks *l);
DEFINE_CLEANUP(Locks *, locks_free)

/* Takes a lock. 0 and *ret_fd (owned by the caller, close-on-exec): the lock is held until every
 * copy of it is closed. -EINVAL: who is empty, has control characters, or a text is too long;
 * -ENOSPC: LOCKS_MAX are held; other negative errno. */
int locks_take(Locks *l, const char *who, const char *why, uint32_t connector, int *ret_fd);

/* The n-th, oldest first; NULL past the last. Borrowed until the loop goes on. */
const Lock *locks_get(const Locks *l, size_t n);
