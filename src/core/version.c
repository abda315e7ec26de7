/* Comparing versions: see version.h. */
#include <ctype.h>

#include "version.h"

/* Where a sign of a part without digits stands; a digit and the end count as the end of the part.
 */
static int order(char c)
{
        if (c == '~')
                return -1;
        if (c == '\0' || isdigit((unsigned char)c))
                return 0;
        return isalpha((unsigned char)c) ? c : c + 256;
}

/* The number at *p: how many digits it has without leading zeros. Sets *p behind it. */
static int take_number(const char **p, const char **ret_first)
{
        while (**p == '0')
                (*p)++;
        *ret_first = *p;
        while (isdigit((unsigned char)**p))
                (*p)++;
        return (int)(*p - *ret_first);
}

int version_compare(const char *a, const char *b)
{
        while (*a || *b) {
                const char *first_a, *first_b;
                int length_a, length_b;

                while ((*a && !isdigit((unsigned char)*a)) || (*b && !isdigit((unsigned char)*b))) {
                        int difference = order(*a) - order(*b);

                        if (difference != 0)
                                return difference;
                        a++;
                        b++;
                }
                length_a = take_number(&a, &first_a);
                length_b = take_number(&b, &first_b);
                if (length_a != length_b)
                        return length_a - length_b;
                for (int i = 0; i < length_a; i++)
                        if (first_a[i] != first_b[i])
                                return first_a[i] - first_b[i];
        }
        return 0;
}
