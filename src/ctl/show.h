/* How rauc-ocpp-ctl prints what it knows. */
#pragma once

#include "view.h"
#include <stdio.h>

/* The screen of "status", with reason and next step after a failure. */
void show_status(FILE *out, const View *view);
/* The same for programs: one JSON object and a line end. 0 or -ENOMEM. */
int show_json(FILE *out, const View *view);
/* A property's new value, for "monitor": one line, flushed. */
void show_change(FILE *out, const View *view, const ViewField *f);
/* A line of "monitor" about something else. */
void show_event(FILE *out, const char *label, const char *text, const char *more);
