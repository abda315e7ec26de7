/* RAUC is asked of one file after the other. See firmware.h. */
#include "firmware-private.h"
#include "log.h"

/* Those who wait for this file, or for any up to it. */
static void wake(FirmwareStore *store, int64_t id)
{
        for (FirmwareWaiter **p = &store->waiters; *p;) {
                FirmwareWaiter *waiter = *p;
                if (waiter->id > id) {
                        p = &waiter->next;
                        continue;
                }
                *p = waiter->next;
                waiter->done(waiter->userdata);
                free(waiter);
                p = &store->waiters; /* whoever was woken may have forgotten others */
        }
}

/* What RAUC said is kept, unless the file was deleted meanwhile; a signature that came meanwhile
 * stays. */
static void keep(FirmwareStore *store)
{
        _cleanup_(firmware_freep) Firmware *firmware = TAKE_PTR(store->inspected);
        _cleanup_(firmware_freep) Firmware *now = NULL;
        if (firmware_find(store, firmware->id, &now) < 0)
                return;
        if (str_replace(&firmware->scheme, now->scheme) < 0 ||
            str_replace(&firmware->signing_certificate, now->signing_certificate) < 0 ||
            str_replace(&firmware->signature, now->signature) < 0)
                return;
        if (state_firmware_save(store->options.state, firmware) == 0 &&
            state_flush(store->options.state) == 0)
                firmware_tell(store, firmware->id, "changed");
}

static void on_inspected(void *userdata)
{
        FirmwareStore *store = userdata;
        store->inspection = NULL;
        keep(store);
        wake(store, store->asked);
        firmware_inspect_next(store);
}

static int take_next(void *userdata, const Firmware *firmware)
{
        FirmwareStore *store = userdata;
        store->asked = firmware->id;
        return !firmware->inspected && firmware_presence(store, firmware) == FIRMWARE_READY;
}

/* 1: it is being asked; 0: of this one it can't be; negative errno. */
static int ask(FirmwareStore *store)
{
        int r = firmware_find(store, store->asked, &store->inspected);
        if (r < 0)
                return r;
        Firmware *firmware = store->inspected;
        _cleanup_(freep) char *path = str_printf("%s/%s", store->folder.path, firmware->file);
        if (!path)
                return -ENOMEM;
        r = inspect_start(store->options.loop, &(InspectOptions){path, store->options.keyring},
                          firmware, on_inspected, store, &store->inspection);
        if (r == 0)
                return 1;
        if (r == -ENOENT)
                (void)str_replace(&firmware->note,
                                  "RAUC is not installed where mock-csms runs: what is in the file "
                                  "is not known");
        else
                log_warning_errno(r, "RAUC can't be asked of firmware %lld",
                                  (long long)firmware->id);
        keep(store);
        return 0;
}

void firmware_inspect_next(FirmwareStore *store)
{
        while (!store->inspection && !store->stopped) {
                int r = state_firmware_each(store->options.state, store->asked, INT64_MAX,
                                            take_next, store);
                if (r == 1)
                        r = ask(store);
                else
                        r = -ENOENT;
                firmware_free(store->inspection ? NULL : TAKE_PTR(store->inspected));
                if (r < 0)
                        break;
        }
        wake(store, store->inspection ? store->asked - 1 : store->asked);
}

int firmware_wait(FirmwareStore *store, int64_t id, void (*done)(void *userdata), void *userdata)
{
        if (id < store->asked || (id == store->asked && !store->inspection)) {
                done(userdata);
                return 0;
        }
        FirmwareWaiter *waiter = malloc(sizeof(*waiter));
        if (!waiter)
                return -ENOMEM;
        *waiter = (FirmwareWaiter){store->waiters, id, done, userdata};
        store->waiters = waiter;
        return 0;
}

void firmware_forget(FirmwareStore *store, const void *userdata)
{
        for (FirmwareWaiter **p = &store->waiters; *p;) {
                FirmwareWaiter *waiter = *p;
                if (waiter->userdata != userdata) {
                        p = &waiter->next;
                        continue;
                }
                *p = waiter->next;
                free(waiter);
        }
}

void firmware_stop(FirmwareStore *store)
{
        store->stopped = true;
        if (store->inspection)
                inspect_stop(TAKE_PTR(store->inspection));
        firmware_free(TAKE_PTR(store->inspected));
        while (store->waiters)
                firmware_forget(store, store->waiters->userdata);
}
