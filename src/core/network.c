/* Network connection profiles: see network.h. */
#include <stdio.h>

#include "link-url.h"
#include "network.h"

void network_profile_done(NetworkProfile *p)
{
        free(p->url);
        *p = (NetworkProfile){0};
}

char *network_station_url(const char *url, const char *identity)
{
        static const char plain[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
        size_t n = strlen(url);
        char *whole = malloc(n + 2 + 3 * strlen(identity)), *to = whole;

        if (!whole)
                return NULL;
        to = stpcpy(to, url);
        if (n > 0 && to[-1] != '/')
                *to++ = '/';
        for (const char *p = identity; *p; p++)
                if (strchr(plain, *p))
                        *to++ = *p;
                else
                        to += sprintf(to, "%%%02X", (unsigned char)*p);
        *to = '\0';
        return whole;
}

/* ---- judging ---- */

/* By itself, and with the identity behind it, as it will be used. */
static bool read_url(const char *url, const char *identity, LinkUrl *ret)
{
        _cleanup_(freep) char *whole = network_station_url(url, identity);

        return whole && !strchr(url, '?') && link_url_parse(url, ret) == 0 &&
               link_url_parse(whole, ret) == 0;
}

/* A00: 0 and 1 are in the clear, 2 is TLS; 3 needs a certificate of the station's. */
static const char *judge_security(const NetworkRequest *q, const NetworkMeans *means, bool tls,
                                  const char **ret_reason)
{
        *ret_reason = "InvalidNetworkConf";
        if (q->security < 0 || q->security > 2)
                return "the security profiles of this station are 0, 1 and 2";
        if (tls != (q->security == 2))
                return "the security profile does not go with the scheme of the URL";
        if (q->security == 1 && !means->password)
                return "the station has no password, which security profile 1 needs";
        if (q->security == 2 && !means->roots)
                return "the station has no roots for a CSMS, which security profile 2 needs";
        if (q->security < means->least_security) { /* B09.FR.04 */
                *ret_reason = "NoSecurityDowngrade";
                return "the security profile is lower than the one in use";
        }
        return NULL;
}

const char *network_judge(const NetworkRequest *q, const NetworkMeans *means,
                          const char **ret_reason)
{
        LinkUrl url;

        *ret_reason = "InvalidConfSlot";
        if (q->slot == NETWORK_LOCAL_SLOT)
                return "slot 0 is the station's own configuration";
        if (q->slot < 0 || q->slot > NETWORK_SLOT_MAX)
                return "the slots of this station are 1 to 8";
        *ret_reason = "UnsupportedParam";
        if (q->transport != TRANSPORT_JSON)
                return "the station speaks OCPP over JSON alone";
        if (q->apn || q->vpn)
                return "the station can't set up an APN or a VPN";
        if (q->password || (q->identity && !streq(q->identity, means->identity)))
                return "the station has the same identity and password in every profile";
        *ret_reason = "InvalidURL";
        if (!read_url(q->url, means->identity, &url))
                return "expected a ws:// or wss:// URL without user, query and fragment";
        *ret_reason = "ValueOutOfRange";
        if (q->timeout < 1 || q->timeout > NETWORK_TIMEOUT_MAX)
                return "messageTimeout must be from 1 to 3600";
        return judge_security(q, means, url.secure, ret_reason);
}

/* ---- keeping ---- */

char *network_profile_to_text(const NetworkProfile *p)
{
        return str_printf("%lld %lld %s", (long long)p->security, (long long)p->timeout, p->url);
}

int network_profile_from_text(const char *text, NetworkProfile *ret)
{
        NetworkProfile p = {0};
        LinkUrl url;
        int at = 0;
        long long security, timeout;

        if (sscanf(text, "%1lld %6lld %n", &security, &timeout, &at) != 2 || at == 0 ||
            security < 0 || security > 2 || timeout < 1 || link_url_parse(text + at, &url) < 0 ||
            url.secure != (security == 2))
                return -EINVAL;
        p.url = strdup(text + at);
        if (!p.url)
                return -ENOMEM;
        p.security = security;
        p.timeout = MIN(timeout, NETWORK_TIMEOUT_MAX);
        *ret = p;
        return 0;
}

/* ---- the order ---- */

int network_order_parse(const char *text, int64_t ret[static NETWORK_ROUND_MAX])
{
        int count = 0;

        while (true) {
                if (count == NETWORK_ROUND_MAX || *text < '0' || *text > '0' + NETWORK_SLOT_MAX)
                        return -EINVAL;
                ret[count++] = *text++ - '0';
                if (!*text)
                        return count;
                if (*text++ != ',')
                        return -EINVAL;
        }
}
_Static_assert(NETWORK_SLOT_MAX <= 9, "a slot is one digit");

char *network_order_prune(const char *text, unsigned usable)
{
        int64_t slots[NETWORK_ROUND_MAX];
        int count = network_order_parse(text, slots);
        char left[2 * NETWORK_ROUND_MAX + 1] = "", *end = left;

        for (int i = 0; i < count; i++)
                if (usable & (1U << slots[i])) {
                        if (end > left)
                                *end++ = ',';
                        *end++ = (char)('0' + slots[i]);
                }
        return strdup(left);
}

int network_round(const char *order, unsigned usable, int64_t worked_last,
                  int64_t ret[static NETWORK_ROUND_MAX])
{
        int64_t slots[NETWORK_ROUND_MAX];
        int listed = network_order_parse(order, slots), count = 0;
        unsigned taken = 0;

        for (int i = 0; i < listed; i++)
                if (usable & ~taken & (1U << slots[i])) {
                        taken |= 1U << slots[i];
                        ret[count++] = slots[i];
                }
        if (usable & ~taken & (1U << worked_last))
                ret[count++] = worked_last;
        if (count == 0)
                ret[count++] = NETWORK_LOCAL_SLOT;
        return count;
}

int64_t network_round_next(const int64_t *round, int count, int64_t slot)
{
        for (int i = 0; i < count; i++)
                if (round[i] == slot)
                        return round[(i + 1) % count];
        return round[0];
}
