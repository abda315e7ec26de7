/* For test-job-world.c: one situation that an update can be in, and how boot loaders choose in it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { A, B, NO_SLOT }; /* the update comes from A and writes B */

typedef enum Content { OLD, BROKEN, OURS } Content;

/* How boot loaders choose. U-Boot: an order, attempts counted down at each boot, refilled when none
 * is left. GRUB: one attempt, then the next slot. EFI: BootNext for one boot, else the order. */
typedef enum Loader { UBOOT, GRUB, EFI, LOADER_MAX } Loader;

/* One situation. Bytes alone, so that it can be compared and hashed. */
typedef struct World {
        uint8_t loader, first, next, left[2], dropped[2]; /* the boot loader's variables */
        uint8_t booted, content, confirmed, crashes;      /* crashes: B never comes up */
        uint8_t state, last, verdict, final_said;         /* the job, as stored */
        uint8_t new_boot;                                 /* not the boot that the job has noted */
        uint8_t installs, reboots, rolls;
        uint8_t action, phase; /* the index of the action under way, and how far it is */
} World;

#define ATTEMPTS(w) ((w)->loader == GRUB ? 1 : 3)

static inline bool can_boot(const World *w, int slot)
{
        return !w->dropped[slot] && (w->loader == EFI || w->left[slot] > 0);
}

static inline int primary(const World *w)
{
        if (w->loader == EFI && w->next != NO_SLOT)
                return w->next;
        return can_boot(w, w->first) ? w->first : can_boot(w, !w->first) ? !w->first : NO_SLOT;
}

static inline void mark_good(World *w, int slot)
{
        w->left[slot] = ATTEMPTS(w);
        if (w->loader == EFI) {
                w->first = (uint8_t)slot;
                w->dropped[slot] = 0;
        }
        if (w->loader == GRUB)
                w->dropped[slot] = 0;
}

static inline void mark_bad(World *w, int slot)
{
        w->left[slot] = 0;
        w->dropped[slot] = 1; /* EFI does not clear BootNext: measured */
        if (w->first == slot)
                w->first = !slot;
}

static inline void mark_active(World *w, int slot)
{
        w->left[slot] = ATTEMPTS(w);
        w->dropped[slot] = 0;
        if (w->loader == EFI)
                w->next = (uint8_t)slot;
        else
                w->first = (uint8_t)slot;
}

/* A power-on, up to the slot that comes up. */
static inline void boot(World *w)
{
        int slot;

        do {
                slot = primary(w);
                if (slot == NO_SLOT) { /* its last resort */
                        w->left[A] = w->left[B] = ATTEMPTS(w);
                        w->dropped[A] = w->dropped[B] = 0;
                        slot = w->first;
                }
                w->next = NO_SLOT;
                if (w->left[slot] > 0)
                        w->left[slot]--;
                if (w->loader == EFI && slot == B && w->crashes)
                        w->dropped[B] = w->first == B; /* its firmware gives up on an entry */
        } while (slot == B && w->crashes);
        w->booted = (uint8_t)slot;
        w->new_boot = 1;
}
