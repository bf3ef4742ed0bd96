#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{ "base-path", TEXT(pipeline.identity.base_path), "/", "PATH",
	    "path of the Jitsi deployment in its URLs",
	    "What follows it in meeting_url is the room, or the tenant and the "
	    "room." },
	{ "room-format", TEXT(pipeline.identity.room_format),
	    "[{tenant}]{room}", "FORMAT",
	    "name of a tenant's room at the backend",
	    "A room without a tenant keeps its name.",
	    .check = check_room_format },
	{ "room-from-media", BOOL(pipeline.identity.room_from_media), "yes",
	    NULL, "take the room from the media file's name",
	    "This applies only if metadata.json is missing or empty.  Set it "
	    "to no where tenants are used: the name of the media file does not "
	    "contain the tenant." },
	{ "meeting-id-keys", LIST(pipeline.recording.meeting_id_keys), "",
	    "POINTERS", "where metadata.json has the meeting's id",
	    "The first of these JSON pointers that leads to a plain id saves "
	    "the lookup.  Whoever starts a recording can write to "
	    "metadata.json: name only members that you trust.",
	    .check = check_pointers },
	{ "redact", LIST(pipeline.recording.redact), "/upload_credentials",
	    "POINTERS", "members to remove from JSON files",
	    "The JSON pointers apply to every object, nested ones included, in "
	    "JSON files of up to 16 MiB, whatever their names.  Any other file "
	    "of up to 16 MiB that is not media is withheld if it contains the "
	    "name of such a member in quotes.  Archives are not unpacked for "
	    "this: exclude those that may contain a compressed metadata.json.  "
	    "A file whose name begins with metadata, in upper or lower case, "
	    "is withheld if it is larger or cannot be parsed, unless this "
	    "setting is empty.",
	    .check = check_pointers },
	{ "exclude", LIST(pipeline.recording.exclude),
	    ".*,*.part,*.tmp,*~,#*#,*.bak,*.orig,*.swo,*.swp,.*.\?\?\?\?\?\?",
	    "GLOBS", "files that are not uploaded",
	    "A glob with a slash is matched against the path below the "
	    "recording's directory, any other against the name.  Case is "
	    "ignored.  The glob .* does not match a media file that Jibri "
	    "named.  If a glob matches the only such file, the recording is "
	    "held, even if it has other media." },
	{ "locking", BOOL(pipeline.recording.locking), "yes", NULL,
	    "refuse file systems without locks",
	    "Locks keep two runs from delivering one recording at the same "
	    "time.  Set it to no if the file system has no locks and only one "
	    "host delivers." },
};

const struct setting_group settings_recording = GROUP("recording", rows);
