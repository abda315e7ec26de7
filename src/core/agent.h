/* The agent: owns the others, turns circumstances into events of the job, performs its actions.
 * Chooses the dialect by what the CSMS picked. */
#pragma once

#include "config.h"
#include "dialect.h"
#include "installer.h"
#include "link.h"
#include <systemd/sd-bus.h>

typedef struct Agent Agent;

/* What main puts together. All borrowed, must outlive the agent. */
typedef struct AgentParts {
        const Config *config;
        sd_event *event;
        Loop *loop;
        sd_bus *bus;                    /* attached to event */
        const Dialect *const *dialects; /* NULL-terminated, all that exist */
        const char *worker;             /* path of rauc-ocpp-transfer */
        const char *hook_folder;        /* hooks are units that read here; NULL: children */
        int (*installer_new)(sd_bus *bus, const InstallerHandlers *handlers, void *userdata,
                             Installer **ret);
} AgentParts;

/* A file that the configuration names holds what can't be used: told by agent_new(). */
#define AGENT_BAD_CONFIG (-EBADMSG)

/* Opens the store, loads the job, makes installer, link and D-Bus interface; nothing is sent yet.
 * 0 and *ret; AGENT_BAD_CONFIG or other negative errno, logged. */
int agent_new(const AgentParts *parts, Agent **ret);
/* Begins: looks where it woke up, connects. 0 or negative errno, logged. */
int agent_start(Agent *a);
void agent_free(Agent *a);
DEFINE_CLEANUP(Agent *, agent_free)
