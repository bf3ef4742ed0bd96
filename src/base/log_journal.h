#pragma once

#include <stdbool.h>

/*
 * systemd's journal by its native protocol (systemd.io,
 * JOURNAL_NATIVE_PROTOCOL), which gives an entry fields to filter by.
 */

struct log_entry {
	int priority; /* of syslog(3) */
	const char *message;
	/* NULL: omit the field. */
	const char *session, *room, *message_id;
};

/*
 * Connect, before confinement forbids it.  False when the journal is not
 * available.
 */
bool log_journal_open(void);

/*
 * Send one entry.  False when the journal did not accept it within patience_ms,
 * is gone, or finds it too long: log it another way.
 */
bool log_journal_send(const struct log_entry *, int patience_ms);
