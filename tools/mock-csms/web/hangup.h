/* Who has hung up, of clients whose answer takes long. lws reads nothing while a request is being
 * answered: it would not learn of such an end, and be woken by it over and over. Knows no HTTP. */
#pragma once

#include "util.h"
#include <uv.h>

typedef struct Hangups {
        int epoll_fd;
        uv_poll_t poll;
        void (*tell)(void *userdata);
} Hangups;

/* tell() is called from the loop with the userdata of hangups_watch(), once each. 0, negative
 * errno; hangups_close() then frees nothing. */
int hangups_open(Hangups *hangups, uv_loop_t *loop, void (*tell)(void *userdata));
/* Closed when the loop has gone on. Forgetting is possible until the end. */
void hangups_close(Hangups *hangups);
/* The socket of a connection. Where there is no memory for it, nobody is told. */
void hangups_watch(const Hangups *hangups, int fd, void *userdata);
/* Also of one that is not watched; before it is closed. */
void hangups_forget(const Hangups *hangups, int fd);
