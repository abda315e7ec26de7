/* See form.h. */
#include "form.h"

/* "\r\n--" and the boundary, which has no "\r": where a match breaks off, the next can only begin
 * with the byte that broke it. */
#define DELIMITER_MAX (4 + FORM_BOUNDARY_MAX)

typedef enum FormState {
        FORM_SKIP,    /* what is of no concern, up to a delimiter */
        FORM_FILE,    /* the file, up to a delimiter */
        FORM_LINE,    /* the rest of a delimiter's line */
        FORM_HEADERS, /* a part's */
        FORM_END,     /* behind the last delimiter */
} FormState;

struct Form {
        FormState state;
        char delimiter[DELIMITER_MAX + 1];
        size_t size, matched; /* of the delimiter */
        char headers[FORM_HEADERS_MAX + 1];
        size_t headers_size;
        char name[FORM_NAME_MAX + 1];
        bool has_file;
};

/* The value of a parameter of a header, quoted or not; -1: there is none, or it is too long. */
static int parameter(const char *header, const char *name, char *out, size_t room)
{
        size_t n = strlen(name), used = 0;
        const char *p = header;
        do {
                p = strchr(p, ';');
                if (!p)
                        return -1;
                p += 1 + strspn(p + 1, " \t");
        } while (strncasecmp(p, name, n) != 0 || p[n] != '=');
        p += n + 1;
        bool quoted = *p == '"';
        for (p += quoted; *p && (quoted ? *p != '"' : !strchr("; \t\r\n", *p)); p++) {
                if (quoted && *p == '\\' && p[1])
                        p++;
                if (used == room - 1)
                        return -1;
                out[used++] = *p;
        }
        out[used] = '\0';
        return 0;
}

int form_new(const char *content_type, Form **ret)
{
        _cleanup_(form_freep) Form *form = calloc(1, sizeof(*form));
        if (!form)
                return -ENOMEM;
        memcpy(form->delimiter, "\r\n--", 4);
        if (parameter(content_type, "boundary", form->delimiter + 4, FORM_BOUNDARY_MAX + 1) < 0 ||
            !form->delimiter[4] || strpbrk(form->delimiter + 4, "\r\n"))
                return -EBADMSG;
        form->size = strlen(form->delimiter);
        form->matched = 2; /* the first delimiter may stand at the very beginning */
        *ret = TAKE_PTR(form);
        return 0;
}

void form_free(Form *form)
{
        free(form);
}

bool form_is_whole(const Form *form)
{
        return form->state == FORM_END && form->has_file;
}

const char *form_name(const Form *form)
{
        return form->name;
}

bool form_filename(const char *disposition, char out[static FORM_NAME_MAX + 1])
{
        if (parameter(disposition, "filename", out, FORM_NAME_MAX + 1) == 0)
                return true;
        *out = '\0';
        return false;
}

/* The headers of a part are whole: the first one with a filename is the file. */
static void begin_part(Form *form)
{
        static const char disposition[] = "content-disposition:";
        form->state = FORM_SKIP;
        for (char *line = form->headers, *rest; *line && !form->has_file; line = rest) {
                size_t size = strcspn(line, "\r\n");
                rest = line + size + strspn(line + size, "\r\n");
                line[size] = '\0';
                if (strncasecmp(line, disposition, strlen(disposition)) == 0 &&
                    form_filename(line, form->name)) {
                        form->has_file = true;
                        form->state = FORM_FILE;
                }
        }
        form->headers_size = 0;
}

/* A byte of a delimiter's line, or of headers. 0, -EBADMSG. */
static int take_header(Form *form, char c)
{
        if (form->headers_size == FORM_HEADERS_MAX || c == '\0')
                return -EBADMSG;
        form->headers[form->headers_size++] = c;
        form->headers[form->headers_size] = '\0';
        const char *end = form->headers + form->headers_size;
        if (form->state == FORM_LINE && streq(form->headers, "--")) {
                form->state = FORM_END;
        } else if (form->state == FORM_LINE && c == '\n') {
                form->headers_size = 0;
                form->state = FORM_HEADERS;
        } else if (form->state == FORM_HEADERS &&
                   (streq(form->headers, "\r\n") ||
                    (form->headers_size >= 4 && streq(end - 4, "\r\n\r\n")))) {
                begin_part(form);
        }
        return 0;
}

/* Where the part goes on: the bytes up to the next that may begin a delimiter. */
static size_t plain(const char *data, size_t size)
{
        const char *p = memchr(data, '\r', size);
        return p ? (size_t)(p - data) : size;
}

/* A byte of a part. 0; what take() has returned. */
static int take_content(Form *form, char c,
                        int (*take)(void *userdata, const void *data, size_t size), void *userdata)
{
        int r = 0;
        if (c != form->delimiter[form->matched]) {
                if (form->state == FORM_FILE && form->matched > 0)
                        r = take(userdata, form->delimiter, form->matched);
                form->matched = 0;
        }
        if (c == form->delimiter[form->matched])
                form->matched++;
        else if (form->state == FORM_FILE && r >= 0)
                r = take(userdata, &c, 1);
        if (form->matched == form->size) {
                form->matched = 0;
                form->headers_size = 0;
                form->state = FORM_LINE;
        }
        return MIN(r, 0);
}

int form_feed(Form *form, const char *data, size_t size,
              int (*take)(void *userdata, const void *data, size_t size), void *userdata)
{
        for (size_t i = 0; i < size && form->state != FORM_END;) {
                int r = 0;
                size_t n = 1;
                if (form->state == FORM_LINE || form->state == FORM_HEADERS)
                        r = take_header(form, data[i]);
                else if (form->matched > 0 || (n = plain(data + i, size - i)) == 0)
                        r = take_content(form, data[i], take, userdata), n = 1;
                else if (form->state == FORM_FILE)
                        r = take(userdata, data + i, n);
                if (r < 0)
                        return r;
                i += n;
        }
        return 0;
}
