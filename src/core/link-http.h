/* What of the opening handshake needs no library: the Basic header, the list of subprotocols, what
 * an HTTP answer means. Pure. Only link*.c and, for
 * the header, agent-stream.c use it. */
#pragma once

#include "link.h"

/* Bytes of user and password, and of the header that both make. */
#define LINK_USER_MAX 255
#define LINK_PASSWORD_MAX 255
#define LINK_BASIC_MAX (32 + 4 * ((LINK_USER_MAX + 1 + LINK_PASSWORD_MAX + 2) / 3))

/* Writes "Authorization: Basic …\r\n" (RFC 7617); the password's bytes go in as they are (1.6: a
 * decoded hex key may hold zeros). Its length, or -ENOBUFS. The caller erases out. */
int link_basic_header(const char *user, const void *password, size_t password_size, char *out,
                      size_t room);
/* Is name one of "ocpp2.0.1, ocpp1.6"? */
bool link_offers(const char *list, const char *name);
/* What another answer than 101 means. */
LinkEnd link_end_of_status(unsigned status);
