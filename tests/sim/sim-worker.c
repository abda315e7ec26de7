/* transfer.h: what the workers would bring. A download or an upload costs time and can fail in
 * every way; its file is the number of a content, whose digest follows from the number. */
#include "sim.h"

struct Transfer {
        enum { WORK_FETCH, WORK_HASH, WORK_RESOLVE, WORK_COLLECT, WORK_UPLOAD } kind;
        TransferHandlers handlers;
        void *userdata;
        int content; /* what is fetched or hashed */
        Order *order;
        bool fails, final, barren; /* barren: breaks before a byte has come */
};

void worker_digest(int content, FileDigest *ret)
{
        *ret = (FileDigest){.size_bytes = FILE_BYTES};
        memset(ret->sha256, content + 64, sizeof(ret->sha256));
}

static void work_failed(Transfer *t)
{
        static const char *const codes[] = {"connection", "stalled", "timeout", "no-space",
                                            "worker"};
        static const char *const finals[] = {"http-403", "http-400", "http-405", "http-404"};
        bool upload = t->kind == WORK_UPLOAD;
        TransferFailure failure = {.final = t->final,
                                   .code = t->final ? finals[upload ? rnd(ELEMENTSOF(finals)) : 3]
                                                    : codes[rnd(ELEMENTSOF(codes))],
                                   .message = "as the simulation wants it",
                                   .retry_after_seconds = chance(300) ? rnd(600) : 0};

        if (upload)
                logs_world_failed(failure.code);
        t->handlers.on_failed(t->userdata, &failure);
}

static void work_done(Transfer *t)
{
        static const char *const addresses[] = {"192.0.2.1", "192.0.2.2"};
        FileDigest digest;

        worker_digest(t->content, &digest);
        switch (t->kind) {
        case WORK_FETCH:
                spool_write(t->content, FILE_BYTES);
                t->handlers.on_done(t->userdata, digest.size_bytes);
                break;
        case WORK_HASH:
                t->handlers.on_digest(t->userdata, &digest);
                break;
        case WORK_COLLECT:
                sim.world.archive = (int)rnd(100000) + 1;
                t->handlers.on_done(t->userdata, (uint64_t)sim.world.archive);
                break;
        case WORK_UPLOAD:
                logs_world_uploaded();
                t->handlers.on_done(t->userdata, (uint64_t)sim.world.archive);
                break;
        case WORK_RESOLVE:
                t->handlers.on_addresses(t->userdata, addresses, 1 + rnd(2));
                break;
        }
}

static void on_end(void *arg, uint64_t n _unused_)
{
        static const char *const names[] = {
                [WORK_COLLECT] = "collecting logs", [WORK_UPLOAD] = "the upload"};
        Transfer *t = arg;

        if (t->kind == WORK_COLLECT || t->kind == WORK_UPLOAD)
                story("%s %s", names[t->kind], t->fails ? "fails" : "is complete");
        if (t->fails)
                work_failed(t);
        else
                work_done(t);
}

/* The connection of a download is over: was it for nothing? */
static bool fetch_is_broken(Order *o)
{
        bool further = sim.world.part_bytes > o->furthest;

        o->fetching = false;
        if (further)
                o->furthest = sim.world.part_bytes;
        else
                o->barren++;
        return further;
}

static void on_fetch_end(void *arg, uint64_t n _unused_)
{
        Transfer *t = arg;
        Order *o = t->order; /* the agent frees the transfer */
        bool may_end = t->final, further;

        story("the download %s", t->fails ? "breaks" : "is complete");
        if (!t->fails) {
                o->fetching = false;
                o->furthest = FILE_BYTES;
                work_done(t);
                o->unsure |= sim.death != ALIVE; /* is it stored how far it came? */
                return;
        }
        further = fetch_is_broken(o);
        work_failed(t);
        o->unsure |= sim.death != ALIVE;
        /* The part of an old update that can't be deleted was once as long. */
        LAW(may_end || !further || sim.rates[FAULT_SPOOL] > 0 || o->unsure || !sim.agent ||
                    sim.death != ALIVE || !law_agent_is_idle(),
            "an attempt that got further ended the update");
}

/* Some of what is missing comes. */
static void on_bytes(void *arg, uint64_t n _unused_)
{
        Transfer *t = arg;
        int64_t missing = FILE_BYTES - sim.world.part_bytes;

        if (!t->barren)
                spool_write(t->content, sim.world.part_bytes + (int64_t)rnd((uint64_t)missing + 1));
        if (t->handlers.on_progress)
                t->handlers.on_progress(t->userdata, (uint64_t)sim.world.part_bytes,
                                        chance(500) ? FILE_BYTES : -1);
}

/* The part is gone on with if it is of what the location serves today. */
static void fetch_begins(Transfer *t)
{
        Order *o = t->order;
        int64_t retries = o->retries == NO_INT ? sim.config.retries : o->retries;

        if (o->fetched_for != sim.agent->job.accepted_at) {
                o->fetched_for = sim.agent->job.accepted_at;
                o->fetching = o->unsure = false;
                o->furthest = o->barren = 0;
        }
        o->unsure |= sim.disk_was_bad; /* how far it came may not be stored */
        if (o->fetching)               /* a restart came in between */
                (void)fetch_is_broken(o);
        LAW(o->unsure || o->barren <= MIN(MAX(retries, INT64_C(0)), INT64_C(100)),
            "a download begins though no attempt is left");
        if (sim.world.spool_part != t->content)
                spool_write(t->content, 0);
        o->furthest = MAX(o->furthest, sim.world.part_bytes);
        o->fetching = true;
}

static int start(int kind, const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        Transfer *t;

        if (!effect("starting a worker"))
                return -EIO;
        if (fault(FAULT_HASH))
                return -EAGAIN;
        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->kind = kind;
        t->handlers = *handlers;
        t->userdata = userdata;
        *ret = t;
        return 0;
}

int transfer_fetch(sd_event *event _unused_, const char *worker _unused_, const FetchJob *job,
                   const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        int order = law_order_of_agent(), r = start(WORK_FETCH, handlers, userdata, ret);
        usec_t takes = span(USEC_PER_SEC, 20 * USEC_PER_MIN);

        if (r < 0)
                return r;
        LAW(order >= 0, "a download of what nobody ordered: %s", job->url);
        if (order < 0)
                return -EIO;
        LAW(sim.orders[order].good_url, "a download from a location that can't be fetched");
        (*ret)->order = &sim.orders[order];
        (*ret)->content = fault(FAULT_WRONG_FILE) ? CONTENT_BROKEN : sim.orders[order].content;
        (*ret)->fails = fault(FAULT_DOWNLOAD);
        (*ret)->barren = (*ret)->fails && chance(400);
        if (fault(FAULT_DOWNLOAD_FINAL))
                (*ret)->fails = (*ret)->final = true;
        fetch_begins(*ret);
        story("a download begins at byte %lld: %s", (long long)sim.world.part_bytes, job->url);
        todo_add(OF_LIFE, takes / 2, on_bytes, *ret, 0);
        todo_add(OF_LIFE, takes, on_fetch_end, *ret, 0);
        return 0;
}

int transfer_hash(sd_event *event _unused_, const char *worker _unused_, const char *file,
                  bool sha384 _unused_, const TransferHandlers *handlers, void *userdata,
                  Transfer **ret)
{
        int r;

        if (spool_content(file) == CONTENT_NONE)
                return -ENOENT;
        r = start(WORK_HASH, handlers, userdata, ret);
        if (r < 0)
                return r;
        (*ret)->content = spool_content(file);
        (*ret)->fails = fault(FAULT_HASH);
        (*ret)->final = (*ret)->fails && chance(200);
        todo_add(OF_LIFE, span(USEC_PER_SEC / 10, USEC_PER_MIN), on_end, *ret, 0);
        return 0;
}

/* Nobody orders an update at the charger itself here. */
int transfer_copy(sd_event *event _unused_, const char *worker _unused_, int source _unused_,
                  const char *file _unused_, uint64_t max_size_bytes _unused_,
                  const TransferHandlers *handlers _unused_, void *userdata _unused_,
                  Transfer **ret _unused_)
{
        return -EOPNOTSUPP;
}

int transfer_collect(sd_event *event _unused_, const char *worker _unused_, const CollectJob *job,
                     const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        int r = start(WORK_COLLECT, handlers, userdata, ret);

        if (r < 0)
                return r;
        logs_world_collects(job->security);
        sim.world.archive = ARCHIVE_PART; /* of the one before nothing is left */
        (*ret)->fails = fault(FAULT_COLLECT);
        story("logs are collected");
        todo_add(OF_LIFE, span(USEC_PER_SEC, 5 * USEC_PER_MIN), on_end, *ret, 0);
        return 0;
}

char *transfer_collect_describe(const CollectJob *job _unused_)
{
        return NULL;
}

int transfer_upload(sd_event *event _unused_, const char *worker _unused_, const UploadJob *job,
                    const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        int r = start(WORK_UPLOAD, handlers, userdata, ret);

        if (r < 0)
                return r;
        logs_world_uploads(job->url, job->name);
        (*ret)->fails = fault(FAULT_UPLOAD);
        (*ret)->final = (*ret)->fails && chance(400);
        story("an upload begins: %s to %s", job->name, job->url);
        todo_add(OF_LIFE, span(USEC_PER_SEC, 5 * USEC_PER_MIN), on_end, *ret, 0);
        return 0;
}

int transfer_resolve(sd_event *event _unused_, const char *worker _unused_,
                     const char *host _unused_, const char *service _unused_,
                     const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        int r = start(WORK_RESOLVE, handlers, userdata, ret);

        if (r < 0)
                return r;
        (*ret)->fails = fault(FAULT_LINK_REFUSE);
        todo_add(OF_LIFE, span(USEC_PER_MSEC, 10 * USEC_PER_SEC), on_end, *ret, 0);
        return 0;
}

void transfer_cancel(Transfer *t)
{
        if (!t)
                return;
        if (t->order && !sim.dying && sim.death == ALIVE) /* the agent's own wish is no break */
                t->order->fetching = false;
        todo_cancel(t);
        free(t);
}
