#include "recording/trust.h"

#include "base/mem.h"
#include "base/text.h"

static const mode_t others = S_IWGRP | S_IWOTH;

int
trust_check_directory(uid_t user, const struct stat *dir, struct err *e)
{
	if (user == 0 || dir->st_uid == user || dir->st_uid == 0)
		return 0;
	return err_set(e, ERR_PERMANENT, "its directory belongs to user %u",
	    (unsigned)dir->st_uid);
}

int
trust_check_entry(uid_t user, const struct stat *root, const struct stat *dir,
    struct err *e)
{
	if (trust_check_directory(user, dir, e) == -1)
		return -1;
	if (dir->st_uid != user && dir->st_uid != 0 &&
	    dir->st_uid != root->st_uid && (root->st_mode & others))
		return err_set(e, ERR_PERMANENT,
		    "its directory belongs to user %u, and anybody could have "
		    "put it there",
		    (unsigned)dir->st_uid);
	if (dir->st_mode & others)
		return err_set(e, ERR_PERMANENT,
		    "its directory is writable by %s",
		    dir->st_mode & S_IWOTH ? "everybody" : "its group");
	return 0;
}

int
trust_check_file(uid_t user, uid_t owner, const struct stat *st, struct err *e)
{
	bool is_link = S_ISREG(st->st_mode) && st->st_nlink > 1;

	if (st->st_uid == owner)
		return 0;
	if (is_link)
		return err_set(e, ERR_PERMANENT,
		    "is a hard link to a file of user %u",
		    (unsigned)st->st_uid);
	if (st->st_uid == user || st->st_uid == 0)
		return 0;
	return err_set(e, ERR_PERMANENT,
	    "belongs to user %u, the directory to user %u",
	    (unsigned)st->st_uid, (unsigned)owner);
}

int
trust_hint_directory(uid_t user, const char *path, const struct stat *dir,
    struct err *e)
{
	autofree char *word = text_shell_word(path);
	autofree char *hint = NULL;
	struct err ignored;

	if (trust_check_directory(user, dir, &ignored) == -1)
		hint = xasprintf("deliver it as its owner: sudo -u '#%u' "
				 "jibri-finalize upload %s",
		    (unsigned)dir->st_uid, word);
	else if (dir->st_mode & others)
		hint = xasprintf("restrict it: chmod go-w %s", word);
	else
		hint =
		    xasprintf("if it is yours: jibri-finalize upload %s", word);
	return err_hint(e, hint);
}

int
trust_hint_file(uid_t owner, const char *path, const struct stat *st,
    struct err *e)
{
	autofree char *word = text_shell_word(path);
	/* Changing a hard link's owner would change the other user's file. */
	bool is_link = S_ISREG(st->st_mode) && st->st_nlink > 1;
	autofree char *copy = xasprintf("%s.copy", path);
	autofree char *copy_word = text_shell_word(copy);
	autofree char *hint = is_link
	    ? xasprintf("if it is the recording's: install -p -o %u -m 640 "
			"%s %s && mv %s %s",
		  (unsigned)owner, word, copy_word, copy_word, word)
	    : xasprintf("if it is the recording's: chown -h %u %s",
		  (unsigned)owner, word);

	return err_hint(e, hint);
}
