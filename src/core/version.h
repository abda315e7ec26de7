/* Versions in order, as dpkg --compare-versions puts them (without epochs and revisions): numbers
 * by their value, letters before other signs, "~" before everything, even the end. */
#pragma once

/* Below 0: a is older than b; 0: the same; above 0: newer. */
int version_compare(const char *a, const char *b);
