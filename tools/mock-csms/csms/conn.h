/* One WebSocket of a station, as seen by those who know no libwebsockets. */
#pragma once

#include "util.h"

typedef struct Conn Conn;

/* WebSocket close codes (RFC 6455 7.4.1). */
enum { CLOSE_GOING_AWAY = 1001, CLOSE_POLICY = 1008, CLOSE_TOO_BIG = 1009, CLOSE_ERROR = 1011 };

/* Puts one frame into the queue of what goes out. 0; -ENOBUFS: the peer doesn't read, the queue is
 * full and the connection is being closed; -ENOTCONN: it is being closed; -ENOMEM. */
int conn_send(Conn *conn, const char *data, size_t size, bool binary);
/* Closes when what is queued has gone out (or soon, if the peer doesn't read). Frees nothing: the
 * station hears of it by csms_leave(). */
void conn_close(Conn *conn, unsigned code);
