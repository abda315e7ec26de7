/* Passwords in URLs, for text that others wrote and that leaves the machine. */
#pragma once

#include <stddef.h>

/* Overwrites user and password of each URL in text ("scheme://user:password@host") by '*', byte by
 * byte: the size stays. A URL that size cuts off before its '@' is not known as one. */
void blank_urls(char *text, size_t size);
/* How many bytes of text may be judged by themselves while more of it is to come: no URL goes
 * beyond them. All of them where the text has no place to cut at. */
size_t blank_cut(const char *text, size_t size);
