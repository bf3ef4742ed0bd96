#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "actor.h"
#include "draw.h"

/* The world of a history, and what can go wrong in it. */

#define FAULTS(X) \
	X(YIELD, "yield")           /* processes are held up anywhere */ \
	X(CRASH, "crash")           /* SIGKILL anywhere */ \
	X(POWER_CUT, "power-cut")   /* a host dies, and what is unsynced */ \
	X(DISK, "disk")             /* a call fails */ \
	X(FULL, "full")             /* the disk is full for a while */ \
	X(READ_ONLY, "read-only")   /* a host has it read-only */ \
	X(LOCKS, "locks")           /* a file system without locks */ \
	X(RENAME, "rename-flags")   /* renameat2() knows no flags */ \
	X(LEASE, "lease")           /* the locks of a host are lost */ \
	X(CLOCK, "clock")           /* clocks differ, jump, drift */ \
	X(NET, "net")               /* a request fails */ \
	X(LATE, "late")             /* stored after the answer was lost */ \
	X(GATEWAY, "gateway")       /* 503, 520 to 524 though it acts */ \
	X(OUTAGE, "outage")         /* a service is out */ \
	X(REFUSAL, "refusal")       /* one recording's uploads are refused */ \
	X(LIST, "list")             /* the list fails, more often */ \
	X(LAG, "lag")               /* lists lag */ \
	X(PATHS, "paths")           /* listed under another path */ \
	X(SIZES, "sizes")           /* as strings, as floats, not at all */ \
	X(NO_RECORD, "no-record")   /* 202 and 204 */ \
	X(UPSERT, "upsert")         /* one record a path */ \
	X(NO_LIST, "no-list")       /* it may not be asked for */ \
	X(SLOW, "slow")             /* not to be sent within the deadline */ \
	X(REWRITE, "rewrite")       /* a file is rewritten */ \
	X(SAME_TIME, "same-time")   /* ... and has its old time and size */ \
	X(ADD, "add")               /* a file comes later */ \
	X(DELETE, "delete")         /* a file goes */ \
	X(SECRET, "secret")         /* metadata.json is rewritten */ \
	X(GROW, "grow")             /* a file that grows forever */ \
	X(LIVE, "live")             /* a recording that is being made */ \
	X(OLD_SCRIPT, "old-script") /* it was there before, twice */ \
	X(DEFER, "defer")           /* the hook leaves it to the sweep */ \
	X(NOTIFY, "notify")         /* by hand */ \
	X(FORGET, "forget")         /* by hand */ \
	X(UPLOAD, "upload")         /* by hand */ \
	X(MEETING_ID, "meeting-id") /* by hand, to another meeting */ \
	X(RETENTION, "retention")   /* what is delivered is removed */ \
	X(LOST_JOURNAL, "lost-journal") /* rm .jibri-finalize */ \
	X(COMPACT, "compact")       /* journals are rewritten when small */ \
	X(S3, "s3")                 /* recordings go to a bucket, in parts */ \
	X(PARTS, "parts")           /* uploads and parts vanish */ \
	X(FILE_PARTS, "file-parts") /* the file-service takes parts */ \
	X(ABSENT, "absent")         /* ... at times */ \
	X(EXPIRY, "expiry") /* the URLs of parts expire, or are refused */

enum fault {
#define X(name, text) FAULT_##name,
	FAULTS(X)
#undef X
	    FAULT_COUNT
};

extern const char *const fault_names[FAULT_COUNT];

struct world {
	bool allows[FAULT_COUNT];
	bool is_calm; /* faults have ended, at calm_ms; */
	int64_t calm_ms;
	uint32_t yield_mean, crash_mean, fault_mean; /* disk calls */
	uint32_t net_permille;
	struct host hosts[HOSTS];
	size_t n_hosts, n_recordings;
	int64_t sweep_every_ms;
	bool has_retention;
	bool has_compaction;
	bool is_always_s3, is_s3; /* in every history; in this one */
	bool always_takes_parts, takes_parts; /* the same, of parts */
	uint64_t requests;
};
extern struct world world;

/* A choice that is 0 unless this fault exists. */
uint32_t world_pick(enum fault, uint32_t n);
bool world_chance(enum fault, uint32_t permille);
struct host *world_host(void);

/* Run one whole history; laws_broken() has the result. */
void history_run(void);

#endif
