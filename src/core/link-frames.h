/* Messages on their way: those that wait to be sent, and the one that comes in piece by piece. Both
 * bounded. Only link.c uses it. */
#pragma once

#include "util.h"

typedef struct LinkFrame {
        struct LinkFrame *next;
        size_t size;          /* bytes of the text */
        unsigned char data[]; /* headroom for the library, then the text */
} LinkFrame;

typedef struct LinkQueue {
        LinkFrame *first, *last; /* owned */
        size_t bytes;            /* of all texts in it */
} LinkQueue;

/* Copies a text behind headroom bytes to the end. 0; -ENOBUFS: more than limit bytes would wait;
 * -ENOMEM. */
int link_queue_add(LinkQueue *queue, const char *text, size_t size, size_t headroom, size_t limit);
/* The oldest, which is now the caller's (free()); NULL: none. */
LinkFrame *link_queue_take(LinkQueue *queue);
/* Frees what waits. */
void link_queue_clear(LinkQueue *queue);

typedef struct LinkMessage {
        char *text;        /* a NUL behind its end; NULL while binary */
        size_t size, room; /* bytes so far, and that fit before more memory is taken */
        bool binary;       /* counted, not kept */
} LinkMessage;

/* The first piece of a message is about to come. */
void link_message_begin(LinkMessage *message, bool binary);
/* A piece has come, and this frame holds remaining bytes more. 0; -EMSGSIZE: the whole would be
 * longer than limit; -ENOMEM. */
int link_message_add(LinkMessage *message, const void *data, size_t size, size_t remaining,
                     size_t limit);
/* Forgets what came of it and frees the text. */
void link_message_clear(LinkMessage *message);
