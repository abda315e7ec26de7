/* See draw.h. */
#include "draw.h"

static uint64_t add(uint64_t h, const char *text)
{
        for (; *text; text++)
                h = (h ^ (unsigned char)*text) * 0x100000001b3;
        return h;
}

uint64_t draw_number(const char *name, const char *id)
{
        uint64_t h = add(0xcbf29ce484222325, name);
        h = add(h * 0x100000001b3, id); /* the NUL between them */
        h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
        h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
        return h ^ (h >> 31);
}
