/* See request.h. */
#include "request.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNECT_SECONDS 10L

typedef struct Request {
        const Command *command;
        CURL *curl;
        struct curl_slist *headers;
        FILE *in;          /* the body; NULL: none, or JSON */
        FILE *out;         /* where the answer goes; NULL: to memory */
        char *part;        /* the name of out while it is not whole; NULL: the standard output */
        bool begun;        /* it is clear where the answer goes */
        const char *wrong; /* why the answer is not taken; NULL: nothing */
        Answer answer;
} Request;

static void request_done(Request *t)
{
        curl_slist_free_all(t->headers);
        curl_easy_cleanup(t->curl);
        if (t->in && t->in != stdin)
                fclose(t->in);
        if (t->part) {
                if (t->out)
                        fclose(t->out);
                unlink(t->part);
                free(t->part);
        }
        answer_done(&t->answer);
}

void answer_done(Answer *answer)
{
        free(answer->type);
        free(answer->body);
        free(answer->next);
        *answer = (Answer){0};
}

/* Whether a URL's host is this machine. */
static bool is_local(const char *host)
{
        struct in_addr v4;
        return strcasecmp(host, "localhost") == 0 || streq(host, "[::1]") ||
               (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET);
}

/* Looks at the server's URL. 0; -EINVAL and a sentence. */
static int check_url(const Server *server, Sentence *reterr)
{
        CURLU *url = curl_url();
        char *scheme = NULL, *host = NULL, *query = NULL;
        int r = 0;
        if (!url || curl_url_set(url, CURLUPART_URL, server->url, 0) != CURLUE_OK ||
            curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
            curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
            (!streq(scheme, "http") && !streq(scheme, "https")) ||
            curl_url_get(url, CURLUPART_QUERY, &query, 0) == CURLUE_OK)
                r = complain(reterr, "The URL must be that of the server, http://127.0.0.1:8180.");
        else if (server->token && streq(scheme, "http") && !is_local(host))
                r = complain(reterr,
                             "A token may not go to another machine by plain http: use https.");
        curl_free(scheme);
        curl_free(host);
        curl_free(query);
        curl_url_cleanup(url);
        return r;
}

/* Of the standard input a copy is made, if it is no file: its length must be told before it. */
static FILE *copy_stdin(void)
{
        char buffer[65536];
        size_t n, all = 0;
        FILE *copy = tmpfile();
        while (copy && (n = fread(buffer, 1, sizeof(buffer), stdin)) > 0) {
                all += n;
                if (all <= STDIN_MAX && fwrite(buffer, 1, n, copy) == n)
                        continue;
                fclose(copy);
                return NULL;
        }
        if (copy)
                rewind(copy);
        return copy;
}

/* Opens the body. 0 and its size; -EINVAL and a sentence. */
static int open_body(Request *t, curl_off_t *ret_size, Sentence *reterr)
{
        struct stat info;
        const char *name = t->command->file;
        bool is_stdin = streq(name, "-");
        t->in = is_stdin ? stdin : fopen(name, "re");
        if (t->in && is_stdin && (fstat(fileno(stdin), &info) < 0 || !S_ISREG(info.st_mode)))
                t->in = copy_stdin();
        if (!t->in || fflush(t->in) != 0 || fstat(fileno(t->in), &info) < 0)
                return complain(reterr, "Can't read %s: %s.", name, strerror(errno));
        if (!S_ISREG(info.st_mode))
                return complain(reterr, "Can't read %s: it is no file.", name);
        *ret_size = (curl_off_t)info.st_size;
        return 0;
}

/* Where the answer goes is clear when its head has come. 0, -1. */
static int begin(Request *t)
{
        const char *type = NULL;
        const char *output = t->command->output;
        struct curl_header *next;
        t->begun = true;
        if (curl_easy_header(t->curl, "Next-After", 0, CURLH_HEADER, -1, &next) == CURLHE_OK)
                t->answer.next = strdup(next->value);
        curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &t->answer.status);
        curl_easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type);
        type = strempty(type);
        t->answer.type = strndup(type, strcspn(type, "; "));
        bool json = strcmp(strempty(t->answer.type), "application/json") == 0;
        bool lines = startswith(type, "text/") || startswith(type, "application/jsonl");
        if (t->answer.status >= 400 || (json && !output))
                return 0;
        if (!output || streq(output, "-")) {
                t->out = stdout;
                if (!lines && !json && isatty(STDOUT_FILENO))
                        t->wrong = "The answer is no text: --output FILE says where it goes.";
                return t->wrong ? -1 : 0;
        }
        t->part = str_printf("%s.XXXXXX", output);
        int fd = t->part ? mkstemp(t->part) : -1;
        if (fd >= 0) {
                mode_t mask = umask(0);
                umask(mask);
                (void)fchmod(fd, 0666 & ~mask);
                t->out = fdopen(fd, "w");
                return t->out ? 0 : -1;
        }
        t->wrong = "The file of --output can't be written.";
        free(t->part);
        t->part = NULL;
        return -1;
}

static int keep(Answer *answer, const char *data, size_t size)
{
        if (size > ANSWER_MAX - answer->size)
                return -EFBIG;
        char *more = realloc(answer->body, answer->size + size + 1);
        if (!more)
                return -ENOMEM;
        memcpy(more + answer->size, data, size);
        answer->body = more;
        answer->size += size;
        more[answer->size] = '\0';
        return 0;
}

/* curl's write function. */
static size_t take(char *data, size_t one _unused_, size_t size, void *userdata)
{
        Request *t = userdata;
        if (!t->begun && begin(t) < 0)
                return 0;
        if (!t->out)
                return keep(&t->answer, data, size) == 0 ? size : 0;
        return fwrite(data, 1, size, t->out) == size && fflush(t->out) == 0 ? size : 0;
}

static int add_header(Request *t, const char *name, const char *value)
{
        _cleanup_(freep) char *line = str_printf("%s: %s", name, value);
        struct curl_slist *more = line ? curl_slist_append(t->headers, line) : NULL;
        if (line)
                explicit_bzero(line, strlen(line));
        if (!more)
                return -ENOMEM;
        t->headers = more;
        return 0;
}

/* Method and body. */
static int set_request(Request *t, Sentence *reterr)
{
        const Command *c = t->command;
        curl_off_t size = 0;
        if (c->type && add_header(t, "Content-Type", c->type) < 0)
                return complain(reterr, "Out of memory.");
        if (c->file) {
                int r = open_body(t, &size, reterr);
                if (r < 0)
                        return r;
                curl_easy_setopt(t->curl, CURLOPT_UPLOAD, 1L);
                curl_easy_setopt(t->curl, CURLOPT_READDATA, t->in);
                curl_easy_setopt(t->curl, CURLOPT_INFILESIZE_LARGE, size);
        } else if (c->json || streq(c->method, "POST") || streq(c->method, "PUT")) {
                curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, strempty(c->json));
        }
        curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, c->method);
        return 0;
}

static int set_up(Request *t, const Server *server, char **url, Sentence *reterr)
{
        size_t n = strlen(server->url);
        while (n > 0 && server->url[n - 1] == '/')
                n--;
        *url = str_printf("%.*s%s", (int)n, server->url, t->command->target);
        _cleanup_(freep) char *bearer =
                server->token ? str_printf("Bearer %s", server->token) : NULL;
        bool good = t->curl && *url && (!server->token || bearer) &&
                    (!bearer || add_header(t, "Authorization", bearer) == 0);
        if (bearer)
                explicit_bzero(bearer, strlen(bearer));
        if (!good)
                return complain(reterr, "Out of memory.");
        int r = set_request(t, reterr);
        if (r < 0)
                return r;
        curl_easy_setopt(t->curl, CURLOPT_URL, *url);
        curl_easy_setopt(t->curl, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(t->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
        curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
        curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
        if (server->ca_file)
                curl_easy_setopt(t->curl, CURLOPT_CAINFO, server->ca_file);
        return 0;
}

/* Puts what was written in its place. */
static int finish(Request *t, Sentence *reterr)
{
        if (!t->part)
                return 0;
        bool written = fclose(TAKE_PTR(t->out)) == 0;
        if (!written || rename(t->part, t->command->output) < 0)
                return complain(reterr, "Can't write %s: %s.", t->command->output, strerror(errno));
        free(TAKE_PTR(t->part));
        return 0;
}

/* Why there is no answer. */
static int give_up(const Request *t, const char *problem, Sentence *reterr)
{
        if (t->wrong)
                return complain(reterr, "%s", t->wrong);
        complain(reterr, "%s.", problem);
        return -ECONNREFUSED;
}

int request_run(const Server *server, const Command *command, Answer *ret, Sentence *reterr)
{
        char problem[CURL_ERROR_SIZE] = "";
        _cleanup_(freep) char *url = NULL;
        int r = check_url(server, reterr);
        if (r < 0)
                return r;
        _cleanup_(request_done) Request t = {.command = command, .curl = curl_easy_init()};
        r = set_up(&t, server, &url, reterr);
        if (r < 0)
                return r;
        curl_easy_setopt(t.curl, CURLOPT_ERRORBUFFER, problem);
        CURLcode code = curl_easy_perform(t.curl);
        if (!t.begun && code == CURLE_OK && begin(&t) < 0)
                code = CURLE_WRITE_ERROR;
        if (code != CURLE_OK && t.answer.status < 400) /* a refusal need not read to the end */
                return give_up(&t, *problem ? problem : curl_easy_strerror(code), reterr);
        r = finish(&t, reterr);
        if (r < 0)
                return r;
        *ret = t.answer;
        t.answer = (Answer){0};
        return 0;
}
