#include "cli/command/commands.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "cli/manual/help.h"
#include "cli/report/report.h"
#include "sweep/pause.h"

const struct command commands[] = {
	{ "finalize", TASK_DELIVER,
	    "[--force] [--dry-run] DIR [ROOM [SESSION]]",
	    "deliver the recording in DIR now",
	    "Deliver the recording now: find out whose it is, upload what the "
	    "server does not have, and announce it.  What earlier runs "
	    "achieved is not done again, and one that an operator has given "
	    "up is left alone, unless --force is given.  --dry-run prints what "
	    "would be done.  The word finalize can be left out.",
	    .examples = {
		{ "as Jibri does",
		    "jibri-finalize /srv/recordings/"
		    "9f1c2d3e-0a4b-4c5d-8e6f-1234567890ab" },
		{ "as the script that it replaces was called",
		    "jibri-finalize /srv/recordings/rec-abc123 abc-defg-hij "
		    "20250105-143022-abc123" },
		{ "everything once more, the webhook too",
		    "jibri-finalize --force /srv/recordings/"
		    "9f1c2d3e-0a4b-4c5d-8e6f-1234567890ab" },
	    },
	    .min_words = 1, .max_words = 3,
	    .options = OPTION_FORCE | OPTION_DRY_RUN,
	    .scope = SCOPE_FIRST, .run = cmd_finalize },
	{ "upload", TASK_DELIVER,
	    "[FLAG...] (DIR | ARCHIVE)...",
	    "deliver by hand, check at the server",
	    "Deliver recordings by hand, one after the other, also those that "
	    "are waiting, held or given up.  The server is asked for what the "
	    "journal has as stored; what is missing there, or has another "
	    "size, is sent again, and STOPPED after it under a new id.  If "
	    "nothing is sent and STOPPED was acknowledged, the backend is told "
	    "nothing.  A recording that fails does not stop the others; the "
	    "exit code is the worst of them.  The id of a --room is looked up "
	    "again; if it is another one, all of the recording is sent there.  "
	    "With --only, what matches is sent; with a slash it is matched "
	    "against the whole path; STOPPED is sent only if nothing else is "
	    "missing.  With --force everything, or what matches, is sent "
	    "again.  After --no-webhook the recording is done, and no later "
	    "run tells the backend.  --dry-run prints what would be done with "
	    "each file, its size and type.  A file is taken for an archive, of "
	    "pack or of another tool.",
	    .examples = {
		{ "what the server has lost of some recordings",
		    "jibri-finalize upload /srv/recordings/9f1c* "
		    "/srv/recordings/rec-*" },
		{ "what would it do?",
		    "jibri-finalize upload --dry-run "
		    "/srv/recordings/rec-abc123" },
		{ "one file that is damaged at the server",
		    "jibri-finalize upload --force --only '*.mp4' "
		    "/srv/recordings/rec-abc123" },
	    },
	    .min_words = 1, .max_words = SIZE_MAX,
	    .options = OPTION_ROOM | OPTION_SESSION | OPTION_MEETING_ID |
		OPTION_ONLY | OPTION_FORCE | OPTION_NO_WEBHOOK |
		OPTION_DRY_RUN,
	    .scope = SCOPE_ALL, .has_list = true, .run = cmd_upload },
	{ "verify", TASK_LOOK,
	    "[--deep] DIR...",
	    "compare recordings with the server",
	    "Compare each file with the server's list, by path and size, and "
	    "print a line for each: same, missing, size, content, extra (only "
	    "on the server), twice (several records for one path) or failed "
	    "(could not be compared).  With --deep, also download each file "
	    "and compare its SHA-256 with that of the file here and with what "
	    "the journal says was stored.  Versions that the journal knows to "
	    "be replaced do not count.  Nothing is changed, here or there.  "
	    "Ends with 0 only if all agree, with 65 if something differs.",
	    .examples = {
		{ "does the server list all of it?",
		    "jibri-finalize verify /srv/recordings/rec-abc123" },
		{ "and is it the same, byte for byte?",
		    "jibri-finalize verify --deep /srv/recordings/rec-*" },
	    },
	    .min_words = 1, .max_words = SIZE_MAX,
	    .options = OPTION_DEEP,
	    .scope = SCOPE_ALL, .has_list = true, .is_looking = true,
	    .run = cmd_verify },
	{ "notify", TASK_HANDLE,
	    "started|stopped|failed [FLAG...] [DIR]",
	    "send one webhook to the backend",
	    "Send one webhook, signed like those of a delivery.  Room and "
	    "session are those of the recording in DIR, or --room and "
	    "--session.  The journal in DIR notes what was acknowledged.  "
	    "started is not sent again, and not for a recording that Jibri has "
	    "handed over.  stopped is refused, with 65, while an artifact is "
	    "not at the server or no media file is whole; without DIR, while "
	    "the server has no file of the session.  failed has the text of "
	    "--error, else that of the last run.  --force sends it in any "
	    "case.  A repeat has the same webhook-id.",
	    .examples = {
		{ "a recording begins",
		    "jibri-finalize notify started "
		    "/srv/recordings/rec-abc123" },
		{ "one that will never be delivered",
		    "jibri-finalize notify failed --error lost "
		    "--room abc --session rec-abc123" },
	    },
	    .min_words = 1, .max_words = 2,
	    .options =
		OPTION_ROOM | OPTION_SESSION | OPTION_ERROR | OPTION_FORCE |
		OPTION_DRY_RUN,
	    .scope = SCOPE_SECOND, .run = cmd_notify },
	{ "pack", TASK_HANDLE,
	    "[--output FILE] [--unredacted] [--dry-run] DIR...",
	    "put each recording into an archive",
	    "Put each recording into an archive of its own, to be carried away "
	    "and given to upload.  Nothing is sent, nothing is removed.  "
	    "--output (-o) names the archive, whose suffix (.tar.zst, .tar.gz, "
	    ".tar or .zip) chooses the format, or a directory for it; without, "
	    "it is NAME.tar.zst in the current directory, after the "
	    "recording's.  What is there is not replaced.  metadata.json goes "
	    "without what redact names, unless --unredacted is given.  A "
	    "recording that is being worked on, or that changes meanwhile, is "
	    "not packed.",
	    .examples = {
		{ "into rec-abc123.tar.zst here",
		    "jibri-finalize pack /srv/recordings/rec-abc123" },
		{ "and delivered from another machine",
		    "jibri-finalize upload rec-abc123.tar.zst" },
	    },
	    .min_words = 1, .max_words = SIZE_MAX,
	    .options = OPTION_OUTPUT | OPTION_UNREDACTED | OPTION_DRY_RUN,
	    .scope = SCOPE_AND_OUTPUT, .has_list = true, .run = cmd_pack },
	{ "sweep", TASK_DELIVER,
	    "[--held] [--dry-run] [ROOT...]",
	    "deliver every recording that is due",
	    "Deliver every recording below ROOT that is due; without one, "
	    "below recordings-dir.  What cron or a timer runs: it finds the "
	    "recordings whose delivery failed and those that Jibri never "
	    "called for.  What is done, held or still being recorded is left "
	    "alone.  With --dry-run show what it would do.  See "
	    "jibri-finalize-sweep(8).",
	    .examples = {
		{ "everything that is due, as a timer does",
		    "jibri-finalize sweep /srv/recordings" },
		{ "what it would do",
		    "jibri-finalize sweep --dry-run /srv/recordings" },
		{ "what is held too, once its cause is fixed",
		    "jibri-finalize sweep --held /srv/recordings" },
	    },
	    .max_words = SIZE_MAX,
	    .options = OPTION_HELD | OPTION_DRY_RUN,
	    .scope = SCOPE_ROOTS, .visits = true, .run = cmd_sweep },
	{ "watch", TASK_DELIVER,
	    "[ROOT...]",
	    "stay, and deliver at once what becomes due",
	    "Stay, and do at once what a sweep would do: as soon as a "
	    "recording is finished, or its next try has come.  ROOT is as for "
	    "sweep.  It looks at everything every watch-interval, and removes "
	    "by retention and writes metrics-file every five minutes.  SIGHUP "
	    "makes it read the configuration and the secrets again.  On "
	    "SIGTERM or SIGINT it leaves within two seconds, or after "
	    "drain-for at the latest; what is not delivered is named then, and "
	    "the exit code is 75.  It speaks sd_notify(3).  A sweep beside it "
	    "does no harm.",
	    .examples = {
		{ "as a service does",
		    "jibri-finalize watch /srv/recordings" },
	    },
	    .max_words = SIZE_MAX,
	    .scope = SCOPE_ROOTS, .visits = true, .run = cmd_watch },
	{ "status", TASK_LOOK, "[FLAG...] [ROOT...]",
	    "show what became of every recording",
	    "Show what became of every recording below ROOT, the most urgent "
	    "first; without one, below recordings-dir.  Those that are done "
	    "are only counted, in the last line; --all shows them.  AGE is the "
	    "time since the last write of media, without media since the "
	    "journal's first event; NEXT is the next try; a room that is not "
	    "resolved yet is what metadata.json or the media file's name says. "
	    " --state takes the names of states with commas between them.  "
	    "--json has all, unless --state says otherwise.  It takes no locks "
	    "and writes nothing; any user who can read the directories can run "
	    "it, and goes on without a configuration that may not be read.",
	    .examples = {
		{ "what is not done, the most urgent first",
		    "jibri-finalize status /srv/recordings" },
		{ "the ten oldest that are not done",
		    "jibri-finalize status --sort age --limit 10 "
		    "/srv/recordings" },
		{ "for a monitoring system: one line, 1 when anything is held",
		    "jibri-finalize status --check /srv/recordings" },
	    },
	    .max_words = SIZE_MAX,
	    .options = OPTION_STATE | OPTION_CHECK | OPTION_ALL |
		OPTION_ROWS | OPTION_UTC | OPTION_WATCH,
	    .is_looking = true, .needs_no_rights = true,
	    .scope = SCOPE_ROOTS, .run = cmd_status },
	{ "show", TASK_LOOK,
	    "[--log | --utc] DIR",
	    "show all about one recording",
	    "Show all that is known about one recording: whose it is and "
	    "where that is from, its state and why, each file and what became "
	    "of it, the attempts and why they failed, the next try, the "
	    "webhooks that were acknowledged, the trace id by which other "
	    "logs name it, and the commands that help.  Times are relative "
	    "to now; with --utc they are points in time.  With --log print "
	    "only the attempts, oldest first, one a line, with points in "
	    "time.  "
	    "It takes no lock and writes nothing, so that any user who can "
	    "read the directory can run it.  Of a journal that was compacted, "
	    "as one over 1 MiB is, older attempts are only counted, and "
	    "their webhooks are not listed.",
	    .examples = {
		{ "everything about one recording",
		    "jibri-finalize show /srv/recordings/rec-abc123" },
		{ "the same, by how its session begins",
		    "jibri-finalize show 9f1c2d3e" },
		{ "what went wrong, oldest first",
		    "jibri-finalize show --log /srv/recordings/rec-abc123" },
	    },
	    .min_words = 1, .max_words = 1,
	    .options = OPTION_LOG | OPTION_UTC,
	    .is_looking = true, .needs_no_rights = true,
	    .scope = SCOPE_READ, .run = cmd_show },
	{ "pause", TASK_HANDLE,
	    "[--for TIME] [ROOT...]",
	    "send nothing of a recordings directory",
	    "Send nothing of what is below ROOT, until resume or for TIME; "
	    "without one, below recordings-dir.  Sweeps and watch begin "
	    "nothing there and remove nothing, and what they send of a "
	    "recording in progress ends.  Calls of the hook are only written "
	    "down, as with defer.  What is being delivered is finished.  "
	    "upload and notify work as always.  A second pause replaces the "
	    "first; the next sweep removes one that is over.  It is the file "
	    PAUSE_FILE " in ROOT, which counts only if ROOT's owner or root "
	    "owns it.",
	    .examples = {
		{ "while the server is updated",
		    "jibri-finalize pause --for 2h /srv/recordings" },
		{ "until further notice",
		    "jibri-finalize pause /srv/recordings" },
	    },
	    .max_words = SIZE_MAX, .options = OPTION_FOR,
	    .run = cmd_pause },
	{ "resume", TASK_HANDLE,
	    "[ROOT...]",
	    "send again what pause has stopped",
	    "End the pause of ROOT; without one, of recordings-dir.  A watch "
	    "goes on within seconds, otherwise the next sweep delivers what "
	    "has come meanwhile.",
	    .examples = {
		{ "go on", "jibri-finalize resume /srv/recordings" },
	    },
	    .max_words = SIZE_MAX, .run = cmd_resume },
	{ "forget", TASK_HANDLE,
	    "[--reset] [--yes] [--dry-run] DIR...",
	    "give recordings up, or clear their journals",
	    "Give each recording up for good: nothing is sent, now or later, "
	    "and nothing is deleted, but for what S3 keeps of files that were "
	    "not sent to their end.  The backend is not told.  upload "
	    "delivers it anyway.  With --reset, clear its journal "
	    "instead: the next run starts over, also if the recording was "
	    "given up.  That run asks the server first, so nothing is sent "
	    "twice; but what is there under the same path with the same size "
	    "then counts as stored.  Asks on a terminal; elsewhere --yes is "
	    "required.",
	    .examples = {
		{ "nothing more is to be sent of it",
		    "jibri-finalize forget --yes /srv/recordings/rec-abc123" },
		{ "the next run is to start from nothing",
		    "jibri-finalize forget --reset --yes "
		    "/srv/recordings/rec-abc123" },
	    },
	    .min_words = 1, .max_words = SIZE_MAX,
	    .options = OPTION_RESET | OPTION_YES | OPTION_DRY_RUN,
	    .scope = SCOPE_ALL, .has_list = true, .run = cmd_forget },
	{ "check", TASK_SET_UP,
	    "[--write]",
	    "look for what is wrong with the installation",
	    "Look for what is wrong with the installation, and suggest a fix: "
	    "the configuration and where it is from, the directories that it "
	    "needs and whether the packaged units may write there, who sweeps, "
	    "this program, what Jibri's own configuration says of it, and both "
	    "services with their health, certificates, clocks and whether they "
	    "accept the token, or in place of the file-service the bucket of "
	    "S3.  The services are asked at once, and it ends within 10 "
	    "seconds.  Each line is ok, warning or failed; what Jibri's "
	    "configuration leaves to Jibri's environment is a warning.  What "
	    "is not ok ends with a command to copy; what only a person knows "
	    "is a word in capitals.  Nothing is changed, here or there; "
	    "--write puts an object into the bucket and removes it, or has the "
	    "file-service take a part and drop it.  Run it as Jibri's user.  "
	    "Ends with 0, with 1 after warnings, with 78 after failures.",
	    .examples = {
		{ "as Jibri's user", "sudo -u jibri jibri-finalize check" },
		{ "what failed, for a script",
		    "jibri-finalize check --json | "
		    "jq '.findings[] | select(.result == \"failed\")'" },
	    },
	    .options = OPTION_WRITE,
	    .loads_config = true, .run = cmd_check },
	{ "config", TASK_SET_UP,
	    "[--sample]",
	    "show every setting and where it is from",
	    "Print each setting with its value and where the value is from, "
	    "secrets as (set).  Ends with 78 and says why if they cannot "
	    "work.  With --sample print a configuration file to start from.",
	    .examples = {
		{ "what Jibri's user gets",
		    "sudo -u jibri jibri-finalize config" },
		{ "their names, for a script",
		    "jibri-finalize config --json | "
		    "jq -r '.settings[].name'" },
	    },
	    .options = OPTION_SAMPLE,
	    .is_looking = true, .run = cmd_config },
	{ "help", TASK_SET_UP,
	    "[--all] [COMMAND | SETTING]",
	    "explain a command or a setting",
	    "Print the commands on one screen; with --all, every flag and "
	    "setting too.  For a command, print what it does, its flags and "
	    "examples; for a setting, what it means, its default and where it "
	    "can be set.",
	    .examples = {
		{ "the flags of one command", "jibri-finalize help finalize" },
		{ "what one setting means", "jibri-finalize help retry-delay" },
		{ "every flag and setting", "jibri-finalize help --all" },
	    },
	    .max_words = 1,
	    .options = OPTION_ALL,
	    .needs_no_config = true, .run = cmd_help },
	{ 0 },
};

static const struct command *
find_row(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int
set_unknown(const char *name, const char *problem, bool is_setting_too,
    struct err *e)
{
	struct nearest near = { .typed = name };
	autofree char *question = NULL;

	for (const struct command *c = commands; c->name; c++)
		nearest_offer(&near, c->name);
	if (is_setting_too)
		settings_offer(&near, false);
	question = nearest_question(&near, "");
	return err_set(e, ERR_USAGE, "'%s' %s%s", name, problem,
	    *question ? question : "; see jibri-finalize --help");
}

/* Of a command or a setting, if there is one of that name. */
static bool
help_of(const char *name)
{
	const struct command *command = find_row(name);
	bool is_file;
	const struct setting *setting = setting_find_key(name, &is_file);

	if (command != NULL)
		help_command(command);
	else if (setting != NULL)
		help_setting(setting);
	return command || setting;
}

static void
help(const struct options *o)
{
	if (o->n_words > 0 && help_of(o->words[0]))
		return;
	if (o->given & OPTION_ALL)
		help_all(commands);
	else
		help_screen(commands);
}

int
cmd_help(struct loaded *l, const struct options *o, struct err *e)
{
	(void)l;
	if (o->n_words > 0 && !help_of(o->words[0]))
		return set_unknown(o->words[0],
		    "is neither a command nor a setting", true, e);
	if (o->n_words == 0)
		help(o);
	return 0;
}

/* Jibri gives a directory and nothing else. */
static bool
is_hook_form(const char *word)
{
	struct stat st;

	return strchr(word, '/') ||
	    (stat(word, &st) == 0 && S_ISDIR(st.st_mode));
}

static int
check_usage(const struct command *c, const struct options *o, struct err *e)
{
	const struct option_switch *beyond;

	if (o->n_words < c->min_words || o->n_words > c->max_words)
		return err_set(e, ERR_USAGE, "usage: jibri-finalize %s%s%s",
		    c->name, *c->synopsis ? " " : "", c->synopsis);
	beyond = options_beyond(o, c->options | OPTIONS_GLOBAL);
	if (beyond != NULL)
		return err_set(e, ERR_USAGE, "%s takes no --%s", c->name,
		    beyond->name);
	return 0;
}

/* The recordings of a command that takes several of them are a list. */
static void
begin_report(const struct command *c, const struct options *o)
{
	enum report_form form = REPORT_OBJECT;

	if (!(o->given & OPTION_JSON))
		return;
	if (c->visits && !(o->given & OPTION_DRY_RUN))
		form = REPORT_LINES;
	else if (c->has_list)
		form = REPORT_LIST;
	report_begin(c->name, form);
}

int
commands_run(const struct options *given, struct err *e)
{
	struct options rest = *given, *o = &rest;
	const char *word = o->n_words > 0 ? o->words[0] : NULL;
	const struct command *command = word ? find_row(word) : NULL;
	struct loaded l;
	int result;

	if (o->given & OPTION_HELP) {
		help(o);
		return 0;
	}
	if (o->given & OPTION_VERSION) {
		report_version();
		return 0;
	}
	if (word == NULL)
		return err_set(e, ERR_USAGE,
		    "no recording is named; see jibri-finalize --help");
	if (command != NULL)
		o->words++, o->n_words--;
	else if (is_hook_form(word))
		command = find_row("finalize");
	else
		return set_unknown(word, "is neither a command nor a directory",
		    false, e);
	assert(command != NULL); /* one is called finalize */
	begin_report(command, o);
	if (check_usage(command, o, e) == -1)
		return -1;
	if (command->needs_no_config || command->loads_config ||
	    (o->given & OPTION_SAMPLE))
		return command->run(NULL, o, e);
	result =
	    (command->needs_no_rights ? config_load_readable : config_load)(&l,
		o->config_path, o->flags, o->n_flags, e);
	if (result == 0)
		result = command_run_loaded(&l, command, o, e);
	config_free(&l);
	return result;
}
