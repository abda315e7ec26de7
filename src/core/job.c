/* The life of an update as one table: state, event → state, status, actions. See job.h. */
#include "job.h"

/* clang-format off */
static const char *const state_words[JOB_STATE_MAX] = {
        [JOB_IDLE]               = "idle",
        [JOB_CHECKING]           = "checking",
        [JOB_DOWNLOAD_SCHEDULED] = "download-scheduled",
        [JOB_DOWNLOADING]        = "downloading",
        [JOB_RETRYING]           = "retrying",
        [JOB_PAUSED]             = "paused",
        [JOB_VERIFYING]          = "verifying",
        [JOB_READY]              = "ready",
        [JOB_INSTALL_SCHEDULED]  = "install-scheduled",
        [JOB_PREPARING]          = "preparing",
        [JOB_INSTALLING]         = "installing",
        [JOB_DATA_HEALTH]        = "data-health",
        [JOB_DATA_RECONNECT]     = "data-reconnect",
        [JOB_REBOOT_HELD]        = "reboot-held",
        [JOB_ANNOUNCING]         = "announcing",
        [JOB_REBOOTING]          = "rebooting",
        [JOB_TRIAL_HEALTH]       = "trial-health",
        [JOB_TRIAL_MARK]         = "trial-mark",
        [JOB_TRIAL_BOOT]         = "trial-boot",
        [JOB_TRIAL_CONFIRM]      = "trial-confirm",
        [JOB_TRIAL_ACCEPT]       = "trial-accept",
        [JOB_UNDOING]            = "undoing",
        [JOB_OWING]              = "owing",
        [JOB_ROLLING_BACK]       = "rolling-back",
        [JOB_ROLLBACK_HELD]      = "rollback-held",
        [JOB_ROLLBACK_REBOOTING] = "rollback-rebooting",
        [JOB_STAYING]            = "staying",
        [JOB_RETURNED]           = "returned",
};

static const char *const event_words[JOB_EVENT_MAX] = {
        [EV_REQUESTED_NOW]   = "requested, now",        [EV_REQUESTED_LATER]  = "requested, for later",
        [EV_REQUESTED_NO_URL] = "requested, no URL",    [EV_DUE]              = "due",
        [EV_FETCHED]         = "fetched",               [EV_ATTEMPT_FAILED]   = "attempt failed",
        [EV_DOWNLOAD_FAILED] = "download failed",       [EV_SIGNATURE_GOOD]   = "signature good",
        [EV_SIGNATURE_BAD]   = "signature bad",         [EV_UNSIGNED]         = "unsigned",
        [EV_FILE_LOST]       = "file lost",             [EV_INSTALL_NOW]      = "install now",
        [EV_INSTALL_LATER]   = "install later",         [EV_PREPARED]         = "prepared",
        [EV_PAUSED]          = "paused",                [EV_RESUMED]          = "resumed",
        [EV_OFFLINE]         = "offline",               [EV_CANCELED]         = "canceled",
        [EV_REBOOT_NOW]      = "reboot now",            [EV_REBOOT_HELD]      = "reboot held",
        [EV_INSTALLED]       = "installed",             [EV_INSTALLED_DATA]   = "installed, nothing bootable",
        [EV_INSTALL_FAILED]  = "install failed",        [EV_ANNOUNCED]        = "announced",
        [EV_REBOOT_FAILED]   = "reboot failed",         [EV_RESTORED]         = "restored",
        [EV_TARGET_UP]       = "target up",             [EV_TARGET_BROKEN]    = "target up, broken",
        [EV_ORIGIN_UP]       = "origin up",             [EV_ELSEWHERE_UP]     = "elsewhere up",
        [EV_HEALTH_GOOD]     = "health good",           [EV_HEALTH_BAD]       = "health bad",
        [EV_MARKED]          = "marked",                [EV_MARK_FAILED]      = "mark failed",
        [EV_BOOT_ANSWERED]   = "boot answered",         [EV_BOOT_ACCEPTED]    = "boot accepted",
        [EV_UNDONE]          = "undone",                [EV_UNDO_OWED]        = "undo owed",
        [EV_ROLLED_BACK]     = "rolled back",           [EV_NO_WAY_BACK]      = "no way back",
        [EV_SUPERSEDED]      = "superseded",            [EV_REQUESTED_CHECK]  = "requested, to be checked",
        [EV_NOT_YET]         = "not yet",               [EV_BUNDLE_REFUSED]   = "bundle refused",
        [EV_ORIGIN_MOVED]    = "origin moved",          [EV_CSMS_AWAY]        = "CSMS away",
};

#define FW_BAD_INSTALL FW_INSTALLATION_FAILED
#define FW_BAD_TRIAL   FW_INSTALL_VERIFICATION_FAILED
#define DROP           (DO_STOP_WORK | DO_DROP_FILE)

static const JobStep steps[] = {
        /* state                 event                 next                    say                      verdict         actions */
        {JOB_IDLE,               EV_REQUESTED_NOW,     JOB_DOWNLOADING,        FW_DOWNLOADING,          FW_NONE,        DO_FETCH},
        {JOB_IDLE,               EV_REQUESTED_LATER,   JOB_DOWNLOAD_SCHEDULED, FW_DOWNLOAD_SCHEDULED,   FW_NONE,        DO_WAIT_RETRIEVE},
        {JOB_IDLE,               EV_REQUESTED_CHECK,   JOB_CHECKING,           FW_NONE,                 FW_NONE,        DO_ASK_DOWNLOAD},
        {JOB_IDLE,               EV_REQUESTED_NO_URL,  JOB_IDLE,               FW_DOWNLOAD_FAILED,      FW_NONE,        DO_NOTHING},

        {JOB_CHECKING,           EV_DUE,               JOB_DOWNLOADING,        FW_DOWNLOADING,          FW_NONE,        DO_FETCH},
        {JOB_CHECKING,           EV_NOT_YET,           JOB_DOWNLOAD_SCHEDULED, FW_DOWNLOAD_SCHEDULED,   FW_NONE,        DO_WAIT_RETRIEVE},
        {JOB_CHECKING,           EV_RESTORED,          JOB_CHECKING,           FW_NONE,                 FW_NONE,        DO_ASK_DOWNLOAD},
        {JOB_CHECKING,           EV_SUPERSEDED,        JOB_IDLE,               FW_NONE,                 FW_NONE,        DROP},
        {JOB_CHECKING,           EV_CANCELED,          JOB_IDLE,               FW_DOWNLOAD_FAILED,      FW_NONE,        DROP},

        {JOB_DOWNLOAD_SCHEDULED, EV_DUE,               JOB_DOWNLOADING,        FW_DOWNLOADING,          FW_NONE,        DO_FETCH},
        {JOB_DOWNLOAD_SCHEDULED, EV_RESTORED,          JOB_DOWNLOAD_SCHEDULED, FW_NONE,                 FW_NONE,        DO_WAIT_RETRIEVE},
        {JOB_DOWNLOAD_SCHEDULED, EV_SUPERSEDED,        JOB_IDLE,               FW_NONE,                 FW_NONE,        DROP},
        {JOB_DOWNLOAD_SCHEDULED, EV_CANCELED,          JOB_IDLE,               FW_DOWNLOAD_FAILED,      FW_NONE,        DROP},

        {JOB_DOWNLOADING,        EV_FETCHED,           JOB_VERIFYING,          FW_DOWNLOADED,           FW_NONE,        DO_VERIFY},
        {JOB_DOWNLOADING,        EV_ATTEMPT_FAILED,    JOB_RETRYING,           FW_NONE,                 FW_NONE,        DO_WAIT_RETRY},
        {JOB_DOWNLOADING,        EV_DOWNLOAD_FAILED,   JOB_IDLE,               FW_DOWNLOAD_FAILED,      FW_NONE,        DROP},
        {JOB_DOWNLOADING,        EV_RESTORED,          JOB_DOWNLOADING,        FW_NONE,                 FW_NONE,        DO_FETCH},
        {JOB_DOWNLOADING,        EV_PAUSED,            JOB_PAUSED,             FW_DOWNLOAD_PAUSED,      FW_NONE,        DO_STOP_WORK},
        {JOB_DOWNLOADING,        EV_SUPERSEDED,        JOB_IDLE,               FW_NONE,                 FW_NONE,        DROP},
        {JOB_DOWNLOADING,        EV_CANCELED,          JOB_IDLE,               FW_DOWNLOAD_FAILED,      FW_NONE,        DROP},

        {JOB_RETRYING,           EV_DUE,               JOB_DOWNLOADING,        FW_DOWNLOADING,          FW_NONE,        DO_FETCH},
        {JOB_RETRYING,           EV_RESTORED,          JOB_RETRYING,           FW_NONE,                 FW_NONE,        DO_WAIT_RETRY},
        {JOB_RETRYING,           EV_OFFLINE,           JOB_RETRYING,           FW_DOWNLOAD_PAUSED,      FW_NONE,        DO_NOTHING},
        {JOB_RETRYING,           EV_PAUSED,            JOB_PAUSED,             FW_DOWNLOAD_PAUSED,      FW_NONE,        DO_STOP_WORK},
        {JOB_RETRYING,           EV_SUPERSEDED,        JOB_IDLE,               FW_NONE,                 FW_NONE,        DROP},
        {JOB_RETRYING,           EV_CANCELED,          JOB_IDLE,               FW_DOWNLOAD_FAILED,      FW_NONE,        DROP},

        {JOB_PAUSED,             EV_RESUMED,           JOB_DOWNLOADING,        FW_DOWNLOADING,          FW_NONE,        DO_FETCH},
        {JOB_PAUSED,             EV_RESTORED,          JOB_PAUSED,             FW_NONE,                 FW_NONE,        DO_NOTHING},
        {JOB_PAUSED,             EV_SUPERSEDED,        JOB_IDLE,               FW_NONE,                 FW_NONE,        DROP},
        {JOB_PAUSED,             EV_CANCELED,          JOB_IDLE,               FW_DOWNLOAD_FAILED,      FW_NONE,        DROP},

        {JOB_VERIFYING,          EV_SIGNATURE_GOOD,    JOB_READY,              FW_SIGNATURE_VERIFIED,   FW_NONE,        DO_ASK_INSTALL},
        {JOB_VERIFYING,          EV_UNSIGNED,          JOB_READY,              FW_NONE,                 FW_NONE,        DO_ASK_INSTALL},
        {JOB_VERIFYING,          EV_SIGNATURE_BAD,     JOB_IDLE,               FW_INVALID_SIGNATURE,    FW_NONE,        DROP | DO_TELL_BAD_SIGNATURE},
        {JOB_VERIFYING,          EV_FILE_LOST,         JOB_IDLE,               FW_BAD_INSTALL,          FW_NONE,        DROP},
        {JOB_VERIFYING,          EV_RESTORED,          JOB_VERIFYING,          FW_NONE,                 FW_NONE,        DO_VERIFY},
        {JOB_VERIFYING,          EV_SUPERSEDED,        JOB_IDLE,               FW_NONE,                 FW_NONE,        DROP},
        {JOB_VERIFYING,          EV_CANCELED,          JOB_IDLE,               FW_BAD_INSTALL,          FW_NONE,        DROP},

        {JOB_READY,              EV_INSTALL_NOW,       JOB_PREPARING,          FW_NONE,                 FW_NONE,        DO_PREPARE},
        {JOB_READY,              EV_INSTALL_LATER,     JOB_INSTALL_SCHEDULED,  FW_INSTALL_SCHEDULED,    FW_NONE,        DO_WAIT_INSTALL},
        {JOB_READY,              EV_RESTORED,          JOB_READY,              FW_NONE,                 FW_NONE,        DO_ASK_INSTALL},
        {JOB_READY,              EV_SUPERSEDED,        JOB_IDLE,               FW_NONE,                 FW_NONE,        DROP},
        {JOB_READY,              EV_CANCELED,          JOB_IDLE,               FW_BAD_INSTALL,          FW_NONE,        DROP},

        {JOB_INSTALL_SCHEDULED,  EV_INSTALL_NOW,       JOB_PREPARING,          FW_NONE,                 FW_NONE,        DO_PREPARE},
        {JOB_INSTALL_SCHEDULED,  EV_INSTALL_FAILED,    JOB_IDLE,               FW_BAD_INSTALL,          FW_NONE,        DROP},
        {JOB_INSTALL_SCHEDULED,  EV_RESTORED,          JOB_INSTALL_SCHEDULED,  FW_NONE,                 FW_NONE,        DO_WAIT_INSTALL},
        {JOB_INSTALL_SCHEDULED,  EV_SUPERSEDED,        JOB_IDLE,               FW_NONE,                 FW_NONE,        DROP},
        {JOB_INSTALL_SCHEDULED,  EV_CANCELED,          JOB_IDLE,               FW_BAD_INSTALL,          FW_NONE,        DROP},

        {JOB_PREPARING,          EV_PREPARED,          JOB_INSTALLING,         FW_INSTALLING,           FW_NONE,        DO_INSTALL},
        {JOB_PREPARING,          EV_INSTALL_LATER,     JOB_INSTALL_SCHEDULED,  FW_INSTALL_SCHEDULED,    FW_NONE,        DO_WAIT_INSTALL},
        {JOB_PREPARING,          EV_INSTALL_FAILED,    JOB_IDLE,               FW_BAD_INSTALL,          FW_NONE,        DROP},
        {JOB_PREPARING,          EV_FILE_LOST,         JOB_IDLE,               FW_BAD_TRIAL,            FW_NONE,        DROP},
        {JOB_PREPARING,          EV_RESTORED,          JOB_PREPARING,          FW_NONE,                 FW_NONE,        DO_PREPARE},
        {JOB_PREPARING,          EV_SUPERSEDED,        JOB_IDLE,               FW_NONE,                 FW_NONE,        DROP},
        {JOB_PREPARING,          EV_CANCELED,          JOB_IDLE,               FW_BAD_INSTALL,          FW_NONE,        DROP},

        {JOB_INSTALLING,         EV_INSTALLED,         JOB_REBOOT_HELD,        FW_NONE,                 FW_NONE,        DO_WAIT_REBOOT},
        {JOB_INSTALLING,         EV_INSTALLED_DATA,    JOB_DATA_HEALTH,        FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_INSTALLING,         EV_INSTALL_FAILED,    JOB_UNDOING,            FW_NONE,                 FW_BAD_INSTALL, DO_UNDO},
        {JOB_INSTALLING,         EV_BUNDLE_REFUSED,    JOB_UNDOING,            FW_NONE,                 FW_BAD_TRIAL,   DO_UNDO},
        {JOB_INSTALLING,         EV_ORIGIN_MOVED,      JOB_INSTALLING,         FW_NONE,                 FW_NONE,        DO_PREPARE},
        {JOB_INSTALLING,         EV_FILE_LOST,         JOB_UNDOING,            FW_NONE,                 FW_BAD_TRIAL,   DO_UNDO},
        {JOB_INSTALLING,         EV_RESTORED,          JOB_INSTALLING,         FW_NONE,                 FW_NONE,        DO_RESUME_INSTALL},
        {JOB_INSTALLING,         EV_ORIGIN_UP,         JOB_INSTALLING,         FW_NONE,                 FW_NONE,        DO_RESUME_INSTALL},
        {JOB_INSTALLING,         EV_TARGET_UP,         JOB_TRIAL_HEALTH,       FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_INSTALLING,         EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK},
        {JOB_INSTALLING,         EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},

        {JOB_DATA_HEALTH,        EV_HEALTH_GOOD,       JOB_DATA_RECONNECT,     FW_NONE,                 FW_NONE,        DO_RECONNECT},
        {JOB_DATA_HEALTH,        EV_HEALTH_BAD,        JOB_IDLE,               FW_BAD_INSTALL,          FW_NONE,        DROP},
        {JOB_DATA_HEALTH,        EV_RESTORED,          JOB_DATA_HEALTH,        FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_DATA_HEALTH,        EV_ORIGIN_UP,         JOB_DATA_HEALTH,        FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_DATA_HEALTH,        EV_ELSEWHERE_UP,      JOB_DATA_HEALTH,        FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_DATA_RECONNECT,     EV_BOOT_ACCEPTED,     JOB_IDLE,               FW_INSTALLED,            FW_NONE,        DROP | DO_TELL_UPDATED},
        {JOB_DATA_RECONNECT,     EV_RESTORED,          JOB_DATA_RECONNECT,     FW_NONE,                 FW_NONE,        DO_AWAIT_ACCEPTED},
        {JOB_DATA_RECONNECT,     EV_ORIGIN_UP,         JOB_DATA_RECONNECT,     FW_NONE,                 FW_NONE,        DO_AWAIT_ACCEPTED},
        {JOB_DATA_RECONNECT,     EV_ELSEWHERE_UP,      JOB_DATA_RECONNECT,     FW_NONE,                 FW_NONE,        DO_AWAIT_ACCEPTED},
        {JOB_DATA_HEALTH,        EV_TARGET_UP,         JOB_DATA_HEALTH,        FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_DATA_HEALTH,        EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_INSTALL, DO_ROLL_BACK},
        {JOB_DATA_RECONNECT,     EV_TARGET_UP,         JOB_DATA_RECONNECT,     FW_NONE,                 FW_NONE,        DO_AWAIT_ACCEPTED},
        {JOB_DATA_RECONNECT,     EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_INSTALL, DO_ROLL_BACK},

        {JOB_REBOOT_HELD,        EV_REBOOT_NOW,        JOB_ANNOUNCING,         FW_INSTALL_REBOOTING,    FW_NONE,        DO_ANNOUNCE},
        {JOB_REBOOT_HELD,        EV_INSTALL_FAILED,    JOB_UNDOING,            FW_NONE,                 FW_BAD_INSTALL, DO_UNDO},
        {JOB_REBOOT_HELD,        EV_CANCELED,          JOB_UNDOING,            FW_NONE,                 FW_BAD_INSTALL, DO_UNDO},
        {JOB_REBOOT_HELD,        EV_RESTORED,          JOB_REBOOT_HELD,        FW_NONE,                 FW_NONE,        DO_WAIT_REBOOT},
        {JOB_REBOOT_HELD,        EV_TARGET_UP,         JOB_TRIAL_HEALTH,       FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_REBOOT_HELD,        EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_REBOOT_HELD,        EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD | DO_COUNT_TRIAL},
        {JOB_REBOOT_HELD,        EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},

        {JOB_ANNOUNCING,         EV_ANNOUNCED,         JOB_REBOOTING,          FW_NONE,                 FW_NONE,        DO_REBOOT},
        {JOB_ANNOUNCING,         EV_REBOOT_HELD,       JOB_REBOOT_HELD,        FW_NONE,                 FW_NONE,        DO_WAIT_REBOOT},
        {JOB_ANNOUNCING,         EV_CANCELED,          JOB_UNDOING,            FW_NONE,                 FW_BAD_INSTALL, DO_UNDO},
        {JOB_ANNOUNCING,         EV_RESTORED,          JOB_ANNOUNCING,         FW_NONE,                 FW_NONE,        DO_ANNOUNCE},
        {JOB_ANNOUNCING,         EV_TARGET_UP,         JOB_TRIAL_HEALTH,       FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_ANNOUNCING,         EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_ANNOUNCING,         EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD | DO_COUNT_TRIAL},
        {JOB_ANNOUNCING,         EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},

        {JOB_REBOOTING,          EV_DUE,               JOB_REBOOTING,          FW_NONE,                 FW_NONE,        DO_REBOOT},
        {JOB_REBOOTING,          EV_REBOOT_FAILED,     JOB_UNDOING,            FW_NONE,                 FW_BAD_INSTALL, DO_UNDO},
        {JOB_REBOOTING,          EV_RESTORED,          JOB_REBOOT_HELD,        FW_NONE,                 FW_NONE,        DO_WAIT_REBOOT},
        {JOB_REBOOTING,          EV_TARGET_UP,         JOB_TRIAL_HEALTH,       FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_REBOOTING,          EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_REBOOTING,          EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD | DO_COUNT_TRIAL},
        {JOB_REBOOTING,          EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},

        {JOB_TRIAL_HEALTH,       EV_HEALTH_GOOD,       JOB_TRIAL_MARK,         FW_NONE,                 FW_NONE,        DO_MARK_NAME},
        {JOB_TRIAL_HEALTH,       EV_HEALTH_BAD,        JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_TRIAL_MARK,         EV_MARKED,            JOB_TRIAL_BOOT,         FW_NONE,                 FW_NONE,        DO_NOTIFY_BOOT},
        {JOB_TRIAL_MARK,         EV_MARK_FAILED,       JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_TRIAL_BOOT,         EV_BOOT_ANSWERED,     JOB_TRIAL_CONFIRM,      FW_NONE,                 FW_NONE,        DO_CONFIRM},
        {JOB_TRIAL_BOOT,         EV_CSMS_AWAY,         JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK},
        {JOB_TRIAL_CONFIRM,      EV_MARKED,            JOB_TRIAL_ACCEPT,       FW_NONE,                 FW_NONE,        DO_CONFIRMED | DO_AWAIT_ACCEPTED},
        {JOB_TRIAL_CONFIRM,      EV_MARK_FAILED,       JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_TRIAL_ACCEPT,       EV_BOOT_ACCEPTED,     JOB_IDLE,               FW_INSTALLED,            FW_NONE,        DROP | DO_TELL_UPDATED},

        /* The trial goes on after a restart of the agent, and begins anew after one more boot of the target. */
        {JOB_TRIAL_HEALTH,       EV_TARGET_UP,         JOB_TRIAL_HEALTH,       FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_TRIAL_MARK,         EV_TARGET_UP,         JOB_TRIAL_HEALTH,       FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_TRIAL_BOOT,         EV_TARGET_UP,         JOB_TRIAL_HEALTH,       FW_NONE,                 FW_NONE,        DO_HEALTH},
        {JOB_TRIAL_CONFIRM,      EV_TARGET_UP,         JOB_TRIAL_CONFIRM,      FW_NONE,                 FW_NONE,        DO_CONFIRM},
        {JOB_TRIAL_ACCEPT,       EV_TARGET_UP,         JOB_TRIAL_ACCEPT,       FW_NONE,                 FW_NONE,        DO_CONFIRMED | DO_AWAIT_ACCEPTED},
        {JOB_TRIAL_HEALTH,       EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_TRIAL_MARK,         EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_TRIAL_BOOT,         EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_TRIAL_CONFIRM,      EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_TRIAL,   DO_ROLL_BACK | DO_COUNT_TRIAL},
        {JOB_TRIAL_ACCEPT,       EV_TARGET_BROKEN,     JOB_TRIAL_ACCEPT,       FW_NONE,                 FW_NONE,        DO_AWAIT_ACCEPTED},
        {JOB_TRIAL_HEALTH,       EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD | DO_COUNT_TRIAL},
        {JOB_TRIAL_MARK,         EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD | DO_COUNT_TRIAL},
        {JOB_TRIAL_BOOT,         EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD | DO_COUNT_TRIAL},
        {JOB_TRIAL_CONFIRM,      EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD | DO_COUNT_TRIAL},
        {JOB_TRIAL_ACCEPT,       EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD | DO_COUNT_TRIAL},
        {JOB_TRIAL_HEALTH,       EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},
        {JOB_TRIAL_MARK,         EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},
        {JOB_TRIAL_BOOT,         EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},
        {JOB_TRIAL_CONFIRM,      EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},
        {JOB_TRIAL_ACCEPT,       EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},

        {JOB_UNDOING,            EV_UNDONE,            JOB_IDLE,               FW_VERDICT,              FW_NONE,        DROP},
        {JOB_UNDOING,            EV_UNDO_OWED,         JOB_OWING,              FW_VERDICT,              FW_NONE,        DROP | DO_UNDO},
        {JOB_UNDOING,            EV_RESTORED,          JOB_UNDOING,            FW_NONE,                 FW_NONE,        DO_UNDO},
        {JOB_UNDOING,            EV_ORIGIN_UP,         JOB_UNDOING,            FW_NONE,                 FW_NONE,        DO_UNDO},
        {JOB_UNDOING,            EV_TARGET_UP,         JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_INSTALL, DO_ROLL_BACK},
        {JOB_UNDOING,            EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_BAD_INSTALL, DO_ROLL_BACK},
        {JOB_UNDOING,            EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_BAD_INSTALL, DO_MARK_TARGET_BAD},

        {JOB_OWING,              EV_UNDONE,            JOB_IDLE,               FW_NONE,                 FW_NONE,        DO_NOTHING},
        {JOB_OWING,              EV_RESTORED,          JOB_OWING,              FW_NONE,                 FW_NONE,        DO_UNDO},
        {JOB_OWING,              EV_ORIGIN_UP,         JOB_OWING,              FW_NONE,                 FW_NONE,        DO_UNDO},
        {JOB_OWING,              EV_TARGET_UP,         JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
        {JOB_OWING,              EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
        {JOB_OWING,              EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},

        {JOB_ROLLING_BACK,       EV_ROLLED_BACK,       JOB_ROLLBACK_HELD,      FW_NONE,                 FW_NONE,        DO_WAIT_REBOOT},
        {JOB_ROLLING_BACK,       EV_NO_WAY_BACK,       JOB_STAYING,            FW_NONE,                 FW_NONE,        DO_MARK_UNPROVEN},
        {JOB_ROLLING_BACK,       EV_TARGET_UP,         JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
        {JOB_ROLLING_BACK,       EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
        {JOB_ROLLING_BACK,       EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},
        {JOB_ROLLING_BACK,       EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},
        {JOB_ROLLBACK_HELD,      EV_REBOOT_NOW,        JOB_ROLLBACK_REBOOTING, FW_NONE,                 FW_NONE,        DO_REBOOT},
        {JOB_ROLLBACK_HELD,      EV_TARGET_UP,         JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
        {JOB_ROLLBACK_HELD,      EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
        {JOB_ROLLBACK_HELD,      EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},
        {JOB_ROLLBACK_HELD,      EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},
        {JOB_ROLLBACK_REBOOTING, EV_DUE,               JOB_ROLLBACK_REBOOTING, FW_NONE,                 FW_NONE,        DO_REBOOT},
        {JOB_ROLLBACK_REBOOTING, EV_REBOOT_FAILED,     JOB_IDLE,               FW_VERDICT,              FW_NONE,        DROP},
        {JOB_ROLLBACK_REBOOTING, EV_NO_WAY_BACK,       JOB_STAYING,            FW_NONE,                 FW_NONE,        DO_MARK_UNPROVEN},
        {JOB_ROLLBACK_REBOOTING, EV_TARGET_UP,         JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
        {JOB_ROLLBACK_REBOOTING, EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
        {JOB_ROLLBACK_REBOOTING, EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},
        {JOB_ROLLBACK_REBOOTING, EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},

        {JOB_STAYING,            EV_MARKED,            JOB_IDLE,               FW_VERDICT,              FW_NONE,        DROP},
        {JOB_STAYING,            EV_MARK_FAILED,       JOB_IDLE,               FW_VERDICT,              FW_NONE,        DROP},
        {JOB_STAYING,            EV_TARGET_UP,         JOB_STAYING,            FW_NONE,                 FW_NONE,        DO_MARK_UNPROVEN},
        {JOB_STAYING,            EV_TARGET_BROKEN,     JOB_STAYING,            FW_NONE,                 FW_NONE,        DO_MARK_UNPROVEN},
        {JOB_STAYING,            EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},
        {JOB_STAYING,            EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},

        {JOB_RETURNED,           EV_MARKED,            JOB_IDLE,               FW_VERDICT,              FW_NONE,        DROP},
        {JOB_RETURNED,           EV_MARK_FAILED,       JOB_OWING,              FW_VERDICT,              FW_NONE,        DROP | DO_UNDO},
        {JOB_RETURNED,           EV_ORIGIN_UP,         JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},
        {JOB_RETURNED,           EV_ELSEWHERE_UP,      JOB_RETURNED,           FW_NONE,                 FW_NONE,        DO_MARK_TARGET_BAD},
        {JOB_RETURNED,           EV_TARGET_UP,         JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
        {JOB_RETURNED,           EV_TARGET_BROKEN,     JOB_ROLLING_BACK,       FW_NONE,                 FW_NONE,        DO_ROLL_BACK},
};
/* clang-format on */

const JobStep *job_steps(size_t *ret_count)
{
        *ret_count = ELEMENTSOF(steps);
        return steps;
}

const JobStep *job_step(JobState state, JobEvent event)
{
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                if (steps[i].state == state && steps[i].event == event)
                        return &steps[i];
        return NULL;
}

JobEvent job_worn_out(JobState state)
{
        /* clang-format off */
        static const struct {
                JobState state;
                JobEvent event;
        } table[] = {
                {JOB_DOWNLOADING,   EV_DOWNLOAD_FAILED},
                {JOB_VERIFYING,     EV_FILE_LOST},
                {JOB_PREPARING,     EV_INSTALL_FAILED},
                {JOB_TRIAL_HEALTH,  EV_TARGET_BROKEN},
                {JOB_TRIAL_MARK,    EV_TARGET_BROKEN},
                {JOB_TRIAL_BOOT,    EV_TARGET_BROKEN},
                {JOB_TRIAL_CONFIRM, EV_TARGET_BROKEN},
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].state == state)
                        return table[i].event;
        return EV_RESTORED;
}

bool job_can_be_superseded(JobState state)
{
        return state == JOB_IDLE || job_step(state, EV_SUPERSEDED);
}

bool job_is_on_trial(JobState state)
{
        return state >= JOB_TRIAL_HEALTH && state <= JOB_STAYING && state != JOB_TRIAL_ACCEPT &&
               state != JOB_UNDOING && state != JOB_OWING;
}

bool job_is_rebooting(JobState state)
{
        return state == JOB_REBOOT_HELD || state == JOB_ANNOUNCING || state == JOB_REBOOTING ||
               state == JOB_ROLLBACK_HELD || state == JOB_ROLLBACK_REBOOTING;
}

void job_init(Job *job)
{
        *job = (Job){
                .state = JOB_IDLE,
                .request = UPDATE_REQUEST_INIT,
                .target_count = NO_INT,
                .done_count = NO_INT,
                .due_at = NO_TIME,
                .accepted_at = NO_TIME,
                .held_since = NO_TIME,
        };
}

void job_done(Job *job)
{
        free(job->request.location);
        free(job->request.signing_certificate);
        free(job->request.signature);
        free(job->content_hash);
        free(job->origin_slot);
        free(job->target_slot);
        free(job->boot_id);
        free(job->transaction_id);
        free(job->bundle_sha256);
        free(job->bundle_compatible);
        free(job->bundle_version);
        free(job->bundle_format);
        free(job->target_timestamp);
        free(job->done_timestamp);
        free(job->reason);
        free(job->reason_code);
        job_init(job);
}

const char *job_state_to_string(JobState state)
{
        return state >= 0 && state < JOB_STATE_MAX ? state_words[state] : "?";
}

JobState job_state_from_string(const char *word)
{
        for (JobState s = 0; s < JOB_STATE_MAX; s++)
                if (str_equal(state_words[s], word))
                        return s;
        return JOB_STATE_MAX;
}

const char *job_event_to_string(JobEvent event)
{
        return event >= 0 && event < JOB_EVENT_MAX ? event_words[event] : "?";
}
