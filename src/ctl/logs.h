/* rauc-ocpp-ctl logs: the archive that the CSMS would get, for who stands at the charger. */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

/* Asks the agent what belongs to it and has the worker write it, with our own rights; a file of
 * that name is replaced. 0 and *ret_size_bytes; negative errno, *reterr (sd_bus_error_free())
 * tells. */
int logs_pack(sd_bus *bus, const char *file, uint64_t *ret_size_bytes, sd_bus_error *reterr);
