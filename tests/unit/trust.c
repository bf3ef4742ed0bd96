#include "unit.h"

#include "recording/trust.h"

/* Users; root is 0. */
enum { JIBRI = 1000, OTHER = 2000 };

static const struct row {
	const char *name;
	uid_t user, owner;
	mode_t mode;
	uid_t root_owner;
	mode_t root_mode;
	const char *why, *why_entry; /* a part of it; NULL: trusted */
} rows[] = {
	{ "one's own", JIBRI, JIBRI, 0755, JIBRI, 0755, NULL, NULL },
	{ "root's", JIBRI, 0, 0755, JIBRI, 0755, NULL, NULL },
	{ "another's", JIBRI, OTHER, 0755, JIBRI, 0755, "belongs to user 2000",
	    "belongs to user 2000" },
	{ "that of the root's owner, who is another", JIBRI, OTHER, 0755, OTHER,
	    0755, "belongs to user 2000", "belongs to user 2000" },
	{ "one's own, open to the group", JIBRI, JIBRI, 0775, JIBRI, 0755, NULL,
	    "writable by its group" },
	{ "one's own, open to all", JIBRI, JIBRI, 01777, JIBRI, 0755, NULL,
	    "writable by everybody" },
	{ "root runs on Jibri's", 0, JIBRI, 0755, JIBRI, 01777, NULL, NULL },
	{ "root's roots are closed", 0, JIBRI, 0755, 0, 0755, NULL, NULL },
	{ "root's root is open to all", 0, JIBRI, 0755, 0, 01777, NULL,
	    "anybody could have put it there" },
	{ "root's root is open to a group", 0, OTHER, 0755, JIBRI, 0775, NULL,
	    "anybody could have put it there" },
};

static void
check_answer(const char *name, int result, const struct err *e, const char *why)
{
	check(result == (why ? -1 : 0), "%s: %d", name, result);
	if (why == NULL)
		return;
	check(strstr(e->text, why) != NULL, "%s: %s", name, e->text);
	check(e->class == ERR_PERMANENT, "%s: class", name);
}

static void
test_directories(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct row *r = &rows[i];
		const struct stat dir = {
			.st_uid = r->owner,
			.st_mode = S_IFDIR | r->mode,
		};
		const struct stat root = {
			.st_uid = r->root_owner,
			.st_mode = S_IFDIR | r->root_mode,
		};
		struct err e = { 0 };

		check_answer(r->name, trust_check_directory(r->user, &dir, &e),
		    &e, r->why);
		check_answer(r->name,
		    trust_check_entry(r->user, &root, &dir, &e), &e,
		    r->why_entry);
	}
}

static void
test_files(void **state)
{
	static const struct {
		const char *name;
		uid_t user, owner, file;
		nlink_t links;
		mode_t type;
		const char *why;
	} files[] = {
		{ "the owner's", JIBRI, JIBRI, JIBRI, 1, S_IFREG, NULL },
		{ "the owner's, linked", JIBRI, JIBRI, JIBRI, 2, S_IFREG,
		    NULL },
		{ "root's", JIBRI, JIBRI, 0, 1, S_IFREG, NULL },
		{ "root's, linked", JIBRI, JIBRI, 0, 2, S_IFREG,
		    "hard link to a file of user 0" },
		{ "root's, linked, for root", 0, JIBRI, 0, 2, S_IFREG,
		    "hard link to a file of user 0" },
		{ "one's own in root's", JIBRI, 0, JIBRI, 1, S_IFREG, NULL },
		{ "one's own in root's, linked", JIBRI, 0, JIBRI, 2, S_IFREG,
		    "hard link to a file of user 1000" },
		{ "another's", JIBRI, JIBRI, OTHER, 1, S_IFREG,
		    "belongs to user 2000" },
		{ "another's, for root", 0, JIBRI, OTHER, 1, S_IFREG,
		    "belongs to user 2000" },
		{ "another's folder", JIBRI, JIBRI, OTHER, 5, S_IFDIR,
		    "belongs to user 2000" },
		{ "root's folder", JIBRI, JIBRI, 0, 5, S_IFDIR, NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(files); i++) {
		const struct stat st = {
			.st_uid = files[i].file,
			.st_nlink = files[i].links,
			.st_mode = files[i].type | 0644,
		};
		struct err e = { 0 };

		check_answer(files[i].name,
		    trust_check_file(files[i].user, files[i].owner, &st, &e),
		    &e, files[i].why);
	}
}

static const struct CMUnitTest tests[] = {
	TEST("a directory is trusted by its owner, and a swept one by who "
	     "could have put it there",
	    test_directories),
	TEST("a file is trusted by its owner, a hard link by the directory's",
	    test_files),
};

const struct unit_tests trust_tests = { tests, LENGTH(tests) };
