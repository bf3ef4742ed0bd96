#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{ "base-path", TEXT(pipeline.identity.base_path), "/", "PATH",
	    "path of the Jitsi deployment's URLs",
	    "What follows it in meeting_url is the room, or tenant and room." },
	{ "room-format", TEXT(pipeline.identity.room_format),
	    "[{tenant}]{room}", "FORMAT", "the name of a tenant's room",
	    "Without a tenant the room's name is used as it is.",
	    .check = check_room_format },
	{ "room-from-media", BOOL(pipeline.identity.room_from_media), "yes",
	    NULL, "no metadata.json: room from media name",
	    "It counts only if metadata.json is missing or empty.  Set it to "
	    "no where tenants are used: the name of the media file does not "
	    "have the tenant." },
	{ "meeting-id-keys", LIST(pipeline.recording.meeting_id_keys), "",
	    "POINTERS", "where metadata.json holds the meeting's id",
	    "JSON pointers; the first that leads to a plain id spares the "
	    "lookup.  Whoever starts a recording can write there: name only "
	    "what is trusted.",
	    .check = check_pointers },
	{ "redact", LIST(pipeline.recording.redact), "/upload_credentials",
	    "POINTERS", "taken out of JSON before it is sent",
	    "JSON pointers.  They are taken out of every JSON object, also of "
	    "one in another, in files of up to 16 MiB, whatever they are "
	    "called.  A text that cannot be parsed is withheld if it has the "
	    "name of such a member in quotes.  A file whose name begins with "
	    "metadata, in upper or lower case, is withheld if it is larger or "
	    "cannot be parsed, unless this is empty.",
	    .check = check_pointers },
	{ "exclude", LIST(pipeline.recording.exclude),
	    ".*,*.part,*.tmp,*~,#*#,*.bak,*.orig,*.swo,*.swp,"
	    ".*.\?\?\?\?\?\?",
	    "GLOBS", "files that are not artifacts",
	    "A glob with a slash is matched against the path below the "
	    "recording's directory.  Upper and lower case are the same." },
	{ "locking", BOOL(pipeline.recording.locking), "yes", NULL,
	    "refuse a file system that has no locks",
	    "Locks keep two runs from delivering one recording at once.  Set "
	    "it to no where the file system has none and only one host "
	    "delivers." },
};

const struct setting_group settings_recording = GROUP("recording", rows);
