#define _GNU_SOURCE 1

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sandbox.h"

void
text_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void
text_json_free(json_t **json)
{
	json_decref(*json);
}

void *
text_must(void *p)
{
	if (p == NULL)
		sandbox_die("out of memory");
	return p;
}

char *
text_format(const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) == -1)
		s = NULL;
	va_end(ap);
	return text_must(s);
}

char *
text_copy(const char *s, size_t n)
{
	char *copy = text_must(malloc(n + 1));

	if (n > 0)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

bool
text_is_utf8(const char *s, size_t n)
{
	autojson json_t *probe = json_stringn(s, n);

	return probe != NULL;
}

json_t *
text_json(const char *s, size_t n)
{
	static const char mark[] = { '\xef', '\xbf', '\xbd' };
	autofree char *repaired = NULL;
	size_t used = 0;

	if (text_is_utf8(s, n))
		return json_stringn(s, n);
	repaired = text_must(malloc(n * 3));
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < 0x80) {
			repaired[used++] = s[i];
			continue;
		}
		memcpy(repaired + used, mark, sizeof(mark));
		used += sizeof(mark);
	}
	return json_stringn(repaired, used);
}

json_t *
text_json_or_null(const char *s)
{
	return s == NULL ? json_null() : text_json(s, strlen(s));
}

char *
text_read(const char *file, size_t *bytes)
{
	FILE *f = fopen(file, "re");
	char *data;
	size_t room = 4096;
	size_t used = 0;
	size_t n;

	if (f == NULL)
		return NULL;
	data = text_must(malloc(room));
	while ((n = fread(data + used, 1, room - used - 1, f)) > 0) {
		used += n;
		room *= 2;
		data = text_must(realloc(data, room));
	}
	fclose(f);
	data[used] = '\0';
	if (bytes != NULL)
		*bytes = used;
	return data;
}

void
text_append_line(const char *file, const json_t *object)
{
	autofree char *json = text_must(json_dumps(object, JSON_COMPACT));
	autofree char *line = text_format("%s\n", json);
	size_t n = strlen(line);
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd == -1 || write(fd, line, n) != (ssize_t)n)
		sandbox_die("append to %s: %s", file, strerror(errno));
	close(fd);
}

void
text_each_line(const char *file, void (*use)(void *, json_t *), void *arg)
{
	autofree char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(file, "re");

	if (f == NULL)
		return;
	while (getline(&line, &room, f) != -1) {
		autojson json_t *object = json_loads(line, 0, NULL);

		if (object != NULL)
			use(arg, object);
	}
	fclose(f);
}

void
text_pause(double seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds };

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		continue;
}

long long
text_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
