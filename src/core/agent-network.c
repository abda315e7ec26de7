/* Network connection profiles (B09, B10): what the CSMS sets is kept, and one is chosen for each
 * attempt at a connection. The local configuration is the profile in slot 0. */
#include "agent-private.h"

/* A connection on which nothing was said was of use all the same if it held for so long. */
#define USEFUL_AFTER (10 * USEC_PER_MIN)

/* ---- profiles by their slots ---- */

/* A00: 0 neither password nor TLS, 1 a password, 2 TLS too. */
static int local_profile(const Agent *a, NetworkProfile *ret)
{
        bool tls = startswith(a->config->url, "wss://");
        char *url = strdup(a->config->url);

        if (!url)
                return -ENOMEM;
        *ret = (NetworkProfile){
                .url = url,
                .timeout =
                        (int64_t)((a->config->message_timeout + USEC_PER_SEC - 1) / USEC_PER_SEC),
                .security = tls                        ? 2
                            : a->config->password_file ? 1
                                                       : 0,
        };
        return 0;
}

/* Owned by the caller; NULL when out of memory. */
static char *store_name(int64_t slot)
{
        return str_printf("%s%lld", STORE_NETWORK_PROFILE, (long long)slot);
}

/* 0 and *ret; -ENOENT: there is none; other negative errno. */
static int load_profile(const Agent *a, int64_t slot, NetworkProfile *ret)
{
        _cleanup_(freep) char *name = NULL, *text = NULL;
        int r;

        if (slot == NETWORK_LOCAL_SLOT)
                return local_profile(a, ret);
        name = store_name(slot);
        r = name ? store_get(a->store, name, &text) : -ENOMEM;
        if (r < 0)
                return r;
        return text ? network_profile_from_text(text, ret) : -ENOENT;
}

/* A bit a slot that there is and that is not below what worked before (A05). */
static unsigned usable_slots(const Agent *a)
{
        unsigned usable = 0;

        for (int64_t slot = 0; slot <= NETWORK_SLOT_MAX; slot++) {
                _cleanup_(network_profile_done) NetworkProfile p = {0};

                if (load_profile(a, slot, &p) == 0 && p.security >= a->network.floor)
                        usable |= 1U << slot;
        }
        return usable;
}

bool network_allows_order(const Agent *a, const char *order)
{
        int64_t slots[NETWORK_ROUND_MAX];
        int count = network_order_parse(order, slots);
        unsigned usable = usable_slots(a);

        for (int i = 0; i < count; i++)
                if (!(usable & (1U << slots[i])))
                        return false;
        return count > 0;
}

/* ---- the one for the next attempt ---- */

/* Owned by the caller; NULL when out of memory. */
static char *read_order(const Agent *a)
{
        char *order = NULL;

        return vars_read(a->vars, VAR_NETWORK_PRIORITY, VAR_OF_STATION, &order) < 0 ? NULL : order;
}

/* The one that comes after slot (NO_INT: the first of the round). The present one stays where
 * another can't be read. */
static void choose_after(Agent *a, int64_t slot)
{
        _cleanup_(freep) char *order = read_order(a);
        NetworkProfile profile;
        int64_t round[NETWORK_ROUND_MAX], next;
        int count, r;

        if (!order)
                return;
        count = network_round(order, usable_slots(a), a->network.worked_last, round);
        next = network_round_next(round, count, slot);
        a->network.failures = 0;
        r = load_profile(a, next, &profile);
        if (r < 0) {
                log_warning_errno(r, "Can't read network profile %lld", (long long)next);
                return;
        }
        network_profile_done(&a->network.profile);
        a->network.profile = profile;
        a->network.slot = next;
}

static void begin_round(Agent *a)
{
        int64_t before = a->network.slot;

        choose_after(a, NO_INT);
        if (a->network.slot != before)
                log_notice("Connecting by network profile %lld: %s", (long long)a->network.slot,
                           a->network.profile.url);
}

int network_init(Agent *a)
{
        a->network.told_slot = -1;
        return local_profile(a, &a->network.profile);
}

/* Who edits csms.url knows what he does: it comes first again. What the CSMS has set stays for it
 * to choose from. */
static int begin_anew(Agent *a)
{
        int r = vars_put(a->vars, VAR_NETWORK_PRIORITY, "0");

        if (r >= 0)
                r = store_set(a->store, STORE_NETWORK_LAST, NULL);
        if (r == 0)
                r = store_set(a->store, STORE_NETWORK_FLOOR, NULL);
        return r == 0 ? store_set(a->store, STORE_NETWORK_URL, a->config->url) : r;
}

/* A slot or a security profile, one digit. *ret stays as it is where there is none. */
static int load_digit(const Agent *a, const char *name, char most, int64_t *ret)
{
        _cleanup_(freep) char *text = NULL;
        int r = store_get(a->store, name, &text);

        if (r == 0 && text && *text >= '0' && *text <= most && !text[1])
                *ret = *text - '0';
        return r;
}

static int store_digit(const Agent *a, const char *name, int64_t n)
{
        char text[] = {(char)('0' + n), '\0'};

        return store_set(a->store, name, text);
}

int network_load(Agent *a)
{
        _cleanup_(freep) char *url = NULL;
        int r = store_get(a->store, STORE_NETWORK_URL, &url);

        if (r == 0 && url && !streq(url, a->config->url))
                r = begin_anew(a);
        if (r == 0)
                r = load_digit(a, STORE_NETWORK_LAST, '0' + NETWORK_SLOT_MAX,
                               &a->network.worked_last);
        if (r == 0)
                r = load_digit(a, STORE_NETWORK_FLOOR, '2', &a->network.floor);
        if (r < 0)
                return r;
        begin_round(a); /* B10.FR.04 */
        return 0;
}

int network_forget(Agent *a)
{
        int r = begin_anew(a);

        for (int64_t slot = 1; slot <= NETWORK_SLOT_MAX && r == 0; slot++) {
                _cleanup_(freep) char *name = store_name(slot);

                r = name ? store_set(a->store, name, NULL) : -ENOMEM;
        }
        return r;
}

void network_done(Agent *a)
{
        network_profile_done(&a->network.profile);
        free(TAKE_PTR(a->network.order));
}

/* ---- what becomes of attempts ---- */

bool network_opened(Agent *a)
{
        Network *n = &a->network;
        bool moved = n->told_slot >= 0 && n->told_slot != n->slot;

        free(n->order);
        n->order = read_order(a);
        n->told_slot = n->slot;
        n->opened = boottime_now();
        rpc_set_timeout(a->rpc, (usec_t)n->profile.timeout * USEC_PER_SEC);
        return moved;
}

/* A05: once a higher security profile has worked, there is no way back to a lower one. */
static int raise_floor(Agent *a)
{
        _cleanup_(freep) char *order = NULL, *left = NULL;
        int r = store_digit(a, STORE_NETWORK_FLOOR, a->network.profile.security);

        if (r < 0)
                return r;
        a->network.floor = a->network.profile.security;
        log_notice("Security profile %lld works: no profile below it is used any more",
                   (long long)a->network.floor);
        order = read_order(a);
        left = order ? network_order_prune(order, usable_slots(a)) : NULL;
        if (!left)
                return -ENOMEM;
        return *left ? MIN(vars_put(a->vars, VAR_NETWORK_PRIORITY, left), 0) : 0;
}

/* Of the local configuration nothing needs to be kept: it is where the station begins. */
void network_worked(Agent *a)
{
        Network *n = &a->network;
        int r = 0;

        n->worked = true;
        n->failures = 0;
        if (n->slot != n->worked_last) {
                r = store_digit(a, STORE_NETWORK_LAST, n->slot);
                if (r == 0)
                        n->worked_last = n->slot;
        }
        if (r == 0 && n->slot != NETWORK_LOCAL_SLOT && n->profile.security > n->floor)
                r = raise_floor(a);
        if (r < 0)
                agent_store_failed(a, r);
}

static unsigned attempts(const Agent *a)
{
        return (unsigned)vars_int(a->vars, VAR_NETWORK_ATTEMPTS, 1);
}

/* One that keeps the connection would keep the station from the CSMS that worked. After Rejected
 * there is no other attempt: it would have to wait for the answer's interval. */
void network_refused(Agent *a)
{
        if (a->network.slot == a->network.worked_last)
                return;
        if (a->registration == REJECTED)
                a->network.failures = attempts(a);
        link_close(a->link);
}

static void give_way(Agent *a)
{
        int64_t before = a->network.slot;

        choose_after(a, before);
        if (a->network.slot != before)
                log_warning("Network profile %lld can't be reached; going on with %lld: %s",
                            (long long)before, (long long)a->network.slot, a->network.profile.url);
}

/* B10.FR.03: as many attempts with each as NetworkProfileConnectionAttempts says. */
void network_ended(Agent *a)
{
        Network *n = &a->network;
        bool was_open = n->opened != 0;
        bool worked = n->worked || (was_open && a->registration == REGISTERED &&
                                    boottime_now() - n->opened >= USEFUL_AFTER);
        _cleanup_(freep) char *order = was_open ? read_order(a) : NULL;

        n->worked = false;
        n->opened = 0;
        if (order && n->order && !streq(order, n->order))
                begin_round(a); /* the CSMS has set another one */
        else if (worked)
                n->failures = 0;
        else if (++n->failures >= attempts(a))
                give_way(a);
}

/* ---- SetNetworkProfile ---- */

/* What is there already may be set once more. */
static bool is_as_before(const Agent *a, const NetworkRequest *q)
{
        _cleanup_(network_profile_done) NetworkProfile p = {0};

        return load_profile(a, q->slot, &p) == 0 && streq(p.url, q->url) &&
               p.timeout == q->timeout && p.security == q->security;
}

static const char *judge(const Agent *a, const NetworkRequest *q, const char **ret_reason)
{
        const Network *n = &a->network;
        NetworkMeans means = {
                .identity = a->config->identity,
                .password = a->config->password_file,
                .roots = a->config->csms_ca_file || a->config->use_system_roots ||
                         a->installed_csms_roots,
                .least_security = MAX(n->floor, n->profile.security),
        };
        const char *why = network_judge(q, &means, ret_reason);

        if (why || (q->slot != n->slot && q->slot != n->worked_last) || is_as_before(a, q))
                return why;
        *ret_reason = "InvalidConfSlot"; /* else nothing that works might be left */
        return "the slot is in use";
}

static int keep(Agent *a, const NetworkRequest *q)
{
        NetworkProfile p = {.url = q->url, .timeout = q->timeout, .security = q->security};
        _cleanup_(freep) char *name = store_name(q->slot), *text = network_profile_to_text(&p);
        int r = store_set(a->store, STORE_NETWORK_URL, a->config->url);

        if (r < 0)
                return r;
        return name && text ? store_set(a->store, name, text) : -ENOMEM;
}

void network_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        NetworkRequest q = NETWORK_REQUEST_INIT;
        NetworkAnswer answer = {.verdict = NETWORK_ACCEPTED};
        int r;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        answer.additional_info = judge(a, &q, &answer.reason_code);
        if (answer.additional_info) {
                answer.verdict = NETWORK_REJECTED;
                log_warning("Network profile %lld refused: %s", (long long)q.slot,
                            answer.additional_info);
        } else if ((r = keep(a, &q)) < 0) {
                answer.verdict = NETWORK_FAILED;
                answer.reason_code = "InternalError";
                agent_store_failed(a, r);
        } else {
                answer.reason_code = NULL;
                log_notice("The CSMS set network profile %lld: %s", (long long)q.slot, q.url);
        }
        calls_answer(a, id, incoming, &answer);
        codec_done(incoming->request, &q);
}

/* ---- variables ---- */

char *network_read_slot(const Agent *a)
{
        return str_printf("%lld", (long long)a->network.slot);
}

char *network_read_security(const Agent *a)
{
        return str_printf("%lld", (long long)a->network.profile.security);
}

char *network_read_timeout(const Agent *a)
{
        return str_printf("%lld", (long long)a->network.profile.timeout);
}
