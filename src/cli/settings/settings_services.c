#include "cli/settings/settings_internal.h"

static const char *const wanted[] = { "auto", "no", NULL };

static const struct setting rows[] = {
	{ "file-service-url", TEXT(pipeline.destination.file.url),
	    "http://file-service:2027", "URL", "URL of the file-service",
	    "The URL may have a path and a trailing slash.",
	    .legacy = "FILE_SERVICE_URL" },
	{ "file-service-parts", CHOICE(pipeline.destination.file.parts, wanted),
	    "auto", "WHEN", "send large files in parts: auto, no",
	    "With auto, one request in each run asks the file-service whether "
	    "it takes parts (see jibri-finalize-api(7)).  Parts that arrived "
	    "are not sent again after an interruption, and watch and sweep "
	    "send them while the recording is being made." },
	{ "parts-from", SIZE(pipeline.destination.file.parts_from), "16M",
	    "SIZE", "files larger than this are sent in parts" },
	{ "part-hosts", LIST(pipeline.destination.file.part_hosts), "", "LIST",
	    "other hosts that parts may go to",
	    "HOST or HOST:PORT, separated by commas.  The file-service itself "
	    "is always allowed.  Parts go to these hosts over https, unless "
	    "file-service-url is http.  If the file-service names any other "
	    "host, the file is sent to the file-service in one piece.",
	    .check = check_hosts },
	{ "meeting-service-url", TEXT(pipeline.meeting.url),
	    "http://meeting-service:2031", "URL", "URL of the meeting-service",
	    "The URL may have a path and a trailing slash.  With none, no "
	    "meeting is looked up; this requires store = s3 and an s3-key "
	    "without {meeting}.",
	    .legacy = "MEETING_SERVICE_URL" },
};

const struct setting_group settings_services = GROUP("services", rows);
