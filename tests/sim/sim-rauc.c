/* installer.h: a RAUC that installs step by step, works for others, fails at any step (after it
 * switched the primary too), hangs, leaves the bus and comes back. Completed comes before it is
 * idle; an agent that was not there when it was asked for an install hears no Completed. */
#include "sim.h"

#define CALLS_MAX 16
#define FOREIGN_CONTENT CONTENT_FOREIGN

typedef struct SimInstaller {
        Installer base;
        InstallerHandlers handlers;
        void *userdata;
        bool present; /* as the agent knows it */
} SimInstaller;

typedef enum CallKind { CALL_STATE, CALL_INSPECT, CALL_INSTALL, CALL_MARK } CallKind;

typedef struct Call {
        bool used;
        CallKind kind;
        MarkKind mark;
        int slot, content;
        char name[16], transaction[40];
        bool streams;
        char hash[2 * SHA256_SIZE + 1]; /* of an install: what the manifest must have */
        InstallerStateCallback on_state;
        InstallerBundleCallback on_bundle;
        InstallerCallback on_done;
        void *userdata;
} Call;

static Call calls[CALLS_MAX];

/* ---- presence ---- */

static void tell_presence(void *arg _unused_, uint64_t n _unused_)
{
        SimInstaller *i = sim.rauc.installer;

        if (!i || i->present == sim.rauc.present)
                return;
        i->present = sim.rauc.present;
        i->handlers.on_presence(i->userdata, i->present);
}

static void rauc_appear(void *arg _unused_, uint64_t n _unused_)
{
        if (sim.rauc.present || sim.rauc.broken)
                return;
        sim.rauc.present = true;
        sim.rauc.run++;
        tell_presence(NULL, 0);
}

void rauc_vanish(void *arg _unused_, uint64_t n _unused_)
{
        Rauc *r = &sim.rauc;

        if (!r->present)
                return;
        story("RAUC leaves the bus%s", r->busy ? " in the middle of its work" : "");
        r->present = r->busy = r->foreign = r->ours_open = r->hangs = false;
        r->broken = !sim.quiet && chance(200);
        todo_drop(OF_RAUC);
        tell_presence(NULL, 0);
        if (!r->broken && chance(700))
                todo_add(OF_BOOT, span(USEC_PER_SEC, 5 * USEC_PER_MIN), rauc_appear, NULL, 0);
}

void rauc_heal(void)
{
        Rauc *r = &sim.rauc;

        r->broken = false;
        if (r->hangs)
                rauc_vanish(NULL, 0);
}

void rauc_world_booted(void)
{
        Rauc *r = &sim.rauc;

        todo_drop(OF_RAUC);
        r->busy = r->foreign = r->ours_open = r->hangs = false;
        r->broken = fault(FAULT_RAUC_GONE) && chance(200);
        r->present = !r->broken && chance(700);
        r->run++;
}

void rauc_world_reset(void)
{
        sim.rauc.old = chance(250);
        rauc_world_booted();
}

/* ---- the install ---- */

static void set_idle(void *arg _unused_, uint64_t n _unused_)
{
        SimInstaller *i = sim.rauc.installer;

        sim.rauc.busy = sim.rauc.foreign = false;
        if (i && i->present)
                i->handlers.on_idle(i->userdata);
}

static void tell_completed(int result)
{
        SimInstaller *i = sim.rauc.installer;
        bool ours = sim.rauc.ours_open && i && i->present;

        story("RAUC: Completed(%d)%s", result,
              ours ? "" : ", which the agent does not take for its own");
        sim.rauc.ours_open = false;
        todo_add(OF_RAUC, USEC_PER_MSEC + rnd(USEC_PER_SEC), set_idle, NULL, 0);
        if (ours)
                i->handlers.on_completed(i->userdata, result, "LastError, for people");
}

static void install_fails(void)
{
        Rauc *r = &sim.rauc;
        WorldSlot *s = &sim.world.slots[r->target];

        if (r->phase == INSTALL_WRITE && chance(300))
                snprintf(s->status, sizeof(s->status), "failed");
        sim.figures.installs_failed++;
        tell_completed(1);
}

static void install_phase(void *arg, uint64_t n);

static void next_phase(InstallPhase phase, usec_t after)
{
        sim.rauc.phase = phase;
        todo_add(OF_RAUC, after, install_phase, NULL, 0);
}

static void install_write(void)
{
        Rauc *r = &sim.rauc;

        switch (r->phase) {
        case INSTALL_CHECK: /* its own signature check */
                if (r->content < 0)
                        install_fails();
                else if (sim.contents[r->content].data_only)
                        next_phase(INSTALL_DONE, span(USEC_PER_SEC, USEC_PER_MIN));
                else
                        next_phase(INSTALL_BEGIN, span(USEC_PER_MSEC, USEC_PER_SEC));
                break;
        case INSTALL_BEGIN:
                boot_mark(MARK_BAD, r->target);
                next_phase(INSTALL_WRITE, USEC_PER_MSEC);
                break;
        case INSTALL_WRITE:
                boot_slot_written(r->target, CONTENT_BROKEN, r->order, "");
                next_phase(INSTALL_WRITTEN, span(10 * USEC_PER_SEC, 20 * USEC_PER_MIN));
                break;
        case INSTALL_WRITTEN:
                boot_slot_written(r->target, r->content, r->order, r->transaction);
                next_phase(INSTALL_ACTIVATE, span(USEC_PER_MSEC, USEC_PER_SEC));
                break;
        case INSTALL_ACTIVATE:
                boot_mark(MARK_ACTIVE, r->target);
                next_phase(INSTALL_DONE, span(USEC_PER_MSEC, USEC_PER_SEC));
                break;
        case INSTALL_DONE:
                if (r->order >= 0 && sim.contents[r->content].data_only)
                        sim.orders[r->order].data_written = true;
                tell_completed(0);
                break;
        }
}

static void install_phase(void *arg _unused_, uint64_t n _unused_)
{
        Rauc *r = &sim.rauc;

        if (r->hangs && chance(300)) {
                story("RAUC hangs");
                return;
        }
        if (r->phase == r->fails_at)
                install_fails();
        else
                install_write();
}

static void install_start(int content, int order, const char *transaction)
{
        Rauc *r = &sim.rauc;

        r->busy = true;
        r->content = content;
        r->order = order;
        r->target = !sim.world.booted;
        snprintf(r->transaction, sizeof(r->transaction), "%s", r->old ? "" : transaction);
        r->fails_at = fault(FAULT_INSTALL) ? (InstallPhase)rnd(INSTALL_DONE + 1)
                                           : (InstallPhase)(INSTALL_DONE + 1);
        r->hangs = fault(FAULT_INSTALL_HANGS);
        next_phase(INSTALL_CHECK, span(USEC_PER_MSEC, 10 * USEC_PER_SEC));
}

/* Somebody else has it work: n 0 for nothing much, 1 for an install. */
void rauc_foreign(void *arg _unused_, uint64_t n)
{
        Rauc *r = &sim.rauc;

        if (!r->present || r->busy)
                return;
        r->foreign = true;
        sim.figures.foreign++;
        if (n == 1) {
                story("a technician installs system %d into %s", FOREIGN_CONTENT,
                      boot_slot_name(!sim.world.booted));
                sim.technician = true;
                install_start(FOREIGN_CONTENT, -1, "technician");
                return;
        }
        story("RAUC works for somebody else");
        r->busy = true;
        todo_add(OF_RAUC, span(USEC_PER_SEC, USEC_PER_HOUR), set_idle, NULL, 0);
}

/* ---- calls ---- */

static void fill_slot(int n, Slot *s)
{
        static char versions[SLOTS][16];
        WorldSlot *w = &sim.world.slots[n];
        bool written = *w->status;

        snprintf(versions[n], sizeof(versions[n]), "v%d", w->content);
        *s = (Slot){.name = (char *)boot_slot_name(n),
                    .bootname = (char *)(n == 0 ? "A" : "B"),
                    .device = (char *)(n == 0 ? "/dev/a" : "/dev/b"),
                    .bundle_version = written ? versions[n] : NULL,
                    .installed_transaction = *w->transaction ? w->transaction : NULL,
                    .installed_timestamp = *w->timestamp ? w->timestamp : NULL,
                    .status = written ? w->status : NULL,
                    .installed_count = w->count,
                    .booted = n == sim.world.booted,
                    .boot_status = boot_reads_good(n) ? SLOT_GOOD : SLOT_BAD};
}

static void answer_state(const Call *c)
{
        static const int errors[] = {INSTALLER_REFUSED, -ENODATA, -ETIMEDOUT, INSTALLER_GONE};
        InstallerState state = {.count = SLOTS, .booted = sim.world.booted};

        if (fault(FAULT_RAUC_ERROR)) {
                if (chance(200))
                        state.booted = -1;
                else {
                        c->on_state(c->userdata, errors[rnd(ELEMENTSOF(errors))], NULL);
                        return;
                }
        }
        for (int i = 0; i < SLOTS; i++)
                fill_slot(i, &state.slots[i]);
        state.primary = boot_primary();
        c->on_state(c->userdata, 0, &state);
}

static char *manifest_hash(int content, char out[static 2 * SHA256_SIZE + 1])
{
        FileDigest digest;

        worker_digest(content, &digest);
        return hex_encode(digest.sha256, SHA256_SIZE, out);
}

/* Of a bundle that is streamed RAUC tells what it would install. */
static void answer_inspect(const Call *c)
{
        BundleInfo bundle = {.compatible = "charger", .version = "2", .format = "plain"};
        char hash[2 * SHA256_SIZE + 1];

        if (c->streams) {
                bundle.format = "verity";
                bundle.manifest_hash = manifest_hash(c->content, hash);
        }
        if (fault(FAULT_RAUC_ERROR) || (c->streams && fault(FAULT_DOWNLOAD)))
                c->on_bundle(c->userdata, chance(500) ? INSTALLER_REFUSED : INSTALLER_GONE,
                             "refused", NULL);
        else if (c->streams && sim.rauc.old)
                c->on_bundle(c->userdata, -EOPNOTSUPP, NULL, NULL);
        else
                c->on_bundle(c->userdata, 0, NULL, &bundle);
}

static void answer_install(const Call *c)
{
        static const int errors[] = {INSTALLER_REFUSED, INSTALLER_BUSY, INSTALLER_GONE};
        char hash[2 * SHA256_SIZE + 1];

        if (fault(FAULT_RAUC_ERROR)) {
                c->on_done(c->userdata, errors[rnd(ELEMENTSOF(errors))], "refused");
                return;
        }
        if (!effect("InstallBundle"))
                return;
        law_install(c->content, !sim.world.booted);
        sim.figures.installs++;
        story("RAUC %s system %d into %s", c->streams ? "streams" : "installs", c->content,
              boot_slot_name(!sim.world.booted));
        install_start(c->content, law_order_of_agent(), c->transaction);
        if (c->streams && !streq(c->hash, manifest_hash(c->content, hash))) {
                LAW(*c->hash, "a stream without the hash of what was looked at");
                sim.rauc.fails_at = INSTALL_CHECK;
        }
        sim.rauc.ours_open = true;
        c->on_done(c->userdata, 0, NULL);
}

static void answer_mark(const Call *c)
{
        static const char *const words[] = {"good", "bad", "active"};

        if (!effect("Mark"))
                return;
        if (fault(FAULT_RAUC_ERROR)) {
                c->on_done(c->userdata, INSTALLER_REFUSED, "refused");
                return;
        }
        story("RAUC marks %s %s", boot_slot_name(c->slot), words[c->mark]);
        law_mark(c->mark, c->slot, c->name);
        /* Where it reads good before the mark, nobody could tell that it is not written. */
        if (fault(FAULT_MARK_LOST) && (c->mark != MARK_GOOD || !boot_reads_good(c->slot)))
                story("… but it is not written");
        else {
                boot_mark(c->mark, c->slot);
                law_marked(c->mark, c->slot);
        }
        if (effect("after Mark"))
                c->on_done(c->userdata, 0, NULL);
}

static void answer_error(const Call *c, int error)
{
        if (c->kind == CALL_STATE)
                c->on_state(c->userdata, error, NULL);
        else if (c->kind == CALL_INSPECT)
                c->on_bundle(c->userdata, error, "as the simulation wants it", NULL);
        else
                c->on_done(c->userdata, error, "as the simulation wants it");
}

static void on_call(void *arg, uint64_t run)
{
        Call call = *(Call *)arg;

        ((Call *)arg)->used = false;
        if (run != sim.rauc.run) {
                answer_error(&call, INSTALLER_GONE);
                return;
        }
        if (!sim.rauc.present)
                rauc_appear(NULL, 0); /* the bus starts it */
        if (!sim.rauc.present)
                answer_error(&call, INSTALLER_GONE);
        else if (sim.rauc.busy)
                answer_error(&call, INSTALLER_BUSY);
        else if (call.kind == CALL_STATE)
                answer_state(&call);
        else if (call.kind == CALL_INSPECT)
                answer_inspect(&call);
        else if (call.kind == CALL_INSTALL)
                answer_install(&call);
        else
                answer_mark(&call);
}

static Call *call_new(CallKind kind, void *userdata)
{
        for (size_t i = 0; i < CALLS_MAX; i++)
                if (!calls[i].used) {
                        calls[i] = (Call){.used = true, .kind = kind, .userdata = userdata};
                        todo_add(OF_LIFE, span(USEC_PER_MSEC, USEC_PER_SEC), on_call, &calls[i],
                                 sim.rauc.run);
                        return &calls[i];
                }
        broken("the agent asks RAUC for too much at a time");
        return &calls[0];
}

static void sim_read_state(Installer *i _unused_, InstallerStateCallback callback, void *userdata)
{
        call_new(CALL_STATE, userdata)->on_state = callback;
}

/* What the location holds: the file in the spool, or what the order's address serves today. */
static void find_content(Call *c, const char *location)
{
        int order = law_order_of_agent();

        c->streams = *location != '/';
        c->content = spool_content(location);
        if (!c->streams)
                return;
        LAW(order >= 0 && sim.orders[order].good_url && !sim.orders[order].is_signed,
            "a stream of what must not be streamed: %s", location);
        if (order >= 0)
                c->content = fault(FAULT_WRONG_FILE) ? CONTENT_FOREIGN : sim.orders[order].content;
}

static void sim_inspect(Installer *i _unused_, const BundleOrder *order,
                        InstallerBundleCallback callback, void *userdata)
{
        Call *c = call_new(CALL_INSPECT, userdata);

        find_content(c, order->location);
        c->on_bundle = callback;
}

static void sim_forget_looks(Installer *i _unused_)
{
        for (size_t n = 0; n < CALLS_MAX; n++) {
                if (!calls[n].used || calls[n].kind != CALL_INSPECT)
                        continue;
                calls[n].used = false;
                todo_cancel(&calls[n]);
        }
}

static void sim_install(Installer *i _unused_, const BundleOrder *order, InstallerCallback callback,
                        void *userdata)
{
        Call *c = call_new(CALL_INSTALL, userdata);

        find_content(c, order->location);
        law_install_asked();
        snprintf(c->transaction, sizeof(c->transaction), "%s", strempty(order->transaction_id));
        snprintf(c->hash, sizeof(c->hash), "%s", strempty(order->manifest_hash));
        c->on_done = callback;
}

static void sim_mark(Installer *i _unused_, MarkKind kind, const char *slot,
                     InstallerCallback callback, void *userdata)
{
        Call *c = call_new(CALL_MARK, userdata);

        c->mark = kind;
        c->slot = boot_slot_of(slot);
        snprintf(c->name, sizeof(c->name), "%s", slot);
        c->on_done = callback;
        LAW(c->slot >= 0, "a mark for a slot that there is not: %s", slot);
        c->slot = MAX(c->slot, 0);
}

static void sim_free(Installer *i)
{
        if ((Installer *)(void *)sim.rauc.installer == i)
                sim.rauc.installer = NULL;
        free(i);
}

static bool sim_is_present(const Installer *i)
{
        return ((const SimInstaller *)(const void *)i)->present;
}

static bool sim_is_busy(const Installer *i)
{
        return sim_is_present(i) && sim.rauc.busy;
}

static const InstallerOps ops = {
        .free = sim_free,
        .is_present = sim_is_present,
        .is_busy = sim_is_busy,
        .read_state = sim_read_state,
        .inspect = sim_inspect,
        .forget_looks = sim_forget_looks,
        .install = sim_install,
        .mark = sim_mark,
};

int rauc_world_installer_new(sd_bus *bus _unused_, const InstallerHandlers *handlers,
                             void *userdata, Installer **ret)
{
        SimInstaller *i = calloc(1, sizeof(*i));

        if (!i)
                return -ENOMEM;
        i->base.ops = &ops;
        i->handlers = *handlers;
        i->userdata = userdata;
        memset(calls, 0, sizeof(calls));
        sim.rauc.installer = i;
        sim.rauc.ours_open = false;
        todo_add(OF_LIFE, span(USEC_PER_MSEC, USEC_PER_SEC), tell_presence, NULL, 0);
        *ret = &i->base;
        return 0;
}
