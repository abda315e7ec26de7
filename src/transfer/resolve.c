/* Job "resolve": a host's addresses as numeric text. It lives here because getaddrinfo() blocks. */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "cage.h"
#include "failpoint.h"
#include "say.h"
#include "task.h"
#include "transfer.h"

/* A resolver that hangs longer is ended by SIGALRM: a failure that is not final. */
#define RESOLVE_SECONDS_MAX 60

static void list_freep(struct addrinfo **list)
{
        if (*list)
                freeaddrinfo(*list);
}

/* A numeric host needs no resolver and no network. */
static int look_up(const Task *task, struct addrinfo **ret)
{
        struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
        int r;

        hints.ai_flags = AI_NUMERICHOST;
        r = getaddrinfo(task->host, task->service, &hints, ret);
        if (r != EAI_NONAME)
                return r;
        hints.ai_flags = 0;
        return getaddrinfo(task->host, task->service, &hints, ret);
}

static size_t to_text(const struct addrinfo *list,
                      char texts[static TRANSFER_ADDRESSES_MAX][INET6_ADDRSTRLEN + 16])
{
        size_t n = 0;

        for (; list && n < TRANSFER_ADDRESSES_MAX; list = list->ai_next) {
                if (getnameinfo(list->ai_addr, list->ai_addrlen, texts[n], sizeof(texts[n]), NULL,
                                0, NI_NUMERICHOST) == 0)
                        n++;
        }
        return n;
}

int resolve_run(const Task *task)
{
        _cleanup_(list_freep) struct addrinfo *list = NULL;
        char texts[TRANSFER_ADDRESSES_MAX][INET6_ADDRSTRLEN + 16];
        const char *addresses[TRANSFER_ADDRESSES_MAX];
        Failure failure = {.final = false, .code = "resolve"};
        size_t n;
        int r;

        fail_point("worker", "resolve-begin");
        if (cage_enter(CAGE_RESOLVE, task) < 0)
                return EXIT_SUCCESS;
        alarm(RESOLVE_SECONDS_MAX);
        r = look_up(task, &list);
        n = r == 0 ? to_text(list, texts) : 0;
        for (size_t i = 0; i < n; i++)
                addresses[i] = texts[i];
        fail_point("worker", "resolve-end");
        if (n > 0) {
                say_addresses(addresses, n);
        } else {
                snprintf(failure.message, sizeof(failure.message), "the name has no address: %s",
                         r ? gai_strerror(r) : "none of a kind we know");
                say_failed(&failure);
        }
        return EXIT_SUCCESS;
}
