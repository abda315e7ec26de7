/* For tests that need certificates: a PKI made by certs/make-pki in a temporary folder, once for a
 * program, and a way to run the tools that change it. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "util.h"

#define PKI_FILE_MAX 65536
#define PKI_WORDS_MAX 24

typedef struct Pki {
        char dir[32];
        char path[256]; /* what pki_path() returned last */
} Pki;

/* dir/NAME, good until the next call. */
static inline const char *pki_path(Pki *p, const char *name)
{
        assert_true(snprintf(p->path, sizeof(p->path), "%s/%s", p->dir, name) <
                    (int)sizeof(p->path));
        return p->path;
}

/* The content of dir/NAME, owned by the caller. */
static inline char *pki_read(Pki *p, const char *name, size_t *ret_size)
{
        char *data = NULL;

        if (file_read(pki_path(p, name), PKI_FILE_MAX, &data, ret_size) < 0)
                fail_msg("can't read %s", p->path);
        return data;
}

static inline void pki_write(Pki *p, const char *name, const void *data, size_t size)
{
        assert_int_equal(file_write_atomic(pki_path(p, name), data, size, 0644), 0);
}

/* Runs a program with the folder as its current one; what it prints goes to dir/output. Returns its
 * exit status. */
static inline int pki_run_words(Pki *p, const char *const words[])
{
        posix_spawn_file_actions_t actions;
        pid_t pid;
        int status;

        if (!words[0])
                return -1;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addchdir_np(&actions, p->dir);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "output",
                                         O_WRONLY | O_CREAT | O_TRUNC, 0644);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "messages",
                                         O_WRONLY | O_CREAT | O_TRUNC, 0644);
        status = posix_spawnp(&pid, words[0], &actions, NULL, (char *const *)words, environ);
        posix_spawn_file_actions_destroy(&actions);
        if (status != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
                return -1;
        return WEXITSTATUS(status);
}

/* The same with the words in one string, separated by single blanks; @ at the beginning of a word
 * stands for the folder certs/ of the source. */
static inline int pki_run(Pki *p, const char *line)
{
        _cleanup_(freep) char *copy = strdup(line);
        char storage[1024], *end = storage, *rest = NULL;
        const char *words[PKI_WORDS_MAX] = {NULL};
        size_t n = 0;

        for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
                assert_true(n + 1 < PKI_WORDS_MAX);
                words[n++] = w;
                if (w[0] != '@')
                        continue;
                words[n - 1] = end;
                end += 1 + snprintf(end, (size_t)(storage + sizeof(storage) - end), "%s/certs/%s",
                                    getenv("SOURCE_DIR"), w + 1);
                assert_true(end <= storage + sizeof(storage));
        }
        return pki_run_words(p, words);
}

/* A group's set-up: *state is a Pki with all that make-pki makes. */
static inline int pki_setup(void **state)
{
        Pki *p = calloc(1, sizeof(*p));

        if (!p || !getenv("SOURCE_DIR"))
                return -1;
        snprintf(p->dir, sizeof(p->dir), "/tmp/test-pki-XXXXXX");
        if (!mkdtemp(p->dir) || pki_run(p, "@make-pki pki") != 0)
                return -1;
        *state = p;
        return 0;
}

static inline int pki_remove_one(const char *path, _unused_ const struct stat *st,
                                 _unused_ int type, _unused_ struct FTW *ftw)
{
        return remove(path);
}

static inline int pki_teardown(void **state)
{
        Pki *p = *state;

        nftw(p->dir, pki_remove_one, 8, FTW_DEPTH | FTW_PHYS);
        free(p);
        return 0;
}
