#include "cli/settings/settings_internal.h"

static const char *const checksums[] = { "sha256", "none", NULL };
static const char *const trusts[] = { "owner", "any", NULL };

static const struct setting rows[] = {
	{ "parallel", COUNT(pipeline.upload.parallel, 1, 64), "4", "N",
	    "artifacts in flight at once" },
	{ "checksum", CHOICE(pipeline.upload.checksum, checksums), "sha256",
	    "KIND", "sha256 or none: what to note of the bytes sent",
	    "With SHA-256 a file that was only touched is not sent again." },
	{ "tries", COUNT(pipeline.retry.tries, 1, 1000), "5", "N",
	    "how often a request is made at most" },
	{ "retry-delay", MILLIS(pipeline.retry.base_ms), "2s", "TIME",
	    "pause before the second try, at most",
	    "The pause doubles with each try; a random part of it is waited, "
	    "never less than the server's Retry-After." },
	{ "retry-delay-max", MILLIS(pipeline.retry.max_ms), "60s", "TIME",
	    "the longest such pause" },
	{ "retry-for", MILLIS(pipeline.retry.for_ms), "2m", "TIME",
	    "no repeat this long after the first failure",
	    "Jibri cannot record meanwhile.  Does not limit first tries and "
	    "transfers that move.  After two artifacts in a row that failed "
	    "because the server is out, or eight that failed for any reason, "
	    "the run tries no others." },
	{ "deadline", MILLIS(deadline_ms), "6h", "TIME",
	    "ends a run whatever it is doing",
	    "Exit code 75; the next run resumes.  It counts as a failure: "
	    "FAILED is tried once, for 4 s at most, and the next try waits.  A "
	    "run that hangs is killed 5 s later." },
	{ "connect-timeout", MILLIS(pipeline.http.connect_timeout_ms), "20s",
	    "TIME", "for name, connection and TLS" },
	{ "stall-timeout", MILLIS(pipeline.http.stall_timeout_ms), "60s",
	    "TIME", "gives up a transfer that does not move" },
	{ "answer-timeout", MILLIS(pipeline.destination.answer_timeout_ms),
	    "60s", "TIME", "for the answer after the last byte",
	    "Plus one second for each 20 MiB of an upload; at most 20 s for "
	    "the room lookup and the webhook.  If an upload was cut after its "
	    "last byte, the server has this long to store it before it is sent "
	    "again." },
	{ "limit-rate", SIZE(pipeline.http.rate_bytes), "0", "SIZE",
	    "bytes a second of all uploads together",
	    "500k, 10M or 1G; 0: no limit.  A sweep shares it out among its "
	    "jobs.",
	    .check = check_rate },
	{ "expect-continue", BOOL(pipeline.http.expect_continue), "yes", NULL,
	    "ask before a body over 1 MiB is sent",
	    "The Expect header; a server that ignores it costs 0.3 s for each "
	    "large artifact." },
	{ "ca-file", TEXT(pipeline.http.ca_file), "", "FILE",
	    "PEM file of the trusted authorities", "Empty: the system's." },
	{ "tls-cert", TEXT(pipeline.http.tls_cert), "", "FILE",
	    "our certificate for TLS, as PEM",
	    "For servers that require one; with intermediate certificates, if "
	    "any, after it." },
	{ "tls-key", TEXT(pipeline.http.tls_key), "", "FILE",
	    "its private key, as PEM",
	    "Empty: the key is in the file of tls-cert." },
	{ "tls-key-password", SECRET(pipeline.http.tls_key_password), "",
	    "PASSWORD", "password of the private key, if it has one" },
	{ "tls-pin", TEXT(pipeline.http.tls_pin), "", "PINS",
	    "the only public keys a server may have",
	    "sha256// and the base64 of the key's SHA-256, as for curl; "
	    "several with semicolons between them.  For every https server, in "
	    "addition to the authorities.",
	    .check = check_pins },
	{ "require-tls", BOOL(pipeline.require_tls), "no", NULL,
	    "refuse http, but to this machine itself",
	    "Otherwise a secret sent over http to a host that looks public "
	    "only causes a warning." },
	{ "strict-permissions", BOOL(strict_permissions), "no", NULL,
	    "refuse secrets in files open to others",
	    "Otherwise a file with a secret that everybody can read or write "
	    "only causes a warning." },
	{ "trust", CHOICE(pipeline.recording.trust, trusts), "owner", "WHOM",
	    "whose directories and files: owner or any",
	    "owner: a recording is delivered only if its directory belongs to "
	    "the user who runs this or to root, and its files to the owner of "
	    "the directory, that user or root; a hard link only to the first.  "
	    "Root delivers everybody's recordings.  A sweep also skips a "
	    "directory that its group or everybody can write to, or, as root, "
	    "one that anybody may have put below ROOT.  Such a recording is "
	    "held.  any: it is delivered with a warning." },
	{ "confine", BOOL(confine.is_on), "yes", NULL,
	    "give up rights that no delivery needs",
	    "With seccomp, no program can be started, no process inspected, "
	    "nothing mounted, nothing typed into a terminal; with Landlock "
	    "(Linux 5.19), only the recording's directory can be written and "
	    "only what libraries need can be read.  Where the kernel, the unit "
	    "or the container refuses one of them, a run warns and goes on; "
	    "check shows it.  log-level = debug names what was refused." },
	{ "proxy", TEXT(pipeline.http.proxy), "none", "URL",
	    "URL of a proxy, none, or env",
	    "env obeys http_proxy, https_proxy and no_proxy.",
	    .check = check_proxy },
	{ "proxy-auth", SECRET(pipeline.http.proxy_auth), "", "USER:PASSWORD",
	    "user and password for the proxy", .check = check_header },
};

const struct setting_group settings_delivery = GROUP("delivery", rows);
