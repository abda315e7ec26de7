/* What rauc-ocpp-ctl knows of the agent: a copy of its D-Bus properties, read by one table. */
#pragma once

#include "util.h"
#include <systemd/sd-bus.h>

#define AGENT_NAME "org.raucocpp.Agent1"
#define AGENT_PATH "/org/raucocpp/Agent1"
#define AGENT_INTERFACE "org.raucocpp.Agent1"
/* The agent shows ten; more are dropped. */
#define VIEW_STATUSES_MAX 10

typedef struct ViewStatus {
        usec_t time;               /* wall clock */
        char *request_id, *status; /* owned */
} ViewStatus;

/* All texts owned; NULL: not told. What each means stands in data/dbus/org.raucocpp.Agent1.xml. */
typedef struct View {
        int connected, installer_present, paused; /* int, as sd-bus reads a boolean */
        char *protocol, *registration, *url, *identity, *booted_slot, *firmware_version, *job_state,
                *request_id, *location, *bundle_compatible, *bundle_version, *bundle_format,
                *reason, *held_by, *inoperative, *version;
        int32_t percent;                        /* -1: unknown */
        uint64_t next_try;                      /* wall clock; 0: none */
        ViewStatus statuses[VIEW_STATUSES_MAX]; /* the newest last */
        size_t n_statuses;
} View;

/* One property: its D-Bus name and type, what people and JSON call it, where it is kept. */
typedef struct ViewField {
        const char *name, *label, *key;
        char type; /* 's', 'b', 'i' per cent, 't' time, 'a' the statuses */
        size_t offset;
} ViewField;

/* All of them; ends with a NULL name. */
extern const ViewField view_fields[];

/* Asks the agent for everything; an agent that does not run is not started. 0; negative errno. */
int view_read(sd_bus *bus, View *view);
/* Takes over an a{sv}, which the message stands before; seen (may be NULL) is called for each
 * property that we know. 0; negative errno. */
int view_apply(View *view, sd_bus_message *m, void (*seen)(const View *view, const ViewField *f));
/* Is the last update over, and did it fail? */
bool view_update_failed(const View *view);
/* Frees what the view owns and empties it. */
void view_done(View *view);

/* Where a field is in the view. */
static inline const void *view_at(const View *view, const ViewField *f)
{
        return (const char *)view + f->offset;
}
