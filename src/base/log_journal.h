#pragma once

#include <stdbool.h>

/*
 * systemd's journal, spoken to in its own protocol (systemd.io,
 * JOURNAL_NATIVE_PROTOCOL), so that an entry has fields to be selected by.
 */

struct log_entry {
	int priority; /* of syslog(3) */
	const char *message;
	/* NULL: without this field. */
	const char *session, *room, *message_id;
};

/*
 * Connect to it, before what is confined could no more.  False where it is not
 * to be had.
 */
bool log_journal_open(void);

/*
 * Send one entry.  False where it did not take it within patience_ms, is gone,
 * or finds it too long: it has to be said otherwise.
 */
bool log_journal_send(const struct log_entry *, int patience_ms);
