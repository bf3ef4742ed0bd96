#include "cli/command/commands.h"

#include "base/file.h"
#include "base/mem.h"

static void
add_parent(struct text_list *places, const char *path)
{
	autofree char *parent = file_parent(path);

	text_list_add(places, parent);
}

/* An archive is unpacked beside it, or in the work-dir. */
static void
add_recording(struct text_list *places, const struct loaded *l,
    const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return;
	if (S_ISDIR(st.st_mode)) {
		text_list_add(places, path);
		return;
	}
	add_parent(places, path);
	if (l->config.bundle.work_dir && *l->config.bundle.work_dir)
		text_list_add(places, l->config.bundle.work_dir);
}

static void
add_output(struct text_list *places, const char *output)
{
	struct stat st;

	if (output && stat(output, &st) == 0 && S_ISDIR(st.st_mode))
		text_list_add(places, output);
	else
		add_parent(places, output ? output : ".");
}

void
command_recordings(const struct command *command, const struct options *o,
    size_t *first, size_t *end)
{
	enum command_scope scope = command->scope;

	*first = scope == SCOPE_SECOND ? 1 : 0;
	*end = scope == SCOPE_NONE || scope == SCOPE_ROOTS ? 0
	    : scope == SCOPE_FIRST || scope == SCOPE_READ  ? 1
							   : o->n_words;
}

void
confine_command(const struct loaded *l, const struct command *command,
    const struct options *o)
{
	const struct confine_policy *policy = &l->config.confine;
	autolist struct text_list places = { 0 };
	size_t first, end;

	command_recordings(command, o, &first, &end);
	if (command->scope == SCOPE_NONE)
		return;
	for (size_t i = first; i < end; i++)
		add_recording(&places, l, o->words[i]);
	if (command->scope == SCOPE_AND_OUTPUT)
		add_output(&places, o->output);
	if (command->scope != SCOPE_ROOTS && command->scope != SCOPE_READ)
		confine_files(policy, &places);
}
