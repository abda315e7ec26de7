/* What downloads and uploads have in common: how a server is spoken to, how often it is tried, and
 * how long it is left alone in between. */
#include "agent-private.h"

/* Of what a request or a server may say. */
#define RETRIES_MAX 100
#define REST_MAX_SECONDS INT64_C(86400)

TransferWay way_of(const Agent *a, uint64_t rate_bytes)
{
        const Config *c = a->config;

        return (TransferWay){.protocols = (const char *const *)c->transfer_protocols,
                             .stall_timeout_usec = c->stall_timeout,
                             .timeout_usec = c->transfer_timeout,
                             .rate_bytes = rate_bytes,
                             .ca_file = c->transfer_ca_file,
                             .csms_ca_file = c->csms_ca_file,
                             .installed_ca_file = a->installed_csms_roots,
                             .client_cert_file = c->transfer_client_cert,
                             .client_key = c->transfer_client_key,
                             .credentials_file = c->transfer_credentials,
                             .proxy = c->transfer_proxy};
}

bool way_may_be_tried_again(int64_t failed, int64_t asked, int64_t configured)
{
        int64_t retries = asked == NO_INT ? configured : asked;

        return failed <= MIN(retries, (int64_t)RETRIES_MAX);
}

usec_t way_rest(int64_t asked_seconds, usec_t configured, uint64_t server_seconds)
{
        usec_t own = asked_seconds == NO_INT
                             ? configured
                             : (usec_t)MIN(MAX(asked_seconds, INT64_C(0)), REST_MAX_SECONDS) *
                                       USEC_PER_SEC;
        usec_t server = MIN(server_seconds, (uint64_t)REST_MAX_SECONDS) * USEC_PER_SEC;

        return MAX(own, server);
}
