#include "cli/settings/settings_internal.h"

static const char *const levels[] = { "error", "warning", "info", "debug",
	"trace", NULL };
static const char *const checksums[] = { "sha256", "none", NULL };
static const char *const formats[] = { "text", "json", NULL };
static const char *const trusts[] = { "owner", "any", NULL };
static const char *const progresses[] = { "auto", "always", "never", NULL };
static const char *const failed_webhooks[] = { "at-once", "final", "never",
	NULL };

const struct setting settings[] = {
	{
	    .name = "file-service-url",
	    TEXT(pipeline.filestore.url),
	    .initial = "http://file-service:2027",
	    .arg = "URL",
	    .help = "where recordings are stored",
	    .manual = "It may have a path and a trailing slash.",
	    .legacy = "FILE_SERVICE_URL",
	},
	{
	    .name = "meeting-service-url",
	    TEXT(pipeline.meeting.url),
	    .initial = "http://meeting-service:2031",
	    .arg = "URL",
	    .help = "who knows the rooms and takes the webhook",
	    .manual = "It may have a path and a trailing slash.",
	    .legacy = "MEETING_SERVICE_URL",
	},
	{
	    .name = "webhook-secret",
	    SECRET(pipeline.webhook.secret),
	    .initial = "",
	    .arg = "SECRET",
	    .help = "signs the webhook; empty: unsigned",
	    .manual = "In the Standard Webhooks signature a secret that "
		      "begins with whsec_ stands for the base64 behind it.",
	    .legacy = "WEBHOOK_SECRET",
	    .check = check_header,
	},
	{
	    .name = "webhook-secret-previous",
	    SECRET(pipeline.webhook.previous_secret),
	    .initial = "",
	    .arg = "SECRET",
	    .help = "signs too, while the secret is changed",
	    .manual = "Adds a second entry to webhook-signature.",
	    .check = check_header,
	},
	{
	    .name = "webhook-auth",
	    LIST(pipeline.webhook.auth),
	    .initial = "secret,signature,standard",
	    .arg = "LIST",
	    .help = "how the webhook is signed",
	    .manual = "secret is X-Webhook-Secret, signature is "
		      "X-Webhook-Signature, standard is the triple of "
		      "Standard Webhooks 1.0.",
	    .check = check_webhook_auth,
	},
	{
	    .name = "failed-webhook",
	    CHOICE(attempt.failed_webhook, failed_webhooks),
	    .initial = "at-once",
	    .arg = "WHEN",
	    .help = "when FAILED is sent: at-once, final, never",
	    .manual = "at-once: at the end of a run that failed; final: only "
		      "when no retry is going to help; never.",
	},
	{
	    .name = "token",
	    SECRET(pipeline.auth.token),
	    .initial = "",
	    .arg = "TOKEN",
	    .help = "bearer token for both services",
	    .check = check_header,
	},
	{
	    .name = "file-service-token",
	    SECRET(pipeline.auth.file_token),
	    .initial = "",
	    .arg = "TOKEN",
	    .help = "another one for the file-service",
	    .check = check_header,
	},
	{
	    .name = "meeting-service-token",
	    SECRET(pipeline.auth.meeting_token),
	    .initial = "",
	    .arg = "TOKEN",
	    .help = "another one for the meeting-service",
	    .check = check_header,
	},
	{
	    .name = "oauth-token-url",
	    TEXT(pipeline.auth.token_url),
	    .initial = "",
	    .arg = "URL",
	    .help = "OAuth 2 server that gives the token",
	    .manual = "The token is fetched with the client credentials "
		      "grant (RFC 6749, 4.4), instead of token.  It is "
		      "renewed before it expires, and once when a service "
		      "refuses it.  With Keycloak: "
		      "https://HOST/realms/REALM/protocol/openid-connect/"
		      "token.",
	},
	{
	    .name = "oauth-client-id",
	    TEXT(pipeline.auth.client_id),
	    .initial = "",
	    .arg = "ID",
	    .help = "who we are there",
	},
	{
	    .name = "oauth-client-secret",
	    SECRET(pipeline.auth.client_secret),
	    .initial = "",
	    .arg = "SECRET",
	    .help = "proves it, as HTTP Basic",
	    .manual = "Without it the certificate of tls-cert is the proof "
		      "(RFC 8705).",
	},
	{
	    .name = "oauth-scope",
	    TEXT(pipeline.auth.scope),
	    .initial = "",
	    .arg = "SCOPE",
	    .help = "scopes to ask for, with blanks between",
	},
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
	    .name = "parallel",
	    COUNT(pipeline.upload.parallel, 1, 64),
	    .initial = "4",
	    .arg = "N",
	    .help = "artifacts in flight at once",
	},
	{
	    .name = "checksum",
	    CHOICE(pipeline.upload.checksum, checksums),
	    .initial = "sha256",
	    .arg = "KIND",
	    .help = "sha256 or none: what to note of the bytes sent",
	    .manual = "By its SHA-256 a file that was only touched is told "
		      "from one that has changed; without, both are sent "
		      "again.",
	},
	{
	    .name = "tries",
	    COUNT(pipeline.retry.tries, 1, 1000),
	    .initial = "5",
	    .arg = "N",
	    .help = "how often a request is made at most",
	},
	{
	    .name = "retry-delay",
	    MILLIS(pipeline.retry.base_ms),
	    .initial = "2s",
	    .arg = "TIME",
	    .help = "pause before the second try, at most",
	    .manual = "The pause doubles with each try; a random part of it "
		      "is waited, never less than the server's Retry-After.",
	},
	{
	    .name = "retry-delay-max",
	    MILLIS(pipeline.retry.max_ms),
	    .initial = "60s",
	    .arg = "TIME",
	    .help = "the longest such pause",
	},
	{
	    .name = "retry-for",
	    MILLIS(pipeline.retry.for_ms),
	    .initial = "2m",
	    .arg = "TIME",
	    .help = "no repeat this long after the first failure",
	    .manual = "Jibri cannot record while we wait.  First tries, and "
		      "transfers that move, are not bounded by it.  Once "
		      "two artifacts in a row were given up for want of a "
		      "server, the others are tried once.",
	},
	{
	    .name = "deadline",
	    MILLIS(deadline_ms),
	    .initial = "6h",
	    .arg = "TIME",
	    .help = "ends a run whatever it is doing",
	    .manual = "The exit code is then 75; the next run resumes.",
	},
	{
	    .name = "connect-timeout",
	    MILLIS(pipeline.http.connect_timeout_ms),
	    .initial = "20s",
	    .arg = "TIME",
	    .help = "for name, connection and TLS",
	},
	{
	    .name = "stall-timeout",
	    MILLIS(pipeline.http.stall_timeout_ms),
	    .initial = "60s",
	    .arg = "TIME",
	    .help = "gives a transfer up that does not move",
	},
	{
	    .name = "answer-timeout",
	    MILLIS(pipeline.filestore.answer_timeout_ms),
	    .initial = "60s",
	    .arg = "TIME",
	    .help = "for the answer after the last byte",
	    .manual = "An upload has one second more for each 20 MiB.  Where "
		      "an upload was cut after its last byte, the server has "
		      "this long to store it before it is sent again.",
	},
	{
	    .name = "limit-rate",
	    SIZE(pipeline.http.rate_bytes),
	    .initial = "0",
	    .arg = "SIZE",
	    .help = "bytes a second of all uploads together",
	    .manual = "500k, 10M or 1G; 0: no limit.  A sweep shares it out "
		      "among its jobs.",
	    .check = check_rate,
	},
	{
	    .name = "expect-continue",
	    BOOL(pipeline.http.expect_continue),
	    .initial = "yes",
	    .help = "ask before a body over 1 MiB is sent",
	    .manual = "The Expect header; a server that ignores it costs "
		      "0.3 s for each large artifact.",
	},
	{
	    .name = "ca-file",
	    TEXT(pipeline.http.ca_file),
	    .initial = "",
	    .arg = "FILE",
	    .help = "PEM file of the trusted authorities",
	    .manual = "Empty: the system's.",
	},
	{
	    .name = "tls-cert",
	    TEXT(pipeline.http.tls_cert),
	    .initial = "",
	    .arg = "FILE",
	    .help = "our certificate for TLS, as PEM",
	    .manual = "For servers that ask for one.  With what is between "
		      "it and the authority, in this order.",
	},
	{
	    .name = "tls-key",
	    TEXT(pipeline.http.tls_key),
	    .initial = "",
	    .arg = "FILE",
	    .help = "its private key, as PEM",
	    .manual = "Empty: the key is in the file of tls-cert.",
	},
	{
	    .name = "tls-key-password",
	    SECRET(pipeline.http.tls_key_password),
	    .initial = "",
	    .arg = "PASSWORD",
	    .help = "opens the private key, if that is locked",
	},
	{
	    .name = "tls-pin",
	    TEXT(pipeline.http.tls_pin),
	    .initial = "",
	    .arg = "PINS",
	    .help = "the only public keys a server may have",
	    .manual = "Each is sha256// and the base64 of the key's SHA-256, "
		      "as curl writes it; several with semicolons between "
		      "them.  They hold for all servers that are spoken to "
		      "with https, besides the authorities.",
	    .check = check_pins,
	},
	{
	    .name = "require-tls",
	    BOOL(pipeline.require_tls),
	    .initial = "no",
	    .help = "refuse http, but to this machine itself",
	    .manual = "Otherwise a secret that goes over http to a host that "
		      "looks public is only warned of.",
	},
	{
	    .name = "strict-permissions",
	    BOOL(strict_permissions),
	    .initial = "no",
	    .help = "refuse secrets in files open to others",
	    .manual = "Otherwise a file that holds a secret and is readable "
		      "or writable by everybody is only warned of.",
	},
	{
	    .name = "trust",
	    CHOICE(pipeline.recording.trust, trusts),
	    .initial = "owner",
	    .arg = "WHOM",
	    .help = "whose directories and files: owner or any",
	    .manual = "owner: a recording is delivered only if its directory "
		      "belongs to the user who runs this, or to root, and "
		      "what is in it to the owner of the directory, to that "
		      "user, or to root; a hard link only to the first.  "
		      "Root delivers everybody's recordings.  A sweep also "
		      "leaves a directory alone that its group or everybody "
		      "can write to, or, run as root, one that anybody may "
		      "have put below ROOT.  Such a recording is held.  any: "
		      "it is delivered with a warning.",
	},
	{
	    .name = "confine",
	    BOOL(confine.is_on),
	    .initial = "yes",
	    .help = "give up rights that no delivery needs",
	    .manual = "What starts programs, looks into other processes, "
		      "mounts or loads modules fails (seccomp); with "
		      "Landlock, since Linux 5.19, only the recording's "
		      "directory can be written, and only what names, TLS "
		      "and the libraries need can be read.  What the kernel "
		      "does not have is left out; check says what it has.",
	},
	{
	    .name = "proxy",
	    TEXT(pipeline.http.proxy),
	    .initial = "none",
	    .arg = "URL",
	    .help = "URL of a proxy, none, or env",
	    .manual = "env obeys http_proxy, https_proxy and no_proxy.",
	    .check = check_proxy,
	},
	{
	    .name = "proxy-auth",
	    SECRET(pipeline.http.proxy_auth),
	    .initial = "",
	    .arg = "USER:PASSWORD",
	    .help = "who we are to the proxy",
	    .check = check_header,
	},
	{
	    .name = "recordings-dir",
	    TEXT(recordings_dir),
	    .initial = "/tmp/recordings",
	    .arg = "DIR",
	    .help = "where Jibri puts its recordings",
	    .manual = "What sweep and status look at when no directory is "
		      "named.  Jibri's own default is the same.",
	},
	{
	    .name = "jibri-config",
	    TEXT(jibri_config),
	    .initial = "/etc/jitsi/jibri/jibri.conf",
	    .arg = "FILE",
	    .help = "Jibri's own configuration, for check",
	},

	{
	    .name = "defer",
	    BOOL(is_deferred),
	    .initial = "no",
	    .help = "the hook leaves the delivery to the sweeper",
	    .manual = "It only writes down what it knows, so that Jibri is "
		      "free at once.  Without a sweeper nothing is "
		      "delivered.",
	},
	{
	    .name = "jobs",
	    COUNT(sweep.jobs, 1, 64),
	    .initial = "2",
	    .arg = "N",
	    .help = "recordings that a sweep delivers at once",
	},
	{
	    .name = "splay",
	    MILLIS(sweep.splay_ms),
	    .initial = "0s",
	    .arg = "TIME",
	    .help = "a sweep waits a part of it first",
	    .manual = "Which part follows from the host's name, so that the "
		      "hosts of a fleet do not come all at once.",
	},
	{
	    .name = "max-time",
	    MILLIS(sweep.max_time_ms),
	    .initial = "0s",
	    .arg = "TIME",
	    .help = "ends a sweep; 0s: it has no limit",
	    .manual = "What is under way then ends as by SIGTERM, and the "
		      "next sweep goes on from there.",
	},
	{
	    .name = "settle",
	    MILLIS(verdict.settle_ms),
	    .initial = "30m",
	    .arg = "TIME",
	    .help = "an orphan has not changed for so long",
	    .manual = "A recording that Jibri never called us for, and that "
		      "has no whole metadata.json, is taken for finished "
		      "then.",
	},
	{
	    .name = "sweep-retry-delay",
	    MILLIS(attempt.schedule.delay_ms),
	    .initial = "1m",
	    .arg = "TIME",
	    .help = "pause before the next visit, at most",
	    .manual = "The pause doubles with each visit that failed; jitter "
		      "takes up to the half of it away.",
	},
	{
	    .name = "sweep-retry-delay-max",
	    MILLIS(attempt.schedule.delay_max_ms),
	    .initial = "1h",
	    .arg = "TIME",
	    .help = "the longest such pause",
	    .manual = "An artifact that was answered 5xx in three runs is "
		      "left alone for 12 hours all the same.",
	},
	{
	    .name = "give-up",
	    MILLIS(attempt.schedule.give_up_ms),
	    .initial = "7d",
	    .arg = "TIME",
	    .help = "of failing, then a recording is held",
	    .manual = "FAILED says so, once; nothing is deleted.",
	},
	{
	    .name = "retention",
	    MILLIS(retention.keep_ms),
	    .initial = "0s",
	    .arg = "TIME",
	    .help = "a sweep removes what was delivered so long ago",
	    .manual = "0s: recordings are kept for ever.  Counted from the "
		      "acknowledged STOPPED; the server has to show every "
		      "file with its size, else the recording is kept.  One "
		      "that holds what was never sent, such as an excluded "
		      "file, is kept too.",
	},
	{
	    .name = "min-free",
	    PERCENT(retention.min_free),
	    .initial = "0%",
	    .arg = "PERCENT",
	    .help = "below it, a sweep removes earlier",
	    .manual = "The oldest of what was delivered goes first, until so "
		      "much of the disk is free.  What is not delivered is "
		      "never touched.",
	},
	{
	    .name = "metrics-file",
	    TEXT(metrics_file),
	    .initial = "",
	    .arg = "FILE",
	    .help = "where a sweep leaves Prometheus metrics",
	    .manual = "For node_exporter's textfile collector: a name that "
		      "ends in .prom, in its directory.  Each sweep then "
		      "reads every journal.",
	},
	{
	    .name = "work-dir",
	    TEXT(bundle.work_dir),
	    .initial = "",
	    .arg = "DIR",
	    .help = "where archives are unpacked in need",
	    .manual = "Only when the directory that the archive is in cannot "
		      "be written.  It needs room for all that is in the "
		      "archive.",
	},
	{
	    .name = "unpack-ratio",
	    COUNT(bundle.unpack_ratio, 1, 1000000),
	    .initial = "200",
	    .arg = "N",
	    .help = "an archive unpacks to at most N times its size",
	    .manual = "Counts above 64 MiB, so that a few bytes cannot fill "
		      "the disk.",
	},
	{
	    .name = "log-file",
	    TEXT(log.file),
	    .initial = "",
	    .arg = "FILE",
	    .help = "append the log lines to this file too",
	    .manual = "With their time.  A file that cannot be written is "
		      "warned of and stops nothing.",
	},
	{
	    .name = "log-format",
	    CHOICE(log.format, formats),
	    .initial = "text",
	    .arg = "FORMAT",
	    .help = "how log lines look: text or json",
	    .manual = "json is one object a line, with time (RFC 3339 in "
		      "milliseconds), level, session and message.",
	},
	{
	    .name = "log-level",
	    CHOICE(log.level, levels),
	    .initial = "info",
	    .arg = "LEVEL",
	    .help = "error, warning, info, debug or trace",
	    .manual = "trace shows every request and answer without their "
		      "bodies; a value that could be secret is hidden.",
	},
	{
	    .name = "progress",
	    CHOICE(progress, progresses),
	    .initial = "auto",
	    .arg = "WHEN",
	    .help = "live lines: auto, always or never",
	    .manual = "auto draws them where standard error is a terminal, "
		      "and elsewhere logs a line every 30 seconds for an "
		      "artifact that takes longer.  never does neither.  "
		      "Bytes count once the other end has acknowledged them.",
	},
};

const size_t settings_n = sizeof(settings) / sizeof(settings[0]);
