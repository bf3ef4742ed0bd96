#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/retry.h"

static const struct {
	const char *name;
	int exit_code;
	int rank; /* the highest of several counts */
} classes[ERR_CLASSES] = {
	[ERR_NONE] = { "none", EX_OK, 0 },
	[ERR_TEMPORARY] = { "temporary", EX_TEMPFAIL, 1 },
	[ERR_BUSY] = { "busy", EX_TEMPFAIL, 1 },
	[ERR_INTERRUPTED] = { "interrupted", EX_TEMPFAIL, 2 },
	[ERR_PERMANENT] = { "permanent", EX_DATAERR, 3 },
	[ERR_REFUSED] = { "refused", EX_NOPERM, 4 },
	[ERR_CONFIG] = { "configuration", EX_CONFIG, 5 },
	/* 1, 2 and 3 are those of monitoring plugins. */
	[ERR_ALARM] = { "alarm", EXIT_FAILURE, 5 },
	[ERR_CRITICAL] = { "critical", 2, 5 },
	[ERR_UNKNOWN] = { "unknown", 3, 5 },
	[ERR_NO_INPUT] = { "no-input", EX_NOINPUT, 6 },
	[ERR_USAGE] = { "usage", EX_USAGE, 7 },
};

int
err_set(struct err *e, enum err_class kind, const char *fmt, ...)
{
	va_list ap;

	e->class = kind;
	e->is_outage = false;
	e->retry_after_ms = 0;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

bool
err_is_valid(const struct err *e)
{
	unsigned char is_outage;

	/* Reading a bool that is neither 0 nor 1 is undefined. */
	memcpy(&is_outage, &e->is_outage, sizeof(is_outage));
	return (unsigned)e->class < ERR_CLASSES && is_outage <= 1 &&
	    e->retry_after_ms >= 0 && e->retry_after_ms <= RETRY_AFTER_MAX_MS &&
	    memchr(e->text, '\0', sizeof(e->text)) != NULL;
}

static enum err_class
class_of_errno(int number)
{
	switch (number) {
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENOTDIR:
	case EISDIR:
	case ENAMETOOLONG:
		return ERR_PERMANENT;
	default:
		return ERR_TEMPORARY;
	}
}

bool
err_is_passing(int number)
{
	switch (number) {
	case EAGAIN:
	case EINTR:
	case EIO:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ESTALE:
		return true;
	default:
		return false;
	}
}

__attribute__((format(printf, 3, 0))) static void
put_before(struct err *e, const char *text, const char *fmt, va_list ap)
{
	size_t len;

	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	len = strlen(e->text);
	(void)snprintf(e->text + len, sizeof(e->text) - len, ": %s", text);
}

int
err_sys(struct err *e, const char *fmt, ...)
{
	int number = errno;
	va_list ap;

	(void)err_set(e, class_of_errno(number), "%s", "");
	va_start(ap, fmt);
	put_before(e, strerror(number), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_wrap(struct err *e, const char *fmt, ...)
{
	const struct err inner = *e;
	va_list ap;

	va_start(ap, fmt);
	put_before(e, inner.text, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_hint(struct err *e, const char *hint)
{
	size_t len = strlen(e->text);

	if (len + strlen("; ") + strlen(hint) < sizeof(e->text))
		(void)snprintf(e->text + len, sizeof(e->text) - len, "; %s",
		    hint);
	return -1;
}

const char *
err_class_name(enum err_class kind)
{
	return classes[kind].name;
}

enum err_class
err_class_parse(const char *name)
{
	for (int i = 0; i < ERR_CLASSES; i++)
		if (strcmp(classes[i].name, name) == 0)
			return (enum err_class)i;
	return ERR_TEMPORARY;
}

int
err_exit_code(enum err_class kind)
{
	return classes[kind].exit_code;
}

enum err_class
err_worse(enum err_class a, enum err_class b)
{
	return classes[b].rank > classes[a].rank ? b : a;
}
