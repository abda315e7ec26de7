/* GetVariables and SetVariables of 2.x (B05, B06): each variable is judged by itself, and answered
 * under the name that the CSMS gave it. */
#include "agent-private.h"
#include "config-value.h"

Model variables_model(const Agent *a)
{
        return (Model){.addresses = a->dialect->addresses, .evses = a->config->connectors};
}

bool variables_too_long(Agent *a, const char *id, const Incoming *incoming, VarId limit)
{
        if ((int64_t)a->frame_bytes <= vars_int(a->vars, limit, INT32_MAX))
                return false;
        log_warning("%s refused: %zu bytes are too many", incoming->action, a->frame_bytes);
        rpc_refuse(a->rpc, id, RPC_FORMAT_VIOLATION, "more bytes than BytesPerMessage allows");
        return true;
}

/* Part 2 appendix 5 has the reasons' words. */
static void reject(VariableItem *item, const char *reason)
{
        item->status = VARIABLE_REJECTED;
        item->reason = strdup(reason);
}

/* 0 and what is meant; -ENOENT: the item says why there is no such thing. */
static int find(const Agent *a, VariableItem *item, const VarAddress **ret, VarPlace *ret_place)
{
        Model model = variables_model(a);

        item->status = (int)model_find(&model, &item->name, ret, ret_place);
        if (item->status == VARIABLE_ACCEPTED && item->attribute > ATTRIBUTE_ACTUAL)
                item->status = VARIABLE_NOT_SUPPORTED_ATTRIBUTE;
        return item->status == VARIABLE_ACCEPTED ? 0 : -ENOENT;
}

static void get_one(Agent *a, VariableItem *item)
{
        const VarAddress *address;
        VarPlace place;
        int r;

        if (find(a, item, &address, &place) < 0)
                return;
        if (var_rules[address->var].access == VAR_WRITE_ONLY) {
                reject(item, "WriteOnly"); /* B06.FR.09 */
                return;
        }
        r = vars_read(a->vars, address->var, place, &item->value);
        if (r < 0)
                reject(item, r == -ENODATA ? "MissingDevModelInfo" : "OutOfMemory");
}

static const char *bad_value(VarId id, const char *value)
{
        int64_t n;

        return var_rules[id].type == VAR_INTEGER && value_parse_int(value, &n) == 0
                       ? "ValueOutOfRange"
                       : "InvalidValue";
}

static void set_one(Agent *a, VariableItem *item)
{
        const VarAddress *address;
        VarPlace place;
        int r;

        if (find(a, item, &address, &place) < 0)
                return;
        r = vars_set(a->vars, address->var, item->value);
        if (r < 0) {
                agent_store_failed(a, r);
                reject(item, "InternalError");
                return;
        }
        switch ((VarVerdict)r) {
        case VAR_SET:
                break;
        case VAR_SET_LATER:
                item->status = VARIABLE_REBOOT_REQUIRED;
                break;
        case VAR_BAD_VALUE:
                reject(item, bad_value(address->var, item->value));
                break;
        case VAR_NOT_TO_SET:
                reject(item, "ReadOnly"); /* B05.FR.09 */
                break;
        }
}

/* Frees what the request had, and what was added for the answer. */
static void items_done(const Incoming *incoming, VariableList *list)
{
        VariableItem *items = list->items.items;

        for (size_t i = 0; i < list->items.count; i++) {
                free(TAKE_PTR(items[i].value));
                free(TAKE_PTR(items[i].reason));
        }
        codec_done(incoming->request, list);
}

void variables_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        bool set = incoming->kind == IN_SET_VARIABLES;
        VariableList list = {0};
        VariableItem *items;

        if (variables_too_long(a, id, incoming,
                               set ? VAR_BYTES_SET_VARIABLES : VAR_BYTES_GET_VARIABLES) ||
            calls_decode(a, id, incoming, payload, &list) < 0)
                return;
        items = list.items.items;
        for (size_t i = 0; i < list.items.count; i++)
                (set ? set_one : get_one)(a, &items[i]);
        calls_answer(a, id, incoming, &list);
        items_done(incoming, &list);
}
