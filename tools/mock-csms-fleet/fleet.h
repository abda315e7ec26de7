/* Stations on a loop, with a clock each, and what is told of them. */
#pragma once

#include "charger.h"

typedef struct FleetOptions {
        FleetPlan plan; /* but for doors and counts */
        const char *url, *ca_file;
        const char *passwords; /* file of lines ID:password; NULL none */
        unsigned report;       /* seconds between two reports; 0: at the end and on SIGUSR1 alone */
        unsigned run;          /* seconds after which it ends by itself; 0: never */
} FleetOptions;

/* Runs until SIGTERM or SIGINT. 0, negative errno (logged). */
int fleet_run(FleetOptions *options);
/* Prints what seed and rates make of each station, one JSON object a line. 0, -ENOMEM. */
int fleet_print_plan(FleetOptions *options);
