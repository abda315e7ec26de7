/* Job "upload": one attempt to give one file to a server, by libcurl. What the server answers is
 * judged by its status alone; its words are dropped unread. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cage.h"
#include "failpoint.h"
#include "upload-url.h"
#include "way.h"

/* At most two lines a second. */
#define PROGRESS_INTERVAL_USEC (500 * USEC_PER_MSEC)
/* Of an answer's body, read on to keep the connection in order; then we have heard enough. */
#define BODY_MAX 65536
#define FIELD_NAME "uploadedfile"
#define CONTENT_TYPE "application/octet-stream"

typedef struct Upload Upload;

typedef enum Method { METHOD_PUT, METHOD_POST, METHOD_MULTIPART, METHOD_MAX } Method;

struct Upload {
        const Task *task;
        Way *way;
        Method method;
        bool unexpected; /* no "Expect: 100-continue" */
        int fd;
        int64_t size_bytes;
        int64_t at; /* the next byte that libcurl gets */
        uint64_t body_bytes;
        struct curl_slist *headers;
        curl_mime *form;
        usec_t told_usec;
        Failure failure;
};

static size_t on_read(char *data, size_t one, size_t count, void *userdata)
{
        Upload *u = userdata;
        ssize_t n;

        do
                n = pread(u->fd, data, one * count, (off_t)u->at);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return CURL_READFUNC_ABORT;
        u->at += n;
        if (u->at > 0 && u->at == n)
                fail_point("worker", "upload-bytes");
        return (size_t)n;
}

/* libcurl may begin anew by itself, with another kind of login. */
static int on_seek(void *userdata, curl_off_t offset, int origin)
{
        Upload *u = userdata;

        if (origin != SEEK_SET || offset < 0)
                return CURL_SEEKFUNC_FAIL;
        u->at = offset;
        return CURL_SEEKFUNC_OK;
}

static size_t on_body(char *data _unused_, size_t one, size_t count, void *userdata)
{
        Upload *u = userdata;

        u->body_bytes += one * count;
        return u->body_bytes > BODY_MAX ? 0 : one * count;
}

static int on_progress(void *userdata, curl_off_t total _unused_, curl_off_t now _unused_,
                       curl_off_t up_total _unused_, curl_off_t up_now)
{
        Upload *u = userdata;

        if (up_now > 0 && boottime_now() - u->told_usec >= PROGRESS_INTERVAL_USEC) {
                u->told_usec = boottime_now();
                say_progress((uint64_t)MIN(up_now, u->size_bytes), u->size_bytes);
        }
        return 0;
}

static CURLcode add_header(Upload *u, const char *line)
{
        struct curl_slist *longer = line ? curl_slist_append(u->headers, line) : NULL;

        if (!longer)
                return CURLE_OUT_OF_MEMORY;
        u->headers = longer;
        return CURLE_OK;
}

static CURLcode set_put(Upload *u)
{
        CURL *e = way_curl(u->way);
        CURLcode r = curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);

        return r ? r : curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)u->size_bytes);
}

/* The body is the file alone, and a header tells what a form would. */
static CURLcode set_post(Upload *u)
{
        _cleanup_(freep) char *name = str_printf(
                "Content-Disposition: form-data; name=\"" FIELD_NAME "\"; filename=\"%s\"",
                u->task->name);
        CURL *e = way_curl(u->way);
        CURLcode r = curl_easy_setopt(e, CURLOPT_UPLOAD, 0L);

        r = r ? r : curl_easy_setopt(e, CURLOPT_POST, 1L);
        r = r ? r : curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)u->size_bytes);
        return r ? r : add_header(u, name);
}

static CURLcode set_multipart(Upload *u)
{
        curl_mimepart *part;
        CURLcode r;

        u->form = curl_mime_init(way_curl(u->way));
        part = u->form ? curl_mime_addpart(u->form) : NULL;
        r = part ? curl_mime_name(part, FIELD_NAME) : CURLE_OUT_OF_MEMORY;
        r = r ? r : curl_mime_filename(part, u->task->name);
        r = r ? r : curl_mime_type(part, CONTENT_TYPE);
        r = r ? r : curl_mime_data_cb(part, (curl_off_t)u->size_bytes, on_read, on_seek, NULL, u);
        return r ? r : curl_easy_setopt(way_curl(u->way), CURLOPT_MIMEPOST, u->form);
}

static CURLcode (*const method_sets[METHOD_MAX])(Upload *u) = {
        [METHOD_PUT] = set_put,
        [METHOD_POST] = set_post,
        [METHOD_MULTIPART] = set_multipart,
};

/* auto begins as a PUT. */
static const struct {
        const char *name;
        Method method;
} methods[] = {
        {"auto", METHOD_PUT},
        {"put", METHOD_PUT},
        {"post", METHOD_POST},
        {"multipart", METHOD_MULTIPART},
};

/* Everything from the file's first byte. */
static CURLcode set_options(Upload *u)
{
        CURL *e = way_curl(u->way);
        CURLcode r = CURLE_OK;

        u->at = 0;
        u->body_bytes = 0;
        curl_slist_free_all(TAKE_PTR(u->headers));
        curl_mime_free(TAKE_PTR(u->form));
        if (way_is_http(u->way) && u->method != METHOD_MULTIPART)
                r = add_header(u, "Content-Type: " CONTENT_TYPE);
        if (u->unexpected)
                r = r ? r : add_header(u, "Expect:");
        r = r ? r : way_is_http(u->way) ? method_sets[u->method](u) : set_put(u);
        r = r ? r : curl_easy_setopt(e, CURLOPT_HTTPHEADER, u->headers);
        r = r ? r : curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
        r = r ? r : curl_easy_setopt(e, CURLOPT_READDATA, u);
        r = r ? r : curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
        r = r ? r : curl_easy_setopt(e, CURLOPT_SEEKDATA, u);
        r = r ? r : curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
        r = r ? r : curl_easy_setopt(e, CURLOPT_WRITEDATA, u);
        r = r ? r : curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
        r = r ? r : curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
        return r ? r : curl_easy_setopt(e, CURLOPT_XFERINFODATA, u);
}

/* RFC 9110, 15.4.4: 303 asks for a GET. Whether the file was taken it does not say. */
static bool wants_it_elsewhere(const Upload *u)
{
        return way_is_redirect(u->way) && way_status(u->way) != 303;
}

static bool is_status(const Upload *u, long status)
{
        return way_is_http(u->way) && way_status(u->way) == status;
}

/* RFC 9110, 15.5.6 and 15.6.2: the method is not for this place, or for no place here. */
static bool refuses_the_method(const Upload *u)
{
        return is_status(u, 405) || is_status(u, 501);
}

static int judge(Upload *u, CURLcode error)
{
        long status = way_status(u->way);

        if (error == CURLE_WRITE_ERROR && u->body_bytes > BODY_MAX)
                error = CURLE_OK; /* that was us */
        if (way_is_http(u->way) && status >= 400)
                error = CURLE_OK; /* said before it had all of the file, and then closed */
        if (error == CURLE_ABORTED_BY_CALLBACK) {
                way_fail(false, "file", "the file can't be read", &u->failure);
        } else if (error != CURLE_OK) {
                way_judge_error(u->way, error, &u->failure);
        } else if (way_is_http(u->way) && (status < 200 || status > 299)) {
                way_judge_status(u->way, &u->failure);
                u->failure.final = u->failure.final || refuses_the_method(u);
        } else {
                return 0;
        }
        return -EIO;
}

/* Whether the answer asks for the file once more. 1: it does, another way; 0: it was the last one;
 * -EIO. */
static int look_for_another_way(Upload *u)
{
        if (wants_it_elsewhere(u))
                return way_follow(u->way, &u->failure);
        if (is_status(u, 417) && !u->unexpected) { /* RFC 9110, 10.1.1 */
                u->unexpected = true;
                return 1;
        }
        if (refuses_the_method(u) && u->method == METHOD_PUT && streq(u->task->method, "auto")) {
                u->method = METHOD_POST;
                return 1;
        }
        return 0;
}

static int upload_perform(Upload *u)
{
        CURLcode error;
        int r;

        do {
                error = set_options(u);
                error = error ? error : curl_easy_perform(way_curl(u->way));
                r = look_for_another_way(u);
        } while (r > 0);
        return r < 0 ? r : judge(u, error);
}

static int file_open(Upload *u)
{
        struct stat st;

        u->fd = open(u->task->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (u->fd < 0 || fstat(u->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                way_fail(true, "file", "there is no file to be uploaded", &u->failure);
                return -EIO;
        }
        u->size_bytes = st.st_size;
        return 0;
}

static int method_find(Upload *u)
{
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                if (streq(methods[i].name, u->task->method)) {
                        u->method = methods[i].method;
                        return 0;
                }
        }
        way_fail(true, "job", "there is no such method", &u->failure);
        return -EIO;
}

static int upload(Upload *u)
{
        const Task *t = u->task;
        _cleanup_(freep) char *url = NULL;

        if (method_find(u) < 0 || file_open(u) < 0 ||
            upload_url(t->url, t->name, t->folder, &url, &u->failure) < 0 ||
            way_new(t, &u->way, &u->failure) < 0 || way_aim(u->way, url, &u->failure) < 0 ||
            upload_perform(u) < 0)
                return -EIO;
        say_progress((uint64_t)u->size_bytes, u->size_bytes);
        return 0;
}

int upload_run(const Task *task)
{
        Upload u = {.task = task, .fd = -1};
        int r;

        fail_point("worker", "upload-begin");
        if (cage_enter(CAGE_UPLOAD, task) < 0)
                return EXIT_SUCCESS;
        r = upload(&u);
        fail_point("worker", "upload-end");
        if (r < 0)
                say_failed(&u.failure);
        else
                say_done((uint64_t)u.size_bytes);
        curl_slist_free_all(u.headers);
        curl_mime_free(u.form);
        way_freep(&u.way);
        closep(&u.fd);
        return EXIT_SUCCESS;
}
