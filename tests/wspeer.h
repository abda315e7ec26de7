/* The other side of a WebSocket, by hand, so that it can misbehave: a forked child that accepts one
 * connection (with or without TLS), does the handshake and then what the test says. A child reports
 * by its exit status. For one test program each; everything is static. */
#pragma once

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#define PEER_SECONDS_MAX 8

enum {
        WS_CONT = 0,
        WS_TEXT = 1,
        WS_BINARY = 2,
        WS_CLOSE = 8,
        WS_PING = 9,
        WS_PONG = 10,
        WS_FIN = 0x80
};

typedef struct Peer {
        int fd;
        SSL *ssl;
        char request[8192];
} Peer;

typedef struct PeerScript {
        void (*run)(Peer *peer);
        SSL_CTX *tls;
        bool raw;     /* run() does the handshakes itself */
        bool listens; /* run() accepts by itself, from the listening socket in fd */
        const char *protocol;
} PeerScript;

/* In the child: a broken expectation ends it with a line on stderr. */
#define peer_check(condition)                                                                      \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "peer: line %d: %s\n", __LINE__, #condition);              \
                        _exit(1);                                                                  \
                }                                                                                  \
        } while (0)

static ssize_t peer_read(Peer *p, void *data, size_t size)
{
        return p->ssl ? SSL_read(p->ssl, data, (int)size) : read(p->fd, data, size);
}

static _unused_ void peer_write(Peer *p, const void *data, size_t size)
{
        ssize_t n;

        if (p->ssl) {
                peer_check(size == 0 || SSL_write(p->ssl, data, (int)size) == (int)size);
                return;
        }
        for (const char *c = data; size > 0; c += n, size -= (size_t)n)
                peer_check((n = send(p->fd, c, size, MSG_NOSIGNAL)) > 0);
}

static _unused_ bool peer_read_all(Peer *p, void *data, size_t size)
{
        for (char *c = data; size > 0;) {
                ssize_t n = peer_read(p, c, size);

                if (n <= 0)
                        return false;
                c += n;
                size -= (size_t)n;
        }
        return true;
}

static _unused_ void peer_read_request(Peer *p)
{
        size_t n = 0;

        while (!strstr(p->request, "\r\n\r\n")) {
                peer_check(n + 1 < sizeof(p->request) && peer_read_all(p, p->request + n, 1));
                p->request[++n] = '\0';
        }
}

static _unused_ void peer_accept_key(const Peer *p, char out[64])
{
        const char *key = strstr(p->request, "Sec-WebSocket-Key: ");
        unsigned char digest[EVP_MAX_MD_SIZE];
        char text[128];
        unsigned n;

        peer_check(key);
        key += strlen("Sec-WebSocket-Key: ");
        snprintf(text, sizeof(text), "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
                 (int)strcspn(key, "\r"), key);
        peer_check(EVP_Digest(text, strlen(text), digest, &n, EVP_sha1(), NULL) == 1);
        EVP_EncodeBlock((unsigned char *)out, digest, (int)n);
}

/* extra: more header lines, each with its \r\n. */
static _unused_ void peer_upgrade(Peer *p, const char *protocol, const char *extra)
{
        char key[64], answer[512];

        peer_accept_key(p, key);
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%s%s%s\r\n",
                 key, protocol ? "Sec-WebSocket-Protocol: " : "", protocol ? protocol : "",
                 protocol ? "\r\n" : "", extra);
        peer_write(p, answer, strlen(answer));
}

/* first: opcode, with WS_FIN if it is the last of its message. */
static _unused_ void peer_frame(Peer *p, int first, const void *data, size_t size)
{
        unsigned char head[10] = {(unsigned char)first};
        size_t n = 2;

        if (size < 126) {
                head[1] = (unsigned char)size;
        } else if (size < 65536) {
                head[1] = 126;
                head[2] = (unsigned char)(size >> 8);
                head[3] = (unsigned char)size;
                n = 4;
        } else {
                head[1] = 127;
                for (int i = 0; i < 8; i++)
                        head[2 + i] = (unsigned char)((uint64_t)size >> (56 - 8 * i));
                n = 10;
        }
        peer_write(p, head, n);
        peer_write(p, data, size);
}

/* One frame of the station; must be masked (RFC 6455 5.1). The first byte, or -1: end. *ret is the
 * caller's. */
static _unused_ int peer_read_frame(Peer *p, char **ret, size_t *ret_size)
{
        unsigned char head[14], *mask;
        size_t size, more;
        char *data;

        if (!peer_read_all(p, head, 2))
                return -1;
        peer_check(head[1] & 0x80);
        size = head[1] & 0x7f;
        more = size == 126 ? 2 : size == 127 ? 8 : 0;
        peer_check(peer_read_all(p, head + 2, more + 4));
        mask = head + 2 + more;
        if (more)
                size = 0;
        for (size_t i = 0; i < more; i++)
                size = size << 8 | head[2 + i];
        peer_check(size < 16 * 1024 * 1024 && (data = malloc(size + 1)));
        peer_check(peer_read_all(p, data, size));
        for (size_t i = 0; i < size; i++)
                data[i] = (char)((unsigned char)data[i] ^ mask[i % 4]);
        data[size] = '\0';
        *ret = data;
        *ret_size = size;
        return head[0];
}

/* The station may be gone already: nobody checks. */
static _unused_ void peer_answer_close(Peer *p, int code)
{
        unsigned char frame[4] = {WS_FIN | WS_CLOSE, 2, (unsigned char)(code >> 8),
                                  (unsigned char)code};

        if (p->ssl)
                (void)SSL_write(p->ssl, frame, sizeof(frame));
        else
                (void)send(p->fd, frame, sizeof(frame), MSG_NOSIGNAL);
}

/* Reads on until the station closes; its close code, 0 if there was none. */
static _unused_ int peer_expect_close(Peer *p)
{
        for (;;) {
                size_t size;
                char *data;
                int first = peer_read_frame(p, &data, &size), code = 0;

                if (first < 0)
                        return 0;
                if (first == (WS_FIN | WS_CLOSE)) {
                        if (size >= 2)
                                code = (unsigned char)data[0] << 8 | (unsigned char)data[1];
                        free(data);
                        peer_answer_close(p, code);
                        return code;
                }
                free(data);
        }
}

/* Until the station has gone. */
static _unused_ void peer_drain(Peer *p)
{
        char c[256];

        while (peer_read(p, c, sizeof(c)) > 0)
                ;
}

static void peer_child(int listener, const PeerScript *s)
{
        Peer p = {.fd = s->listens ? listener : accept(listener, NULL, NULL)};

        peer_check(p.fd >= 0);
        if (s->tls && !s->raw) {
                peer_check((p.ssl = SSL_new(s->tls)) && SSL_set_fd(p.ssl, p.fd));
                if (SSL_accept(p.ssl) != 1)
                        _exit(0); /* the test sees that on its side */
        }
        if (!s->raw && !s->listens) {
                peer_read_request(&p);
                peer_upgrade(&p, s->protocol ? s->protocol : "ocpp1.6", "");
        }
        s->run(&p);
        _exit(0);
}

static _unused_ int peer_listen(uint16_t *ret_port)
{
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        peer_check(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
                   listen(fd, 4) == 0 && getsockname(fd, (struct sockaddr *)&a, &size) == 0);
        *ret_port = ntohs(a.sin_port);
        return fd;
}

static _unused_ pid_t peer_start(int listener, const PeerScript *s)
{
        pid_t pid = fork();

        if (pid == 0) {
                signal(SIGPIPE, SIG_IGN);
                alarm(PEER_SECONDS_MAX);
                peer_child(listener, s);
        }
        return pid;
}

/* Its exit status; 128 and more: a signal. */
static _unused_ int peer_wait(pid_t pid)
{
        int status = 0;

        if (waitpid(pid, &status, 0) != pid)
                return 127;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
