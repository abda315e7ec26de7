/* The stations of a CSMS: found by their identity, joined and left. See csms.h. */
#include "ocpp16.h"
#include "ocpp201.h"
#include "station.h"
#include <assert.h>

/* Request ids start at a number made of the time, so that a restarted CSMS doesn't repeat those
 * that stations still remember. */
#define REQUEST_ID_MODULUS 1000000000
/* … or are reserved, so many at a time. */
#define REQUEST_IDS_RESERVED 256

static const Dialect *const dialects[] = {&ocpp21, &ocpp201, &ocpp16};

const Dialect *csms_dialect(const char *subprotocol)
{
        for (size_t i = 0; i < ELEMENTSOF(dialects); i++)
                if (streq(dialects[i]->subprotocol, subprotocol))
                        return dialects[i];
        return NULL;
}

bool station_id_valid(const char *id)
{
        size_t n = strlen(id);
        if (n == 0 || n > STATION_ID_MAX || !utf8_valid(id, n) || streq(id, "*"))
                return false;
        for (const char *p = id; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '/' || *p == ':')
                        return false; /* a colon can't be in a Basic auth user name */
        return true;
}

int csms_new(const CsmsOptions *options, Csms **ret)
{
        Csms *csms = calloc(1, sizeof(*csms));
        if (!csms)
                return -ENOMEM;
        csms->options = *options;
        csms->lines_begin = USEC_INFINITY;
        csms->last_request_id = (int64_t)(wallclock_now() / USEC_PER_SEC % REQUEST_ID_MODULUS);
        *ret = csms;
        return 0;
}

const CsmsOptions *csms_options(const Csms *csms)
{
        return &csms->options;
}

static void late_free(LateAnswer *late)
{
        cJSON_Delete(late->payload);
        free(late->id);
        free(late);
}

void csms_free(Csms *csms)
{
        if (!csms)
                return;
        for (LateAnswer *late = csms->late, *next; late; late = next) {
                next = late->next;
                late_free(late);
        }
        csms->observers_count = 0; /* those may be gone already */
        fault_rules_clear(csms);
        for (size_t i = 0; i < csms->count; i++)
                station_free(csms->stations[i]);
        free(csms->stations);
        free(csms);
}

/* Sends what was held back long enough, unless the station has connected anew. */
static usec_t tick_late(Csms *csms, usec_t now)
{
        usec_t next = USEC_INFINITY;
        for (LateAnswer **p = &csms->late; *p;) {
                LateAnswer *late = *p;
                if (late->when > now) {
                        next = MIN(next, late->when);
                        p = &late->next;
                        continue;
                }
                *p = late->next;
                csms->late_count--;
                if (late->station->conn && late->station->session == late->session)
                        (void)rpc_answer(late->station->rpc, late->id, TAKE_PTR(late->payload));
                late_free(late);
        }
        return next;
}

usec_t csms_tick(Csms *csms, usec_t now)
{
        usec_t late = tick_late(csms, now), rules = fault_rules_tick(csms, now);
        usec_t next = MIN(late, rules);
        /* each once: what is done may put it behind again */
        for (size_t n = csms->flying.count; n > 0 && csms->flying.first; n--) {
                if (rpc_deadline(csms->flying.first->rpc) > now)
                        break;
                station_tick(csms->flying.first, now);
        }
        for (size_t n = csms->ready.count; n > 0 && csms->ready.first; n--)
                station_tick(csms->ready.first, now);
        if (csms->ready.first)
                return now;
        return csms->flying.first ? MIN(next, rpc_deadline(csms->flying.first->rpc)) : next;
}

/* Index of the station, or where it belongs. */
static size_t position(const Csms *csms, const char *id, bool *ret_found)
{
        size_t low = 0, high = csms->count;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int c = strcmp(csms->stations[middle]->id, id);
                if (c == 0) {
                        *ret_found = true;
                        return middle;
                }
                if (c < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret_found = false;
        return low;
}

Station *csms_find(Csms *csms, const char *id)
{
        bool found;
        size_t i = position(csms, id, &found);
        return found ? csms->stations[i] : NULL;
}

static int insert(Csms *csms, size_t at, const char *id, int64_t key)
{
        if (csms->count == STATIONS_MAX)
                return -ENOSPC;
        if (csms->count == csms->room) {
                size_t room = csms->room ? csms->room * 2 : 64;
                Station **more = realloc(csms->stations, room * sizeof(*more));
                if (!more)
                        return -ENOMEM;
                csms->stations = more;
                csms->room = room;
        }
        Station *station = NULL;
        int r = station_new(csms, id, &station);
        if (r < 0)
                return r;
        memmove(csms->stations + at + 1, csms->stations + at,
                (csms->count - at) * sizeof(Station *));
        csms->stations[at] = station;
        csms->count++;
        station->key = key;
        csms->last_key = MAX(csms->last_key, key);
        return 0;
}

int csms_join(Csms *csms, const char *id, const Dialect *dialect, Conn *conn, Station **ret)
{
        bool found;
        size_t i = position(csms, id, &found);
        if (!found) {
                int r = insert(csms, i, id, csms->last_key + 1);
                if (r < 0)
                        return r;
        }
        Station *station = csms->stations[i];
        if (station->conn) {
                conn_close(station->conn, CLOSE_GOING_AWAY);
                station_detach(station);
        }
        station->connections++;
        station_attach(station, dialect, conn);
        *ret = station;
        return 0;
}

int csms_restore(Csms *csms, const char *id, int64_t key, Station **ret)
{
        bool found;
        size_t i = position(csms, id, &found);
        assert(!found);
        int r = insert(csms, i, id, key);
        if (r == 0)
                *ret = csms->stations[i];
        return r;
}

/* Drops the answers that a station is still to get. */
static void drop_late(Csms *csms, const Station *station)
{
        for (LateAnswer **p = &csms->late; *p;) {
                LateAnswer *late = *p;
                if (late->station != station) {
                        p = &late->next;
                        continue;
                }
                *p = late->next;
                csms->late_count--;
                late_free(late);
        }
}

bool csms_may_remove(const Station *station)
{
        return station->connections == 0;
}

int csms_remove(Csms *csms, Station *station)
{
        bool found;
        if (!csms_may_remove(station))
                return -EBUSY;
        TELL(csms, removed, station);
        drop_late(csms, station);
        size_t i = position(csms, station->id, &found);
        csms->count--;
        memmove(csms->stations + i, csms->stations + i + 1, (csms->count - i) * sizeof(Station *));
        station_free(station);
        return 0;
}

size_t csms_count(const Csms *csms)
{
        return csms->count;
}

void csms_leave(Station *station, const Conn *conn)
{
        station->connections--;
        if (station->conn == conn)
                station_detach(station);
}

int csms_set_fault(Csms *csms, const Fault *fault)
{
        FaultTarget target = {.percent = 100};
        return fault_rules_add(csms, &target, fault, NULL);
}

void csms_add_observer(Csms *csms, const Observer *observer)
{
        assert(csms->observers_count < OBSERVERS_MAX);
        csms->observers[csms->observers_count++] = observer;
}

bool csms_refuses(const Csms *csms, const char *id)
{
        for (size_t i = 0; i < csms->observers_count; i++) {
                const Observer *o = csms->observers[i];
                if (o->refuses && o->refuses(o->userdata, id))
                        return true;
        }
        return false;
}

int64_t csms_request_id(Csms *csms)
{
        const CsmsOptions *o = &csms->options;
        int64_t first;
        if (csms->request_ids_left == 0 && o->reserve_ids &&
            o->reserve_ids(o->userdata, REQUEST_IDS_RESERVED, &first) == 0) {
                csms->request_ids_left = REQUEST_IDS_RESERVED;
                csms->last_request_id = first - 1;
        }
        if (csms->request_ids_left > 0)
                csms->request_ids_left--;
        return ++csms->last_request_id;
}
