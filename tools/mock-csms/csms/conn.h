/* One WebSocket of a station, as seen by those who know no libwebsockets. */
#pragma once

#include "util.h"

typedef struct Conn Conn;

/* WebSocket close codes (RFC 6455 7.4.1). */
enum { CLOSE_GOING_AWAY = 1001, CLOSE_POLICY = 1008, CLOSE_TOO_BIG = 1009, CLOSE_ERROR = 1011 };

/* Puts one frame into the queue of what goes out. 0; -ENOBUFS: the peer doesn't read, the queue is
 * full and the connection is being closed; -ENOTCONN: it is being closed; -ENOMEM. */
int conn_send(Conn *conn, const char *data, size_t size, bool binary);
/* From now on so many bytes a second are read, on the average; 0: nothing, and what is sent is
 * thrown away, too, as if a cable were cut; CONN_NO_LIMIT: as usual. */
#define CONN_NO_LIMIT (-1)
void conn_read_at(Conn *conn, int64_t bytes_per_second);
/* Closes when what is queued has gone out (or soon, if the peer doesn't read). Frees nothing: the
 * station hears of it by csms_leave(). */
void conn_close(Conn *conn, unsigned code);
