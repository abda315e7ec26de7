/* Stations that were ever seen. See state-station.h. */
#include "state-private.h"

const char state_station_schema[] = "CREATE TABLE station ("
                                    " id TEXT PRIMARY KEY,"
                                    " protocol TEXT NOT NULL,"
                                    " seen INTEGER NOT NULL"
                                    ") WITHOUT ROWID;";
