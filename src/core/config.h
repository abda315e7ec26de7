/* agent.conf and agent.conf.d/: an option table that the manual page is made from too. Every key
 * with section, type, default and meaning stands in config.c once. */
#pragma once

#include "util.h"

/* The words of require_signed, fetch, reboot, hold, mark_good and upload_method. */
typedef enum RequireSigned { SIGNED_AUTO, SIGNED_YES, SIGNED_NO } RequireSigned;
typedef enum FetchBy { FETCH_BY_SPOOL, FETCH_BY_STREAM, FETCH_BY_AUTO } FetchBy;
typedef enum RebootWay { REBOOT_LOGIND, REBOOT_COMMAND, REBOOT_NEVER } RebootWay;
typedef enum HoldAt { HOLD_AT_REBOOT, HOLD_AT_INSTALL } HoldAt;
typedef enum MarkGoodBy { MARK_BY_AGENT, MARK_BY_INTEGRATOR } MarkGoodBy;
typedef enum UploadMethod { UPLOAD_AUTO, UPLOAD_PUT, UPLOAD_POST, UPLOAD_MULTIPART } UploadMethod;
/* By UploadMethod: "auto", … */
extern const char *const config_upload_methods[];
typedef enum SupplyPhases { PHASES_UNKNOWN, PHASES_DC, PHASES_ONE, PHASES_THREE } SupplyPhases;
/* By SupplyPhases: "unknown", "0", … */
extern const char *const config_supply_phases[];
/* "cCCS1", …: what OCPP 2.x calls connectors. NULL-terminated. */
extern const char *const config_connector_types[];

/* A member an option; what each means stands in the table of config.c. All strings are owned, NULL
 * where nothing is set. Spans in usec, sizes in bytes. */
typedef struct Config {
        /* [csms] */
        char *url;
        char *identity;
        char *identity_file;
        char **protocols; /* NULL-terminated: "ocpp2.1", "ocpp2.0.1", "ocpp1.6" */
        char *password_file;
        char *csms_ca_file;
        bool use_system_roots;
        usec_t connect_timeout, message_timeout, ping_interval;
        usec_t backoff_wait_minimum, backoff_random_range;
        int64_t backoff_repeat_times;
        uint64_t max_frame;
        /* [station] */
        char *vendor, *model, *serial, *serial_file, *release_file;
        int64_t connectors;
        int supply_phases;  /* SupplyPhases */
        int64_t max_power;  /* W, of each EVSE; 0: not known */
        int connector_type; /* index in config_connector_types */
        bool allow_plain_certificates;
        /* [firmware] */
        char *manufacturer_roots, *crl_dir;
        int require_signed; /* RequireSigned */
        bool allow_pkcs1;
        char *spool; /* never NULL after loading */
        uint64_t max_bundle_size;
        int fetch; /* FetchBy */
        char **transfer_protocols;
        int64_t retries;
        usec_t retry_interval, stall_timeout, transfer_timeout;
        uint64_t download_rate;
        char *transfer_ca_file, *transfer_client_cert, *transfer_client_key, *transfer_credentials,
                *transfer_proxy;
        usec_t start_jitter;
        int hold; /* HoldAt */
        usec_t max_wait, check_interval, inhibit_grace;
        char *install_window; /* "01:00-05:00", checked; NULL: always */
        char *pre_download_check, *pre_install_check, *verify_update_script;
        usec_t check_timeout, install_timeout, health_within, rollback_offline;
        bool allow_downgrade, allow_same_version;
        int mark_good; /* MarkGoodBy */
        int reboot;    /* RebootWay */
        char *reboot_command;
        usec_t reboot_timeout;
        /* [rauc] */
        char *rauc_bus;
        /* [logs] */
        char *ocpp_log, *session_log_path;
        uint64_t ocpp_log_size, max_log_size;
        char **log_files, **journal_units; /* NULL: none */
        int upload_method;                 /* UploadMethod */
        int64_t log_retries;
        usec_t log_retry_interval;
        /* [state] */
        char *state_directory;
        int64_t outbox_max;
} Config;

/* What is wrong, for one clear line: "FILE:LINE: [section] key: what was expected". */
typedef struct ConfigError {
        char text[512];
} ConfigError;

/* Reads path, then path's folder + "/" + its name + ".d" (agent.conf → the *.conf in agent.conf.d,
 * sorted), later ones win. Then identity_file, serial_file are read and files named by keys are
 * looked at (must be readable). 0 and *ret (config_done()); -EINVAL or negative errno with
 * *reterr. */
int config_load(const char *path, Config *ret, ConfigError *reterr);
/* The same from memory (one file, no drop-ins, no files looked at): tests and fuzzing. name is what
 * *reterr calls the file. */
int config_parse(const char *name, const char *text, size_t size, Config *ret, ConfigError *reterr);
/* Sets every default. 0 or -ENOMEM. */
int config_init(Config *c);
/* Frees what c owns and empties it. */
void config_done(Config *c);
/* Reads the Basic auth password from password_file: one line, its end stripped. *ret owned, erase
 * with explicit_bzero(). 0, *ret NULL: none configured; negative errno. */
int config_read_password(const Config *c, char **ret);
/* Prints every key with default and meaning (--help-config). */
void config_print_help(void);
/* The same as troff for agent.conf(5)'s OPTIONS part. */
void config_print_man(void);
