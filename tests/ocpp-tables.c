/* Tells what the dialects' tables hold, for checks that are not written in C:
 *   ocpp-tables actions    a line an action: protocol, who calls, its name, "served" or "refused"
 *   ocpp-tables messages   a line a message: of each table the fullest and the least one, as the
 *                          codec writes it after it has read it; the least one alone, as it is
 * read, where members are required that are only checked */
#include "ocpp16.h"
#include "ocpp201.h"

#include "dialect-sweep.h"

static const Dialect *const dialects[] = {&ocpp16, &ocpp201, &ocpp21};

static void write_actions(const Dialect *d)
{
        FOREACH_INCOMING (in, d)
                printf("%s csms %s %s\n", d->subprotocol, in->action,
                       in->kind == IN_UNSUPPORTED ? "refused" : "served");
        for (size_t i = 0; i < OUTGOING_MAX; i++) {
                const char *action = dialect_outgoing(d, i)->action;

                if (action)
                        printf("%s station %s served\n", d->subprotocol, action);
        }
}

/* Leaves out of a full object what may be missing. */
static void strip_optional(const Table *t, cJSON *json)
{
        for (size_t i = 0; i < t->count; i++) {
                const Field *f = &t->fields[i];
                cJSON *item = cJSON_GetObjectItemCaseSensitive(json, f->name);

                if (!f->required)
                        cJSON_DeleteItemFromObjectCaseSensitive(json, f->name);
                else if (inner_table(f))
                        strip_optional(inner_table(f),
                                       cJSON_IsArray(item) ? cJSON_GetArrayItem(item, 0) : item);
        }
}

/* As the codec writes what it has read; consumed. */
static void write_message(const Dialect *d, const char *name, const Table *t, cJSON *json)
{
        CodecError error = {0};
        cJSON *again = NULL;
        char *text;
        Message m;

        make_blank(t, &m);
        if (codec_decode(t, d->rules, json, &m, &error) < 0 ||
            (!has_ignored_that_is_required(t) && codec_encode(t, &m, &again, &error) < 0))
                fail_msg("%s %s: %s", d->name, name, error.text);
        text = cJSON_PrintUnformatted(again ? again : json);
        printf("{\"protocol\":\"%s\",\"message\":\"%s\",\"payload\":%s}\n", d->subprotocol, name,
               text);
        cJSON_free(text);
        codec_done(t, &m);
        cJSON_Delete(json);
        cJSON_Delete(again);
}

static void write_both(const Dialect *d, const char *action, const char *end, const Table *t)
{
        cJSON *least = full_object(d->rules, t);
        char name[96];

        snprintf(name, sizeof(name), "%s.%s", action, end);
        strip_optional(t, least);
        if (!has_ignored_that_is_required(t))
                write_message(d, name, t, full_object(d->rules, t));
        write_message(d, name, t, least);
}

static void write_messages(const Dialect *d)
{
        FOREACH_INCOMING (in, d)
                if (in->kind != IN_UNSUPPORTED) {
                        write_both(d, in->action, "req", in->request);
                        write_both(d, in->action, "conf", in->answer);
                }
        for (size_t i = 0; i < OUTGOING_MAX; i++) {
                const Outgoing *out = dialect_outgoing(d, i);

                if (out->action) {
                        write_both(d, out->action, "req", out->request);
                        write_both(d, out->action, "conf", out->answer);
                }
        }
}

int main(int argc, char **argv)
{
        bool actions = argc == 2 && streq(argv[1], "actions");

        if (!actions && (argc != 2 || !streq(argv[1], "messages"))) {
                fprintf(stderr, "ocpp-tables actions|messages\n");
                return 2;
        }
        for (size_t i = 0; i < ELEMENTSOF(dialects); i++)
                (actions ? write_actions : write_messages)(dialects[i]);
        return 0;
}
