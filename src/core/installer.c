/* What every installer's state needs: copying, freeing, looking slots up. */
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

static int slot_copy(const Slot *from, Slot *to)
{
        int r = 0;

        *to = (Slot){.installed_count = from->installed_count,
                     .booted = from->booted,
                     .boot_status = from->boot_status};
        if ((r = str_replace(&to->name, from->name)) < 0 ||
            (r = str_replace(&to->bootname, from->bootname)) < 0 ||
            (r = str_replace(&to->device, from->device)) < 0 ||
            (r = str_replace(&to->bundle_version, from->bundle_version)) < 0 ||
            (r = str_replace(&to->installed_transaction, from->installed_transaction)) < 0 ||
            (r = str_replace(&to->installed_timestamp, from->installed_timestamp)) < 0)
                return r;
        return str_replace(&to->status, from->status);
}

int installer_state_copy(const InstallerState *from, InstallerState *to)
{
        int r;

        *to = (InstallerState){.booted = from->booted, .primary = from->primary};
        for (size_t i = 0; i < from->count; i++) {
                to->count++;
                r = slot_copy(&from->slots[i], &to->slots[i]);
                if (r < 0) {
                        installer_state_done(to);
                        return r;
                }
        }
        return 0;
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
