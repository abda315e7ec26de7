/* See hangup.h. An epoll of its own on the same sockets, for the one event that libuv can't tell
 * without telling of each byte, too. */
#include "hangup.h"
#include <sys/epoll.h>

/* Told at a time. */
#define EVENTS_MAX 64

static void on_readable(uv_poll_t *poll, int status _unused_, int events _unused_)
{
        const Hangups *hangups = poll->data;
        struct epoll_event found[EVENTS_MAX];
        int n = epoll_wait(hangups->epoll_fd, found, EVENTS_MAX, 0);
        for (int i = 0; i < n; i++)
                hangups->tell(found[i].data.ptr);
}

int hangups_open(Hangups *hangups, uv_loop_t *loop, void (*tell)(void *userdata))
{
        hangups->tell = tell;
        hangups->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (hangups->epoll_fd < 0)
                return -errno;
        hangups->poll.data = hangups;
        int r = uv_poll_init(loop, &hangups->poll, hangups->epoll_fd);
        if (r < 0)
                closep(&hangups->epoll_fd);
        else
                r = uv_poll_start(&hangups->poll, UV_READABLE, on_readable);
        return r;
}

static void on_closed(uv_handle_t *poll)
{
        Hangups *hangups = poll->data;
        closep(&hangups->epoll_fd);
}

void hangups_close(Hangups *hangups)
{
        if (hangups->epoll_fd >= 0)
                uv_close((uv_handle_t *)&hangups->poll, on_closed);
}

void hangups_watch(const Hangups *hangups, int fd, void *userdata)
{
        struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = userdata};
        (void)epoll_ctl(hangups->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

void hangups_forget(const Hangups *hangups, int fd)
{
        (void)epoll_ctl(hangups->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}
