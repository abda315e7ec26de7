/* Job "upload": one file to a server, by libcurl. */
#include "cage.h"
#include "say.h"
#include "task.h"

int upload_run(const Task *task)
{
        static const Failure none = {.final = true, .code = "job", .message = "not yet"};

        if (cage_enter(CAGE_UPLOAD, task) == 0)
                say_failed(&none);
        return EXIT_SUCCESS;
}
