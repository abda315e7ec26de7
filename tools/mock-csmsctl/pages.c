/* See pages.h. */
#include "pages.h"
#include <stdio.h>
#include <sys/stat.h>

/* Moves what is on a page behind the list. -EINVAL: it is no list. */
static int move(const Answer *page, cJSON *list)
{
        _cleanup_(cJSON_Deletep) cJSON *more = NULL;
        if (!page->body || json_parse(page->body, page->size, &more) < 0 || !cJSON_IsArray(more))
                return -EINVAL;
        while (more->child)
                cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(more, more->child));
        return 0;
}

/* Gets the rest. *answer is the first page, and then the whole, or a refusal. */
static int get_rest(const Server *server, const Command *command, Answer *answer, Sentence *reterr)
{
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        int r = list ? move(answer, list) : -ENOMEM;
        while (r == 0 && answer->next) {
                Command page = *command;
                _cleanup_(freep) char *target =
                        str_printf("%s%cafter=%s", command->target,
                                   strchr(command->target, '?') ? '&' : '?', answer->next);
                page.target = target;
                answer_done(answer);
                r = target ? request_run(server, &page, answer, reterr) : -ENOMEM;
                if (r < 0 && r != -ENOMEM)
                        return r;
                if (answer->status >= 300)
                        return 0;
                if (r == 0)
                        r = move(answer, list);
        }
        if (r == -EINVAL) {
                complain(reterr, "The server's answer is no list.");
                return -ECONNREFUSED;
        }
        free(answer->body);
        answer->body = r == 0 ? cJSON_PrintUnformatted(list) : NULL;
        answer->size = answer->body ? strlen(answer->body) : 0;
        return answer->body ? 0 : complain(reterr, "Out of memory.");
}

/* Puts the whole where it belongs. */
static int put(const char *output, Answer *answer, Sentence *reterr)
{
        mode_t mask = umask(0);
        umask(mask);
        int r = 0;
        if (streq(output, "-"))
                r = fputs(answer->body, stdout) < 0 || fflush(stdout) != 0 ? -errno : 0;
        else
                r = file_write_atomic(output, answer->body, answer->size, 0666 & ~mask);
        if (r < 0)
                return complain(reterr, "Can't write %s: %s.", output, strerror(-r));
        free(TAKE_PTR(answer->body));
        return 0;
}

int pages_run(const Server *server, const Command *command, Answer *ret, Sentence *reterr)
{
        Command first = *command;
        _cleanup_(answer_done) Answer answer = {0};
        if (command->whole)
                first.output = NULL;
        int r = request_run(server, &first, &answer, reterr);
        if (r == 0 && command->whole && answer.next && answer.status < 300)
                r = get_rest(server, &first, &answer, reterr);
        if (r == 0 && command->whole && command->output && answer.status < 300)
                r = put(command->output, &answer, reterr);
        if (r < 0)
                return r;
        *ret = answer;
        answer = (Answer){0};
        return 0;
}
