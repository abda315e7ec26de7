/* link.h: a connection to the simulated CSMS that keeps the order of its frames and may break at
 * any time, which either end learns later. A frame may be swallowed, late, or come twice. */
#include "json.h"
#include "sim.h"

#define FRAMES_MAX 96

struct Link {
        LinkHandlers handlers;
        void *userdata;
        char *host;
        bool busy, open, closing, closed_by_peer;
};

/* A frame under way. */
typedef struct Frame {
        bool used;
        unsigned connection;
        cJSON *up;  /* to the CSMS */
        char *down; /* to the agent */
        Receipt receipt;
} Frame;

static Frame frames[FRAMES_MAX];
static Link *agent_link;
static unsigned connection; /* counts them */
static bool wire_is_whole;
static usec_t last_up, last_down; /* frames keep their order */

static void frame_done(Frame *f)
{
        cJSON_Delete(f->up);
        free(f->down);
        *f = (Frame){0};
}

static Frame *frame_new(void)
{
        for (size_t i = 0; i < FRAMES_MAX; i++)
                if (!frames[i].used) {
                        frames[i] = (Frame){.used = true, .connection = connection};
                        return &frames[i];
                }
        broken("too many frames are under way");
        return NULL;
}

void link_world_reset(void)
{
        for (size_t i = 0; i < FRAMES_MAX; i++)
                frame_done(&frames[i]);
        agent_link = NULL;
        connection = 0;
        wire_is_whole = false;
        last_up = last_down = 0;
}

bool link_world_is_open(void)
{
        return wire_is_whole && agent_link && agent_link->open && !agent_link->closing;
}

/* ---- the agent's end ---- */

int link_new(Loop *loop _unused_, const LinkConfig *config _unused_, const LinkHandlers *handlers,
             void *userdata, Link **ret)
{
        Link *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        l->handlers = *handlers;
        l->userdata = userdata;
        agent_link = l;
        *ret = l;
        return 0;
}

void link_free(Link *l)
{
        if (!l)
                return;
        todo_cancel(l);
        agent_link = NULL;
        free(l);
}

const char *link_host(const Link *l _unused_)
{
        return "csms.example";
}

const char *link_service(const Link *l _unused_)
{
        return "443";
}

void link_set_ping_interval(Link *l _unused_, usec_t interval _unused_)
{
}

void link_judge_dates_by(Link *l _unused_, usec_t when _unused_)
{
}

bool link_dates_hold(const Link *l _unused_, usec_t when _unused_)
{
        return true;
}

int link_add_roots(Link *l _unused_, const char *file _unused_)
{
        return 0;
}

bool link_is_encrypted(const Link *l _unused_)
{
        return true;
}

const uint8_t *link_root(const Link *l _unused_)
{
        return NULL;
}

bool link_closed_by_peer(const Link *l)
{
        return l->closed_by_peer;
}

bool link_is_open(const Link *l)
{
        return l->open && !l->closing;
}

static void wire_breaks(void)
{
        if (!wire_is_whole)
                return;
        wire_is_whole = false;
        connection++;
        csms_closed();
}

static void on_ended(void *arg, uint64_t end)
{
        Link *l = arg;

        wire_breaks();
        l->busy = l->open = l->closing = false;
        story("the connection ends: %s", link_end_to_string((LinkEnd)end));
        l->handlers.on_end(l->userdata, (LinkEnd)end, "as the simulation wants it");
}

static void end_later(Link *l, LinkEnd end, usec_t after)
{
        todo_cancel(l);
        todo_add(OF_LIFE, after, on_ended, l, end);
}

static void on_opened(void *arg, uint64_t n _unused_)
{
        Link *l = arg;

        connection++;
        wire_is_whole = l->open = true;
        last_up = last_down = sim.now;
        sim.figures.connections++;
        story("connected");
        csms_opened();
        l->handlers.on_open(l->userdata, sim.dialect->subprotocol);
}

int link_connect(Link *l, const char *address _unused_)
{
        static const LinkEnd ends[] = {LINK_UNREACHABLE,  LINK_UNREACHABLE,     LINK_TLS_FAILED,
                                       LINK_UNAUTHORIZED, LINK_BAD_CERTIFICATE, LINK_NOT_AGREED};

        if (l->busy)
                return -EALREADY;
        if (!effect("connecting"))
                return -EIO;
        l->busy = true;
        l->open = l->closing = l->closed_by_peer = false;
        if (fault(FAULT_LINK_REFUSE))
                end_later(l, ends[rnd(ELEMENTSOF(ends))], span(USEC_PER_MSEC, 30 * USEC_PER_SEC));
        else
                todo_add(OF_LIFE, span(USEC_PER_MSEC, 5 * USEC_PER_SEC), on_opened, l, 0);
        return 0;
}

static void on_up(void *arg, uint64_t n _unused_)
{
        Frame *f = arg;

        if (f->connection == connection && wire_is_whole)
                csms_hears(f->up);
        frame_done(f);
}

int link_send(Link *l, const char *text, size_t size)
{
        cJSON *tree = NULL;
        Frame *f;

        if (!link_is_open(l))
                return -ENOTCONN;
        if (!effect("sending a frame"))
                return -EIO;
        if (json_parse(text, size, &tree) < 0) {
                broken("the agent sends what is no JSON: %.*s", (int)MIN(size, (size_t)200), text);
                return -EIO;
        }
        sim.figures.frames++;
        story("> %.*s", (int)MIN(size, (size_t)300), text);
        csms_is_sent(tree);
        f = frame_new();
        if (!f || !wire_is_whole || fault(FAULT_FRAME_LOST)) {
                cJSON_Delete(tree);
                if (f)
                        frame_done(f);
                if (strstr(text, "FirmwareStatusNotification")) /* a try that nobody answers */
                        record_unanswered();
                if (strstr(text, "DiagnosticsStatusNotification"))
                        logs_lost();
                story("  … it does not arrive");
                return 0;
        }
        f->up = tree;
        last_up = MAX(last_up, sim.now + span(USEC_PER_MSEC, USEC_PER_SEC));
        todo_add(OF_WORLD, last_up - sim.now, on_up, f, 0);
        if (fault(FAULT_LINK_CUT))
                link_break(false, "while a frame is under way");
        return 0;
}

void link_close(Link *l)
{
        if (!l->busy || l->closing)
                return;
        l->closing = true;
        end_later(l, LINK_CLOSED, MAX(last_up, sim.now) - sim.now + rnd(5 * USEC_PER_SEC));
}

/* ---- the other end ---- */

static void deliver(Frame *f)
{
        Link *l = agent_link;

        if (!l || f->connection != connection || !link_world_is_open() || sim.death != ALIVE)
                return;
        story("< %.300s", f->down);
        csms_before(&f->receipt);
        l->handlers.on_text(l->userdata, f->down, strlen(f->down));
        csms_after(&f->receipt);
}

static void on_down(void *arg, uint64_t n _unused_)
{
        Frame *f = arg;

        deliver(f);
        frame_done(f);
}

void link_from_csms(char *text, usec_t after, const Receipt *receipt)
{
        Frame *f = wire_is_whole && text ? frame_new() : NULL;

        if (!f) {
                free(text);
                return;
        }
        f->down = text;
        f->receipt = *receipt;
        last_down = MAX(last_down, sim.now + after);
        todo_add(OF_WORLD, last_down - sim.now, on_down, f, 0);
}

void link_break(bool by_peer, const char *why)
{
        Link *l = agent_link;

        if (!wire_is_whole)
                return;
        story("the connection breaks: %s", why);
        wire_breaks();
        if (!l || !l->busy || l->closing)
                return;
        l->closed_by_peer = by_peer;
        end_later(l, LINK_CLOSED, by_peer ? USEC_PER_MSEC : span(USEC_PER_MSEC, 5 * USEC_PER_MIN));
}

void link_agent_is_gone(void)
{
        wire_breaks();
        agent_link = NULL;
}
