/* Prints a manual page from its template: the comment line OPTIONS gives way to the option table of
 * config.c as troff. */
#include <stdio.h>

#include "config.h"

int main(int argc, char *argv[])
{
        char line[1024];
        FILE *f = argc == 2 ? fopen(argv[1], "re") : NULL;

        if (!f) {
                fputs("usage: make-page TEMPLATE\n", stderr);
                return 1;
        }
        while (fgets(line, sizeof(line), f)) {
                if (streq(line, ".\\\" OPTIONS\n"))
                        config_print_man();
                else
                        fputs(line, stdout);
        }
        fclose(f);
        return fflush(stdout) == 0 ? 0 : 1;
}
