/* The file openapi.json, which is part of the program. */
#pragma once

/* Its text, without a NUL: from openapi_json to openapi_json_end. */
extern const char openapi_json[], openapi_json_end[];
