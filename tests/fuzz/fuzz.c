#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/json.h"

static const struct fuzz_target *const targets[] = { &fuzz_answer,
	&fuzz_archive, &fuzz_bucket, &fuzz_config, &fuzz_event, &fuzz_hocon,
	&fuzz_journal, &fuzz_list, &fuzz_log, &fuzz_media, &fuzz_metadata,
	&fuzz_mimetype, &fuzz_parts, &fuzz_reason, &fuzz_request, &fuzz_room,
	&fuzz_webhook };

const struct fuzz_target *
fuzz_find(const char *name)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (strcmp(targets[i]->name, name) == 0)
			return targets[i];
	return NULL;
}

void
fuzz_init(void)
{
	static const struct log_policy quiet = { .level = LOG_WARN,
		.is_quiet = true };
	struct err e;

	json_init();
	must(log_configure(&quiet, &e) == 0);
}

void
fuzz_broken(const char *law, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, law);
	abort();
}

char *
fuzz_field(struct fuzz_input *in)
{
	size_t len = strnlen(in->data, in->len);
	char *field = xstrndup(in->data, len);

	len += len < in->len;
	in->data += len;
	in->len -= len;
	return field;
}

unsigned
fuzz_byte(struct fuzz_input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return (unsigned char)*in->data++;
}

int
fuzz_memfd(const void *data, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd != -1);
	must(file_write_all(fd, data, len) == 0);
	must(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

const char *
fuzz_scratch(void)
{
	static char *path;
	const char *parent = getenv("TMPDIR");

	if (path == NULL) {
		path = xasprintf("%s/fuzz-XXXXXX", parent ? parent : "/tmp");
		must(mkdtemp(path) != NULL);
	}
	return path;
}

void
fuzz_scratch_file(const char *name, const void *data, size_t len)
{
	autofree char *path = xasprintf("%s/%s", fuzz_scratch(), name);
	autoclose int fd =
	    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd != -1);
	must(file_write_all(fd, data, len) == 0);
}

bool
fuzz_is_id(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len <= 256 && !text_has_control(id) &&
	    strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}
