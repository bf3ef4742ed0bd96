#include "cli/settings/settings_internal.h"

static const char *const checksums[] = { "sha256", "none", NULL };
static const char *const trusts[] = { "owner", "any", NULL };

static const struct setting rows[] = {
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
		      "transfers that move, are not bounded by it.  After "
		      "two artifacts in a row that failed because the "
		      "server is out, or eight that failed for any reason, "
		      "the others are not tried in this run.",
	},
	{
	    .name = "deadline",
	    MILLIS(deadline_ms),
	    .initial = "6h",
	    .arg = "TIME",
	    .help = "ends a run whatever it is doing",
	    .manual = "The exit code is then 75; the next run resumes.  For a "
		      "recording it is a failure like any other: FAILED is "
		      "told, tried once and for 4 s at most, and the next try "
		      "has its pause.  A run that hangs is killed 5 s after "
		      "its deadline.",
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
	    .manual = "An upload has one second more for each 20 MiB; the "
		      "room lookup and the webhook have 20 s at most.  Where "
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
};

const struct setting_group settings_delivery = GROUP("delivery", rows);
