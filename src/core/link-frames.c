/* Queue and reassembly: see link-frames.h. */
#include "link-frames.h"

int link_queue_add(LinkQueue *queue, const char *text, size_t size, size_t headroom, size_t limit)
{
        LinkFrame *f;

        if (size > limit || queue->bytes > limit - size)
                return -ENOBUFS;
        if (!(f = malloc(sizeof(*f) + headroom + size)))
                return -ENOMEM;
        f->next = NULL;
        f->size = size;
        memcpy(f->data + headroom, text, size);
        if (queue->last)
                queue->last->next = f;
        else
                queue->first = f;
        queue->last = f;
        queue->bytes += size;
        return 0;
}

LinkFrame *link_queue_take(LinkQueue *queue)
{
        LinkFrame *f = queue->first;

        if (!f)
                return NULL;
        queue->first = f->next;
        if (!queue->first)
                queue->last = NULL;
        queue->bytes -= f->size;
        return f;
}

void link_queue_clear(LinkQueue *queue)
{
        LinkFrame *f;

        while ((f = link_queue_take(queue)))
                free(f);
}

void link_message_begin(LinkMessage *message, bool binary)
{
        link_message_clear(message);
        message->binary = binary;
}

int link_message_add(LinkMessage *message, const void *data, size_t size, size_t remaining,
                     size_t limit)
{
        size_t left = limit - MIN(limit, message->size);

        if (size > left || remaining > left - size)
                return -EMSGSIZE;
        if (!message->binary) {
                size_t room = message->size + size + remaining + 1;

                if (room > message->room) {
                        char *text = realloc(message->text, room);

                        if (!text)
                                return -ENOMEM;
                        message->text = text;
                        message->room = room;
                }
                if (size > 0)
                        memcpy(message->text + message->size, data, size);
                message->text[message->size + size] = '\0';
        }
        message->size += size;
        return 0;
}

void link_message_clear(LinkMessage *message)
{
        free(message->text);
        *message = (LinkMessage){0};
}
