/* The calls about what is known of stations: their list, one of them, its frames. */
#include "api.h"
#include "filter.h"
#include "listing.h"
#include "settings.h"
#include "state-frame.h"
#include "state-station.h"
#include <inttypes.h>
#include <stdio.h>

static void answer_list(const ApiCall *call, const ListingOptions *options)
{
        Listing listing;
        char sentence[192];
        int r = listing_make(call->service->csms, options, &listing);
        if (r == -EINVAL) {
                snprintf(sentence, sizeof(sentence), "sort must be %s, with a - for the reverse.",
                         listing_sorts);
                exchange_problem(call->x, 400, sentence);
                return;
        }
        if (r < 0) {
                api_out_of_memory(call->x);
                return;
        }
        api_add_total(call, (int64_t)listing.total);
        if (listing.next)
                api_add_next(call, listing.next);
        exchange_reply_json(call->x, 200, TAKE_PTR(listing.items));
        listing_done(&listing);
}

static void list_stations(const ApiCall *call)
{
        static const char *const own[] = {"sort", "limit", "after", NULL};
        _cleanup_(filter_done) Filter filter = FILTER_INIT;
        CodecError error;
        int64_t limit = LISTING_LIMIT_DEFAULT;
        if (!api_number(call, "limit", 1, LISTING_LIMIT_MAX, &limit))
                return;
        int r = filter_from_query(call->request->args, call->request->args_count, own, &filter,
                                  &error);
        if (r == -EINVAL)
                exchange_problem(call->x, 400, error.text);
        else if (r < 0)
                api_out_of_memory(call->x);
        else
                answer_list(call, &(ListingOptions){.filter = &filter,
                                                    .sort = request_arg(call->request, "sort"),
                                                    .after = request_arg(call->request, "after"),
                                                    .limit = (size_t)limit});
}

static void get_station(const ApiCall *call)
{
        exchange_reply_json(call->x, 200, station_describe_whole(call->station));
}

static int keep_station(void *userdata, const Station *station)
{
        return state_station_save(userdata, station);
}

static void patch_station(const ApiCall *call)
{
        CodecError error;
        int r = settings_apply(call->station, call->body, keep_station, call->service->state,
                               &error);
        if (r == -EINVAL)
                exchange_problem(call->x, 400, error.text);
        else if (r == -ENOMEM)
                api_out_of_memory(call->x);
        else if (r < 0)
                api_not_written(call->x);
        else
                exchange_reply_json(call->x, 200, station_describe_whole(call->station));
}

static void delete_station(const ApiCall *call)
{
        if (!csms_may_remove(call->station)) {
                exchange_problem(call->x, 409, "The station is connected.");
        } else if (state_frames_delete_station(call->service->frames, call->station) < 0) {
                api_not_written(call->x);
        } else {
                (void)csms_remove(call->service->csms, call->station);
                exchange_reply(call->x, 204, NULL, NULL);
        }
}

static void get_frames(const ApiCall *call)
{
        int64_t since = -1, limit = FRAMES_ANSWER_DEFAULT;
        uint64_t last = 0;
        char *lines = NULL;
        if (!api_number(call, "since", 0, INT64_MAX, &since) ||
            !api_number(call, "limit", 1, FRAMES_ANSWER_MAX, &limit))
                return;
        int r = state_frames_read(call->service->frames, call->station, since, limit, &lines,
                                  &last);
        if (r == -ENOMEM) {
                api_out_of_memory(call->x);
        } else if (r < 0) {
                exchange_problem(call->x, 503, "The frames can't be read.");
        } else {
                exchange_add_header(call->x, "last-frame:", str_printf("%" PRIu64, last));
                exchange_reply(call->x, 200, "application/jsonl", lines);
        }
}

#define LIST_QUERY                                                                                 \
        "id,protocol,vendor,model,serialNumber,firmwareVersion,notFirmwareVersion,"                \
        "belowFirmwareVersion,tag,notTag,status,phase,online,sort,limit,after"

/* clang-format off */
const Route api_inventory_routes[] = {
        { HTTP_GET,    "/api/stations",             "listStations",  ROLE_READ,     0,                      list_stations,  LIST_QUERY },
        { HTTP_GET,    "/api/stations/{id}",        "getStation",    ROLE_READ,     API_STATION,            get_station,    NULL },
        { HTTP_PATCH,  "/api/stations/{id}",        "changeStation", ROLE_OPERATOR, API_STATION | API_JSON, patch_station,  NULL },
        { HTTP_DELETE, "/api/stations/{id}",        "deleteStation", ROLE_OPERATOR, API_STATION,            delete_station, NULL },
        { HTTP_GET,    "/api/stations/{id}/frames", "listFrames",    ROLE_READ,     API_STATION,            get_frames,     "since,limit" },
        { 0 },
};
/* clang-format on */
