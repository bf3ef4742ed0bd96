#include "cli/report/remedy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "delivery/pipeline.h"
#include "recording/recording.h"

/* Only words as text_shell_word() makes them? */
static bool
is_of_words(const char *s)
{
	char quote = '\0';

	for (; *s; s++)
		if (*s == '\\' && s[1] == '\'')
			return false;
		else if (quote && *s == quote)
			quote = '\0';
		else if (quote == '"' && *s != '\'')
			return false;
		else if (!quote && (*s == '\'' || *s == '"'))
			quote = *s;
		else if (!quote && !isalnum((unsigned char)*s) &&
		    !strchr(" /._-+,:@%=", *s) && !(*s == '$' && s[1] == '\''))
			return false;
	return quote == '\0';
}

static bool
has_other_flags(const char *s)
{
	static const char *const ours[] = { "room ", "force ", "only " };

	while ((s = strstr(s, " --")) != NULL) {
		bool is_ours = false;

		s += strlen(" --");
		for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
			is_ours |= strncmp(s, ours[i], strlen(ours[i])) == 0;
		if (!is_ours)
			return true;
	}
	return false;
}

/* A command to run as its owner, or ours. */
static const char *
find_command(const char *why)
{
	static const char owner[] = ": sudo -u '#";
	static const char upload[] = "jibri-finalize upload ";
	static const char status[] = "jibri-finalize status ";
	static const char *const ours[] = { ": jibri-finalize upload ",
		": jibri-finalize sweep" };
	const char *found = strstr(why, owner), *end;

	if (found) {
		end = found + strlen(owner);
		end += strspn(end, "0123456789");
		if (strncmp(end, "' ", 2) != 0 ||
		    (strncmp(end + 2, upload, strlen(upload)) != 0 &&
			strncmp(end + 2, status, strlen(status)) != 0))
			return NULL;
	}
	for (size_t i = 0; !found && i < sizeof(ours) / sizeof(ours[0]); i++)
		found = strstr(why, ours[i]);
	if (found == NULL || !is_of_words(found + 2) || has_other_flags(found))
		return NULL;
	return found + 2;
}

/* --- commands that change files ------------------------------------------- */

static bool
is_option(const char *word)
{
	static const char *const options[] = { "chmod", "go-w", "chown", "-h",
		"install", "-p", "-o", "-m", "&&", "mv" };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(word, options[i]) == 0)
			return true;
	return word[strspn(word, "0123456789")] == '\0';
}

/* Below the path, which may need no quotes where the word does. */
static bool
is_inside(const char *word, const char *path)
{
	autofree char *quoted = text_shell_word(path);
	size_t len = strlen(quoted);
	const char *at = word;

	if (quoted[len - 1] == '\'')
		quoted[--len] = '\0';
	if (*quoted == '/')
		at += strspn(at, "$'");
	return is_of_words(word) && !strstr(word, "/..") &&
	    strncmp(at, quoted, len) == 0 &&
	    (at[len] == '\0' || at[len] == '/' || at[len] == '\'');
}

static bool
changes_only(const char *command, const char *path)
{
	while (*command) {
		size_t len = text_shell_length(command);
		autofree char *word = xstrndup(command, len);

		if (!is_option(word) && !is_inside(word, path))
			return false;
		command += len;
		command += strspn(command, " ");
	}
	return true;
}

static const char *
find_fix(const char *why, const char *path)
{
	static const char *const hints[] = {
		"; restrict it: chmod go-w ",
		"; if it is the recording's: chown -h ",
		"; if it is the recording's: install -p -o ",
		"; move it away: mv ",
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		const char *found = strstr(why, hints[i]);

		if (found == NULL)
			continue;
		found = strstr(found, ": ") + 2;
		return changes_only(found, path) ? found : NULL;
	}
	return NULL;
}

/* Of the settings or the disk, which check finds? */
static bool
is_check(const struct finding *f)
{
	return f->facts.is_full ||
	    (f->verdict == VERDICT_WAITING &&
		(f->facts.failed_class == ERR_REFUSED ||
		    f->facts.failed_class == ERR_CONFIG));
}

bool
remedy_is_needed(const struct finding *f)
{
	return f->verdict == VERDICT_HELD || f->facts.is_elsewhere ||
	    is_check(f);
}

void
remedy_find(struct remedy *r, const char *why, const char *path)
{
	const char *own = why ? find_command(why) : NULL;
	const char *fix = why ? find_fix(why, path) : NULL;
	autofree char *word = text_shell_word(path);

	*r = (struct remedy){ .is_own = own != NULL };
	if (own) {
		r->command = xstrdup(own);
		r->kind = strstr(own, " jibri-finalize status ")
		    ? REMEDY_LOOK
		    : REMEDY_DELIVER;
		return;
	}
	if (fix)
		r->kind = REMEDY_FIX;
	else if (why && strstr(why, PIPELINE_DAMAGED))
		r->kind = REMEDY_ANNOUNCE;
	r->fix = fix ? xstrdup(fix) : NULL;
	r->command = xasprintf("jibri-finalize %s %s",
	    r->kind == REMEDY_ANNOUNCE ? "notify stopped --force" : "upload",
	    word);
}

/* Another file of the same content is free; a holder that lives lets go. */
static char *
release(const char *path)
{
	autofree char *file = xasprintf("%s/%s", path, RECORDING_JOURNAL);
	autofree char *copy = xasprintf("%s.copy", file);
	autofree char *from = text_shell_word(file);
	autofree char *to = text_shell_word(copy);

	return xasprintf("cp -p %s %s && mv %s %s", from, to, to, from);
}

void
remedy_of(struct remedy *r, const struct finding *f, const char *path)
{
	*r = (struct remedy){ .kind = REMEDY_CHECK };
	if (f->verdict == VERDICT_HELD) {
		remedy_find(r, f->why, path);
	} else if (f->facts.is_elsewhere) {
		r->kind = REMEDY_RELEASE;
		r->command = release(path);
	} else {
		r->command = xstrdup("jibri-finalize check");
	}
}

void
remedy_free(struct remedy *r)
{
	free(r->fix);
	free(r->command);
}

char *
remedy_reason(const char *why, const char *path)
{
	const char *fix = find_command(why) ? NULL : find_fix(why, path);

	return fix ? xasprintf("%.*ssee below", (int)(fix - why), why)
		   : xstrdup(why);
}
