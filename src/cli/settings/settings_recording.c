#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{
	    .name = "base-path",
	    TEXT(pipeline.identity.base_path),
	    .initial = "/",
	    .arg = "PATH",
	    .help = "path of the Jitsi deployment's URLs",
	    .manual = "What follows it in meeting_url is the room, or tenant "
		      "and room.",
	},
	{
	    .name = "room-format",
	    TEXT(pipeline.identity.room_format),
	    .initial = "[{tenant}]{room}",
	    .arg = "FORMAT",
	    .help = "the name of a tenant's room",
	    .manual = "Without a tenant the room's name is used as it is.",
	    .check = check_room_format,
	},
	{
	    .name = "room-from-media",
	    BOOL(pipeline.identity.room_from_media),
	    .initial = "yes",
	    .help = "no metadata.json: room from media name",
	    .manual = "Say no where tenants are used: the name of the media "
		      "file holds no tenant.",
	},
	{
	    .name = "meeting-id-keys",
	    LIST(pipeline.identity.meeting_id_keys),
	    .initial = "",
	    .arg = "POINTERS",
	    .help = "where metadata.json holds the meeting's id",
	    .manual = "JSON pointers; the first that names a plain id spares "
		      "the lookup.  Whoever starts a recording can write "
		      "there: name only what is trusted.",
	    .check = check_pointers,
	},
	{
	    .name = "redact",
	    LIST(pipeline.recording.redact),
	    .initial = "/upload_credentials",
	    .arg = "POINTERS",
	    .help = "taken out of metadata.json before it is sent",
	    .manual = "JSON pointers.  A metadata.json that cannot be parsed "
		      "is withheld, unless this is empty.",
	    .check = check_pointers,
	},
	{
	    .name = "exclude",
	    LIST(pipeline.recording.exclude),
	    .initial = ".*,*.part,*.tmp",
	    .arg = "GLOBS",
	    .help = "names that are no artifacts",
	    .manual = "A glob with a slash is matched against the path below "
		      "the recording's directory.",
	},
	{
	    .name = "locking",
	    BOOL(pipeline.recording.locking),
	    .initial = "yes",
	    .help = "refuse a file system that has no locks",
	    .manual = "Locks keep two runs from delivering one recording at "
		      "the same time.  Set it to no where the file system "
		      "has none and only one host delivers its recordings.",
	},
};

const struct setting_group settings_recording = GROUP("recording", rows);
