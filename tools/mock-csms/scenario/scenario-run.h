/* Runs scenarios against one station, one after the other. Knows no network: it watches the CSMS as
 * an observer, and does things in run_tick() alone. */
#pragma once

#include "observer.h"
#include "scenario-suite.h"

typedef struct ScenarioRun ScenarioRun;
typedef struct Csms Csms;

typedef struct RunOptions {
        const Suite *suite;  /* borrowed, as all of these */
        const char *station; /* whom it is about */
        const char *junit;   /* file; NULL: none */
        bool strict;         /* check every frame of the station by the tables of its version */
        bool has_hook;       /* there is a program for the steps "hook" */
} RunOptions;

/* What the runner needs of its surroundings. */
typedef struct RunDoors {
        /* run_tick() is to be called at this boottime or earlier. */
        void (*wake_at)(void *userdata, usec_t when);
        /* Starts the hook with these words behind its name, ends with NULL; run_hook_ended() tells
         * its end, from the loop. 0 or negative errno. */
        int (*start_hook)(void *userdata, char *const *words);
        /* Kills it, if it runs. */
        void (*stop_hook)(void *userdata);
        void *userdata;
} RunDoors;

/* 0 and *ret; -ENOMEM. */
int run_new(const RunOptions *options, ScenarioRun **ret);
void run_free(ScenarioRun *run);
DEFINE_CLEANUP(ScenarioRun *, run_free)
/* For CsmsOptions; borrowed. */
const Observer *run_observer(const ScenarioRun *run);
/* Begins; csms is borrowed until run_finish(). */
void run_start(ScenarioRun *run, Csms *csms, const RunDoors *doors);
/* Does what is due and returns the boottime of the next time. */
usec_t run_tick(ScenarioRun *run, usec_t now);
/* The hook ended: its exit status, or -1 for a signal. */
void run_hook_ended(ScenarioRun *run, int status);
bool run_is_over(const ScenarioRun *run);
/* Fails what has not ended, tells the sum and writes the JUnit file; to be called once. 0: all
 * passed; 1: not so, or the file can't be written, which is logged. */
int run_finish(ScenarioRun *run);
