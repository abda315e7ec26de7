/* What every dialect must stand: golden vectors both ways, and a sweep over all its tables that
 * drops, mistypes and over-lengthens every field. Included by test-ocppX.c. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dialect-each.h"

#define DEPTH_MAX 4
#define SAMPLE_TIME "2026-11-24T04:10:00.000Z"
#define SAMPLE_USEC ((usec_t)1795493400 * USEC_PER_SEC)

/* Any message of messages.h. */
typedef union Message {
        UpdateRequest update;
        UpdateAnswer update_answer;
        FirmwareReport firmware;
        LogReport log;
        LogRequest log_request;
        LogAnswer log_answer;
        BootReport boot;
        BootAnswer boot_answer;
        HeartbeatAnswer heartbeat_answer;
        ConnectorReport connector;
        SecurityEventReport security;
        TriggerRequest trigger;
        TriggerAnswer trigger_answer;
        ConfigurationRequest configuration;
        ConfigurationAnswer configuration_answer;
        ConfigurationChange configuration_change;
        ConfigurationChanged configuration_changed;
        InstallRequest install;
        RootsRequest roots;
        RootsAnswer roots_answer;
        RootId root;
        RootAnswer root_answer;
        NetworkRequest network;
        NetworkAnswer network_answer;
        ResetRequest reset;
        AvailabilityRequest availability;
        OrderAnswer order_answer;
        UnlockRequest unlock;
        UnlockAnswer unlock_answer;
        TransactionRequest transaction;
        TransactionAnswer transaction_answer;
        FixedAnswer fixed;
        VariableList variables;
        ReportRequest report_request;
        ReportAnswer report_answer;
        ReportPart report_part;
        EmptyMessage empty;
} Message;

typedef struct Golden {
        const char *action;
        bool answer;
        const char *json;
        Message value;
        bool decode_only; /* the JSON has members that are ignored, or words that can't be written
                           */
} Golden;

#define at(f, s) ((void *)((char *)(s) + (f)->offset))
#define const_at(f, s) ((const void *)((const char *)(s) + (f)->offset))

static cJSON *parse(const char *text)
{
        cJSON *json = cJSON_Parse(text);

        if (!json)
                fail_msg("not JSON: %s", text);
        return json;
}

/* The table of a message, from whichever side it comes. */
static const Table *table_of(const Dialect *d, const char *action, bool answer)
{
        const Incoming *in = dialect_find_incoming(d, action);

        if (in)
                return answer ? in->answer : in->request;
        for (size_t i = 0; i < OUTGOING_MAX; i++)
                if (str_equal(dialect_outgoing(d, i)->action, action))
                        return answer ? dialect_outgoing(d, i)->answer
                                      : dialect_outgoing(d, i)->request;
        fail_msg("%s has no %s", d->name, action);
        return NULL;
}

static _unused_ void each_table(const Dialect *d, void (*visit)(const Dialect *, const Table *))
{
        FOREACH_INCOMING (in, d)
                if (in->kind != IN_UNSUPPORTED) {
                        visit(d, in->request);
                        visit(d, in->answer);
                }
        for (size_t i = 0; i < OUTGOING_MAX; i++) {
                const Outgoing *out = dialect_outgoing(d, i);

                if (out->action) {
                        visit(d, out->request);
                        visit(d, out->answer);
                }
        }
}

/* Sets one member to absent; the string that was there is freed. */
static void forget_member(const Field *f, void *s)
{
        switch (f->kind) {
        case FIELD_STRING:
                free(TAKE_PTR(*(char **)at(f, s)));
                break;
        case FIELD_INT:
                *(int64_t *)at(f, s) = NO_INT;
                break;
        case FIELD_TIME:
                *(usec_t *)at(f, s) = NO_TIME;
                break;
        case FIELD_BOOL:
        case FIELD_ENUM:
                *(int *)at(f, s) = -1;
                break;
        case FIELD_LIST:
                codec_done(&(Table){.fields = f, .count = 1}, s);
                break;
        case FIELD_INLINE:
                for (size_t i = 0; i < f->table->count; i++)
                        forget_member(&f->table->fields[i], s);
                break;
        case FIELD_IGNORED:
                break;
        }
}

/* A struct in which every member of the table is absent. */
static void make_blank(const Table *t, Message *m)
{
        memset(m, 0, sizeof(*m));
        for (size_t i = 0; i < t->count; i++)
                forget_member(&t->fields[i], m);
}

static void assert_same_member(const Field *f, const void *got, const void *wanted);

static void assert_same_message(const Table *t, const void *got, const void *wanted)
{
        for (size_t i = 0; i < t->count; i++)
                assert_same_member(&t->fields[i], got, wanted);
}

static void assert_same_list(const ListType *t, const List *got, const List *wanted)
{
        assert_int_equal(got->count, wanted->count);
        for (size_t i = 0; i < got->count; i++)
                assert_same_member(&t->item, (const char *)got->items + i * t->element_size,
                                   (const char *)wanted->items + i * t->element_size);
}

static void assert_same_member(const Field *f, const void *got, const void *wanted)
{
        switch (f->kind) {
        case FIELD_STRING:
                assert_string_equal(strempty(*(char *const *)const_at(f, got)),
                                    strempty(*(char *const *)const_at(f, wanted)));
                assert_int_equal(!*(char *const *)const_at(f, got),
                                 !*(char *const *)const_at(f, wanted));
                break;
        case FIELD_INT:
                assert_int_equal(*(const int64_t *)const_at(f, got),
                                 *(const int64_t *)const_at(f, wanted));
                break;
        case FIELD_TIME:
                assert_int_equal(*(const usec_t *)const_at(f, got),
                                 *(const usec_t *)const_at(f, wanted));
                break;
        case FIELD_BOOL:
        case FIELD_ENUM:
                assert_int_equal(*(const int *)const_at(f, got), *(const int *)const_at(f, wanted));
                break;
        case FIELD_LIST:
                assert_same_list(f->list, const_at(f, got), const_at(f, wanted));
                break;
        case FIELD_INLINE:
                assert_same_message(f->table, got, wanted);
                break;
        case FIELD_IGNORED:
                break;
        }
}

static void check_golden_decode(const Dialect *d, const Golden *g)
{
        const Table *t = table_of(d, g->action, g->answer);
        cJSON *json = parse(g->json);
        CodecError error = {0};
        Message m;

        make_blank(t, &m);
        if (codec_decode(t, d->rules, json, &m, &error) < 0)
                fail_msg("%s %s: %s", g->action, g->json, error.text);
        assert_same_message(t, &m, &g->value);
        codec_done(t, &m);
        cJSON_Delete(json);
}

static void check_golden_encode(const Dialect *d, const Golden *g)
{
        const Table *t = table_of(d, g->action, g->answer);
        cJSON *wanted = parse(g->json), *got = NULL;
        CodecError error = {0};

        if (codec_encode(t, &g->value, &got, &error) < 0)
                fail_msg("%s %s: %s", g->action, g->json, error.text);
        if (!cJSON_Compare(got, wanted, true))
                fail_msg("%s: %s is not %s", g->action, cJSON_PrintUnformatted(got), g->json);
        cJSON_Delete(got);
        cJSON_Delete(wanted);
}

static _unused_ void check_goldens(const Dialect *d, const Golden *list, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                check_golden_decode(d, &list[i]);
                if (!list[i].decode_only)
                        check_golden_encode(d, &list[i]);
        }
}

static size_t count_goldens(const Golden *list, size_t count, const char *action, bool answer)
{
        size_t n = 0;

        for (size_t i = 0; i < count; i++)
                n += streq(list[i].action, action) && list[i].answer == answer;
        return n;
}

/* No message of its own is without a vector. */
static _unused_ void check_goldens_complete(const Dialect *d, const Golden *list, size_t count)
{
        for (int answer = 0; answer < 2; answer++) {
                for (size_t i = 0; i < d->own_incoming_count; i++)
                        if (d->own_incoming[i].kind != IN_UNSUPPORTED &&
                            !count_goldens(list, count, d->own_incoming[i].action, answer))
                                fail_msg("no vector for %s", d->own_incoming[i].action);
                for (size_t i = 0; i < OUTGOING_MAX; i++)
                        if (d->own_outgoing[i].action &&
                            !count_goldens(list, count, d->own_outgoing[i].action, answer))
                                fail_msg("no vector for %s", d->own_outgoing[i].action);
        }
}

/* A job of this kind with this status is told by this word; NULL: not at all. */
static _unused_ void check_firmware_word(const Dialect *d, bool plain, FirmwareStatus status,
                                         const char *wanted)
{
        const Outgoing *out = dialect_outgoing(d, dialect_firmware_kind(d, plain));
        FirmwareReport report = {.status = (int)dialect_firmware_word(d, plain, status),
                                 .request_id = 5};
        CodecError error = {0};
        cJSON *json = NULL;
        const char *said = NULL;

        if (report.status != FW_NONE) {
                assert_int_equal(codec_encode(out->request, &report, &json, &error), 0);
                said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "status"));
        }
        if (!str_equal(said, wanted))
                fail_msg("%s: %s is said as %s, not %s", d->name, firmware_status_to_string(status),
                         said ? said : "nothing", wanted ? wanted : "nothing");
        cJSON_Delete(json);
}

/* Each of the version's error words is understood as what it is sent for, and these are among
 * them. */
static _unused_ void check_errors(const Dialect *d, const char *const *wanted, size_t count)
{
        size_t found = 0;

        for (int code = 0; code < RPC_ERROR_MAX; code++) {
                const char *word = d->frames.errors[code];

                if (word)
                        assert_int_equal(rpc_error_from_word(word), code);
                for (size_t i = 0; i < count; i++)
                        found += str_equal(word, wanted[i]);
        }
        assert_int_equal(found, count);
}
