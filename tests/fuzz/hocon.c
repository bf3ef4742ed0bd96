/*
 * jibri.conf and what it includes.  Whatever is in them, reading ends, twice
 * with the same, and a value is text.  JSON is HOCON: what jansson finds in
 * an object, it finds too.
 */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/doctor/hocon.h"

static const char key[] = "jibri.recording.finalize-script";

static int
read_value(const char *file, const char *path, char **value, struct err *e)
{
	struct hocon *h = NULL;
	int rc = hocon_load(&h, file, e);

	*value = NULL;
	must((rc == 1) == (h != NULL));
	if (rc == 1)
		rc = hocon_get(h, path, value, e);
	must((rc == 1) == (*value != NULL));
	must(rc != -1 || *e->text != '\0');
	hocon_free(h);
	return rc;
}

static void
check_twice(const char *file)
{
	autofree char *once = NULL;
	autofree char *again = NULL;
	struct err e, f;
	int rc = read_value(file, key, &once, &e);

	must(rc == read_value(file, key, &again, &f));
	must(strcmp(e.text, f.text) == 0);
	must(rc != 1 || strcmp(once, again) == 0);
	must(rc != 1 || text_is_utf8(once));
}

/* A name that is a path of one key, quoted. */
static void
check_member(const char *file, const char *name, const char *text)
{
	autobuf struct buf path = { 0 };
	autofree char *value = NULL;
	struct err e;

	text_add_json(&path, name);
	if (read_value(file, buf_str(&path), &value, &e) == 1)
		must(strcmp(value, text) == 0);
	else
		must(strstr(e.text, "too l") || strstr(e.text, "too d") ||
		    strstr(e.text, "includes"));
}

static void
check_json(const char *file, const char *data, size_t len)
{
	json_t *all = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	const char *name;
	json_t *value;

	if (json_is_object(all) && json_object_size(all) < 20)
		json_object_foreach(all, name,
		    value) if (json_is_string(value) && !text_has_control(name))
		    check_member(file, name, json_string_value(value));
	json_decref(all);
}

static void
run(const char *data, size_t len)
{
	struct fuzz_input in = { data, len };
	autofree char *included = fuzz_field(&in);
	autofree char *file = xasprintf("%s/jibri.conf", fuzz_scratch());

	fuzz_scratch_file("a.conf", included, strlen(included));
	fuzz_scratch_file("jibri.conf", in.data, in.len);
	check_twice(file);
	check_json(file, in.data, in.len);
}

const struct fuzz_target fuzz_hocon = { "hocon", run };
