/* See heap.h. */
#include "heap.h"

int heap_init(Heap *heap, uint32_t room)
{
        *heap = (Heap){
                .order = calloc(room + 1, sizeof(*heap->order)),
                .position = malloc((room + 1) * sizeof(*heap->position)),
                .keys = calloc(room + 1, sizeof(*heap->keys)),
        };
        if (!heap->order || !heap->position || !heap->keys)
                return -ENOMEM;
        memset(heap->position, 0xff, (room + 1) * sizeof(*heap->position));
        return 0;
}

void heap_done(Heap *heap)
{
        free(heap->order);
        free(heap->position);
        free(heap->keys);
        *heap = (Heap){0};
}

static bool before(const Heap *heap, uint32_t a, uint32_t b)
{
        return heap->keys[a] != heap->keys[b] ? heap->keys[a] < heap->keys[b] : a < b;
}

static void place(Heap *heap, uint32_t at, uint32_t index)
{
        heap->order[at] = index;
        heap->position[index] = at;
}

/* Brings the index, whose place is at, to where it belongs. */
static void sift(Heap *heap, uint32_t at, uint32_t index)
{
        for (uint32_t up; at > 0 && before(heap, index, heap->order[up = (at - 1) / 2]); at = up)
                place(heap, at, heap->order[up]);
        for (uint32_t down; (down = 2 * at + 1) < heap->count; at = down) {
                if (down + 1 < heap->count &&
                    before(heap, heap->order[down + 1], heap->order[down]))
                        down++;
                if (!before(heap, heap->order[down], index))
                        break;
                place(heap, at, heap->order[down]);
        }
        place(heap, at, index);
}

void heap_put(Heap *heap, uint32_t index, uint64_t key)
{
        uint32_t at = heap->position[index];
        heap->keys[index] = key;
        sift(heap, at == HEAP_ABSENT ? heap->count++ : at, index);
}

void heap_remove(Heap *heap, uint32_t index)
{
        uint32_t at = heap->position[index];
        if (at == HEAP_ABSENT)
                return;
        heap->position[index] = HEAP_ABSENT;
        uint32_t last = heap->order[--heap->count];
        if (last != index)
                sift(heap, at, last);
}
