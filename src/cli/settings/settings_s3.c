#include "cli/settings/settings_internal.h"

static const char *const stores[] = { "file-service", "s3", NULL };
static const char *const addressings[] = { "path", "host", NULL };

static const struct setting rows[] = {
	{ "store", CHOICE(pipeline.destination.store, stores), "file-service",
	    "KIND", "where recordings go: file-service, s3",
	    "If s3-bucket is set, the default is s3." },
	{ "s3-url", TEXT(pipeline.destination.s3.url), "", "URL",
	    "endpoint of the S3 server",
	    "The URL includes the scheme, as in "
	    "https://s3.eu-central-1.amazonaws.com." },
	{ "s3-bucket", TEXT(pipeline.destination.s3.bucket), "", "NAME",
	    "bucket, which must exist",
	    "Parts of a recording whose host never comes back stay in the "
	    "bucket.  Give the bucket a lifecycle rule "
	    "(AbortIncompleteMultipartUpload) of 30 days, or longer than "
	    "give-up if that is more." },
	{ "s3-region", TEXT(pipeline.destination.s3.region), "us-east-1",
	    "NAME", "region that requests are signed for" },
	{ "s3-access-key", TEXT(s3_keys.texts[S3_ACCESS_KEY]), "", "KEY",
	    "access key ID", .legacy = "AWS_ACCESS_KEY_ID",
	    .file = FIELD(s3_keys.files[S3_ACCESS_KEY], char *) },
	{ "s3-secret-key", SECRET(s3_keys.texts[S3_SECRET_KEY]), "", "SECRET",
	    "secret access key", .legacy = "AWS_SECRET_ACCESS_KEY",
	    .file = FIELD(s3_keys.files[S3_SECRET_KEY], char *) },
	{ "s3-session-token", SECRET(s3_keys.texts[S3_SESSION_TOKEN]), "",
	    "TOKEN", "session token of temporary credentials",
	    "When the server answers ExpiredToken, the files of all three keys "
	    "are read again if the token has changed: replace it last.  "
	    "Keep nothing else in their directories, as a confined run can "
	    "read everything there.",
	    .legacy = "AWS_SESSION_TOKEN", .check = check_header,
	    .file = FIELD(s3_keys.files[S3_SESSION_TOKEN], char *) },
	{ "s3-key", TEXT(pipeline.destination.s3.key),
	    "{room}/{session}/{path}", "KEY", "pattern of an artifact's key",
	    "It may also contain {meeting} and {tenant}; {path} comes last." },
	{ "s3-addressing",
	    CHOICE(pipeline.destination.s3.addressing, addressings), "path",
	    "HOW", "how URLs name the bucket: path, host",
	    "path: https://HOST/BUCKET/KEY.  host: https://BUCKET.HOST/KEY." },
	{ "s3-part-size", SIZE(pipeline.destination.s3.part_bytes), "8M",
	    "SIZE", "larger files are sent in parts of this size",
	    "From 5M to 5G.  Parts are larger if a file would have more than "
	    "10,000 of them, or more than the server accepts.  The setting "
	    "parallel limits the parts in flight, across all files.  Parts "
	    "that arrived are not sent again after an interruption." },
};

const struct setting_group settings_s3 = GROUP("s3", rows);
