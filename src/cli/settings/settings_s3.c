#include "cli/settings/settings_internal.h"

static const char *const stores[] = { "file-service", "s3", NULL };
static const char *const addressings[] = { "path", "host", NULL };

static const struct setting rows[] = {
	{ "store", CHOICE(pipeline.destination.store, stores), "file-service",
	    "KIND", "where recordings go: file-service, s3",
	    "s3 is a bucket of any server that speaks the S3 protocol, and "
	    "what is meant where s3-bucket is set and store is not." },
	{ "s3-url", TEXT(pipeline.destination.s3.url), "", "URL",
	    "endpoint of the S3 server",
	    "With its scheme: https://s3.eu-central-1.amazonaws.com." },
	{ "s3-bucket", TEXT(pipeline.destination.s3.bucket), "", "NAME",
	    "bucket, which has to be there",
	    "Parts of a recorder that never comes back stay until the bucket "
	    "removes them: give it a lifecycle rule "
	    "(AbortIncompleteMultipartUpload) of 30 days, in any case longer "
	    "than give-up." },
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
	    "When the server says ExpiredToken, the files of the token, "
	    "s3-secret-key and s3-access-key are read again, provided that "
	    "the token has changed: write its file last.  A confined run can "
	    "read what else is in their directories; keep nothing else "
	    "there.",
	    .legacy = "AWS_SESSION_TOKEN", .check = check_header,
	    .file = FIELD(s3_keys.files[S3_SESSION_TOKEN], char *) },
	{ "s3-key", TEXT(pipeline.destination.s3.key),
	    "{room}/{session}/{path}", "KEY", "key of an artifact",
	    "Also {meeting} and {tenant}; {path} comes last." },
	{ "s3-addressing",
	    CHOICE(pipeline.destination.s3.addressing, addressings), "path",
	    "HOW", "how URLs name the bucket: path, host",
	    "path is https://HOST/BUCKET/KEY, "
	    "host is https://BUCKET.HOST/KEY." },
	{ "s3-part-size", SIZE(pipeline.destination.s3.part_bytes), "8M",
	    "SIZE", "files above this size go in parts of it",
	    "5M to 5G.  More where a file would have more than 10,000 parts, "
	    "or more than the server takes.  "
	    "Up to parallel parts are in flight over all files; what arrived "
	    "is not sent again after an interruption." },
};

const struct setting_group settings_s3 = GROUP("s3", rows);
