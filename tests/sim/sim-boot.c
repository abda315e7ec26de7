/* The slots and three boot loaders, as RAUC drives them (read in its source, measured where the
 * design says so). U-Boot: an order, attempts counted down at each boot, all filled up when none is
 * left. GRUB: one attempt, until the slot is marked again. EFI: BootNext for one boot, else the
 * order, and no counting. */
#include "sim.h"

#define UP_MAX 24

static int attempts(void)
{
        return sim.world.loader == LOADER_GRUB ? 1 : 3;
}

const char *boot_slot_name(int slot)
{
        return slot == 0 ? "rootfs.0" : "rootfs.1";
}

int boot_slot_of(const char *name)
{
        if (streq(name, "booted"))
                return sim.world.booted;
        if (streq(name, "other"))
                return !sim.world.booted;
        for (int i = 0; i < SLOTS; i++)
                if (streq(name, boot_slot_name(i)))
                        return i;
        return -1;
}

static bool can_boot(int slot)
{
        const WorldSlot *s = &sim.world.slots[slot];

        return s->in_order && (sim.world.loader == LOADER_EFI || s->left > 0);
}

/* What RAUC reads as the state of the slot. */
bool boot_reads_good(int slot)
{
        return can_boot(slot);
}

int boot_primary(void)
{
        const World *w = &sim.world;

        if (w->loader == LOADER_EFI && w->next >= 0)
                return w->next;
        return can_boot(w->first) ? w->first : can_boot(!w->first) ? !w->first : -1;
}

void boot_mark(MarkKind kind, int slot)
{
        World *w = &sim.world;
        WorldSlot *s = &w->slots[slot];

        switch (kind) {
        case MARK_GOOD:
                s->left = attempts();
                if (w->loader != LOADER_UBOOT)
                        s->in_order = true;
                if (w->loader == LOADER_EFI)
                        w->first = slot;
                break;
        case MARK_BAD: /* EFI: BootNext stays (measured) */
                s->left = 0;
                s->in_order = false;
                if (w->first == slot)
                        w->first = !slot;
                break;
        case MARK_ACTIVE:
                if (w->loader == LOADER_EFI) {
                        w->next = slot;
                        break;
                }
                s->left = attempts();
                s->in_order = true;
                w->first = slot;
                break;
        }
}

void boot_slot_written(int slot, int content, int order, const char *transaction)
{
        WorldSlot *s = &sim.world.slots[slot];

        s->content = content;
        s->order = order;
        s->healthy = s->marked = s->accepted = s->ran = s->unproven = false;
        s->generation++;
        if (content == CONTENT_BROKEN) {
                snprintf(s->status, sizeof(s->status), "pending");
                return;
        }
        s->count = s->count == NO_INT ? 1 : s->count + 1;
        snprintf(s->status, sizeof(s->status), "ok");
        snprintf(s->transaction, sizeof(s->transaction), "%s", transaction);
        snprintf(s->timestamp, sizeof(s->timestamp), "%llu",
                 (unsigned long long)(wallclock_now() / USEC_PER_SEC));
}

static bool comes_up(int slot)
{
        int content = sim.world.slots[slot].content;

        return content >= 0 && sim.contents[content].comes_up;
}

/* The loader's choice for this power-on; its variables are as after it. */
static int choose(bool after_crash)
{
        World *w = &sim.world;
        int slot = boot_primary();

        if (slot >= 0 && after_crash && w->loader == LOADER_EFI && slot == w->booted)
                slot = !slot; /* the firmware gives up on an entry, and tries the next one */
        if (slot < 0) {       /* the last resort */
                for (int i = 0; i < SLOTS; i++) {
                        w->slots[i].in_order = true;
                        w->slots[i].left = attempts();
                }
                slot = w->first;
        }
        w->next = -1;
        if (w->slots[slot].left > 0)
                w->slots[slot].left--;
        return slot;
}

void boot_machine(void)
{
        World *w = &sim.world;
        int before = w->booted, tries = 0;

        do {
                w->booted = choose(tries > 0);
                sim.now += span(10 * USEC_PER_SEC, 60 * USEC_PER_SEC);
                if (++tries > UP_MAX) {
                        broken("no system comes up any more");
                        return;
                }
                if (!comes_up(w->booted))
                        story("%s does not come up", boot_slot_name(w->booted));
        } while (!comes_up(w->booted));
        w->boots++;
        w->boot_at = sim.now;
        w->slots[w->booted].ran = true;
        snprintf(w->boot_id, sizeof(w->boot_id), "boot-%u", w->boots);
        if (w->booted != before)
                sim.figures.fall_backs++;
        story("=== boot %u: %s runs (system %d)", w->boots, boot_slot_name(w->booted),
              w->slots[w->booted].content);
}

void boot_reset(void)
{
        World *w = &sim.world;

        w->loader = (Loader)rnd(LOADER_MAX);
        w->next = -1;
        for (int i = 0; i < SLOTS; i++) {
                WorldSlot *s = &w->slots[i];

                s->content = i;
                s->order = -1;
                s->count = NO_INT;
                s->left = attempts();
                s->in_order = true;
        }
        if (chance(300)) { /* the factory filled one alone */
                w->slots[1].content = CONTENT_NONE;
                w->slots[1].in_order = false;
                w->slots[1].left = 0;
        }
}
