#include "recording/media.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/stop.h"

enum {
	MAX_BOXES = 1000 * 1000,
	BOXES_A_CHECK = 4096,
	HEADER_BYTES = 16,
	WINDOW_BYTES = 4096,
};

/* What is known of the file.  Small boxes lie side by side. */
struct window {
	int fd; /* -1: all of it is known */
	int64_t offset;
	ssize_t len;
	const unsigned char *bytes;
	unsigned char *room; /* for WINDOW_BYTES */
};

struct box {
	int64_t size; /* with its header; -1: none that can be */
	char type[5];
};

static uint64_t
big_endian(const unsigned char *p, int bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | p[i];
	return value;
}

/* How much of a header is at offset: less at the end of the file; or -1. */
static ssize_t
read_header(struct window *w, int64_t offset, unsigned char *header)
{
	ssize_t at = offset - w->offset, n;

	if (w->fd != -1 && (at < 0 || at + HEADER_BYTES > w->len)) {
		w->len = pread(w->fd, w->room, WINDOW_BYTES, offset);
		w->offset = offset;
		w->bytes = w->room;
		at = 0;
	}
	n = w->len - at < HEADER_BYTES ? w->len - at : HEADER_BYTES;
	if (n > 0)
		memcpy(header, w->bytes + at, (size_t)n);
	return n;
}

/* The box at offset, of whose file left bytes follow. */
static bool
read_box(struct window *w, int64_t offset, int64_t left, struct box *box)
{
	unsigned char header[HEADER_BYTES] = { 0 };
	ssize_t n = read_header(w, offset, header);
	uint64_t size;
	int64_t least = 8;

	if (n == -1)
		return false;
	memcpy(box->type, header + 4, 4);
	box->type[4] = '\0';
	size = big_endian(header, 4);
	if (size == 1) {
		size = big_endian(header + 8, 8);
		least = 16;
	} else if (size == 0) {
		size = (uint64_t)left;
	}
	box->size = size > INT64_MAX ? -1 : (int64_t)size;
	if (n < least || box->size < least)
		box->size = -1;
	return true;
}

static enum media_health
check_boxes(struct window *window, int64_t size, char *why, size_t len)
{
	bool has_moov = false;
	int64_t offset = 0;

	for (int n = 0; offset < size; n++) {
		struct box box;
		struct err stopped;

		if (n % BOXES_A_CHECK == 0 && stop_check(&stopped) == -1)
			return MEDIA_UNREADABLE;
		if (!read_box(window, offset, size - offset, &box))
			return MEDIA_UNREADABLE;
		if (n == MAX_BOXES || box.size < 0) {
			(void)snprintf(why, len, "no MP4 box at byte %" PRId64,
			    offset);
			return MEDIA_DAMAGED;
		}
		if (box.size > size - offset) {
			(void)snprintf(why, len,
			    "the box at byte %" PRId64
			    " runs past the end of the file",
			    offset);
			return MEDIA_DAMAGED;
		}
		has_moov |= strcmp(box.type, "moov") == 0;
		offset += box.size;
	}
	if (has_moov)
		return MEDIA_WHOLE;
	(void)snprintf(why, len, "it has no moov box");
	return MEDIA_DAMAGED;
}

static enum media_health
check_ebml(struct window *window, char *why, size_t len)
{
	static const unsigned char magic[4] = { 0x1a, 0x45, 0xdf, 0xa3 };
	unsigned char header[HEADER_BYTES] = { 0 };

	if (read_header(window, 0, header) == -1)
		return MEDIA_UNREADABLE;
	if (memcmp(header, magic, sizeof(magic)) == 0)
		return MEDIA_WHOLE;
	(void)snprintf(why, len, "it has no EBML header");
	return MEDIA_DAMAGED;
}

static bool
has_extension(const char *name, const char *const *extensions)
{
	const char *dot = strrchr(name, '.');

	for (; dot && *extensions; extensions++)
		if (strcasecmp(dot + 1, *extensions) == 0)
			return true;
	return false;
}

static enum media_health
check(struct window *window, const char *name, int64_t size, char *why,
    size_t len)
{
	static const char *const boxed[] = { "mp4", "m4v", "m4a", "mov", NULL };
	static const char *const ebml[] = { "mkv", "webm", NULL };

	if (size == 0) {
		(void)snprintf(why, len, "it is empty");
		return MEDIA_DAMAGED;
	}
	if (has_extension(name, boxed))
		return check_boxes(window, size, why, len);
	if (has_extension(name, ebml))
		return check_ebml(window, why, len);
	return MEDIA_WHOLE;
}

enum media_health
media_check(int fd, const char *name, int64_t size, char *why, size_t len)
{
	unsigned char room[WINDOW_BYTES];
	struct window window = { .fd = fd, .room = room };

	return check(&window, name, size, why, len);
}

enum media_health
media_check_bytes(const void *data, size_t size, const char *name, char *why,
    size_t len)
{
	struct window window = {
		.fd = -1,
		.len = (ssize_t)size,
		.bytes = data,
	};

	return check(&window, name, (int64_t)size, why, len);
}
