/* The calls about faults: which are on, one for a station, one for many, and their end. */
#include "api.h"
#include "fault-rules.h"

static void list_faults(const ApiCall *call)
{
        exchange_reply_json(call->x, 200, fault_rules_describe(call->service->csms));
}

/* Whether it is on, or why not: then the call is answered. */
static bool is_done(const ApiCall *call, int r)
{
        if (r == -ENOSPC)
                exchange_problem(call->x, 409, "There are too many faults already.");
        else if (r < 0)
                api_out_of_memory(call->x);
        return r >= 0;
}

static const char *objection(const ApiCall *call, const Fault *fault)
{
        if (fault->kind == FAULT_EXPIREDTLS && !call->service->has_expired_tls)
                return "mock-csms was started without --tls-expired-cert.";
        return answer_fault_objection(fault);
}

static void post_faults(const ApiCall *call)
{
        FaultTarget target;
        Fault fault;
        FaultError error;
        const FaultRule *rule;
        int r = fault_target_from_json(call->body, &target, &fault, &error);
        if (r == -ENOMEM) {
                api_out_of_memory(call->x);
                return;
        }
        const char *sentence = r < 0 ? error.text : objection(call, &fault);
        if (sentence) {
                if (r == 0)
                        fault_target_done(&target);
                exchange_problem(call->x, 400, sentence);
                return;
        }
        if (!is_done(call, fault_rules_add(call->service->csms, &target, &fault, &rule)))
                return;
        if (rule)
                exchange_reply_json(call->x, 201,
                                    fault_rule_describe(call->service->csms, rule, true));
        else
                exchange_reply(call->x, 204, NULL, NULL);
}

static void post_fault(const ApiCall *call)
{
        Fault fault;
        FaultError error;
        const char *sentence = fault_from_json(call->body, NULL, &fault, &error) < 0
                                       ? error.text
                                       : objection(call, &fault);
        if (!sentence && call->station && fault_place(fault.kind) == FAULT_OF_SERVER)
                sentence = "TLS begins before a station has said who it is: this fault is for all.";
        if (sentence) {
                exchange_problem(call->x, 400, sentence);
                return;
        }
        int r = call->station ? station_set_fault(call->station, &fault)
                              : csms_set_fault(call->service->csms, &fault);
        if (is_done(call, r))
                exchange_reply(call->x, 204, NULL, NULL);
}

/* The fault that the path names; 0: there is none, and the call is answered. */
static int64_t find_id(const ApiCall *call)
{
        char *end;
        const char *text = call->params[0];
        errno = 0;
        long long id = strtoll(text, &end, 10);
        if (errno == 0 && *text >= '0' && *text <= '9' && !*end &&
            fault_rules_find(call->service->csms, id))
                return id;
        exchange_problem(call->x, 404, "There is no fault of this number; it may be over.");
        return 0;
}

static void get_fault(const ApiCall *call)
{
        int64_t id = find_id(call);
        if (id)
                exchange_reply_json(call->x, 200,
                                    fault_rule_describe(call->service->csms,
                                                        fault_rules_find(call->service->csms, id),
                                                        true));
}

static void delete_fault(const ApiCall *call)
{
        int64_t id = find_id(call);
        if (id && fault_rules_remove(call->service->csms, id))
                exchange_reply(call->x, 204, NULL, NULL);
}

static void delete_faults(const ApiCall *call)
{
        fault_rules_clear(call->service->csms);
        exchange_reply(call->x, 204, NULL, NULL);
}

/* clang-format off */
const Route api_fault_routes[] = {
        { HTTP_GET,    "/api/faults",              "listFaults",   ROLE_READ,     0,                                list_faults   },
        { HTTP_POST,   "/api/faults",              "addFault",     ROLE_OPERATOR, API_JSON,                         post_faults   },
        { HTTP_DELETE, "/api/faults",              "deleteFaults", ROLE_OPERATOR, 0,                                delete_faults },
        { HTTP_GET,    "/api/faults/{fault}",      "getFault",     ROLE_READ,     0,                                get_fault     },
        { HTTP_DELETE, "/api/faults/{fault}",      "deleteFault",  ROLE_OPERATOR, 0,                                delete_fault  },
        { HTTP_POST,   "/api/stations/{id}/fault", "setFault",     ROLE_OPERATOR, API_STATION | API_ALL | API_JSON, post_fault    },
        { 0 },
};
/* clang-format on */
