/* Indices in the order of their keys, the smallest first; those of one key by themselves. For
 * queues of targets. */
#pragma once

#include "util.h"

typedef struct Heap {
        uint32_t *order;    /* a binary heap of indices */
        uint32_t *position; /* in order, by index; HEAP_ABSENT: not in it */
        uint64_t *keys;     /* by index */
        uint32_t count;
} Heap;

#define HEAP_ABSENT UINT32_MAX

/* An empty one, for indices below room. 0, -ENOMEM; heap_done() in either case. */
int heap_init(Heap *heap, uint32_t room);
void heap_done(Heap *heap);
/* Puts an index in, or moves it to another key. */
void heap_put(Heap *heap, uint32_t index, uint64_t key);
/* Nothing happens if it is not in. */
void heap_remove(Heap *heap, uint32_t index);
/* The first one; HEAP_ABSENT: there is none. */
static inline uint32_t heap_first(const Heap *heap)
{
        return heap->count > 0 ? heap->order[0] : HEAP_ABSENT;
}
