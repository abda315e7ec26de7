/* The device model's addresses: finding one by its name, walking through all, and what GetReport
 * chooses. Knows no value. */
#include <strings.h>

#include "model.h"

const VariableItem variable_item_init = {
        .name = {.evse = NO_INT, .connector = NO_INT}, .attribute = -1, .status = -1};

static bool same_name(const char *a, const char *b)
{
        return a && b ? strcasecmp(a, b) == 0 : a == b;
}

/* How often there is the address. */
static int64_t places(const Model *m, const VarAddress *address)
{
        return address->scope == SCOPE_STATION ? 1 : m->evses;
}

static VarPlace place_of(const VarAddress *address, int64_t number)
{
        if (address->scope == SCOPE_STATION)
                return VAR_OF_STATION;
        return (VarPlace){number + 1, address->scope == SCOPE_EVSE ? NO_INT : MODEL_CONNECTOR};
}

static bool place_exists(const Model *m, const VarAddress *address, VarPlace place)
{
        switch (address->scope) {
        case SCOPE_STATION:
                return place.evse == NO_INT && place.connector == NO_INT;
        case SCOPE_EVSE:
                return place.evse >= 1 && place.evse <= m->evses && place.connector == NO_INT;
        case SCOPE_CONNECTOR:
                return place.evse >= 1 && place.evse <= m->evses &&
                       place.connector == MODEL_CONNECTOR;
        }
        return false;
}

VariableStatus model_find(const Model *m, const ModelName *name, const VarAddress **ret,
                          VarPlace *ret_place)
{
        VariableStatus status = VARIABLE_UNKNOWN_COMPONENT;
        VarPlace place = {name->evse, name->connector};

        for (size_t i = 0; i < m->addresses->count; i++) {
                const VarAddress *address = &m->addresses->list[i];

                if (!same_name(name->component, address->component) ||
                    !same_name(name->component_instance, address->component_instance) ||
                    !place_exists(m, address, place))
                        continue;
                status = VARIABLE_UNKNOWN_VARIABLE;
                if (!same_name(name->variable, address->variable) ||
                    !same_name(name->variable_instance, address->variable_instance))
                        continue;
                *ret = address;
                *ret_place = place;
                return VARIABLE_ACCEPTED;
        }
        return status;
}

const VarAddress *model_at(const Model *m, const ModelWalk *walk, VarPlace *ret_place)
{
        const VarAddress *address = &m->addresses->list[walk->address];

        if (walk->address >= m->addresses->count)
                return NULL;
        *ret_place = place_of(address, walk->place);
        return address;
}

void model_step(const Model *m, ModelWalk *walk)
{
        if (++walk->place < places(m, &m->addresses->list[walk->address]))
                return;
        *walk = (ModelWalk){.address = walk->address + 1};
}

/* What was left out is any. */
static bool word_fits(const char *asked, const char *word)
{
        return !asked || same_name(asked, word);
}

static bool number_fits(int64_t asked, int64_t number)
{
        return asked == NO_INT || asked == number;
}

bool model_name_fits(const ModelName *name, const VarAddress *address, VarPlace place)
{
        return word_fits(name->component, address->component) &&
               word_fits(name->component_instance, address->component_instance) &&
               word_fits(name->variable, address->variable) &&
               word_fits(name->variable_instance, address->variable_instance) &&
               number_fits(name->evse, place.evse) && number_fits(name->connector, place.connector);
}

const VarAddress *model_criterion(const Model *m, const VarAddress *address, ReportCriterion c)
{
        static const char *const variables[CRITERION_MAX] = {
                [CRITERION_ACTIVE] = "Active",
                [CRITERION_AVAILABLE] = "Available",
                [CRITERION_ENABLED] = "Enabled",
                [CRITERION_PROBLEM] = "Problem",
        };

        for (size_t i = 0; i < m->addresses->count; i++)
                if (same_name(m->addresses->list[i].component, address->component) &&
                    same_name(m->addresses->list[i].component_instance,
                              address->component_instance) &&
                    m->addresses->list[i].scope == address->scope &&
                    same_name(m->addresses->list[i].variable, variables[c]))
                        return &m->addresses->list[i];
        return NULL;
}
