/* See openapi.h. The assembler puts the file in; CMake says where it is and that this depends on
 * it. */
#include "openapi.h"

/* clang-format off */
__asm__(".pushsection .rodata\n"
        ".global openapi_json, openapi_json_end\n"
        ".hidden openapi_json, openapi_json_end\n"
        "openapi_json:\n"
        ".incbin \"" OPENAPI_FILE "\"\n"
        "openapi_json_end:\n"
        ".popsection\n");
/* clang-format on */
