/* recording/openfiles.h: the open files of this host, without /proc. */
#include "recording/openfiles.h"

#include "actor.h"
#include "disk.h"
#include "jibri.h"
#include "world.h"

/* Jibri runs on the first host, and has open what it writes. */
enum open_mode
openfiles_mode(struct openfiles *set, const struct stat *st)
{
	(void)set;
	for (int i = 0; i < RECORDINGS; i++) {
		const struct node *dir =
		    sessions[i].is_live ? jibri_directory(i) : NULL;

		for (size_t k = 0; dir && k < dir->entries.n; k++)
			if (dir->entries.v[k].node->ino == st->st_ino &&
			    actor_now->host == &world.hosts[0])
				return OPEN_WRITING;
	}
	return disk_is_open(actor_now->host, st->st_ino) ? OPEN_READING
							 : OPEN_NOT;
}

void
openfiles_free(struct openfiles *set)
{
	*set = (struct openfiles){ 0 };
}

void
openfiles_load(struct openfiles *set)
{
	(void)set;
}
