/* A link and what it told, for tests; everything is static. cmocka.h comes before. */
#pragma once

#include <stdio.h>
#include <sys/resource.h>

#include "link.h"
#include "wspeer.h"

#define MAX_FRAME 4096
#define GUARD_USEC (6 * USEC_PER_SEC)
/* Exit codes of the loop: on_end came; the test stopped it; nothing came at all. */
enum { GOT_END = 10, STOPPED = 11, GUARDED = 12 };

typedef struct Run {
        sd_event *event;
        Loop *loop;
        Link *link;
        LinkConfig config;
        usec_t judge_by; /* for link_judge_dates_by() */
        char url[128];
        unsigned opens, texts, binaries, ends;
        char protocol[32];
        char *last_text;
        size_t last_size, last_binary;
        LinkEnd end;
        char reason[256];
        void (*before)(struct Run *run); /* before link_connect() */
        void (*then)(struct Run *run);   /* in on_open */
        void (*after_text)(struct Run *run);
        bool (*after_end)(struct Run *run); /* true: go on */
        struct rusage usage;
} Run;

static _unused_ void on_open(void *userdata, const char *protocol)
{
        Run *run = userdata;

        run->opens++;
        snprintf(run->protocol, sizeof(run->protocol), "%s", protocol);
        if (run->then)
                run->then(run);
}

static _unused_ void on_text(void *userdata, const char *text, size_t size)
{
        Run *run = userdata;

        run->texts++;
        free(run->last_text);
        run->last_text = malloc(size + 1);
        assert_non_null(run->last_text);
        memcpy(run->last_text, text, size);
        run->last_text[size] = '\0';
        run->last_size = size;
        if (run->after_text)
                run->after_text(run);
}

static _unused_ void on_binary(void *userdata, size_t size)
{
        Run *run = userdata;

        run->binaries++;
        run->last_binary = size;
}

static _unused_ void on_end(void *userdata, LinkEnd end, const char *reason)
{
        Run *run = userdata;

        run->ends++;
        run->end = end;
        snprintf(run->reason, sizeof(run->reason), "%s", reason);
        if (!run->after_end || !run->after_end(run))
                sd_event_exit(run->event, GOT_END);
}

static _unused_ int on_guard(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)usec;
        return sd_event_exit(sd_event_source_get_event(source), (int)(intptr_t)userdata);
}

static _unused_ void run_begin(Run *run, const char *scheme, const char *host, uint16_t port)
{
        static const LinkHandlers handlers = {on_open, on_text, on_binary, on_end};

        snprintf(run->url, sizeof(run->url), "%s://%s:%u/ocpp/CP%%201", scheme, host, port);
        run->config.url = run->url;
        if (!run->config.protocols)
                run->config.protocols = "ocpp2.0.1, ocpp1.6";
        if (!run->config.connect_timeout_usec)
                run->config.connect_timeout_usec = 5 * USEC_PER_SEC;
        run->config.max_frame_bytes = MAX_FRAME;
        assert_true(sd_event_new(&run->event) >= 0);
        assert_int_equal(loop_new(run->event, &run->loop), 0);
        assert_int_equal(link_new(run->loop, &run->config, &handlers, run, &run->link), 0);
}

/* Runs until on_end, or so long at most. */
static _unused_ int run_loop(Run *run, usec_t usec, int code)
{
        assert_true(sd_event_add_time_relative(run->event, NULL, CLOCK_BOOTTIME, usec, 1000,
                                               on_guard, (void *)(intptr_t)code) >= 0);
        return loop_run(run->loop);
}

static _unused_ void run_done(Run *run)
{
        link_free(run->link);
        loop_free(run->loop);
        sd_event_unref(run->event);
        free(run->last_text);
}

/* One connection to a peer that follows the script, until it ends. */
static _unused_ void run_with(Run *run, const PeerScript *script, const char *scheme,
                              const char *host)
{
        uint16_t port;
        int listener = peer_listen(&port);
        pid_t pid = peer_start(listener, script);

        close(listener);
        run_begin(run, scheme, host, port);
        link_judge_dates_by(run->link, run->judge_by);
        if (run->before)
                run->before(run);
        assert_int_equal(link_connect(run->link, "127.0.0.1"), 0);
        assert_int_equal(link_connect(run->link, "127.0.0.1"), -EALREADY);
        assert_int_equal(run_loop(run, GUARD_USEC, GUARDED), GOT_END);
        assert_int_equal(run->ends, 1);
        assert_false(link_is_open(run->link));
        assert_int_equal(peer_wait(pid), 0);
}
