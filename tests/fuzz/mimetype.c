/* A type is valid in a header, whatever name and content were. */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "io/mimetype.h"

static void
check_type(const char *type)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789!#$&-^_.+/";

	must(strspn(type, allowed) == strlen(type));
	must(strchr(type, '/') && strlen(type) < 128);
}

static void
run(const char *data, size_t len)
{
	static struct mimetype *m;
	struct fuzz_input in = { data, len };
	autofree char *name = fuzz_field(&in);
	autoclose int fd = fuzz_memfd(in.data, in.len);
	const char *by_name = mimetype_by_name(name, in.data, in.len);

	if (m == NULL)
		m = mimetype_open();
	check_type(mimetype_of(m, fd, name));
	check_type(mimetype_of_bytes(m, in.data, in.len, name));
	if (by_name != NULL)
		check_type(by_name);
	must(!by_name || !mimetype_is_media(by_name) ||
	    mimetype_is_media_name(name));
}

const struct fuzz_target fuzz_mimetype = { "mimetype", run };
