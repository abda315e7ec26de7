/* See hook.h. */
#include "hook.h"
#include "scenario.h"
#include <signal.h>

struct Hook {
        uv_process_t process;
        void (*ended)(void *userdata, int status); /* NULL: nobody waits */
        void *userdata;
};

static void on_closed(uv_handle_t *handle)
{
        free(handle->data);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
        Hook *hook = process->data;
        if (hook->ended)
                hook->ended(hook->userdata, signal ? -1 : (int)status);
        uv_close((uv_handle_t *)process, on_closed);
}

int hook_start(uv_loop_t *loop, const char *program, char *const *words,
               void (*ended)(void *userdata, int status), void *userdata, Hook **ret)
{
        char *arguments[HOOK_WORDS_MAX + 2] = {(char *)program};
        uv_stdio_container_t files[3] = {
                {.flags = UV_IGNORE},
                {.flags = UV_INHERIT_FD, .data.fd = 2},
                {.flags = UV_INHERIT_FD, .data.fd = 2},
        };
        uv_process_options_t options = {
                .exit_cb = on_ended,
                .file = program,
                .args = arguments,
                .stdio = files,
                .stdio_count = 3,
        };
        for (size_t i = 0; words[i] && i < HOOK_WORDS_MAX; i++)
                arguments[i + 1] = words[i];
        Hook *hook = calloc(1, sizeof(*hook));
        if (!hook)
                return -ENOMEM;
        hook->ended = ended;
        hook->userdata = userdata;
        hook->process.data = hook;
        int r = uv_spawn(loop, &hook->process, &options);
        if (r < 0) {
                uv_close((uv_handle_t *)&hook->process, on_closed);
                return r;
        }
        *ret = hook;
        return 0;
}

void hook_kill(Hook *hook)
{
        hook->ended = NULL;
        (void)uv_process_kill(&hook->process, SIGKILL);
}
