/* Locks by file descriptors: the holder has the write end of a pipe, we watch the read end for its
 * end. See locks.h. */
#include <fcntl.h>
#include <unistd.h>

#include "locks.h"

typedef struct Held {
        Lock lock; /* first: a Lock handed out is a Held */
        Locks *all;
        sd_event_source *source; /* owns the descriptor */
} Held;

struct Locks {
        sd_event *event;
        void (*on_change)(void *userdata);
        void *userdata;
        Held *held[LOCKS_MAX];
        size_t count;
};

int locks_new(sd_event *event, void (*on_change)(void *userdata), void *userdata, Locks **ret)
{
        Locks *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        *l = (Locks){.event = event, .on_change = on_change, .userdata = userdata};
        *ret = l;
        return 0;
}

static void held_free(Held *h)
{
        if (!h)
                return;
        sd_event_source_disable_unref(h->source);
        free(h);
}
DEFINE_CLEANUP(Held *, held_free)

void locks_free(Locks *l)
{
        if (!l)
                return;
        for (size_t i = 0; i < l->count; i++)
                held_free(l->held[i]);
        free(l);
}

/* The last copy of the write end is closed. What a holder writes is thrown away. */
static int on_readable(sd_event_source *s _unused_, int fd, uint32_t revents _unused_,
                       void *userdata)
{
        Held *h = userdata;
        Locks *l = h->all;
        char waste[64];

        if (read(fd, waste, sizeof(waste)) > 0)
                return 0;
        for (size_t i = 0; i < l->count; i++)
                if (l->held[i] == h) {
                        l->count--;
                        memmove(&l->held[i], &l->held[i + 1], (l->count - i) * sizeof(*l->held));
                        break;
                }
        held_free(h);
        l->on_change(l->userdata);
        return 0;
}

/* Shown to people, stored line by line. */
static bool text_is_fine(const char *text, size_t room)
{
        for (const char *p = text; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return false;
        return strlen(text) < room;
}

static int watch(Held *h, int fd)
{
        int r = sd_event_add_io(h->all->event, &h->source, fd, EPOLLIN, on_readable, h);

        if (r >= 0)
                r = sd_event_source_set_io_fd_own(h->source, true);
        if (r < 0)
                close(fd);
        return MIN(r, 0);
}

int locks_take(Locks *l, const char *who, const char *why, uint32_t connector, int *ret_fd)
{
        _cleanup_(held_freep) Held *h = NULL;
        int fds[2], r;

        if (!*who || !text_is_fine(who, LOCK_WHO_MAX) || !text_is_fine(why, LOCK_WHY_MAX))
                return -EINVAL;
        if (l->count == LOCKS_MAX)
                return -ENOSPC;
        h = calloc(1, sizeof(*h));
        if (!h)
                return -ENOMEM;
        h->all = l;
        h->lock.connector = connector;
        memcpy(h->lock.who, who, strlen(who) + 1);
        memcpy(h->lock.why, why, strlen(why) + 1);
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        r = watch(h, fds[0]);
        if (r < 0) {
                close(fds[1]);
                return r;
        }
        l->held[l->count++] = TAKE_PTR(h);
        *ret_fd = fds[1];
        l->on_change(l->userdata);
        return 0;
}

const Lock *locks_get(const Locks *l, size_t n)
{
        return n < l->count ? &l->held[n]->lock : NULL;
}
