/* See child.h. */
#include "child.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define FILE_SIZE_MAX ((rlim_t)1 << 20)
#define MEMORY_MAX ((rlim_t)2 << 30)
#define READ_SIZE 16384

/* One of its outputs. */
typedef struct Output {
        uv_pipe_t pipe;
        char *data; /* a NUL behind it */
        size_t size;
        bool open;
} Output;

struct Child {
        uv_process_t process;
        uv_timer_t timer;
        Output outputs[2]; /* stdout, stderr */
        int handles;       /* not closed yet */
        bool exited, timed_out, too_much;
        int status;
        size_t output_max;
        void (*ended)(void *userdata, const ChildEnd *end); /* NULL: nobody waits */
        void *userdata;
};

static void on_closed(uv_handle_t *handle)
{
        Child *child = handle->data;
        if (--child->handles > 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(child->outputs); i++)
                free(child->outputs[i].data);
        free(child);
}

static void close_handle(void *handle)
{
        if (!uv_is_closing(handle))
                uv_close(handle, on_closed);
}

/* With all that it has started: the session is its own. */
static void kill_all(const Child *child)
{
        if (child->process.pid > 0)
                (void)kill(-child->process.pid, SIGKILL);
}

/* It has exited, and all that it had to say was read. */
static void finish_if_over(Child *child)
{
        const Output *out = &child->outputs[0], *err = &child->outputs[1];
        if (!child->exited || out->open || err->open)
                return;
        void (*ended)(void *, const ChildEnd *) = TAKE_PTR(child->ended);
        close_handle(&child->timer);
        if (ended)
                ended(child->userdata,
                      &(ChildEnd){.status =
                                          child->timed_out || child->too_much ? -1 : child->status,
                                  .timed_out = child->timed_out,
                                  .out = strempty(out->data),
                                  .err = strempty(err->data),
                                  .out_size = out->size,
                                  .err_size = err->size});
        close_handle(&child->process);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
        Child *child = process->data;
        child->exited = true;
        child->status = signal ? -1 : (int)status;
        kill_all(child); /* whoever is left would keep our ends of the pipes open */
        finish_if_over(child);
}

static void on_timeout(uv_timer_t *timer)
{
        Child *child = timer->data;
        child->timed_out = true;
        kill_all(child);
}

static void give_room(uv_handle_t *handle _unused_, size_t wish _unused_, uv_buf_t *ret)
{
        char *room = malloc(READ_SIZE);
        *ret = uv_buf_init(room, room ? READ_SIZE : 0);
}

/* false: too much, or no memory. */
static bool keep(Output *output, size_t max, const char *data, size_t size)
{
        char *more =
                size > max - output->size ? NULL : realloc(output->data, output->size + size + 1);
        if (!more)
                return false;
        memcpy(more + output->size, data, size);
        output->data = more;
        output->size += size;
        more[output->size] = '\0';
        return true;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
        Child *child = stream->data;
        Output *output = stream == (uv_stream_t *)&child->outputs[0].pipe ? &child->outputs[0]
                                                                          : &child->outputs[1];
        _cleanup_(freep) char *data = buffer->base;
        if (size > 0 && !child->too_much && !keep(output, child->output_max, data, (size_t)size)) {
                child->too_much = true;
                kill_all(child);
        }
        if (size >= 0)
                return;
        output->open = false;
        close_handle(stream);
        finish_if_over(child);
}

static void open_handles(uv_loop_t *loop, Child *child)
{
        uv_timer_init(loop, &child->timer);
        child->timer.data = child;
        child->handles = 2; /* the process, too */
        for (size_t i = 0; i < ELEMENTSOF(child->outputs); i++) {
                uv_pipe_init(loop, &child->outputs[i].pipe, 0);
                child->outputs[i].pipe.data = child;
                child->outputs[i].open = true;
                child->handles++;
        }
        child->process.data = child;
}

static void limit(int pid)
{
        static const struct {
                __rlimit_resource_t what;
                rlim_t value;
        } limits[] = {{RLIMIT_FSIZE, FILE_SIZE_MAX}, {RLIMIT_CORE, 0}, {RLIMIT_AS, MEMORY_MAX}};
        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                (void)prlimit(pid, limits[i].what,
                              &(struct rlimit){limits[i].value, limits[i].value}, NULL);
}

static const char *search_path(void)
{
        const char *path = getenv("PATH");
        return path ? path : "/usr/bin:/bin";
}

bool child_exists(const char *program)
{
        struct stat st;
        for (const char *p = search_path(); p; p = strchr(p, ':')) {
                p += *p == ':';
                _cleanup_(freep) char *file =
                        str_printf("%.*s/%s", (int)strcspn(p, ":"), p, program);
                if (file && access(file, X_OK) == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
                        return true;
        }
        return false;
}

static int spawn(uv_loop_t *loop, const ChildOptions *o, Child *child)
{
        _cleanup_(freep) char *path_of_it = str_printf("PATH=%s", search_path());
        char locale[] = "LC_ALL=C";
        char *environment[] = {path_of_it, locale, NULL};
        uv_stdio_container_t files[3] = {{.flags = UV_IGNORE}};
        uv_process_options_t options = {
                .exit_cb = on_exit_of,
                .file = o->words[0],
                .args = (char **)(uintptr_t)o->words,
                .env = environment,
                .stdio = files,
                .stdio_count = ELEMENTSOF(files),
                .flags = UV_PROCESS_DETACHED,
        };
        if (!path_of_it)
                return -ENOMEM;
        if (o->input > 0)
                files[0] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = o->input};
        for (size_t i = 0; i < ELEMENTSOF(child->outputs); i++) {
                files[i + 1].flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
                files[i + 1].data.stream = (uv_stream_t *)&child->outputs[i].pipe;
        }
        return uv_spawn(loop, &child->process, &options);
}

int child_start(uv_loop_t *loop, const ChildOptions *options,
                void (*ended)(void *userdata, const ChildEnd *end), void *userdata, Child **ret)
{
        Child *child = calloc(1, sizeof(*child));
        if (!child)
                return -ENOMEM;
        open_handles(loop, child);
        child->output_max = options->output_max ? options->output_max : CHILD_OUTPUT_MAX;
        int r = spawn(loop, options, child);
        if (r < 0) {
                child_kill(child);
                return r;
        }
        if (!options->limits_itself)
                limit(child->process.pid);
        child->ended = ended;
        child->userdata = userdata;
        for (size_t i = 0; i < ELEMENTSOF(child->outputs); i++)
                uv_read_start((uv_stream_t *)&child->outputs[i].pipe, give_room, on_read);
        uv_timer_start(&child->timer, on_timeout, options->timeout / USEC_PER_MSEC, 0);
        *ret = child;
        return 0;
}

void child_kill(Child *child)
{
        child->ended = NULL;
        kill_all(child);
        for (size_t i = 0; i < ELEMENTSOF(child->outputs); i++) {
                child->outputs[i].open = false;
                close_handle(&child->outputs[i].pipe);
        }
        close_handle(&child->timer);
        /* One that runs still is closed when it has ended: libuv reaps only whose handle is open.
         */
        if (!uv_is_active((uv_handle_t *)&child->process))
                close_handle(&child->process);
}
