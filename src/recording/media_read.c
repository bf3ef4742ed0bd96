#include "recording/media_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static ssize_t
read_window(struct media *m, int64_t offset, size_t n)
{
	if (m->data == NULL)
		return pread(m->fd, m->window, n, m->base + offset);
	if (m->size - offset < (int64_t)n)
		n = (size_t)(m->size - offset);
	memcpy(m->window, m->data + m->base + offset, n);
	return (ssize_t)n;
}

const unsigned char *
media_at(struct media *m, int64_t offset, size_t n)
{
	size_t len = n > m->step ? n : m->step;
	ssize_t got;

	if (offset < 0 || (int64_t)n > m->size || offset > m->size - (int64_t)n)
		return NULL;
	if (offset >= m->at && offset + (int64_t)n <= m->at + (int64_t)m->len)
		return m->window + (offset - m->at);
	if (media_is_spent(m))
		return NULL;
	m->left -= len > MEDIA_PROBE_BYTES ? (int64_t)len : MEDIA_PROBE_BYTES;
	got = read_window(m, offset, len);
	m->at = offset;
	m->len = got > 0 ? (size_t)got : 0;
	/* The file may have shrunk. */
	m->is_unreadable = got < (ssize_t)n;
	return m->is_unreadable ? NULL : m->window;
}

bool
media_is_spent(const struct media *m)
{
	return m->is_unreadable || m->left <= 0;
}

bool
media_saves(struct media *m)
{
	if (m->left < MEDIA_BYTES / 2)
		m->step = 1;
	return m->step == 1;
}

bool
media_has(struct media *m, int64_t offset, const void *bytes, size_t n)
{
	const unsigned char *p = media_at(m, offset, n);

	return p && memcmp(p, bytes, n) == 0;
}

bool
media_is_empty(struct media *m, int64_t from, int64_t to)
{
	int64_t n = (to < m->size ? to : m->size) - from;
	const unsigned char *p;

	if (n > MEDIA_PROBE_BYTES)
		n = MEDIA_PROBE_BYTES;
	if (n <= 0)
		return true;
	p = media_at(m, from, (size_t)n);
	for (int64_t i = 0; p && i < n; i++)
		if (p[i] != 0)
			return false;
	return !media_is_spent(m);
}

static int64_t
number(struct media *m, int64_t offset, int bytes, bool is_little)
{
	const unsigned char *p = media_at(m, offset, (size_t)bytes);
	uint64_t value = 0;

	for (int i = 0; p && i < bytes; i++)
		value = value << 8 | p[is_little ? bytes - 1 - i : i];
	return p && value <= INT64_MAX ? (int64_t)value : -1;
}

int64_t
media_be(struct media *m, int64_t offset, int bytes)
{
	return number(m, offset, bytes, false);
}

int64_t
media_le(struct media *m, int64_t offset, int bytes)
{
	return number(m, offset, bytes, true);
}

enum media_health
media_damaged(struct media *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(m->why, m->why_len, format, args);
	va_end(args);
	return MEDIA_DAMAGED;
}
