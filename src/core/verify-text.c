/* From the text that a request carries to bytes: base64, and the ways a certificate is written. */
#include "verify-internal.h"

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

static bool is_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static int base64_value(char c)
{
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* OpenSSL's own decoder is not used: it takes '=' anywhere. */
int base64_decode(const char *text, size_t n, uint8_t *out)
{
        size_t digits = 0, padding = 0, size = 0;
        uint32_t bits = 0;

        for (size_t i = 0; i < n; i++) {
                int value = base64_value(text[i]);

                if (is_space(text[i]))
                        continue;
                if (text[i] == '=') {
                        padding++;
                        continue;
                }
                if (value < 0 || padding > 0)
                        return -EINVAL;
                bits = bits << 6 | (uint32_t)value;
                if (digits++ % 4 != 0)
                        out[size++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
        }
        if (padding > 2 || (digits + padding) % 4 != 0)
                return -EINVAL;
        return (int)size;
}

/* Decodes hex digits, white space ignored, into out, which has room for half of them. Changes text.
 * Bytes or -EINVAL. */
static int hex_text_decode(char *text, uint8_t *out)
{
        size_t n = 0;

        for (const char *p = text; *p; p++)
                if (!is_space(*p))
                        text[n++] = *p;
        text[n] = '\0';
        return n % 2 == 0 && hex_decode(text, out, n / 2) == 0 ? (int)(n / 2) : -EINVAL;
}

/* What stands between BEGIN and END must be base64, so a second certificate can't hide in there. */
int certificate_text_decode(char *text, uint8_t *out)
{
        const char *body;
        size_t n;

        /* Operators paste PEM into forms that turn line ends into \n in so many letters. */
        for (char *p = text; (p = strchr(p, '\\')); p++)
                if (p[1] == 'n' || p[1] == 'r')
                        p[0] = p[1] = ' ';
        text = str_strip(text);
        if (!(body = startswith(text, PEM_BEGIN)))
                return hex_text_decode(text, out);
        n = strlen(body);
        if (n < strlen(PEM_END) || !streq(body + n - strlen(PEM_END), PEM_END))
                return -EINVAL;
        return base64_decode(body, n - strlen(PEM_END), out);
}
