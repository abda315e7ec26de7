/* Asks RAUC itself, without an install: see check.h. */
#include <stdio.h>

#include "check.h"
#include "util.h"

#define RAUC_NAME "de.pengutronix.rauc"
#define RAUC_INTERFACE RAUC_NAME ".Installer"
/* A plain bundle is hashed as a whole. */
#define CHECK_TIMEOUT USEC_PER_HOUR

/* Info is in every RAUC; newer ones have InspectBundle beside it, which says no more of these two.
 */
static int ask(sd_bus *bus, const char *location, sd_bus_message **ret, sd_bus_error *reterr)
{
        sd_bus_message *call = NULL;
        int r = sd_bus_message_new_method_call(bus, &call, RAUC_NAME, "/", RAUC_INTERFACE, "Info");

        if (r >= 0)
                r = sd_bus_message_append(call, "s", location);
        if (r >= 0)
                r = sd_bus_call(bus, call, CHECK_TIMEOUT, reterr, ret);
        sd_bus_message_unref(call);
        return r;
}

int check_bundle(sd_bus *bus, const char *location, sd_bus_error *reterr)
{
        _cleanup_(freep) char *ours = NULL;
        sd_bus_message *answer = NULL;
        const char *compatible = "", *version = "";
        bool fits = false;
        int r = ask(bus, location, &answer, reterr);

        if (r >= 0)
                r = sd_bus_message_read(answer, "ss", &compatible, &version);
        if (r >= 0)
                r = sd_bus_get_property_string(bus, RAUC_NAME, "/", RAUC_INTERFACE, "Compatible",
                                               reterr, &ours);
        if (r >= 0) {
                fits = str_equal(ours, compatible);
                printf("  Compatible   %s%s\n  Version      %s\n", compatible,
                       fits ? "" : ", but this charger is another one", version);
                if (!fits)
                        printf("  This charger %s\n", ours);
        }
        sd_bus_message_unref(answer);
        return r < 0 ? r : !fits;
}
