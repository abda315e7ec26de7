/* The second half of agent-private.h: who carries out an update and a request for logs. */
#pragma once

/* agent-way.c */

/* Borrows from a. rate_bytes: a second, 0 no limit. */
TransferWay way_of(const Agent *a, uint64_t rate_bytes);
/* After so many attempts that failed: retries as asked for, NO_INT as configured. */
bool way_may_be_tried_again(int64_t failed, int64_t asked, int64_t configured);
/* Until the next attempt: as asked for (NO_INT as configured), and what the server wants at least.
 * A day at most. */
usec_t way_rest(int64_t asked_seconds, usec_t configured, uint64_t server_seconds);

/* agent-fetch.c */
/* The files in the spool. */
typedef enum FetchFile {
        FETCH_FILE, /* complete and closed */
        FETCH_PART, /* what has come of it so far */
        FETCH_PART_NOTES,
        FETCH_FILES,
} FetchFile;
/* Owned by the caller; NULL when out of memory. */
char *fetch_path(const Agent *a, FetchFile file);
/* At the start: what is left over in the spool goes. */
void fetch_init(Agent *a);
/* Asks pre_download_check. */
void fetch_ask(Agent *a);
/* When a request that is accepted now is to be fetched, with the random part; by the CSMS's clock.
 */
usec_t fetch_time(const Agent *a, const UpdateRequest *q, bool streams);
void fetch_wait(Agent *a);
/* Begins a download or goes on with it. */
void fetch_begin(Agent *a);
/* It broke: the next attempt, the same one, or the end. */
void fetch_failed(Agent *a, const TransferFailure *failure);
/* A start found a download under way: the event to give the job. */
JobEvent fetch_restored(Agent *a);
void fetch_wait_retry(Agent *a);
void fetch_stop(Agent *a);
/* Nothing of ours stays in the spool. */
void fetch_drop_file(Agent *a);

/* agent-hash.c */
void hash_verify(Agent *a);
/* Hashes the closed file; then(a) if it is the one that was verified, else EV_FILE_LOST. */
void hash_again(Agent *a, void (*then)(Agent *a));

/* agent-stream.c */
/* Is a request's bundle to be streamed? */
bool stream_is_wanted(const Agent *a, const UpdateRequest *q);
/* … or the job's, since it can't be downloaded? */
bool stream_is_way_out(const Agent *a, const TransferFailure *failure);
/* When it may begin: download and install are one. NO_TIME: at once. */
usec_t stream_time(const UpdateRequest *q);
/* Tells what is missing. */
void stream_init(const Agent *a);
/* A header by the credentials file for the job's location; NULL none. Owned by the caller, who
 * erases it. */
char *stream_login(const Agent *a);
void stream_begin(Agent *a);

/* agent-bundle.c */
/* Where the job's bundle is: order's texts are its own, or the agent's. */
typedef struct BundleSource {
        BundleOrder order;
        char *file, *login;
} BundleSource;
/* 0 and *ret (bundle_source_done()), or -ENOMEM. */
int bundle_source(const Agent *a, BundleSource *ret);
void bundle_source_done(BundleSource *s);
/* Keeps what RAUC tells of the job's bundle. 0 or -ENOMEM. */
int bundle_note(Agent *a, const BundleInfo *bundle);
/* Why the bundle is not to be installed: another one was at the address before, or the
 * configuration refuses its version. NULL: it may be. What can't be judged is refused. */
const char *bundle_objection(const Agent *a);

/* agent-local.c */
/* Orders an update without the CSMS. 0; -EBUSY: there is one; -EINVAL: not a URL that can be
 * fetched, not a regular file; negative errno. file is borrowed, name is for people. */
int local_install(Agent *a, const char *url);
int local_install_file(Agent *a, int file, const char *name);
/* Does the job's bundle come from a file, a->local_file? */
bool local_is_file(const Agent *a);

/* agent-wear.c */
/* A start found the job in its state: the event to give it, or event itself if it may go on. */
JobEvent wear_start(Agent *a, JobEvent event);
/* The trial of the job's file failed: STORE_FAILED_TRIALS as it is then, owned by the caller; NULL:
 * there is no telling. */
char *wear_trial_failed(Agent *a);
/* Did the job's file fail so often that it is refused? */
bool wear_is_known_bad(Agent *a);

/* agent-hold.c */
int hold_init(Agent *a);
void hold_done(Agent *a);
/* Is it time, and does nobody hold? The job's next event comes now or when that is so. */
void hold_look(Agent *a);
/* Does anybody hold what the state is about (the check is not asked)? */
bool hold_is_held(Agent *a);
/* The job has ended: connectors are as they were. */
void hold_over(Agent *a);
bool hold_has_session(const Agent *a, int64_t connector);
/* Is there a lock, or one of before the restart that is waited for? */
bool hold_holds_reboot(const Agent *a, bool *ret_session);
/* For D-Bus. 0; -ENOENT: no update, or not paused; -EBUSY: not in this state; negative errno. */
int hold_cancel(Agent *a);
int hold_pause(Agent *a);
int hold_resume(Agent *a);
/* As locks_take(). */
int hold_inhibit(Agent *a, const char *who, const char *why, uint32_t connector, int *ret_fd);

/* agent-install.c */
/* Calls ask as soon as the installer is idle or back, at the latest after INSTALLER_RETRY; the next
 * state forgets it. */
void install_ask_again(Agent *a, void (*ask)(Agent *a));
/* Whether an installer that is gone is still waited for, from the first such question of a state
 * on. */
bool install_awaits_installer(Agent *a);
void install_prepare(Agent *a);
void install_begin(Agent *a);
void install_resume(Agent *a);
void install_completed(Agent *a, int result, const char *error);
void install_vanished(Agent *a);
void install_announce(Agent *a);
/* The outbox became empty while a reboot is being announced. */
void install_announced(Agent *a);
void install_reboot(Agent *a);
/* As configured; callback and *program: of reboot_command. 0 or negative errno. */
int install_ask_for_reboot(Agent *a, ProgramCallback callback, Program **program);
bool install_has_our_mark(const Job *job, const Slot *slot);

/* agent-undo.c */
void undo_begin(Agent *a);

/* agent-trial.c */
/* Finds out where the agent woke up, gives the job its event, marks a confirmed slot good. */
void trial_look_around(Agent *a);
void trial_done(Agent *a);
void trial_health(Agent *a);
/* Runs an integrator's program with the job in its environment. 0 or negative errno. */
int trial_run_hook(Agent *a, const char *path, const char *argument, ProgramCallback callback,
                   Program **program);
/* Boot clock at the first health check of this boot, over restarts of the agent; a check that said
 * good ends it. */
usec_t trial_health_began(Agent *a);
void trial_health_is_good(Agent *a);
/* Runs verify_update_script; callback gets its exit code. 0; 1: there is no script, which counts as
 * good; negative errno: it can't be run. */
int trial_run_health(Agent *a, ProgramCallback callback, Program **program);
/* Marks are tried for MARK_FOR: begins that time; once more, or EV_MARK_FAILED. */
void trial_mark_begin(Agent *a);
void trial_mark_again(Agent *a, void (*ask)(Agent *), int error);
void trial_mark_name(Agent *a);
void trial_confirm(Agent *a);
void trial_confirmed(Agent *a);
void trial_await_accepted(Agent *a);
void trial_reconnect(Agent *a);

/* agent-rollback.c */
void rollback_begin(Agent *a);
void rollback_stay(Agent *a);
/* The reboot of the way back does not come. */
void rollback_stuck(Agent *a);
void rollback_mark_target_bad(Agent *a);
/* BootNotification must be answered; where nobody does for rollback_offline, back. */
void rollback_unless_answered(Agent *a);

/* agent-prove.c */
/* A slot with what is installed in it, one text to compare. Owned by the caller; NULL when out of
 * memory. */
char *prove_mark_of(const Slot *slot);
/* Does the record (a value of STORE_CONFIRMED_SLOT, NULL none) confirm it? */
bool prove_is_confirmed(const char *record, const char *mark);
/* Marks the booted slot good if it is the confirmed one; looks at it first if it came without a job
 * of ours. */
void trial_prove(Agent *a);

/* agent-log.c */
/* Goes on with what was under way. */
void logs_start(Agent *a);
void logs_done(Agent *a);
/* The CSMS is another one: nothing more is sent to where the old one wanted it. 0 or negative
 * errno. */
int logs_forget(Agent *a);
void logs_event(Agent *a, LogJobEvent event);
/* *job becomes the request, in one transaction with the end of the one that it replaces, and is
 * taken over. Negative errno: nothing has changed, it is the caller's still. */
int logs_take_over(Agent *a, LogJob *job, LogJobEvent event);
/* Stores the row as it is, again and again until it is done. */
void logs_save(Agent *a);
/* The worker failed, or could not be started (error: negative errno). what: "collect", "upload". */
void logs_attempt_failed(Agent *a, const char *what, const TransferFailure *failure);
void logs_not_started(Agent *a, const char *what, int error);
/* In the spool; a folder of its own, since the cage lets the worker that collects write all of it,
 * and a bundle that was verified may wait beside it. */
#define LOGS_FOLDER "logs"
/* Owned by the caller; NULL when out of memory. */
char *logs_archive_path(const Agent *a);
/* What a trigger tells by this message. */
LogReport logs_report(const Agent *a, OutgoingKind kind);

/* agent-log-request.c */
void logs_handle_request(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);

/* agent-log-collect.c */
void logs_collect(Agent *a);
/* Answers the call by the job that makes the archive as file, of all times. 0; -EBUSY: another call
 * waits for it; -ENOMEM. */
int logs_describe(Agent *a, const char *file, ControlCall *call);
/* Lets the call that waits go. */
void logs_describe_done(Agent *a);

/* agent-log-keep.c */
/* 0 or -ENOMEM. */
int logs_keep_init(Agent *a);
/* Without secrets, at level debug too; direction: '<' received, '>' sent. */
void logs_keep_frame(Agent *a, char direction, const char *text, size_t size);
/* A security event that was put into the outbox. */
void logs_keep_event(Agent *a, const OutboxRow *row);
