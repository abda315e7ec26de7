/* Job "upload": one file to a server, by libcurl. */
#include "say.h"
#include "task.h"

int upload_run(const Task *task _unused_)
{
        static const Failure none = {.final = true, .code = "job", .message = "not yet"};

        say_failed(&none);
        return EXIT_SUCCESS;
}
