/* base/log.h: lines are needed only when a history is shown. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "actor.h"
#include "laws.h"
#include "trace.h"

bool trace_is_on;

static void __attribute__((format(printf, 2, 0)))
print(const char *prefix, const char *fmt, va_list ap)
{
	(void)printf("%11.3f  %s", (double)now_ms / 1000, prefix);
	(void)vprintf(fmt, ap);
	(void)putchar('\n');
}

void
trace_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print("", fmt, ap);
	va_end(ap);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	char prefix[32];
	va_list ap;

	if (actor_now && strstr(fmt, "journal cannot be written")) {
		actor_now->is_unwritten = true;
		laws_unwritten(actor_now->recording);
	}
	if (!trace_is_on || level > LOG_INFO)
		return;
	(void)snprintf(prefix, sizeof(prefix),
	    "    %d: ", actor_now ? actor_now->id : 0);
	va_start(ap, fmt);
	print(prefix, fmt, ap);
	va_end(ap);
}

void
log_init(void)
{
}

int
log_configure(const struct log_policy *policy, struct err *e)
{
	(void)policy;
	(void)e;
	return 0;
}

void
log_set_session(const char *session)
{
	(void)session;
}

void
log_set_trace(const char *trace_id)
{
	(void)trace_id;
}

void
log_set_room(const char *room)
{
	(void)room;
}

void
log_event(const char *message_id, enum log_level level, const char *fmt, ...)
{
	(void)message_id;
	(void)level;
	(void)fmt;
}

bool
log_shows(enum log_level level)
{
	return trace_is_on && level <= LOG_INFO;
}

bool
log_is_file(const struct stat *st)
{
	(void)st;
	return false;
}

void
log_set_live(const char *lines)
{
	(void)lines;
}

void
log_result(const char *text)
{
	(void)text;
}

void
log_final(bool is_success, const char *fmt, ...)
{
	(void)is_success, (void)fmt;
}

void
log_flush(void)
{
}

int64_t
log_due_ms(void)
{
	return 0;
}

void
log_after_fork(void)
{
}

int
log_finish(void)
{
	return 0;
}
