/* The variables that the agent itself knows or acts on: what each is now, and what a new value
 * changes, at once. */
#include "agent-private.h"

/* ---- what they are ---- */

/* clang-format off */
/* Begin as the configuration says … */
static const struct { VarId id; size_t member; } spans[] = {
        { VAR_PING_INTERVAL,        offsetof(Config, ping_interval)        },
        { VAR_BACKOFF_WAIT_MINIMUM, offsetof(Config, backoff_wait_minimum) },
        { VAR_BACKOFF_RANDOM_RANGE, offsetof(Config, backoff_random_range) },
};
static const struct { VarId id; size_t member; } numbers[] = {
        { VAR_BACKOFF_REPEAT_TIMES, offsetof(Config, backoff_repeat_times) },
        { VAR_NUMBER_OF_CONNECTORS, offsetof(Config, connectors)           },
};
static const struct { VarId id; size_t member; } texts[] = {
        { VAR_IDENTITY,      offsetof(Config, identity) },
        { VAR_VENDOR_NAME,   offsetof(Config, vendor)   },
        { VAR_MODEL,         offsetof(Config, model)    },
        { VAR_SERIAL_NUMBER, offsetof(Config, serial)   },
};
/* The word is the value, but for one that says that there is none; -1: all are. */
static const struct { VarId id; size_t member; const char *const *words; int none; } words[] = {
        { VAR_SUPPLY_PHASES,  offsetof(Config, supply_phases),  config_supply_phases,   PHASES_UNKNOWN },
        { VAR_CONNECTOR_TYPE, offsetof(Config, connector_type), config_connector_types, -1             },
};

/* … or are found out. */
static char *read_transfer_protocols(const Agent *a);
static char *read_time(const Agent *a);
static char *read_firmware_version(const Agent *a);
static char *read_booted_slot(const Agent *a);
static char *read_phase_rotation(const Agent *a);
static char *read_certificates(const Agent *a);
static char *read_certificates_max(const Agent *a);
static const struct { VarId id; char *(*read)(const Agent *); } found_out[] = {
        { VAR_FILE_TRANSFER_PROTOCOLS, read_transfer_protocols },
        { VAR_SECURITY_PROFILE,        network_read_security   },
        { VAR_ACTIVE_NETWORK_PROFILE,  network_read_slot       },
        { VAR_MESSAGE_TIMEOUT,         network_read_timeout    },
        { VAR_DATE_TIME,               read_time               },
        { VAR_FIRMWARE_VERSION,        read_firmware_version   },
        { VAR_BOOTED_SLOT,             read_booted_slot        },
        { VAR_CONNECTOR_PHASE_ROTATION, read_phase_rotation    },
        { VAR_CERTIFICATE_ENTRIES,     read_certificates       },
        { VAR_CERTIFICATE_STORE_MAX,   read_certificates_max   },
};
/* clang-format on */

/* FTP,FTPS,HTTP,HTTPS,SFTP */
static char *read_transfer_protocols(const Agent *a)
{
        char *list = str_join(a->config->transfer_protocols, ",");

        for (char *c = list; c && *c; c++)
                if (*c >= 'a' && *c <= 'z')
                        *c = (char)(*c - 'a' + 'A');
        return list;
}

static char *read_time(const Agent *a)
{
        char text[TIME_TEXT_MAX];

        return strdup(time_format(clock_csms_now(a), text));
}

/* "" until it is known. */
static char *read_firmware_version(const Agent *a)
{
        return strdup(strempty(a->firmware_version));
}

/* "" until RAUC has told it. */
static char *read_booted_slot(const Agent *a)
{
        return strdup(strempty(a->booted_slot));
}

/* Of each connector, as far as a value may reach: it is not known until it is set. */
static char *read_phase_rotation(const Agent *a)
{
        char *list = strdup("");

        for (int64_t i = 1; list && i <= a->config->connectors; i++) {
                char *longer = str_printf("%s%s%lld.Unknown", list, *list ? "," : "", (long long)i);

                if (longer &&
                    strlen(longer) > (size_t)var_rules[VAR_CONNECTOR_PHASE_ROTATION].max) {
                        free(longer);
                        break;
                }
                free(list);
                list = longer;
        }
        return list;
}

static char *read_certificates(const Agent *a)
{
        int count = certificates_count(&a->certificates);

        return str_printf("%d", MAX(count, 0));
}

static char *read_certificates_max(const Agent *a _unused_)
{
        return str_printf("%d", ROOT_USES * CERTIFICATES_MAX);
}

static const void *option(const Agent *a, size_t member)
{
        return (const char *)a->config + member;
}

/* Of the configuration. 0 and *ret (owned by the caller, NULL when out of memory); -ENODATA. */
static int read_config(const Agent *a, VarId id, char **ret)
{
        for (size_t i = 0; i < ELEMENTSOF(spans); i++)
                if (spans[i].id == id) {
                        usec_t span = *(const usec_t *)option(a, spans[i].member);

                        /* up: less than a second is not none */
                        span = span / USEC_PER_SEC + (span % USEC_PER_SEC > 0);
                        *ret = str_printf("%llu", (unsigned long long)span);
                        return 0;
                }
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (numbers[i].id == id) {
                        int64_t n = *(const int64_t *)option(a, numbers[i].member);

                        *ret = str_printf("%lld", (long long)n);
                        return 0;
                }
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (texts[i].id == id && *(char *const *)option(a, texts[i].member)) {
                        *ret = strdup(*(char *const *)option(a, texts[i].member));
                        return 0;
                }
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                int word = *(const int *)option(a, words[i].member);

                if (words[i].id == id && word != words[i].none) {
                        *ret = strdup(words[i].words[word]);
                        return 0;
                }
        }
        return -ENODATA;
}

/* AvailabilityState: what StatusNotification tells, and a session that we were told of. */
static char *read_state(const Agent *a, VarPlace place)
{
        int64_t connector = place.evse == NO_INT ? 0 : place.evse;

        if (hold_has_session(a, connector))
                return strdup("Occupied");
        return strdup(availability_is_unavailable(a, connector) ? "Unavailable" : "Available");
}

static int read_var(void *userdata, VarId id, VarPlace place, char **ret)
{
        const Agent *a = userdata;
        char *value = NULL;
        int r = read_config(a, id, &value);

        if (id == VAR_AVAILABILITY_STATE) {
                value = read_state(a, place);
                r = 0;
        }

        for (size_t i = 0; i < ELEMENTSOF(found_out) && r < 0; i++)
                if (found_out[i].id == id) {
                        value = found_out[i].read(a);
                        r = 0;
                }
        if (r < 0)
                return r;
        if (!value)
                return -ENOMEM;
        *ret = value;
        return 0;
}

/* ---- what they do ---- */

static usec_t seconds(const Agent *a, VarId id)
{
        return (usec_t)vars_int(a->vars, id, 0) * USEC_PER_SEC;
}

static void apply_ping(Agent *a)
{
        link_set_ping_interval(a->link, seconds(a, VAR_PING_INTERVAL));
}

static void apply_backoff(Agent *a)
{
        a->backoff.wait_minimum_usec = seconds(a, VAR_BACKOFF_WAIT_MINIMUM);
        a->backoff.random_range_usec = seconds(a, VAR_BACKOFF_RANDOM_RANGE);
        a->backoff.repeat_times = (unsigned)vars_int(a->vars, VAR_BACKOFF_REPEAT_TIMES, 0);
}

/* clang-format off */
static const struct { VarId id; void (*apply)(Agent *); } effects[] = {
        { VAR_HEARTBEAT_INTERVAL,   session_heartbeat_changed },
        { VAR_PING_INTERVAL,        apply_ping                },
        { VAR_BACKOFF_WAIT_MINIMUM, apply_backoff             },
        { VAR_BACKOFF_RANDOM_RANGE, apply_backoff             },
        { VAR_BACKOFF_REPEAT_TIMES, apply_backoff             },
        { VAR_ALLOW_NEW_SESSIONS,   hold_look                 },
};

/* What depends on more than the variable's rule. */
static bool allows_password(const Agent *a, const char *value);
static bool allows_phase_rotation(const Agent *a, const char *value);
static const struct { VarId id; bool (*allows)(const Agent *, const char *value); } more_rules[] = {
        { VAR_BASIC_AUTH_PASSWORD,      allows_password       },
        { VAR_NETWORK_PRIORITY,         network_allows_order  },
        { VAR_CONNECTOR_PHASE_ROTATION, allows_phase_rotation },
};
/* clang-format on */

/* The password is the operator's: [csms] password_file. */
static bool allows_password(const Agent *a _unused_, const char *value _unused_)
{
        log_warning("The CSMS wants to change the password: not supported, it stays as it is");
        return false;
}

/* None of a connector that the station does not have; 0 is its own connection to the grid. */
static bool allows_phase_rotation(const Agent *a, const char *value)
{
        for (const char *p = value; *p; p += strcspn(p, ","), p += *p == ',')
                if (strtoll(p, NULL, 10) > a->config->connectors)
                        return false;
        return true;
}

static bool allows_var(void *userdata, VarId id, const char *value)
{
        for (size_t i = 0; i < ELEMENTSOF(more_rules); i++)
                if (more_rules[i].id == id && !more_rules[i].allows(userdata, value))
                        return false;
        return true;
}

static void var_changed(void *userdata, VarId id)
{
        log_notice("The CSMS set %s", var_rules[id].name);
        for (size_t i = 0; i < ELEMENTSOF(effects); i++)
                if (effects[i].id == id)
                        effects[i].apply(userdata);
}

int agent_vars_init(Agent *a)
{
        static const VarOwner owner = {
                .read = read_var, .allows = allows_var, .changed = var_changed};
        int r = vars_new(a->store, &owner, a, &a->vars);

        return r < 0 ? log_error_errno(r, "Can't read the store in %s", a->config->state_directory)
                     : 0;
}

/* The link was made as the configuration says. */
void agent_vars_apply(Agent *a)
{
        apply_ping(a);
        apply_backoff(a);
}
