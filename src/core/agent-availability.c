/* Which connectors are there to be used, and who is told: ChangeAvailability (G03, G04; 1.6:
 * C16 5.2), kept over restarts, and StatusNotification (G01). Rules: "Reset and availability" in
 * docs/behaviour.md. */
#include <stdio.h>

#include "agent-private.h"

/* "12.1 " */
#define WORD_MAX 16

/* What ChangeAvailability sets. */
#define INOPERATIVE_BITS (CONNECTOR_INOPERATIVE | CONNECTOR_INNER_INOPERATIVE)

/* What the whole station is, each of its connectors is; so while an update waits for the sessions.
 */
bool availability_is_unavailable(const Agent *a, int64_t connector)
{
        return a->draining || a->connectors[0] & CONNECTOR_INOPERATIVE ||
               a->connectors[connector] & INOPERATIVE_BITS;
}

/* ---- told ---- */

void availability_tell_all(Agent *a, bool asked)
{
        for (int64_t i = 0; i <= a->config->connectors; i++)
                a->connectors[i] |= asked ? CONNECTOR_DUE | CONNECTOR_ASKED : CONNECTOR_DUE;
}

void availability_changed(Agent *a)
{
        for (int64_t i = 0; i <= a->config->connectors; i++)
                if (availability_is_unavailable(a, i) !=
                    !!(a->connectors[i] & CONNECTOR_TOLD_UNAVAILABLE))
                        a->connectors[i] |= CONNECTOR_DUE;
        session_kick(a);
}

void availability_opened(Agent *a)
{
        for (int64_t i = 0; i <= a->config->connectors; i++)
                if (a->connectors[i] & CONNECTOR_ASKED && a->registration != REGISTERED)
                        a->connectors[i] &= (uint8_t) ~(CONNECTOR_DUE | CONNECTOR_ASKED);
                else
                        a->connectors[i] &= (uint8_t)~CONNECTOR_ASKED;
}

void availability_not_answered(Agent *a, int64_t connector)
{
        a->connectors[connector] |= CONNECTOR_DUE;
}

int availability_tell(Agent *a, int64_t connector)
{
        bool unavailable = availability_is_unavailable(a, connector);
        ConnectorReport report = {.timestamp = clock_csms_now(a),
                                  .connector = connector,
                                  .connector_of_evse = 1,
                                  .status = unavailable ? CONNECTOR_UNAVAILABLE
                                                        : CONNECTOR_AVAILABLE};

        a->connectors[connector] &=
                (uint8_t) ~(CONNECTOR_DUE | CONNECTOR_ASKED | CONNECTOR_TOLD_UNAVAILABLE);
        if (unavailable)
                a->connectors[connector] |= CONNECTOR_TOLD_UNAVAILABLE;
        return session_call(a, OUT_STATUS, &report, &(InFlight){.connector = connector});
}

/* A connector with a session is not the agent's to speak for; it stays due. */
int availability_send_next(Agent *a)
{
        uint8_t wanted = a->registration == REGISTERED ? CONNECTOR_DUE
                         : a->registration == PENDING  ? CONNECTOR_ASKED
                                                       : 0;

        for (int64_t i = 0; i <= a->config->connectors; i++) {
                if (!(a->connectors[i] & wanted))
                        continue;
                a->connectors[i] &= (uint8_t)~CONNECTOR_ASKED;
                if ((i > 0 || a->dialect->connector_zero) && !hold_has_session(a, i))
                        return availability_tell(a, i), 1;
        }
        return 0;
}

/* 2.x: each EVSE has one connector. */
bool availability_exists(const Agent *a, int64_t connector, int64_t connector_of_evse)
{
        return connector >= (a->dialect->connector_zero ? 0 : 1) &&
               connector <= a->config->connectors &&
               (connector_of_evse == NO_INT || connector_of_evse == 1);
}

/* ---- changed ---- */

/* "0 2 3.1": the station, the EVSE 2, the connector of the EVSE 3. NULL and 0: none is inoperative.
 */
static int to_text(const Agent *a, const uint8_t *connectors, char **ret)
{
        size_t room = (size_t)(a->config->connectors + 1) * 2 * WORD_MAX, n = 0;
        char *text = calloc(1, room);

        if (!text)
                return -ENOMEM;
        for (int64_t i = 0; i <= a->config->connectors; i++) {
                if (connectors[i] & CONNECTOR_INOPERATIVE)
                        n += (size_t)snprintf(text + n, room - n, "%lld ", (long long)i);
                if (connectors[i] & CONNECTOR_INNER_INOPERATIVE)
                        n += (size_t)snprintf(text + n, room - n, "%lld.1 ", (long long)i);
        }
        if (n == 0)
                free(TAKE_PTR(text));
        else
                text[n - 1] = '\0';
        *ret = text;
        return 0;
}

char *availability_text(const Agent *a)
{
        char *text = NULL;

        return a->connectors && to_text(a, a->connectors, &text) == 0 ? text : NULL;
}

static void from_text(Agent *a, const char *text)
{
        char *end;

        for (;; text = end) {
                long i = strtol(text, &end, 10);
                bool inner = end[0] == '.';

                if (end == text)
                        return;
                if (i >= 0 && i <= a->config->connectors)
                        a->connectors[i] |=
                                inner ? CONNECTOR_INNER_INOPERATIVE : CONNECTOR_INOPERATIVE;
                end += inner ? 2 : 0;
        }
}

/* In 1.6 connector 0 stands for all (C16 5.2), so what is set for it is what each one is from then
 * on, until that one is set by itself. */
static void set_in_16(const Agent *a, uint8_t *connectors, int64_t connector, bool inoperative)
{
        int64_t last = a->config->connectors;

        if (connector == 0) {
                for (int64_t i = 0; i <= last; i++)
                        connectors[i] &= (uint8_t)~INOPERATIVE_BITS;
        } else if (!inoperative && connectors[0] & CONNECTOR_INOPERATIVE) {
                connectors[0] &= (uint8_t)~CONNECTOR_INOPERATIVE;
                for (int64_t i = 1; i <= last; i++)
                        connectors[i] |= CONNECTOR_INOPERATIVE;
        }
        connectors[connector] &= (uint8_t)~INOPERATIVE_BITS;
        connectors[connector] |= inoperative ? CONNECTOR_INOPERATIVE : 0;
}

/* In 2.x each level is by itself: the station, EVSE, connector (G03, G04). */
static void set_in_2(uint8_t *connectors, const AvailabilityRequest *q, bool inoperative)
{
        int64_t connector = q->connector == NO_INT ? 0 : q->connector;
        uint8_t bit = q->connector_of_evse == NO_INT ? CONNECTOR_INOPERATIVE
                                                     : CONNECTOR_INNER_INOPERATIVE;

        connectors[connector] &= (uint8_t)~bit;
        connectors[connector] |= inoperative ? bit : 0;
}

/* Stored before it is so. 0 or negative errno, logged. */
static int change(Agent *a, const AvailabilityRequest *q)
{
        size_t size = (size_t)a->config->connectors + 1;
        _cleanup_(freep) char *text = NULL;
        _cleanup_(freep) uint8_t *wanted = malloc(size);
        int r;

        if (!wanted)
                return log_error_errno(-ENOMEM, "Can't change the availability");
        memcpy(wanted, a->connectors, size);
        if (a->dialect->connector_zero)
                set_in_16(a, wanted, q->connector, q->operational == INOPERATIVE);
        else
                set_in_2(wanted, q, q->operational == INOPERATIVE);
        r = to_text(a, wanted, &text);
        if (r == 0)
                r = store_set(a->store, STORE_INOPERATIVE, text);
        if (r < 0)
                return log_error_errno(r, "Can't store the availability in %s",
                                       a->config->state_directory);
        memcpy(a->connectors, wanted, size);
        show_update(a);
        return 0;
}

/* A charging session at what the request is about. */
static bool is_in_use(const Agent *a, const AvailabilityRequest *q)
{
        if (q->connector != NO_INT && q->connector != 0)
                return hold_has_session(a, q->connector);
        for (int64_t i = 1; i <= a->config->connectors; i++)
                if (hold_has_session(a, i))
                        return true;
        return false;
}

/* Answered first, then told. */
void availability_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        AvailabilityRequest q = {.connector = NO_INT, .connector_of_evse = NO_INT};
        OrderAnswer answer = {.verdict = ORDER_REJECTED};

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        if (q.connector != NO_INT && !availability_exists(a, q.connector, q.connector_of_evse))
                answer.reason_code = availability_exists(a, q.connector, NO_INT)
                                             ? "UnknownConnectorId"
                                             : "UnknownEvse";
        else if (change(a, &q) < 0)
                answer.reason_code = "InternalError";
        else
                answer.verdict = q.operational == INOPERATIVE && is_in_use(a, &q) ? ORDER_SCHEDULED
                                                                                  : ORDER_ACCEPTED;
        calls_answer(a, id, incoming, &answer);
        availability_changed(a);
}

/* F05: the agent has no hand on the lock. */
void availability_handle_unlock(Agent *a, const char *id, const Incoming *incoming,
                                const cJSON *payload)
{
        UnlockRequest q = {.connector = NO_INT, .connector_of_evse = NO_INT};
        UnlockAnswer answer = {.verdict = UNLOCK_FAILED};

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        if (!availability_exists(a, q.connector, q.connector_of_evse))
                answer.verdict = UNLOCK_UNKNOWN;
        else if (hold_has_session(a, q.connector))
                answer.verdict = UNLOCK_IN_SESSION;
        calls_answer(a, id, incoming, &answer);
}

/* ---- begin and end ---- */

int availability_init(Agent *a)
{
        _cleanup_(freep) char *text = NULL;
        int r;

        a->connectors = calloc((size_t)a->config->connectors + 1, 1);
        if (!a->connectors)
                return log_error_errno(-ENOMEM, "Can't make the connectors");
        r = store_get(a->store, STORE_INOPERATIVE, &text);
        if (r < 0)
                return log_error_errno(r, "Can't read the store in %s", a->config->state_directory);
        from_text(a, strempty(text));
        return 0;
}

void availability_done(Agent *a)
{
        free(TAKE_PTR(a->connectors));
}
