#include "recording/trust.h"

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
	const mode_t others = S_IWGRP | S_IWOTH;

	if (trust_check_directory(user, dir, e) == -1)
		return -1;
	if (dir->st_uid != user && dir->st_uid != 0 &&
	    dir->st_uid != root->st_uid && (root->st_mode & others))
		return err_set(e, ERR_PERMANENT,
		    "its directory belongs to user %u, and anybody may have "
		    "put it there",
		    (unsigned)dir->st_uid);
	if (dir->st_mode & others)
		return err_set(e, ERR_PERMANENT,
		    "its directory can be written by %s",
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
