/* Output for people and for programs: see show.h. */
#include <cjson/cJSON.h>
#include <time.h>

#include "show.h"

/* Of a local time: "2026-11-24 04:10:00". */
#define LOCAL_TIME_MAX 32

/* Texts may come from the CSMS: nothing in them may steer a terminal. C1 controls are two bytes in
 * UTF-8, and D-Bus lets only UTF-8 through. */
static void put_clean(FILE *out, const char *text)
{
        for (const unsigned char *p = (const unsigned char *)strempty(text); *p; p++) {
                if (*p < ' ' || *p == 0x7f) {
                        fputc('?', out);
                } else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
                        fputc('?', out);
                        p++;
                } else {
                        fputc(*p, out);
                }
        }
}

static const char *local_time(usec_t t, char buffer[static LOCAL_TIME_MAX])
{
        time_t seconds = (time_t)(t / USEC_PER_SEC);
        struct tm tm;

        if (!localtime_r(&seconds, &tm) ||
            strftime(buffer, LOCAL_TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
                return "?";
        return buffer;
}

static bool has(const char *text)
{
        return text && *text;
}

/* "  Label       " */
static void put_label(FILE *out, const char *label)
{
        fprintf(out, "  %-12s ", label);
}

static void put_line(FILE *out, const char *label, const char *text)
{
        put_label(out, label);
        put_clean(out, has(text) ? text : "unknown");
        fputc('\n', out);
}

/* What helps after each end: by the word that the CSMS was told last. */
static const char *next_step(const View *v)
{
        /* clang-format off */
        static const struct {
                const char *status, *step;
        } steps[] = {
                {"DownloadFailed",            "see that the charger reaches the address above, then send the update again"},
                {"InvalidSignature",          "sign the file with the key of the signing certificate, then send the update again"},
                {"InstallVerificationFailed", "look for the cause in journalctl -b -1; the charger runs the version above"},
                {"InstallationFailed",        "look for the cause in journalctl -u rauc -u rauc-ocpp-agent, then send the update again"},
        };
        /* clang-format on */

        for (size_t i = v->n_statuses; i-- > 0;)
                for (size_t j = 0; j < ELEMENTSOF(steps); j++)
                        if (str_equal(v->statuses[i].status, steps[j].status))
                                return steps[j].step;
        return "look for the cause in journalctl -u rauc-ocpp-agent";
}

static void show_connection(FILE *out, const View *v)
{
        put_line(out, "CSMS", v->url);
        put_line(out, "Identity", v->identity);
        put_label(out, "Connection");
        if (v->connected) {
                put_clean(out, v->protocol);
                fputs(", registration ", out);
                put_clean(out, v->registration);
        } else {
                fputs("not connected", out);
        }
        fputc('\n', out);
}

static void show_job(FILE *out, const View *v)
{
        char time[LOCAL_TIME_MAX];

        put_label(out, "Update");
        put_clean(out, has(v->job_state) ? v->job_state : "unknown");
        if (v->percent >= 0)
                fprintf(out, ", %d %%", v->percent);
        if (has(v->request_id)) {
                fputs(", request ", out);
                put_clean(out, v->request_id);
        }
        fputc('\n', out);
        if (has(v->location))
                put_line(out, "From", v->location);
        if (has(v->bundle_version)) {
                put_label(out, "Bundle");
                put_clean(out, v->bundle_compatible);
                fputs(", version ", out);
                put_clean(out, v->bundle_version);
                if (has(v->bundle_format)) {
                        fputs(", format ", out);
                        put_clean(out, v->bundle_format);
                }
                fputc('\n', out);
        }
        if (v->paused)
                put_line(out, "Paused", "yes; rauc-ocpp-ctl resume lets it go on");
        if (has(v->held_by))
                put_line(out, "Waits for", v->held_by);
        if (v->next_try)
                put_line(out, "Next try", local_time(v->next_try, time));
        if (view_update_failed(v)) {
                put_line(out, "Failed", v->reason);
                put_line(out, "Next step", next_step(v));
        } else if (has(v->reason)) { /* of an attempt that is not the last one */
                put_line(out, "Trouble", v->reason);
        }
}

void show_status(FILE *out, const View *v)
{
        char time[LOCAL_TIME_MAX];

        put_line(out, "Agent", v->version);
        show_connection(out, v);
        put_line(out, "Firmware", v->firmware_version);
        put_line(out, "Slot", v->booted_slot);
        put_line(out, "RAUC", v->installer_present ? "running" : "not running");
        if (has(v->inoperative))
                put_line(out, "Inoperative", v->inoperative);
        show_job(out, v);
        for (size_t i = 0; i < v->n_statuses; i++) {
                put_label(out, i == 0 ? "Reported" : "");
                fprintf(out, "%s  ", local_time(v->statuses[i].time, time));
                put_clean(out, v->statuses[i].status);
                if (has(v->statuses[i].request_id)) {
                        fputs(" (request ", out);
                        put_clean(out, v->statuses[i].request_id);
                        fputc(')', out);
                }
                fputc('\n', out);
        }
}

static cJSON *json_time(usec_t t)
{
        char text[TIME_TEXT_MAX];

        return t ? cJSON_CreateString(time_format(t, text)) : cJSON_CreateNull();
}

static cJSON *json_statuses(const View *v)
{
        cJSON *list = cJSON_CreateArray();

        for (size_t i = 0; i < v->n_statuses; i++) {
                cJSON *item = cJSON_CreateObject();

                cJSON_AddItemToObject(item, "time", json_time(v->statuses[i].time));
                cJSON_AddStringToObject(item, "requestId", strempty(v->statuses[i].request_id));
                cJSON_AddStringToObject(item, "status", strempty(v->statuses[i].status));
                cJSON_AddItemToArray(list, item);
        }
        return list;
}

static cJSON *json_value(const View *v, const ViewField *f)
{
        const void *at = view_at(v, f);

        switch (f->type) {
        case 'b':
                return cJSON_CreateBool(*(const int *)at);
        case 'i':
                return *(const int32_t *)at < 0 ? cJSON_CreateNull()
                                                : cJSON_CreateNumber(*(const int32_t *)at);
        case 't':
                return json_time(*(const uint64_t *)at);
        case 'a':
                return json_statuses(v);
        default:
                return cJSON_CreateString(strempty(*(char *const *)at));
        }
}

int show_json(FILE *out, const View *v)
{
        cJSON *object = cJSON_CreateObject();
        char *text;

        for (const ViewField *f = view_fields; f->name; f++)
                cJSON_AddItemToObject(object, f->key, json_value(v, f));
        text = cJSON_PrintUnformatted(object);
        cJSON_Delete(object);
        if (!text)
                return -ENOMEM;
        fprintf(out, "%s\n", text);
        cJSON_free(text);
        return 0;
}

void show_event(FILE *out, const char *label, const char *text, const char *more)
{
        char time[LOCAL_TIME_MAX];

        fprintf(out, "%s  %-12s ", local_time(wallclock_now(), time), label);
        put_clean(out, text);
        if (has(more)) {
                fputs(" (request ", out);
                put_clean(out, more);
                fputc(')', out);
        }
        fputc('\n', out);
        fflush(out);
}

void show_change(FILE *out, const View *v, const ViewField *f)
{
        const void *at = view_at(v, f);
        char text[LOCAL_TIME_MAX] = "-";
        const char *value = text;

        if (f->type == 'a') /* StatusReported tells it */
                return;
        if (f->type == 's' && has(*(char *const *)at))
                value = *(char *const *)at;
        else if (f->type == 'b')
                value = *(const int *)at ? "yes" : "no";
        else if (f->type == 'i' && *(const int32_t *)at >= 0)
                snprintf(text, sizeof(text), "%d", *(const int32_t *)at);
        else if (f->type == 't' && *(const uint64_t *)at)
                value = local_time(*(const uint64_t *)at, text);
        show_event(out, f->label, value, NULL);
}
