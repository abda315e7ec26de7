/* The jobs as the worker reads them, one function each: see transfer.h. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "transfer-start.h"

/* libcurl counts milliseconds in an int. */
#define SECONDS_MAX ((usec_t)2000000)
/* For what a worker does beside waiting for others: to start, to make a file durable. */
#define MARGIN_USEC (2 * USEC_PER_MIN)
/* Before the first byte a server may take the whole stall_timeout for each step: to be connected to
 * and to answer, once more after each redirect; or for each command of FTP. */
#define STEPS_MAX 12
/* No disk is slower. */
#define BYTES_A_SECOND_MIN (1U << 20)
/* The worker's own limit, twice. */
#define RESOLVE_USEC_MAX (2 * USEC_PER_MIN)
/* Above this a JSON number has no exact integer any more; as a time it is in the year 2255. */
#define EXACT_MAX (UINT64_C(1) << 53)
/* Reading a large journal on a small processor. */
#define COLLECT_USEC_MAX USEC_PER_HOUR

static bool add_text(cJSON *object, const char *name, const char *value)
{
        return cJSON_AddItemToObject(object, name, cJSON_CreateStringReference(value));
}

static bool add_seconds(cJSON *object, const char *name, usec_t span_usec)
{
        usec_t span = MIN(span_usec, SECONDS_MAX * USEC_PER_SEC);
        usec_t seconds = (span + USEC_PER_SEC - 1) / USEC_PER_SEC; /* rounded up */

        return cJSON_AddNumberToObject(object, name, (double)seconds);
}

static bool add_list(cJSON *object, const char *name, const char *const *list)
{
        cJSON *array = cJSON_AddArrayToObject(object, name);

        for (; array && list && *list; list++) {
                if (!cJSON_AddItemToArray(array, cJSON_CreateStringReference(*list)))
                        return false;
        }
        return array;
}

static bool add_number(cJSON *object, const char *name, uint64_t value)
{
        return cJSON_AddNumberToObject(object, name, (double)value);
}

static bool add_flag(cJSON *object, const char *name, bool value)
{
        return cJSON_AddBoolToObject(object, name, value);
}

static bool add_if(cJSON *object, const char *name, const char *value)
{
        return !value || add_text(object, name, value);
}

static bool add_way(cJSON *o, const TransferWay *way)
{
        return add_list(o, "protocols", way->protocols) &&
               add_seconds(o, "stall_timeout", way->stall_timeout_usec) &&
               add_seconds(o, "timeout", way->timeout_usec) &&
               add_number(o, "rate", way->rate_bytes) && add_if(o, "ca_file", way->ca_file) &&
               add_if(o, "csms_ca_file", way->csms_ca_file) &&
               add_if(o, "installed_ca_file", way->installed_ca_file) &&
               add_if(o, "client_cert_file", way->client_cert_file) &&
               add_if(o, "client_key", way->client_key) &&
               add_if(o, "credentials_file", way->credentials_file) &&
               add_if(o, "proxy", way->proxy);
}

usec_t way_silence(const TransferWay *way)
{
        return way->stall_timeout_usec > 0 ? STEPS_MAX * way->stall_timeout_usec + MARGIN_USEC
                                           : way_limit(way);
}

usec_t way_limit(const TransferWay *way)
{
        return way->timeout_usec > 0 ? way->timeout_usec + MARGIN_USEC : 0;
}

/* No file, no limits yet. */
static TransferStart start_of(sd_event *event, const char *worker, cJSON *job, AnswerKind wanted)
{
        return (TransferStart){
                .event = event, .worker = worker, .job = job, .file = -1, .wanted = wanted};
}

static TransferStart start_by_way(sd_event *event, const char *worker, cJSON *job,
                                  const TransferWay *way)
{
        TransferStart start = start_of(event, worker, job, ANSWER_DONE);

        start.silence_usec = way_silence(way);
        start.limit_usec = way_limit(way);
        return start;
}

/* How long a file may keep a worker busy that says nothing meanwhile. */
static usec_t silence_over(int fd)
{
        struct stat st = {0};

        (void)fstat(fd, &st);
        return MARGIN_USEC + (usec_t)st.st_size / BYTES_A_SECOND_MIN * USEC_PER_SEC;
}

int transfer_fetch(sd_event *event, const char *worker, const FetchJob *job,
                   const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        TransferStart start = start_by_way(event, worker, o, &job->way);

        start.max_bytes = job->max_size_bytes;
        if (!add_text(o, "job", "fetch") || !add_text(o, "url", job->url) ||
            !add_text(o, "file", job->file) || !add_way(o, &job->way) ||
            !add_number(o, "max_size", job->max_size_bytes) ||
            !add_number(o, "reserve", job->reserve_bytes))
                return -ENOMEM;
        return transfer_start(&start, handlers, userdata, ret);
}

static bool add_span(cJSON *o, const char *name, usec_t at)
{
        return at == NO_TIME || add_number(o, name, MIN(at, EXACT_MAX));
}

static bool add_notes(cJSON *o, const CollectJob *job)
{
        cJSON *list = cJSON_AddArrayToObject(o, "notes");

        for (size_t i = 0; list && i < job->note_count; i++) {
                cJSON *note = cJSON_CreateObject();

                if (!cJSON_AddItemToArray(list, note) ||
                    !add_text(note, "name", job->notes[i].name) ||
                    !add_text(note, "text", job->notes[i].text))
                        return false;
        }
        return list;
}

static bool add_collect(cJSON *o, const CollectJob *job)
{
        return add_text(o, "job", "collect") && add_text(o, "file", job->file) &&
               add_number(o, "max_size", job->max_size_bytes) &&
               add_number(o, "reserve", TRANSFER_RESERVE_BYTES) &&
               add_text(o, "identity", job->identity) &&
               add_text(o, "kind", job->security ? "security" : "diagnostics") &&
               add_span(o, "since", job->since) && add_span(o, "until", job->until) &&
               add_if(o, "journal", job->journal) &&
               add_list(o, "journal_units", job->journal_units) &&
               add_list(o, "files", job->files) && add_list(o, "secrets", job->secrets) &&
               add_if(o, "rauc_config", job->rauc_config) && add_notes(o, job);
}

int transfer_collect(sd_event *event, const char *worker, const CollectJob *job,
                     const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        TransferStart start = start_of(event, worker, o, ANSWER_DONE);

        start.silence_usec = COLLECT_USEC_MAX;
        start.max_bytes = job->max_size_bytes;
        return add_collect(o, job) ? transfer_start(&start, handlers, userdata, ret) : -ENOMEM;
}

char *transfer_collect_describe(const CollectJob *job)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();

        return add_collect(o, job) ? cJSON_PrintUnformatted(o) : NULL;
}

int transfer_collect_text(sd_event *event, const char *worker, const char *text,
                          const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *o = NULL;
        int r = json_parse(text, strlen(text), &o);
        TransferStart start = start_of(event, worker, o, ANSWER_DONE);

        start.silence_usec = COLLECT_USEC_MAX;
        return r < 0 ? r : transfer_start(&start, handlers, userdata, ret);
}

int transfer_upload(sd_event *event, const char *worker, const UploadJob *job,
                    const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        TransferStart start = start_by_way(event, worker, o, &job->way);

        if (!add_text(o, "job", "upload") || !add_text(o, "file", job->file) ||
            !add_text(o, "name", job->name) || !add_text(o, "url", job->url) ||
            !add_flag(o, "folder", job->folder) || !add_way(o, &job->way) ||
            !add_text(o, "method", job->method))
                return -ENOMEM;
        return transfer_start(&start, handlers, userdata, ret);
}

/* O_NONBLOCK: opening a FIFO that somebody left there must not stop us. */
static int file_open(const char *path, int *ret)
{
        _cleanup_(closep) int fd =
                open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        *ret = TAKE_FD(fd);
        return 0;
}

int transfer_hash(sd_event *event, const char *worker, const char *file, bool sha384,
                  const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        _cleanup_(closep) int fd = -1;
        TransferStart start = start_of(event, worker, o, ANSWER_DIGEST);
        int r;

        if (!add_text(o, "job", "hash") || !add_flag(o, "sha384", sha384))
                return -ENOMEM;
        r = file_open(file, &fd);
        if (r < 0)
                return r;
        start.file = fd;
        start.silence_usec = silence_over(fd);
        return transfer_start(&start, handlers, userdata, ret);
}

int transfer_copy(sd_event *event, const char *worker, int source, const char *file,
                  uint64_t max_size_bytes, const TransferHandlers *handlers, void *userdata,
                  Transfer **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        TransferStart start = start_of(event, worker, o, ANSWER_DONE);

        start.file = source;
        start.silence_usec = silence_over(source);
        start.max_bytes = max_size_bytes;
        if (!add_text(o, "job", "copy") || !add_text(o, "file", file) ||
            !add_number(o, "max_size", max_size_bytes) ||
            !add_number(o, "reserve", TRANSFER_RESERVE_BYTES))
                return -ENOMEM;
        return transfer_start(&start, handlers, userdata, ret);
}

int transfer_resolve(sd_event *event, const char *worker, const char *host, const char *service,
                     const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        TransferStart start = start_of(event, worker, o, ANSWER_ADDRESSES);

        start.silence_usec = RESOLVE_USEC_MAX;
        if (!add_text(o, "job", "resolve") || !add_text(o, "host", host) ||
            !add_text(o, "service", service))
                return -ENOMEM;
        return transfer_start(&start, handlers, userdata, ret);
}
