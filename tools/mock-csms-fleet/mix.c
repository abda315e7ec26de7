/* See mix.h. */
#include "mix.h"
#include <math.h>

/* One step of splitmix64. */
static uint64_t scramble(uint64_t x)
{
        x += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
}

uint64_t mix_draw(uint64_t seed, uint64_t station, Lot lot, uint64_t n)
{
        return scramble(scramble(scramble(scramble(seed) ^ station) ^ (uint64_t)lot) ^ n);
}

double mix_part(uint64_t seed, uint64_t station, Lot lot, uint64_t n)
{
        return (double)(mix_draw(seed, station, lot, n) >> 11) * 0x1p-53;
}

static bool has(const Mix *mix, const char *value)
{
        for (size_t i = 0; i < mix->count; i++)
                if (streq(mix->items[i].value, value))
                        return true;
        return false;
}

/* One word of the list; its share is behind the last colon. */
static int add(Mix *mix, char *word)
{
        double share = 1;
        char *colon = strrchr(word, ':'), *end = NULL;
        if (colon) {
                *colon = '\0';
                share = strtod(colon + 1, &end);
                if (end == colon + 1 || *end || !isfinite(share) || share < 0)
                        return -EINVAL;
        }
        size_t n = strlen(word);
        if (n == 0 || n > MIX_VALUE_MAX || mix->count == MIX_MAX || has(mix, word))
                return -EINVAL;
        memcpy(mix->items[mix->count].value, word, n + 1);
        mix->items[mix->count++].share = share;
        mix->sum += share;
        return 0;
}

int mix_read(const char *text, Mix *ret)
{
        Mix mix = {0};
        _cleanup_(freep) char *copy = strdup(text);
        char *rest = copy;
        if (!copy)
                return -ENOMEM;
        for (char *word; (word = strsep(&rest, ","));)
                if (add(&mix, str_strip(word)) < 0)
                        return -EINVAL;
        if (!(mix.sum > 0))
                return -EINVAL;
        *ret = mix;
        return 0;
}

const char *mix_choose(const Mix *mix, double part)
{
        double left = part * mix->sum;
        for (size_t i = 0; i + 1 < mix->count; i++) {
                if (left < mix->items[i].share)
                        return mix->items[i].value;
                left -= mix->items[i].share;
        }
        return mix->items[mix->count - 1].value;
}
