/* Asks access.h about a request as lws has it, and logs wrong tokens. */
#pragma once

#include "access.h"
#include "web.h"

/* What the request may. path is the one of the request: REST calls need a token or to come from
 * this machine, of uploads those from pages of other hosts are refused; all else is for everybody.
 */
Access guard_request(struct lws *wsi, const HttpRequest *request);
