/* Network connection profiles (B09, B10): what the CSMS may set, how one is kept as a text, and in
 * which order they are tried. Pure: the agent stores them and connects by them. */
#pragma once

#include "messages.h"

/* The local configuration's; the CSMS can't set it, so that there is always a way back. */
#define NETWORK_LOCAL_SLOT 0
/* Slots that the CSMS can set: 1 to this. */
#define NETWORK_SLOT_MAX 8
/* The most slots that a round may have. */
#define NETWORK_ROUND_MAX (NETWORK_SLOT_MAX + 1)
/* The longest time-out, in seconds: with the attempts that VAR_NETWORK_ATTEMPTS allows it is how
 * long a profile that does not answer can keep the station from the next one. */
#define NETWORK_TIMEOUT_MAX 3600

/* Where to connect to, and how. */
typedef struct NetworkProfile {
        char *url;        /* ws:// or wss://, without the identity; owned */
        int64_t timeout;  /* seconds that an answer is waited for */
        int64_t security; /* security profile (A00): 0 neither password nor TLS, 1 a password, 2 TLS
                           */
} NetworkProfile;
/* Frees what it owns and empties it. */
void network_profile_done(NetworkProfile *p);

/* What the station has to connect with. */
typedef struct NetworkMeans {
        const char *identity;
        bool password, roots;   /* a password for Basic auth; roots to check a CSMS by */
        int64_t least_security; /* no profile below this one (A05) */
} NetworkMeans;

/* May the CSMS set this? NULL: yes; else a sentence for people why not, and *ret_reason the reason
 * code (appendix 5), both static. Whether the slot is in use is not looked at. */
const char *network_judge(const NetworkRequest *q, const NetworkMeans *means,
                          const char **ret_reason);
/* "2 30 wss://…", owned by the caller; NULL when out of memory. */
char *network_profile_to_text(const NetworkProfile *p);
/* 0 and *ret; -EINVAL: no such text; -ENOMEM. A time-out that is too long is cut: the limit was a
 * day once. */
int network_profile_from_text(const char *text, NetworkProfile *ret);

/* url + "/" + identity, percent-encoded (J16 3.1.1). Owned by the caller; NULL when out of memory.
 */
char *network_station_url(const char *url, const char *identity);

/* NetworkConfigurationPriority ("1,0") as slots. Their number, at least one; -EINVAL: an element is
 * no number of a slot. */
int network_order_parse(const char *text, int64_t ret[static NETWORK_ROUND_MAX]);
/* What is left of it without the slots that are not in usable (a bit a slot). Owned by the caller;
 * NULL when out of memory. */
char *network_order_prune(const char *text, unsigned usable);
/* One round (B10.FR.03, .07): the order's slots as far as they can be used, then the one that
 * worked last, if it is none of them. Never empty: of nothing the local one is left. Their number.
 */
int network_round(const char *order, unsigned usable, int64_t worked_last,
                  int64_t ret[static NETWORK_ROUND_MAX]);
/* The one after this slot; of the last, or of one that is not in the round, the first. */
int64_t network_round_next(const int64_t *round, int count, int64_t slot);
