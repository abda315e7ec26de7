/* agent.conf by one table: section, key, kind, default and meaning stand here and nowhere else. The
 * parser, --help-config and rauc-ocpp-agent.conf(5) read the same lines. */
#include <stdio.h>

#include "config-option.h"
#include "config-value.h"
#include "json.h"

static const char *const csms_schemes[] = {"ws://", "wss://", NULL};
static const char *const proxy_schemes[] = {"http://", "https://", "socks5h://", "socks5://", NULL};
static const char *const protocol_words[] = {"ocpp2.1", "ocpp2.0.1", "ocpp1.6", NULL};
static const char *const transfer_words[] = {"https", "http", "ftps", "ftp", "sftp", NULL};
static const char *const signed_words[] = {"auto", "yes", "no", NULL};
static const char *const fetch_words[] = {"spool", "stream", "auto", NULL};
static const char *const hold_words[] = {"reboot", "install", NULL};
static const char *const mark_words[] = {"agent", "integrator", NULL};
static const char *const reboot_words[] = {"logind", "command", "never", NULL};

const char *const config_upload_methods[] = {[UPLOAD_AUTO] = "auto",
                                             [UPLOAD_PUT] = "put",
                                             [UPLOAD_POST] = "post",
                                             [UPLOAD_MULTIPART] = "multipart",
                                             NULL};

const char *const config_supply_phases[] = {[PHASES_UNKNOWN] = "unknown",
                                            [PHASES_DC] = "0",
                                            [PHASES_ONE] = "1",
                                            [PHASES_THREE] = "3",
                                            NULL};

/* ConnectorEnumType, and what the variable ConnectorType may be besides. */
const char *const config_connector_types[] = {
        "cCCS1",       "cCCS2",       "cG105",          "cTesla",
        "cType1",      "cType2",      "s309-1P-16A",    "s309-1P-32A",
        "s309-3P-16A", "s309-3P-32A", "sBS1361",        "sCEE-7-7",
        "sType2",      "sType3",      "Other1PhMax16A", "Other1PhOver16A",
        "Other3Ph",    "Pan",         "wInductive",     "wResonant",
        "cGBT",        "cChaoJi",     "OppCharge",      "Undetermined",
        "Unknown",     NULL};

#define AT(member) offsetof(Config, member)
#define SECOND USEC_PER_SEC
#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define POWER_MAX 100000000 /* W: beyond all that charges */

/* clang-format off */
const Option config_options[] = {
{ "csms", "url", OPTION_URL, AT(url), NULL, 0, 0, csms_schemes,
  "Address of the CSMS, ws:// or wss://. The identity is appended to it, percent-encoded. Required." },
{ "csms", "identity", OPTION_STRING, AT(identity), NULL, 0, 48, NULL,
  "Name of this station at the CSMS, without a colon; also the user name of Basic authentication. This or identity_file is required." },
{ "csms", "identity_file", OPTION_FILE, AT(identity_file), NULL, 0, 0, NULL,
  "File whose first line is the identity." },
{ "csms", "protocols", OPTION_WORDS, AT(protocols), "ocpp2.1 ocpp2.0.1 ocpp1.6", 0, 0, protocol_words,
  "OCPP versions to offer, in order of preference." },
{ "csms", "password_file", OPTION_FILE, AT(password_file), NULL, 0, 0, NULL,
  "File with one line: the password of Basic authentication (security profiles 1 and 2). "
  "Where ocpp1.6 stands first in protocols, 32 to 40 hexadecimal digits are taken for an AuthorizationKey and decoded." },
{ "csms", "ca_file", OPTION_FILE, AT(csms_ca_file), NULL, 0, 0, NULL,
  "PEM file with the roots that the certificate of the CSMS is checked by." },
{ "csms", "use_system_roots", OPTION_BOOL, AT(use_system_roots), "no", 0, 0, NULL,
  "Trust the roots of the operating system for the CSMS too." },
{ "csms", "connect_timeout", OPTION_SPAN, AT(connect_timeout), "30s", SECOND, 0, NULL,
  "How long connecting may take, TLS and WebSocket included." },
{ "csms", "message_timeout", OPTION_SPAN, AT(message_timeout), "30s", SECOND, 0, NULL,
  "How long the CSMS may take to answer a message. Then the connection is made anew and the message sent again." },
{ "csms", "ping_interval", OPTION_SPAN, AT(ping_interval), "60s", 0, 0, NULL,
  "Time between WebSocket pings; one that stays unanswered as long, and as long as connect_timeout, ends the connection. 0: no pings." },
{ "csms", "backoff_wait_minimum", OPTION_SPAN, AT(backoff_wait_minimum), "10s", SECOND, 0, NULL,
  "Wait before the first try to connect again (RetryBackOffWaitMinimum)." },
{ "csms", "backoff_random_range", OPTION_SPAN, AT(backoff_random_range), "10s", 0, 0, NULL,
  "Upper bound of the random part added to each wait (RetryBackOffRandomRange)." },
{ "csms", "backoff_repeat_times", OPTION_INT, AT(backoff_repeat_times), "5", 0, 30, NULL,
  "How many times the wait doubles (RetryBackOffRepeatTimes)." },
{ "csms", "max_frame", OPTION_SIZE, AT(max_frame), "1M", 16 * KIB, 64 * MIB, NULL,
  "Longest message taken from the CSMS; a longer one ends the connection." },

{ "station", "vendor", OPTION_STRING, AT(vendor), NULL, 0, 50, NULL,
  "Vendor as told in BootNotification; OCPP 1.6 takes 20 characters of it. Required." },
{ "station", "model", OPTION_STRING, AT(model), NULL, 0, 20, NULL,
  "Model as told in BootNotification. Required." },
{ "station", "serial", OPTION_STRING, AT(serial), NULL, 0, 25, NULL,
  "Serial number as told in BootNotification." },
{ "station", "serial_file", OPTION_FILE, AT(serial_file), NULL, 0, 0, NULL,
  "File whose first line is the serial number, in place of serial." },
{ "station", "connectors", OPTION_INT, AT(connectors), "1", 1, 1000, NULL,
  "Number of connectors that the agent tells the CSMS of." },
{ "station", "supply_phases", OPTION_WORD, AT(supply_phases), "unknown", 0, 0, config_supply_phases,
  "Phases of the alternating current that station, EVSEs and connectors have (SupplyPhases of OCPP 2.x); 0: direct current." },
{ "station", "max_power", OPTION_INT, AT(max_power), "0", 0, POWER_MAX, NULL,
  "Most power in W that each EVSE gives (maxLimit of Power in OCPP 2.x). 0: the CSMS is not told." },
{ "station", "connector_type", OPTION_WORD, AT(connector_type), "Undetermined", 0, 0, config_connector_types,
  "Kind of each connector (ConnectorType of OCPP 2.x): c is a plug on a cable, s a socket, w without contact." },
{ "station", "release_file", OPTION_FILE, AT(release_file), NULL, 0, 0, NULL,
  "File that tells the firmware version for BootNotification: in the form of os-release its IMAGE_VERSION, else "
  "VERSION_ID; else its first line. Without it: IMAGE_VERSION of /etc/os-release, the booted slot's bundle version, VERSION_ID." },
{ "station", "allow_plain_certificates", OPTION_BOOL, AT(allow_plain_certificates), "no", 0, 0, NULL,
  "Let the CSMS install and delete root certificates over ws://, too, where anybody on the way can." },

{ "firmware", "manufacturer_roots", OPTION_FILE, AT(manufacturer_roots), NULL, 0, 0, NULL,
  "PEM file, or folder of *.pem and *.crt, with the roots that issue firmware signing certificates; the CSMS may install more." },
{ "firmware", "crl_dir", OPTION_FILE, AT(crl_dir), NULL, 0, 0, NULL,
  "Folder with revocation lists (PEM or DER) of those roots." },
{ "firmware", "require_signed", OPTION_WORD, AT(require_signed), "auto", 0, 0, signed_words,
  "Whether updates without a signature are refused. auto: yes once a manufacturer root was installed, from then on for good." },
{ "firmware", "allow_pkcs1", OPTION_BOOL, AT(allow_pkcs1), "yes", 0, 0, NULL,
  "Take RSA signatures in PKCS#1 v1.5 form besides PSS." },
{ "firmware", "spool", OPTION_FOLDER, AT(spool), NULL, 0, 0, NULL,
  "Folder for downloaded files. Default: spool in the state directory." },
{ "firmware", "max_bundle_size", OPTION_SIZE, AT(max_bundle_size), "4G", 1, 0, NULL,
  "Longest file that is downloaded." },
{ "firmware", "fetch", OPTION_WORD, AT(fetch), "spool", 0, 0, fetch_words,
  "Where bundles go: to the spool; or nowhere, as RAUC writes the slot while it reads them over http or https (RAUC 1.9 or later, formats verity and crypt); auto: so "
  "only if the spool has no room. Signed updates always go to the spool." },
{ "firmware", "transfer_protocols", OPTION_WORDS, AT(transfer_protocols), "https http ftps ftp sftp", 0, 0, transfer_words,
  "Schemes that downloads, and uploads of logs, may use, redirects included." },
{ "firmware", "retries", OPTION_INT, AT(retries), "3", 0, 1000, NULL,
  "Further attempts to download after the first, where the request does not say." },
{ "firmware", "retry_interval", OPTION_SPAN, AT(retry_interval), "60s", 0, 0, NULL,
  "Wait between attempts, where the request does not say." },
{ "firmware", "start_jitter", OPTION_SPAN, AT(start_jitter), "0", 0, 0, NULL,
  "Upper bound of a random wait before each download begins, so that many chargers with one order don't fetch in the same second." },
{ "firmware", "stall_timeout", OPTION_SPAN, AT(stall_timeout), "60s", SECOND, 0, NULL,
  "An attempt ends when no byte has come for so long." },
{ "firmware", "transfer_timeout", OPTION_SPAN, AT(transfer_timeout), "0", 0, 0, NULL,
  "An attempt ends after so long in any case. 0: no limit." },
{ "firmware", "download_rate", OPTION_SIZE, AT(download_rate), "0", 0, 0, NULL,
  "Bytes a second that a download may take. 0: no limit." },
{ "firmware", "ca_file", OPTION_FILE, AT(transfer_ca_file), NULL, 0, 0, NULL,
  "PEM file with roots for downloads and uploads, besides those of the operating system and of the CSMS." },
{ "firmware", "client_cert_file", OPTION_FILE, AT(transfer_client_cert), NULL, 0, 0, NULL,
  "PEM file with the certificate by which the charger shows itself to servers that ask for one, and those that it was issued by." },
{ "firmware", "client_key", OPTION_KEY, AT(transfer_client_key), NULL, 0, 0, NULL,
  "Private key of client_cert_file: a PEM file without passphrase, or the URI of a provider of OpenSSL's. Default: it is in that file." },
{ "firmware", "credentials_file", OPTION_FILE, AT(transfer_credentials), NULL, 0, 0, NULL,
  "File with a line \"host user password\" for each server that asks for a login, used where the address has none. "
  "A fourth word SHA256:… is the key that an SFTP server must have; \"host - - SHA256:…\" names the key alone." },
{ "firmware", "proxy", OPTION_URL, AT(transfer_proxy), NULL, 0, 0, proxy_schemes,
  "Proxy for downloads and uploads. Default: none, whatever the environment says." },
{ "firmware", "hold", OPTION_WORD, AT(hold), "reboot", 0, 0, hold_words,
  "What charging sessions and inhibitors hold: the reboot alone, since writing the other slot disturbs nobody, or the install too." },
{ "firmware", "max_wait", OPTION_SPAN, AT(max_wait), "0", 0, 0, NULL,
  "How long they, and pre_install_check, may hold an update; after twice that it is given up. 0: for ever." },
{ "firmware", "check_interval", OPTION_SPAN, AT(check_interval), "60s", SECOND, 0, NULL,
  "Wait until a check that said not now is asked again." },
{ "firmware", "install_window", OPTION_WINDOW, AT(install_window), NULL, 0, 0, NULL,
  "Hours of the day, in local time, in which installs and the reboots into them may begin; it may go past midnight." },
{ "firmware", "inhibit_grace", OPTION_SPAN, AT(inhibit_grace), "30s", 0, 0, NULL,
  "After a restart, how long those who held the charger before it are waited for." },
{ "firmware", "pre_download_check", OPTION_PROGRAM, AT(pre_download_check), NULL, 0, 0, NULL,
  "Program that is asked before a download begins, run with the argument pre-download: exit status 0 go, 2 never (the update is given up), anything else not now." },
{ "firmware", "pre_install_check", OPTION_PROGRAM, AT(pre_install_check), NULL, 0, 0, NULL,
  "Program that is asked before the install and before the reboot, run with the argument pre-install: exit status 0 go, "
  "2 never (the update is given up), anything else not now." },
{ "firmware", "verify_update_script", OPTION_PROGRAM, AT(verify_update_script), NULL, 0, 0, NULL,
  "Program that judges the new system after an update, run with the argument verify: exit status 0 good, 2 bad, "
  "anything else not yet. Without it the new system counts as good." },
{ "firmware", "check_timeout", OPTION_SPAN, AT(check_timeout), "60s", SECOND, 0, NULL,
  "How long one run of a check or of verify_update_script may take; then it is ended and counts as not yet." },
{ "firmware", "install_timeout", OPTION_SPAN, AT(install_timeout), "2h", SECOND, 0, NULL,
  "How long RAUC may take for an install." },
{ "firmware", "health_within", OPTION_SPAN, AT(health_within), "10min", SECOND, 0, NULL,
  "Time after the start of the new system by which its check must have said good." },
{ "firmware", "rollback_offline", OPTION_SPAN, AT(rollback_offline), "24h", 0, 0, NULL,
  "After so long and a random part of it without any answer of the CSMS the new system goes back to the old one, if that one was connected in the hour before the restart. 0: never." },
{ "firmware", "allow_downgrade", OPTION_BOOL, AT(allow_downgrade), "yes", 0, 0, NULL,
  "Install bundles with an older version than the running one. Versions are ordered as dpkg does: number by number, ~ before everything." },
{ "firmware", "allow_same_version", OPTION_BOOL, AT(allow_same_version), "yes", 0, 0, NULL,
  "Install bundles with the version that runs." },
{ "firmware", "mark_good", OPTION_WORD, AT(mark_good), "agent", 0, 0, mark_words,
  "Who marks slots good: the agent, or the integrator's own software; then the agent only reports, but for the next boot's slot after a failed install." },
{ "firmware", "reboot", OPTION_WORD, AT(reboot), "logind", 0, 0, reboot_words,
  "How to restart into the new system: ask logind, run reboot_command, or wait until others restart." },
{ "firmware", "reboot_command", OPTION_PROGRAM, AT(reboot_command), NULL, 0, 0, NULL,
  "Program that restarts the machine, run without arguments. Required with reboot = command." },
{ "firmware", "reboot_timeout", OPTION_SPAN, AT(reboot_timeout), "5min", SECOND, 0, NULL,
  "If the machine still runs so long after a restart was asked for, it is asked for again." },

{ "rauc", "bus", OPTION_STRING, AT(rauc_bus), "system", 0, 0, NULL,
  "Bus on which RAUC is found: system, or a D-Bus address." },

{ "logs", "ocpp_log", OPTION_PATH, AT(ocpp_log), "/var/log/rauc-ocpp-agent/ocpp.log", 0, 0, NULL,
  "File that keeps the messages from and to the CSMS, as lines of JSON without secrets." },
{ "logs", "ocpp_log_size", OPTION_SIZE, AT(ocpp_log_size), "5M", 0, 0, NULL,
  "How long it gets before it is renamed to end in .1. 0: no messages are kept." },
{ "logs", "session_log_path", OPTION_PATH, AT(session_log_path), NULL, 0, 0, NULL,
  "Log of the charger's own software, a part of each DiagnosticsLog; it may hold * and ?." },
{ "logs", "files", OPTION_PATHS, AT(log_files), NULL, 0, 0, NULL,
  "More files for it; they may hold * and ?." },
{ "logs", "journal_units", OPTION_NAMES, AT(journal_units), NULL, 0, 0, NULL,
  "Units whose journal goes into it, besides the agent's and RAUC's." },
{ "logs", "max_log_size", OPTION_SIZE, AT(max_log_size), "100M", 64 * KIB, 0, NULL,
  "Longest archive; the oldest is left out first." },
{ "logs", "upload_method", OPTION_WORD, AT(upload_method), "auto", 0, 0, config_upload_methods,
  "How logs go to an HTTP server. auto: PUT, and POST where it does not take that; multipart: POST of a form." },
{ "logs", "retries", OPTION_INT, AT(log_retries), "3", 0, 1000, NULL,
  "Further attempts after the first, where the request does not say." },
{ "logs", "retry_interval", OPTION_SPAN, AT(log_retry_interval), "60s", 0, 0, NULL,
  "Wait between attempts, where the request does not say." },

{ "state", "directory", OPTION_FOLDER, AT(state_directory), "/var/lib/rauc-ocpp-agent", 0, 0, NULL,
  "Folder for what must outlive restarts and updates: on a partition of its own, outside of the slots." },
{ "state", "outbox_max", OPTION_INT, AT(outbox_max), "500", 10, 100000, NULL,
  "Messages to the CSMS kept while it is away." },
};
/* clang-format on */

const size_t config_option_count = ELEMENTSOF(config_options);

/* What a kind expects, for the one line of an error. */
static const char *const kind_expects[OPTION_KIND_MAX] = {
        [OPTION_STRING] = "a word or a sentence",
        [OPTION_URL] = "an address without user, password and query that begins with one of",
        [OPTION_KEY] = "an absolute path that can be read, or the URI of a provider",
        [OPTION_FILE] = "an absolute path that can be read",
        [OPTION_PROGRAM] = "the absolute path of a program",
        [OPTION_WINDOW] = "hours of the day such as 01:00-05:00",
        [OPTION_PATH] = "an absolute path",
        [OPTION_FOLDER] = "the absolute path of a folder",
        [OPTION_SPAN] = "a time span such as 30s, 10min or 24h",
        [OPTION_SIZE] = "a size such as 512M or 4G",
        [OPTION_BOOL] = "yes or no",
        [OPTION_INT] = "a number",
        [OPTION_WORD] = "one of",
        [OPTION_WORDS] = "one or more of",
        [OPTION_PATHS] = "absolute paths, parted by blanks",
        [OPTION_NAMES] = "names, parted by blanks",
};

static void *member_of(Config *c, const Option *o)
{
        return (char *)c + o->offset;
}

const char *config_option_describe(const Option *o, char buffer[static CONFIG_EXPECTED_MAX])
{
        size_t size = CONFIG_EXPECTED_MAX, n;

        n = (size_t)snprintf(buffer, size, "%s", kind_expects[o->kind]);
        for (const char *const *w = o->words; w && *w && n < size; w++)
                n += (size_t)snprintf(buffer + n, size - n, "%s%s", w == o->words ? " " : ", ", *w);
        if (n >= size)
                return buffer;
        if (o->kind == OPTION_INT)
                snprintf(buffer + n, size - n, " from %llu to %llu", (unsigned long long)o->min,
                         (unsigned long long)o->max);
        else if (o->kind == OPTION_STRING && o->max)
                snprintf(buffer + n, size - n, " of at most %llu characters",
                         (unsigned long long)o->max);
        else if (o->kind == OPTION_SPAN && o->min)
                snprintf(buffer + n, size - n, ", at least %llus",
                         (unsigned long long)(o->min / USEC_PER_SEC));
        else if (o->kind == OPTION_SIZE && o->max)
                snprintf(buffer + n, size - n, ", from %lluK to %lluM",
                         (unsigned long long)(o->min / KIB), (unsigned long long)(o->max / MIB));
        return buffer;
}

/* Behind the scheme a host, and no "user:password@" in front of it. */
static bool url_is_fine(const char *const *schemes, const char *url)
{
        const char *p = NULL;
        size_t n;

        for (; *schemes && !p; schemes++)
                p = startswith(url, *schemes);
        if (!p)
                return false;
        n = strcspn(p, "/?#");
        return n > 0 && !memchr(p, '@', n) && !strpbrk(url, " \t?#");
}

/* "scheme:", as pkcs11:, and something behind it. */
static bool uri_is_fine(const char *text)
{
        size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

        return n > 0 && text[n] == ':' && text[n + 1];
}

static int in_range(const Option *o, uint64_t v)
{
        return v < o->min || (o->max && v > o->max) ? -ERANGE : 0;
}

static int set_string(const Option *o, char **member, const char *value)
{
        if (o->max && utf8_length(value) > o->max)
                return -ERANGE;
        return str_replace(member, value);
}

static int set_number(const Option *o, void *member, const char *value)
{
        int64_t v;
        int r = value_parse_int(value, &v);

        if (r < 0 || v < 0 || (r = in_range(o, (uint64_t)v)) < 0)
                return r < 0 ? r : -ERANGE;
        *(int64_t *)member = v;
        return 0;
}

static int set_amount(const Option *o, void *member, const char *value)
{
        uint64_t v;
        int r = o->kind == OPTION_SPAN ? value_parse_span(value, &v) : value_parse_size(value, &v);

        if (r < 0 || (r = in_range(o, v)) < 0)
                return r;
        *(uint64_t *)member = v;
        return 0;
}

static int set_words(const Option *o, void *member, const char *value)
{
        char **words, ***list = member;
        int r = value_parse_words(o->words, value, &words);

        if (r < 0)
                return r;
        for (char **w = words; *w; w++)
                if ((o->kind == OPTION_PATHS && **w != '/') ||
                    (o->kind == OPTION_NAMES && strchr(*w, '/'))) {
                        value_free_words(words);
                        return -EINVAL;
                }
        value_free_words(*list);
        *list = words;
        return 0;
}

/* Puts value into the option's member. 0; -EINVAL or -ERANGE: not what is expected; -ENOMEM. */
static int set_value(const Option *o, Config *c, const char *value)
{
        void *member = member_of(c, o);
        int r;

        if (!utf8_valid(value, strlen(value)))
                return -EINVAL;
        switch (o->kind) {
        case OPTION_STRING:
                return set_string(o, member, value);
        case OPTION_URL:
                return url_is_fine(o->words, value) ? str_replace(member, value) : -EINVAL;
        case OPTION_KEY:
                return *value == '/' || uri_is_fine(value) ? str_replace(member, value) : -EINVAL;
        case OPTION_FILE:
        case OPTION_PROGRAM:
        case OPTION_PATH:
        case OPTION_FOLDER:
                return *value == '/' ? str_replace(member, value) : -EINVAL;
        case OPTION_WINDOW:
                return value_parse_window(value, &(DayWindow){0}) < 0 ? -EINVAL
                                                                      : str_replace(member, value);
        case OPTION_SPAN:
        case OPTION_SIZE:
                return set_amount(o, member, value);
        case OPTION_BOOL:
                return value_parse_bool(value, member);
        case OPTION_INT:
                return set_number(o, member, value);
        case OPTION_WORD:
                if ((r = value_find_word(o->words, value)) >= 0)
                        *(int *)member = r;
                return MIN(r, 0);
        case OPTION_WORDS:
        case OPTION_PATHS:
        case OPTION_NAMES:
                return set_words(o, member, value);
        case OPTION_KIND_MAX:
                break;
        }
        return -EINVAL;
}

static bool is_list(const Option *o)
{
        return o->kind == OPTION_WORDS || o->kind == OPTION_PATHS || o->kind == OPTION_NAMES;
}

int config_option_set(const Option *o, Config *c, const char *value)
{
        if (!*value && !o->fallback && is_list(o)) {
                value_free_words(*(char ***)member_of(c, o));
                *(char ***)member_of(c, o) = NULL;
                return 0;
        }
        if (!*value && !o->fallback)
                return str_replace(member_of(c, o), NULL);
        return set_value(o, c, *value ? value : o->fallback);
}

const Option *config_option_find(const char *section, const char *key)
{
        for (size_t i = 0; i < config_option_count; i++)
                if (streq(config_options[i].section, section) && streq(config_options[i].key, key))
                        return &config_options[i];
        return NULL;
}

int config_init(Config *c)
{
        int r;

        memset(c, 0, sizeof(*c));
        for (size_t i = 0; i < config_option_count; i++)
                if ((r = config_option_set(&config_options[i], c, "")) < 0) {
                        config_done(c);
                        return r;
                }
        return 0;
}

void config_done(Config *c)
{
        for (size_t i = 0; i < config_option_count; i++) {
                void *member = member_of(c, &config_options[i]);

                if (is_list(&config_options[i]))
                        value_free_words(*(char ***)member);
                else if (config_options[i].kind <= OPTION_FOLDER)
                        free(*(char **)member);
        }
        memset(c, 0, sizeof(*c));
}

void config_print_help(void)
{
        const char *section = "";
        char expected[CONFIG_EXPECTED_MAX];

        for (size_t i = 0; i < config_option_count; i++) {
                const Option *o = &config_options[i];

                if (!streq(section, o->section))
                        printf("%s[%s]\n", i ? "\n" : "", section = o->section);
                printf("%s = %s\n    %s\n    Takes %s.\n", o->key, strempty(o->fallback),
                       o->meaning, config_option_describe(o, expected));
        }
}

/* Text for troff: a hyphen that is typed stays one, a point or quote in front is no request. */
static void print_troff(const char *text)
{
        if (*text == '.' || *text == '\'')
                fputs("\\&", stdout);
        for (; *text; text++)
                if (*text == '-')
                        fputs("\\-", stdout);
                else if (*text == '\\')
                        fputs("\\e", stdout);
                else
                        putchar(*text);
}

void config_print_man(void)
{
        const char *section = "";
        char expected[CONFIG_EXPECTED_MAX];

        for (size_t i = 0; i < config_option_count; i++) {
                const Option *o = &config_options[i];

                if (!streq(section, o->section))
                        printf(".SS [%s]\n", section = o->section);
                printf(".TP\n.B %s =\n", o->key);
                print_troff(o->meaning);
                printf("\nTakes ");
                print_troff(config_option_describe(o, expected));
                if (o->fallback) {
                        printf("; default: ");
                        print_troff(o->fallback);
                }
                printf(".\n");
        }
}
