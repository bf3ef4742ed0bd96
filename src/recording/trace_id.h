#pragma once

/*
 * The trace id (W3C Trace Context) of a recording: the same in each retry, in
 * each process and on each host, as it is computed from the session alone.
 */

enum { TRACE_ID_BYTES = 32 + 1 };

/* 32 lower-case hexadecimal digits: half of a SHA-256.  Pure. */
void trace_id(const char *session, char id[TRACE_ID_BYTES]);

/* Name the session in every line of the log from now on, and its trace. */
void trace_log_session(const char *session);
