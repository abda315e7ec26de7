/* What every installer's state needs: freeing, looking slots up. */
#include "installer.h"

static void slot_done(Slot *s)
{
        free(s->name);
        free(s->bootname);
        free(s->device);
        free(s->bundle_version);
        free(s->installed_transaction);
        free(s->installed_timestamp);
        free(s->status);
}

void installer_state_done(InstallerState *s)
{
        for (size_t i = 0; i < s->count; i++)
                slot_done(&s->slots[i]);
        *s = (InstallerState){.booted = -1, .primary = -1};
}

const Slot *installer_state_find(const InstallerState *s, const char *name)
{
        for (size_t i = 0; name && i < s->count; i++)
                if (str_equal(s->slots[i].name, name))
                        return &s->slots[i];
        return NULL;
}

/* "rootfs" of "rootfs.1". */
static bool same_class(const Slot *a, const Slot *b)
{
        size_t n = strcspn(a->name, ".");

        return strcspn(b->name, ".") == n && strncmp(a->name, b->name, n) == 0;
}

const Slot *installer_state_other(const InstallerState *s)
{
        const Slot *found = NULL;

        /* Without a known booted slot nobody can tell which one is the other. */
        for (size_t i = 0; s->booted >= 0 && i < s->count; i++) {
                const Slot *slot = &s->slots[i];

                if (slot->booted || !slot->bootname)
                        continue;
                if (same_class(slot, &s->slots[s->booted]))
                        return slot;
                found = found ?: slot;
        }
        return found;
}
