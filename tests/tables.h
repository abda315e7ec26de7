/* Every message table of every dialect, and room for any message: for tests that try them all. */
#pragma once

#include "dialect-each.h"
#include "ocpp16/ocpp16.h"
#include "ocpp201/ocpp201.h"

typedef union AnyMessage {
        UpdateRequest update_request;
        UpdateAnswer update_answer;
        FirmwareReport firmware_report;
        LogReport log_report;
        BootReport boot_report;
        BootAnswer boot_answer;
        HeartbeatAnswer heartbeat_answer;
        ConnectorReport connector_report;
        SecurityEventReport security_event_report;
        TriggerRequest trigger_request;
        TriggerAnswer trigger_answer;
        ConfigurationRequest configuration;
        ConfigurationAnswer configuration_answer;
        ConfigurationChange configuration_change;
        ConfigurationChanged configuration_changed;
        InstallRequest install_request;
        RootsRequest roots_request;
        RootsAnswer roots_answer;
        RootId root_id;
        RootAnswer root_answer;
        NetworkRequest network_request;
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
} AnyMessage;

typedef void (*TableFunc)(const Dialect *dialect, const Table *table, void *userdata);

/* func for each table that there is; the same one may come more than once. */
static inline void for_each_table(TableFunc func, void *userdata)
{
        static const Dialect *const dialects[] = {&ocpp16, &ocpp201, &ocpp21};

        for (size_t d = 0; d < ELEMENTSOF(dialects); d++) {
                const Dialect *dialect = dialects[d];

                FOREACH_INCOMING (in, dialect)
                        if (in->request) {
                                func(dialect, in->request, userdata);
                                func(dialect, in->answer, userdata);
                        }
                for (size_t i = 0; i < OUTGOING_MAX; i++) {
                        const Outgoing *out = dialect_outgoing(dialect, i);

                        if (out->action) {
                                func(dialect, out->request, userdata);
                                func(dialect, out->answer, userdata);
                        }
                }
        }
}

/* Sets every member that the table knows to "absent". */
static inline void table_make_absent(const Table *table, AnyMessage *m)
{
        for (size_t i = 0; i < table->count; i++) {
                const Field *f = &table->fields[i];
                char *member = (char *)m + f->offset;

                switch (f->kind) {
                case FIELD_STRING:
                        memcpy(member, &(char *){NULL}, sizeof(char *));
                        break;
                case FIELD_INT:
                        memcpy(member, &(int64_t){NO_INT}, sizeof(int64_t));
                        break;
                case FIELD_TIME:
                        memcpy(member, &(usec_t){NO_TIME}, sizeof(usec_t));
                        break;
                case FIELD_BOOL:
                case FIELD_ENUM:
                        memcpy(member, &(int){-1}, sizeof(int));
                        break;
                case FIELD_LIST:
                        memcpy(member, &(List){0}, sizeof(List));
                        break;
                case FIELD_INLINE:
                        table_make_absent(f->table, m);
                        break;
                case FIELD_IGNORED:
                        break;
                }
        }
}
