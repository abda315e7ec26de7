/* What a log or a screen may show of what a peer sent: no password, and of certificates, keys and
 * signatures no more than serves to tell one from another. */
#pragma once

#include <stddef.h>

/* The URL without user and password. Owned by the caller; NULL when out of memory. */
char *redact_url(const char *url);
/* One OCPP-J frame for the log: URLs without user and password, passwords left out, PEM and
 * signatures as the beginning of their SHA-256. What is no JSON appears as its size alone. Owned by
 * the caller; NULL when out of memory. */
char *redact_frame(const char *text, size_t size);
