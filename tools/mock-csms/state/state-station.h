/* The stations that were ever seen, and what is known of them. */
#pragma once

#include "csms.h"
#include "state.h"

typedef struct StateStations StateStations;

/* Takes the stations of the database into csms, which has none yet; from now on what changes is
 * written. Both must outlive it, but for its end csms may have gone. 0 and *ret; -EUCLEAN: what the
 * database has of a station can't be; negative errno. What went wrong is logged. */
int state_stations_open(State *state, Csms *csms, StateStations **ret);
void state_stations_free(StateStations *stations);
DEFINE_CLEANUP(StateStations *, state_stations_free)
/* Writes a station: it is on the disk when this returns. 0; negative errno, logged: nothing has
 * changed there. */
int state_station_save(State *state, const Station *station);
