/* sd-journal, backwards: see collect-journal.h. */
#include "collect-journal.h"
#include "collect-journal-match.h"
#include "collect-line.h"

/* A charger without a battery behind its clock begins each boot in the past, so that an entry
 * before the span says little about those before it; that many in a row do. */
#define OUTSIDE_MAX 10000

struct Journal {
        sd_journal *journal;
        usec_t since, until;
        Line *line; /* the entry that is next, if pending */
        bool pending;
        usec_t at;
        unsigned outside; /* entries in a row before the span */
        char *piece;      /* JOURNAL_PIECE_MAX bytes, filled from the end */
        uint64_t bytes_in_use;
        /* What is told in the end */
        uint64_t entries, unreadable;
        usec_t oldest, newest;
};

/* libsystemd leaves a file that turns out to be damaged while it is read, and what it uses then
 * gets less. */
static uint64_t in_use(const Journal *j)
{
        uint64_t bytes = 0;

        return sd_journal_get_usage(j->journal, &bytes) < 0 ? 0 : bytes;
}

int journal_open(const JournalQuery *query, Journal **ret)
{
        _cleanup_(journal_freep) Journal *j = calloc(1, sizeof(*j));
        int r = -ENOMEM;

        if (j)
                r = line_new(&j->line);
        if (r < 0)
                return r;
        j->since = query->since;
        j->until = query->until;
        j->piece = malloc(JOURNAL_PIECE_MAX);
        if (!j->piece)
                return -ENOMEM;
        r = query->folder ? sd_journal_open_directory(&j->journal, query->folder, 0)
                          : sd_journal_open(&j->journal, SD_JOURNAL_LOCAL_ONLY);
        if (r >= 0)
                r = journal_match(j->journal, query->units);
        if (r >= 0)
                r = query->until == NO_TIME
                            ? sd_journal_seek_tail(j->journal)
                            : sd_journal_seek_realtime_usec(j->journal, query->until);
        if (r < 0)
                return r;
        j->bytes_in_use = in_use(j);
        *ret = TAKE_PTR(j);
        return 0;
}

void journal_free(Journal *j)
{
        if (!j)
                return;
        sd_journal_close(j->journal);
        line_free(j->line);
        free(j->piece);
        free(j);
}

static bool in_span(Journal *j)
{
        bool before = j->at < j->since;

        j->outside = before ? j->outside + 1 : 0;
        return !before && j->at <= j->until;
}

int journal_next(Journal *j, usec_t *ret)
{
        while (!j->pending) {
                if (j->outside >= OUTSIDE_MAX || sd_journal_previous(j->journal) <= 0)
                        return 0;
                if (sd_journal_get_realtime_usec(j->journal, &j->at) < 0)
                        j->unreadable++;
                else if (in_span(j)) {
                        j->pending = line_read(j->line, j->journal, j->at) >= 0;
                        j->unreadable += !j->pending;
                }
        }
        *ret = j->at;
        return 1;
}

int journal_piece(Journal *j, size_t max, JournalPiece *ret)
{
        size_t free_bytes = JOURNAL_PIECE_MAX, end = JOURNAL_PIECE_MAX, size;
        JournalPiece piece = {.oldest = NO_TIME};
        usec_t at;

        max = MIN(max, JOURNAL_PIECE_MAX);
        while (journal_next(j, &at) > 0) {
                const char *line = line_text(j->line, &size);

                if (size > max - (end - free_bytes))
                        break;
                free_bytes -= size;
                memcpy(j->piece + free_bytes, line, size);
                j->pending = false;
                j->entries++;
                piece.newest = piece.oldest == NO_TIME ? at : MAX(piece.newest, at);
                piece.oldest = MIN(piece.oldest, at);
        }
        if (free_bytes == end)
                return 0;
        piece.text = j->piece + free_bytes;
        piece.size = end - free_bytes;
        j->newest = MAX(j->newest, piece.newest);
        j->oldest = j->oldest == 0 ? piece.oldest : MIN(j->oldest, piece.oldest);
        *ret = piece;
        return 1;
}

int journal_tell(const Journal *j, cJSON *object)
{
        char oldest[TIME_TEXT_MAX], newest[TIME_TEXT_MAX];
        uint64_t left = in_use(j), lost = j->bytes_in_use - MIN(left, j->bytes_in_use);
        bool told = cJSON_AddNumberToObject(object, "entries", (double)j->entries);

        if (j->entries > 0)
                told = told &&
                       cJSON_AddStringToObject(object, "oldest", time_format(j->oldest, oldest)) &&
                       cJSON_AddStringToObject(object, "newest", time_format(j->newest, newest));
        if (j->unreadable > 0)
                told = told &&
                       cJSON_AddNumberToObject(object, "entries_damaged", (double)j->unreadable);
        if (lost > 0)
                told = told &&
                       cJSON_AddNumberToObject(object, "damaged_bytes_left_out", (double)lost);
        return told ? 0 : -ENOMEM;
}
