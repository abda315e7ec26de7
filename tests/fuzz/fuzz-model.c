/* A payload of GetVariables or GetReport (the first byte says which), and the names in it looked up
 * in every version's device model: what is found is what is meant, once, and what is not found is
 * not there. */
#include <strings.h>

#include "core/dialect.h"
#include "core/json.h"
#include "ocpp201/ocpp201.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EVSES 3

static void require(bool fine)
{
        if (!fine)
                abort();
}

static bool same(const char *a, const char *b)
{
        return a && b ? strcasecmp(a, b) == 0 : a == b;
}

static bool is_component(const ModelName *name, const VarAddress *address, VarPlace place)
{
        return same(name->component, address->component) &&
               same(name->component_instance, address->component_instance) &&
               name->evse == place.evse && name->connector == place.connector;
}

static void try_name(const Model *m, const ModelName *name)
{
        const VarAddress *found = NULL, *address;
        size_t components = 0, variables = 0;
        VarPlace found_place = {0}, place;
        VariableStatus status = model_find(m, name, &found, &found_place);

        for (ModelWalk walk = {0}; (address = model_at(m, &walk, &place)); model_step(m, &walk)) {
                bool component = is_component(name, address, place);
                bool variable = component && same(name->variable, address->variable) &&
                                same(name->variable_instance, address->variable_instance);

                components += component;
                variables += variable;
                require(!variable || (address == found && place.evse == found_place.evse &&
                                      place.connector == found_place.connector));
                require(!variable || model_name_fits(name, address, place));
        }
        require(variables == (status == VARIABLE_ACCEPTED));
        require((components > 0) == (status != VARIABLE_UNKNOWN_COMPONENT));
}

static void try_variables(const Dialect *d, const Model *m, const cJSON *json)
{
        const Table *t = dialect_find_incoming(d, "GetVariables")->request;
        VariableList list = {0};
        CodecError error;

        if (codec_decode(t, d->rules, json, &list, &error) < 0)
                return;
        for (size_t i = 0; i < list.items.count; i++)
                try_name(m, &((VariableItem *)list.items.items)[i].name);
        codec_done(t, &list);
}

/* A name that says less chooses no less. */
static void try_choice(const Model *m, const ModelName *name)
{
        ModelName component = *name;
        const VarAddress *address;
        VarPlace place;

        component.variable = component.variable_instance = NULL;
        for (ModelWalk walk = {0}; (address = model_at(m, &walk, &place)); model_step(m, &walk)) {
                if (model_name_fits(name, address, place))
                        require(model_name_fits(&component, address, place));
                for (int c = 0; c < CRITERION_MAX; c++) {
                        const VarAddress *variable =
                                model_criterion(m, address, (ReportCriterion)c);

                        require(!variable || (variable->scope == address->scope &&
                                              same(variable->component, address->component)));
                }
        }
}

static void try_report(const Dialect *d, const Model *m, const cJSON *json)
{
        const Table *t = dialect_find_incoming(d, "GetReport")->request;
        ReportRequest q = REPORT_REQUEST_INIT;
        CodecError error;

        if (codec_decode(t, d->rules, json, &q, &error) < 0)
                return;
        for (size_t i = 0; i < q.names.count; i++)
                try_choice(m, &((ModelName *)q.names.items)[i]);
        codec_done(t, &q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const Dialect *const dialects[] = {&ocpp201, &ocpp21};
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;

        if (size == 0 || json_parse((const char *)data + 1, size - 1, &json) < 0)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(dialects); i++) {
                Model m = {.addresses = dialects[i]->addresses, .evses = EVSES};

                (data[0] == 'v' ? try_variables : try_report)(dialects[i], &m, json);
        }
        return 0;
}
