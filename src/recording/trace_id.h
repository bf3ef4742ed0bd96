#pragma once

/*
 * The trace id (W3C Trace Context) of a recording.  It is computed from the
 * session, so it is the same in each retry, process and host.
 */

enum { TRACE_ID_BYTES = 32 + 1 };

/* 32 lower-case hexadecimal digits: half of a SHA-256.  Pure. */
void trace_id(const char *session, char id[TRACE_ID_BYTES]);

/* Put the session and its trace id in every log line from now on. */
void trace_log_session(const char *session);
