/* The virtual clock. What is due in the world and what the agent waits for stand in two small
 * lists; the earliest of both comes next, and the clock moves to it. The agent's side are
 * libsystemd's sd_event_*(), as far as core uses them, with their contracts. */
#include <poll.h>
#include <stdarg.h>
#include <unistd.h>

#include "sim.h"

#define TODOS_MAX 128
#define SOURCES_MAX 64
/* Dispatches without the clock moving, after which the agent counts as spinning. */
#define UNMOVED_MAX 2000

/* libsystemd's names for it are opaque: this is what they are here. */
struct sd_event_source {
        bool used, enabled, idle;
        enum { SOURCE_TIME, SOURCE_DEFER, SOURCE_IO } kind;
        usec_t at; /* in the agent's boot time */
        uint64_t order;
        int fd;
        bool owns_fd, may_be_ready;
        sd_event_time_handler_t on_time;
        sd_event_handler_t on_defer;
        sd_event_io_handler_t on_io;
        void *userdata;
};

typedef struct Item {
        usec_t at;
        uint64_t order;
        Owner owner;
        Todo function;
        void *arg;
        uint64_t n;
} Item;

static Item todos[TODOS_MAX];
static size_t todo_count;
static struct sd_event_source sources[SOURCES_MAX];
static uint64_t orders;

/* ---- chance: xoshiro256** ---- */

static uint64_t rotate(uint64_t x, int k)
{
        return (x << k) | (x >> (64 - k));
}

static uint64_t next_random(void)
{
        uint64_t *s = sim.random, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate(s[3], 45);
        return result;
}

uint64_t rnd(uint64_t n)
{
        return n > 0 ? next_random() % n : 0;
}

bool chance(unsigned permille)
{
        return permille > 0 && rnd(PERMILLE) < permille;
}

usec_t span(usec_t from, usec_t to)
{
        usec_t wide = to > from ? to - from : 0;

        return from + (chance(700) ? rnd(wide / 16 + 1) : rnd(wide + 1));
}

bool fault(Fault f)
{
        return !sim.quiet && chance(sim.rates[f]);
}

/* ---- the clocks ---- */

usec_t __wrap_boottime_now(void);
usec_t __wrap_wallclock_now(void);
int __wrap_uuid_make(char out[static 37]);
uint64_t __wrap_random_below_or_equal(uint64_t max);

usec_t __wrap_boottime_now(void)
{
        return sim.now - sim.world.boot_at + 3 * USEC_PER_SEC;
}

usec_t sim_true_time(void)
{
        return SIM_EPOCH + sim.now;
}

usec_t __wrap_wallclock_now(void)
{
        return (usec_t)((int64_t)sim_true_time() + sim.world.clock_error);
}

int __wrap_uuid_make(char out[static 37])
{
        uint64_t a = next_random(), b = next_random();

        snprintf(out, 37, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(a >> 32),
                 (unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xfff, (unsigned)(b >> 48) & 0xfff,
                 (unsigned long long)b & 0xffffffffffff);
        return 0;
}

uint64_t __wrap_random_below_or_equal(uint64_t max)
{
        return max == UINT64_MAX ? next_random() : rnd(max + 1);
}

/* ---- the agent's end ---- */

void die(Death death, const char *why)
{
        static const char *const words[] = {[ALIVE] = "",
                                            [DEATH_STOP] = "is stopped",
                                            [DEATH_KILL] = "is killed",
                                            [DEATH_POWER] = "loses its power"};

        if (sim.death != ALIVE && sim.death != DEATH_STOP)
                return;
        sim.death = death;
        sim.cut_in = 0;
        story("*** the agent %s: %s", words[death], why);
}

bool effect(const char *what)
{
        if (sim.death != ALIVE && (sim.death != DEATH_STOP || !sim.dying))
                return false;
        if (sim.cut_in > 0 && --sim.cut_in == 0) {
                die(sim.cut_kind, what);
                return false;
        }
        return true;
}

/* ---- what the world does later ---- */

void todo_add(Owner owner, usec_t after, Todo function, void *arg, uint64_t n)
{
        if (todo_count == TODOS_MAX) {
                broken("the simulation has too much to do");
                return;
        }
        todos[todo_count++] = (Item){sim.now + after, orders++, owner, function, arg, n};
}

static void todo_remove(size_t i)
{
        todos[i] = todos[--todo_count];
}

void todo_drop(Owner owner)
{
        for (size_t i = todo_count; i > 0; i--)
                if (todos[i - 1].owner == owner)
                        todo_remove(i - 1);
}

void todo_cancel(const void *arg)
{
        for (size_t i = todo_count; i > 0; i--)
                if (todos[i - 1].arg == arg)
                        todo_remove(i - 1);
}

static size_t todo_first(void)
{
        size_t first = 0;

        for (size_t i = 1; i < todo_count; i++)
                if (todos[i].at < todos[first].at ||
                    (todos[i].at == todos[first].at && todos[i].order < todos[first].order))
                        first = i;
        return first;
}

/* ---- sd-event ---- */

static struct sd_event_source *source_new(void *userdata)
{
        for (size_t i = 0; i < SOURCES_MAX; i++)
                if (!sources[i].used) {
                        sources[i] = (struct sd_event_source){.used = true,
                                                              .enabled = true,
                                                              .order = orders++,
                                                              .fd = -1,
                                                              .userdata = userdata};
                        return &sources[i];
                }
        broken("the agent has more than %d event sources", SOURCES_MAX);
        return NULL;
}

int sd_event_add_time(sd_event *e _unused_, sd_event_source **ret, clockid_t clock _unused_,
                      uint64_t usec, uint64_t accuracy _unused_, sd_event_time_handler_t function,
                      void *userdata)
{
        sd_event_source *s = source_new(userdata);

        if (!s)
                return -ENOMEM;
        s->kind = SOURCE_TIME;
        s->at = usec;
        s->on_time = function;
        *ret = s;
        return 0;
}

int sd_event_exit(sd_event *e _unused_, int code)
{
        die(code == 0 ? DEATH_STOP : DEATH_KILL, "by itself");
        return 0;
}

int sd_event_add_defer(sd_event *e _unused_, sd_event_source **ret, sd_event_handler_t function,
                       void *userdata)
{
        sd_event_source *s = source_new(userdata);

        if (!s)
                return -ENOMEM;
        s->kind = SOURCE_DEFER;
        s->on_defer = function;
        *ret = s;
        return 0;
}

int sd_event_add_io(sd_event *e _unused_, sd_event_source **ret, int fd, uint32_t events _unused_,
                    sd_event_io_handler_t function, void *userdata)
{
        sd_event_source *s = source_new(userdata);

        if (!s)
                return -ENOMEM;
        s->kind = SOURCE_IO;
        s->fd = fd;
        s->on_io = function;
        *ret = s;
        return 0;
}

int sd_event_source_set_io_fd_own(sd_event_source *s, int own)
{
        s->owns_fd = own;
        return 0;
}

int sd_event_source_set_enabled(sd_event_source *s, int enabled)
{
        s->enabled = enabled != SD_EVENT_OFF;
        return 0;
}

int sd_event_source_set_priority(sd_event_source *s, int64_t priority)
{
        s->idle = priority >= SD_EVENT_PRIORITY_IDLE;
        return 0;
}

sd_event_source *sd_event_source_disable_unref(sd_event_source *s)
{
        if (!s)
                return NULL;
        if (s->owns_fd)
                close(s->fd);
        s->used = s->enabled = false;
        return NULL;
}

void loop_look_at_fds(void)
{
        for (size_t i = 0; i < SOURCES_MAX; i++)
                sources[i].may_be_ready = sources[i].used && sources[i].kind == SOURCE_IO;
}

void loop_agent_is_gone(void)
{
        for (size_t i = 0; i < SOURCES_MAX; i++) {
                LAW(!sources[i].used, "the agent left an event source behind");
                sources[i].used = false;
        }
        todo_drop(OF_LIFE);
}

void loop_reset(void)
{
        todo_count = 0;
        orders = 0;
        memset(sources, 0, sizeof(sources));
}

/* ---- one step ---- */

/* What is idle comes after all else that is ready. */
static bool is_before(const sd_event_source *a, const sd_event_source *b)
{
        return a->idle == b->idle ? a->order < b->order : b->idle;
}

/* Defers and descriptors: at once. */
static sd_event_source *source_ready(void)
{
        sd_event_source *found = NULL;

        for (size_t i = 0; i < SOURCES_MAX; i++) {
                sd_event_source *s = &sources[i];
                bool ready = s->used && s->enabled && s->kind == SOURCE_DEFER;

                if (s->used && s->enabled && s->kind == SOURCE_IO && s->may_be_ready) {
                        struct pollfd p = {.fd = s->fd, .events = POLLIN};

                        ready = poll(&p, 1, 0) > 0;
                        s->may_be_ready = ready;
                }
                if (ready && (!found || is_before(s, found)))
                        found = s;
        }
        return found;
}

static sd_event_source *source_timer(void)
{
        sd_event_source *found = NULL;

        for (size_t i = 0; i < SOURCES_MAX; i++) {
                sd_event_source *s = &sources[i];

                if (s->used && s->enabled && s->kind == SOURCE_TIME &&
                    (!found || s->at < found->at ||
                     (s->at == found->at && s->order < found->order)))
                        found = s;
        }
        return found;
}

static void source_dispatch(sd_event_source *s)
{
        int r = 0;

        switch (s->kind) {
        case SOURCE_TIME:
                s->enabled = false;
                r = s->on_time(s, s->at, s->userdata);
                break;
        case SOURCE_DEFER:
                s->enabled = false;
                r = s->on_defer(s, s->userdata);
                break;
        case SOURCE_IO:
                r = s->on_io(s, s->fd, POLLIN, s->userdata);
                break;
        }
        LAW(r >= 0, "an event handler of the agent failed");
}

static void move_clock(usec_t to)
{
        if (to <= sim.now)
                return;
        sim.now = to;
        sim.unmoved = 0;
}

/* A timer's time is the agent's: since the machine's boot. */
static usec_t timer_at(const sd_event_source *s)
{
        usec_t since = __wrap_boottime_now();

        return s->at > since ? sim.now + (s->at - since) : sim.now;
}

bool loop_step(void)
{
        sd_event_source *s = source_ready(), *timer;
        usec_t timer_due;

        sim.disk_was_bad = false;
        sim.figures.steps++;
        if (++sim.unmoved > UNMOVED_MAX)
                broken("the agent spins: %d steps and the clock has not moved", UNMOVED_MAX);
        if (s) {
                source_dispatch(s);
                return true;
        }
        timer = source_timer();
        if (!timer && todo_count == 0)
                return false;
        timer_due = timer ? timer_at(timer) : USEC_INFINITY;
        if (todo_count > 0) {
                size_t i = todo_first();
                Item item = todos[i];

                if (!timer || item.at < timer_due || (item.at == timer_due && chance(500))) {
                        todo_remove(i);
                        move_clock(item.at);
                        item.function(item.arg, item.n);
                        return true;
                }
        }
        move_clock(timer_due);
        source_dispatch(timer);
        return true;
}
