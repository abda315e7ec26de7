/* agent.conf of any bytes: either a usable configuration or one complaint, never neither. */
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include "core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        ConfigError error = {0};
        Config c;
        int r = config_parse("fuzz", (const char *)data, size, &c, &error);

        if (r < 0) {
                if (r == -EINVAL && !startswith(error.text, "fuzz"))
                        abort();
                return 0;
        }
        if (!c.url || !c.vendor || !c.model || !c.spool || !c.protocols[0] ||
            !c.transfer_protocols[0])
                abort();
        config_done(&c);
        return 0;
}
