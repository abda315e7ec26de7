/* A simulated station's update from the order to its end: life.c's tables with clocks. See
 * charger.h. */
#include "charger.h"

/* The word that this version has for where the update is; FW_NONE: nothing is said. */
static FirmwareStatus word_of(const Charger *c)
{
        return dialect_firmware_word(c->dialect, c->update.is_plain,
                                     life_steps[c->update.point].status);
}

static void end(Charger *c)
{
        c->update.ongoing = false;
}

int charger_life_say(Charger *c)
{
        const ChargerUpdate *u = &c->update;
        FirmwareStatus status = word_of(c);
        c->plan->counts.statuses[status]++;
        return charger_say(c, WISH_FIRMWARE, dialect_firmware_kind(c->dialect, u->is_plain),
                           &(FirmwareReport){.status = (int)status, .request_id = u->request_id});
}

/* An update that nobody ordered, as every version can tell it; requestId of the first one. */
static const FirmwareStatus unasked[] = {FW_DOWNLOADING, FW_DOWNLOADED, FW_INSTALLING,
                                         FW_INSTALLED};
#define UNASKED_ID_FIRST 1000000000

bool charger_tell_status(Charger *c)
{
        if (!c->is_online || !c->is_booted || c->update.ongoing ||
            (c->wishes & 1U << WISH_FIRMWARE_UNASKED))
                return false;
        charger_wish(c, WISH_FIRMWARE_UNASKED);
        return true;
}

int charger_life_say_unasked(Charger *c)
{
        if (c->update.ongoing)
                return 0;
        FirmwareStatus status = unasked[c->told % ELEMENTSOF(unasked)];
        int64_t id = UNASKED_ID_FIRST + (int64_t)(c->told++ / ELEMENTSOF(unasked));
        c->plan->counts.statuses[status]++;
        return charger_say(c, WISH_FIRMWARE_UNASKED, dialect_firmware_kind(c->dialect, true),
                           &(FirmwareReport){.status = (int)status, .request_id = id});
}

/* The machine goes down for the new version. */
static void reboot(Charger *c)
{
        const LifeStep *away = &life_steps[LIFE_AWAY];
        if (c->update.order.fate != FATE_ROLLBACK) {
                char version[LIFE_VERSION_MAX + 1];
                if (c->plan->version)
                        memcpy(version, c->plan->version, strlen(c->plan->version) + 1);
                else
                        life_version_after(c->update.location, c->version, version);
                memcpy(c->version, version, sizeof(version));
        }
        charger_restart(c, BOOT_FIRMWARE_UPDATE, away->shortest, away->longest);
}

static void enter(Charger *c, LifePoint point)
{
        c->update.point = point;
        if (point == LIFE_AWAY) {
                reboot(c);
        } else if (point == LIFE_GONE) {
                end(c);
                c->is_gone = true;
                charger_restart(c, BOOT_UNKNOWN, 0, 0);
        } else if (word_of(c) != FW_NONE) {
                charger_wish(c, WISH_FIRMWARE);
        } else {
                charger_life_said(c);
        }
}

void charger_life_begin(Charger *c)
{
        c->due[CLOCK_LIFE] = USEC_INFINITY;
        c->fetching = false; /* of the one before */
        c->update.ongoing = true;
        enter(c, life_first(&c->update.order));
}

void charger_life_said(Charger *c)
{
        const ChargerUpdate *u = &c->update;
        const LifeStep *step = &life_steps[u->point];
        if (!u->ongoing || c->due[CLOCK_LIFE] != USEC_INFINITY || c->fetching)
                return; /* said once more */
        switch (step->wait) {
        case LIFE_TAKES:
                if (u->point == LIFE_DOWNLOADING && c->plan->fetch) {
                        c->fetching = true;
                        c->plan->doors->carry(c, CARRY_BUNDLE, u->location, NULL);
                } else {
                        charger_set_clock(c, CLOCK_LIFE, step->shortest, step->longest,
                                          LOT_DURATION);
                }
                break;
        case LIFE_UNTIL_RETRIEVE:
                c->due[CLOCK_LIFE] = u->retrieve_at;
                break;
        case LIFE_UNTIL_INSTALL:
                c->due[CLOCK_LIFE] = u->install_at;
                break;
        case LIFE_ENDS:
                end(c);
                break;
        }
}

void charger_life_go_on(Charger *c)
{
        if (c->update.ongoing)
                enter(c, life_next(&c->update.order, c->update.point));
}

void charger_life_fetched(Charger *c, bool good)
{
        c->fetching = false;
        if (c->update.ongoing && c->update.point == LIFE_DOWNLOADING)
                enter(c,
                      good ? life_next(&c->update.order, LIFE_DOWNLOADING) : LIFE_DOWNLOAD_FAILED);
}

void charger_life_is_back(Charger *c)
{
        if (!c->update.ongoing)
                return;
        if (c->update.point == LIFE_AWAY)
                charger_life_go_on(c);
        else if (c->due[CLOCK_LIFE] == USEC_INFINITY && !c->fetching)
                charger_wish(c, WISH_FIRMWARE);
}
