/* What was tried too often: a job that the agent's starts don't get further, a file that fails its
 * trial again and again. Rules: "At every start" 6 and "The same file" in docs/behaviour.md. */
#include <stdio.h>

#include "agent-private.h"

/* Failed trials after which a file is refused, and files that are remembered. */
#define TRIALS_MAX 3
#define FILES_MAX 16
#define LINE_MAX_SIZE (2 * SHA256_SIZE + 1 + 10 + 2)

JobEvent wear_start(Agent *a, JobEvent event)
{
        JobEvent end = job_worn_out(a->job.state);

        if (a->job.state == JOB_DOWNLOADING)
                event = fetch_restored(a);
        if (end == EV_RESTORED || (event != EV_RESTORED && event != EV_TARGET_UP))
                return event;
        if (++a->job.restores <= JOB_RESTORES_MAX)
                return event;
        log_error("Update: %d starts did not get it further than \"%s\"; it is given up",
                  JOB_RESTORES_MAX, job_state_to_string(a->job.state));
        if (!a->job.reason)
                agent_set_reason(a, "it got no further though begun again ten times");
        return end;
}

/* What the store has of a file: its number, and its line (NULL none) with the line's length. */
static unsigned find(const char *text, const char *sha256, const char **ret_line, size_t *ret_size)
{
        size_t n = strlen(sha256);

        *ret_line = NULL;
        for (const char *line = text; line && *line; line += strcspn(line, "\n") + 1) {
                if (strncmp(line, sha256, n) != 0 || line[n] != ' ')
                        continue;
                *ret_line = line;
                *ret_size = strcspn(line, "\n") + 1;
                return (unsigned)strtoul(line + n, NULL, 10);
        }
        return 0;
}

char *wear_trial_failed(Agent *a)
{
        _cleanup_(freep) char *old = NULL;
        char text[FILES_MAX * LINE_MAX_SIZE];
        const char *own = NULL;
        size_t own_size = 0, n;
        unsigned number, files = 1;

        if (!a->job.bundle_sha256 || store_get(a->store, STORE_FAILED_TRIALS, &old) < 0)
                return NULL;
        number = find(old, a->job.bundle_sha256, &own, &own_size);
        n = (size_t)snprintf(text, sizeof(text), "%s %u\n", a->job.bundle_sha256, number + 1);
        for (const char *line = old; line && *line && files < FILES_MAX;) {
                size_t size = strcspn(line, "\n") + 1;

                if (line != own && n + size < sizeof(text)) {
                        memcpy(text + n, line, size);
                        n += size;
                        files++;
                }
                line += size;
        }
        text[n] = '\0';
        return strdup(text);
}

bool wear_is_known_bad(Agent *a)
{
        _cleanup_(freep) char *text = NULL;
        const char *line;
        size_t size;

        if (!a->job.bundle_sha256 || store_get(a->store, STORE_FAILED_TRIALS, &text) < 0)
                return false;
        return find(text, a->job.bundle_sha256, &line, &size) >= TRIALS_MAX;
}
