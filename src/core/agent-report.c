/* Reports of the device model (B07, B08): what was asked for, and its parts, each built when its
 * turn comes. They are told one after the other. A part that was not answered is told again on the
 * next connection, under its number; one that was answered with an error is over. */
#include "agent-private.h"

/* A part that is never answered takes its report with it, so that nothing is blocked. */
#define TRIES_MAX 3
/* [2,"36 characters","NotifyReport",…] */
#define FRAME_BYTES 64

/* ---- what belongs to a report ---- */

static bool is_true(const Agent *a, const VarAddress *address, VarPlace place)
{
        _cleanup_(freep) char *value = NULL;

        return vars_read(a->vars, address->var, place, &value) == 0 && streq(value, "true");
}

/* A component without the variable is as it should be. */
static bool meets(const Agent *a, const Model *m, ReportCriterion c, const VarAddress *address,
                  VarPlace place)
{
        const VarAddress *variable = model_criterion(m, address, c);

        return variable ? is_true(a, variable, place) : c != CRITERION_PROBLEM;
}

/* GetReport: one of the criteria, and one of the names (B08.FR.07 to .10). */
static bool is_chosen(const Agent *a, const Model *m, const ReportRequest *q,
                      const VarAddress *address, VarPlace place)
{
        const int *criteria = q->criteria.items;
        const ModelName *names = q->names.items;
        bool met = q->criteria.count == 0, named = q->names.count == 0;

        for (size_t i = 0; i < q->names.count && !named; i++)
                named = model_name_fits(&names[i], address, place);
        for (size_t i = 0; i < q->criteria.count && named && !met; i++)
                met = meets(a, m, (ReportCriterion)criteria[i], address, place);
        return named && met;
}

static bool is_wanted(const Agent *a, const Model *m, const ReportRequest *q,
                      const VarAddress *address, VarPlace place)
{
        switch ((unsigned)q->base) {
        case REPORT_FULL:
                return true;
        case REPORT_CONFIGURATION: /* B07.FR.07: what can be set */
                return var_rules[address->var].access != VAR_READ_ONLY;
        case REPORT_SUMMARY: /* B07.FR.09: availability, and problems */
                return address->var == VAR_AVAILABILITY_STATE ||
                       (address->var == VAR_PROBLEM && is_true(a, address, place));
        default:
                return is_chosen(a, m, q, address, place);
        }
}

/* The walk goes on to the next variable that belongs to the report; NULL: there is none. */
static const VarAddress *next_wanted(const Agent *a, const Model *m, const ReportRequest *q,
                                     ModelWalk *walk, VarPlace *ret_place)
{
        const VarAddress *address;

        while ((address = model_at(m, walk, ret_place)) && !is_wanted(a, m, q, address, *ret_place))
                model_step(m, walk);
        return address;
}

/* ---- a part ---- */

typedef struct Page {
        ReportItem *items;
        ReportAttribute *attributes; /* one each */
        size_t count;
} Page;

static void page_done(Page *page)
{
        for (size_t i = 0; i < page->count; i++)
                free(page->attributes[i].value);
        free(page->items);
        free(page->attributes);
}

/* Those of its rule; how much power an EVSE gives stands in the configuration. */
static void set_limits(const Agent *a, VarId id, ReportItem *item)
{
        const VarRule *rule = &var_rules[id];
        int64_t most = id == VAR_EVSE_POWER ? a->config->max_power : rule->max;

        item->least = rule->type == VAR_INTEGER ? rule->min : NO_INT;
        item->most = most > 0 && most < INT32_MAX ? most : NO_INT;
}

/* A value that nobody knows, or may read, is left out. 0 or -ENOMEM. */
static int page_add(const Agent *a, Page *page, const VarAddress *address, VarPlace place)
{
        const VarRule *rule = &var_rules[address->var];
        ReportAttribute *attribute = &page->attributes[page->count];
        ReportItem *item = &page->items[page->count++];
        int r = rule->access == VAR_WRITE_ONLY
                        ? -ENODATA
                        : vars_read(a->vars, address->var, place, &attribute->value);

        if (r < 0 && r != -ENODATA)
                return r;
        attribute->type = ATTRIBUTE_ACTUAL;
        attribute->access = rule->access;
        attribute->persistent = rule->access != VAR_READ_ONLY || address->constant;
        attribute->constant = address->constant;
        *item = (ReportItem){.name = {.component = address->component,
                                      .component_instance = address->component_instance,
                                      .evse = place.evse,
                                      .connector = place.connector,
                                      .variable = address->variable,
                                      .variable_instance = address->variable_instance},
                             .attributes = {attribute, 1},
                             .unit = rule->unit,
                             .type = rule->type,
                             .values = rule->values};
        set_limits(a, address->var, item);
        return 0;
}

/* The next part, of at most that many variables; *ret_count: how many it has. 0 or negative errno.
 */
static int make_part(Agent *a, Report *report, size_t most, cJSON **ret, size_t *ret_count)
{
        _cleanup_(page_done) Page page = {.items = calloc(most, sizeof(ReportItem)),
                                          .attributes = calloc(most, sizeof(ReportAttribute))};
        Model model = variables_model(a);
        const VarAddress *address;
        CodecError error = {0};
        ReportPart part;
        VarPlace place;

        if (!page.items || !page.attributes)
                return -ENOMEM;
        report->after = report->next;
        while ((address = next_wanted(a, &model, &report->request, &report->after, &place)) &&
               page.count < most) {
                int r = page_add(a, &page, address, place);

                if (r < 0)
                        return r;
                model_step(&model, &report->after);
        }
        part = (ReportPart){.request_id = report->request.request_id,
                            .generated_at = clock_csms_now(a),
                            .items = {page.items, page.count},
                            .more = address != NULL,
                            .number = report->number};
        *ret_count = page.count;
        return codec_encode(dialect_outgoing(a->dialect, OUT_NOTIFY_REPORT)->request, &part, ret,
                            &error);
}

/* 0: out of memory. */
static size_t frame_bytes(const cJSON *payload)
{
        _cleanup_(freep) char *text = cJSON_PrintUnformatted(payload);

        return text ? strlen(text) + FRAME_BYTES : 0;
}

/* As many variables as ItemsPerMessage and BytesPerMessage allow. */
static int make_fitting_part(Agent *a, Report *report, cJSON **ret)
{
        size_t limit = (size_t)vars_int(a->vars, VAR_BYTES_GET_REPORT, 1);
        size_t most = (size_t)vars_int(a->vars, VAR_ITEMS_GET_REPORT, 1);

        for (;;) {
                _cleanup_(cJSON_Deletep) cJSON *payload = NULL;
                size_t count, bytes;
                int r = make_part(a, report, most, &payload, &count);

                if (r < 0)
                        return r;
                bytes = frame_bytes(payload);
                if (bytes == 0)
                        return -ENOMEM;
                if (bytes <= limit || count <= 1) {
                        *ret = TAKE_PTR(payload);
                        return 0;
                }
                most = MAX(MIN(count * limit / bytes, count - 1), (size_t)1);
        }
}

/* ---- one after the other ---- */

static void drop_first(Agent *a)
{
        Reports *reports = &a->reports;

        codec_done(reports->list[0].table, &reports->list[0].request);
        memmove(reports->list, reports->list + 1, sizeof(Report) * --reports->count);
}

void report_done(Agent *a)
{
        while (a->reports.count > 0)
                drop_first(a);
}

int report_send_next(Agent *a)
{
        cJSON *payload;
        int r;

        if (a->reports.count == 0)
                return 0;
        r = make_fitting_part(a, &a->reports.list[0], &payload);
        if (r < 0)
                return log_error_errno(r, "Can't make the next part of a report");
        r = session_send(a, OUT_NOTIFY_REPORT, payload, NULL);
        if (r < 0)
                return r;
        a->reports.was_last = true;
        return 1;
}

void report_answered(Agent *a)
{
        Report *report = &a->reports.list[0];
        Model model = variables_model(a);
        VarPlace place;

        report->next = report->after;
        report->number++;
        report->tries = 0;
        if (!model_at(&model, &report->next, &place))
                drop_first(a);
}

void report_timed_out(Agent *a)
{
        Report *report = &a->reports.list[0];

        if (++report->tries < TRIES_MAX)
                return;
        log_warning("The report with request id %lld is given up: the CSMS never answers it",
                    (long long)report->request.request_id);
        drop_first(a);
}

void report_opened(Agent *a)
{
        if (a->reports.count > 0 && a->reports.dialect != a->dialect)
                report_done(a);
}

/* ---- what the CSMS asks ---- */

static bool has_unknown_criterion(const ReportRequest *q)
{
        const int *criteria = q->criteria.items;

        for (size_t i = 0; i < q->criteria.count; i++)
                if (criteria[i] == CRITERION_UNKNOWN)
                        return true;
        return false;
}

/* An accepted request is taken over. */
static ReportAnswer take(Agent *a, const Incoming *incoming, ReportRequest *q)
{
        Reports *reports = &a->reports;
        Model model = variables_model(a);
        ModelWalk walk = {0};
        VarPlace place;

        if (has_unknown_criterion(q))
                return (ReportAnswer){.verdict = REPORT_NOT_SUPPORTED};
        if (!next_wanted(a, &model, q, &walk, &place))
                return (ReportAnswer){.verdict = REPORT_EMPTY};
        if (reports->count == REPORTS_MAX)
                return (ReportAnswer){REPORT_REJECTED, "Unspecified",
                                      "too many reports are under way"};
        reports->dialect = a->dialect;
        reports->list[reports->count++] =
                (Report){.request = *q, .table = incoming->request, .next = walk};
        *q = (ReportRequest)REPORT_REQUEST_INIT;
        return (ReportAnswer){.verdict = REPORT_ACCEPTED};
}

/* Answered first: nothing is sent but from the loop. */
void report_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        ReportRequest q = REPORT_REQUEST_INIT;
        ReportAnswer answer;

        if (variables_too_long(a, id, incoming, VAR_BYTES_GET_REPORT) ||
            calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        answer = take(a, incoming, &q);
        calls_answer(a, id, incoming, &answer);
        codec_done(incoming->request, &q);
        session_kick(a);
}
