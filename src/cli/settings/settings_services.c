#include "cli/settings/settings_internal.h"

static const char *const failed_webhooks[] = { "at-once", "final", "never",
	NULL };

static const char *const wanted[] = { "auto", "no", NULL };

static const struct setting rows[] = {
	{ "file-service-url", TEXT(pipeline.destination.file.url),
	    "http://file-service:2027", "URL", "where recordings are stored",
	    "May have a path and a trailing slash.",
	    .legacy = "FILE_SERVICE_URL" },
	{ "file-service-parts", CHOICE(pipeline.destination.file.parts, wanted),
	    "auto", "WHEN", "large files go in parts: auto, no",
	    "auto: if the file-service takes them (see "
	    "jibri-finalize-api(7)), which one request in each run asks it.  "
	    "What arrived is not sent again after an interruption, and watch "
	    "and sweep send parts while it is recorded." },
	{ "parts-from", SIZE(pipeline.destination.file.parts_from), "16M",
	    "SIZE", "files above this size do" },
	{ "part-hosts", LIST(pipeline.destination.file.part_hosts), "", "LIST",
	    "hosts that parts may go to",
	    "HOST or HOST:PORT, separated by commas, beside the file-service's "
	    "own; by https, unless the file-service itself is spoken to by "
	    "http.  If it names another one, the file goes in one piece, to "
	    "the file-service.",
	    .check = check_hosts },
	{ "meeting-service-url", TEXT(pipeline.meeting.url),
	    "http://meeting-service:2031", "URL",
	    "who knows the rooms and takes the webhook",
	    "May have a path and a trailing slash.  none: there is none, which "
	    "is possible with store = s3 and without {meeting} in s3-key.",
	    .legacy = "MEETING_SERVICE_URL" },
	{ "webhook-url", TEXT(pipeline.webhook.url), "", "URL",
	    "who takes the webhook; none: nobody",
	    "Unless it is set, /webhooks/jitsi/recording of the "
	    "meeting-service.  "
	    "Another server than that gets no token." },
	{ "webhook-files", BOOL(pipeline.webhook.has_files), "no", "BOOL",
	    "list the files in STOPPED",
	    "Adds files, an array of objects with path, size, mimeType, sha256 "
	    "and url, to the body." },
	{ "webhook-secret", SECRET(pipeline.webhook.secret), "", "SECRET",
	    "signs the webhook; empty: unsigned",
	    "For Standard Webhooks, the part after whsec_ is base64.",
	    .legacy = "WEBHOOK_SECRET", .check = check_header },
	{ "webhook-secret-previous", SECRET(pipeline.webhook.previous_secret),
	    "", "SECRET", "signs too, while the secret is changed",
	    "Adds a second entry to webhook-signature.",
	    .check = check_header },
	{ "webhook-auth", LIST(pipeline.webhook.auth),
	    "secret,signature,standard", "LIST", "how the webhook is signed",
	    "secret is X-Webhook-Secret, signature is X-Webhook-Signature, "
	    "standard is the triple of Standard Webhooks 1.0.",
	    .check = check_webhook_auth },
	{ "failed-webhook", CHOICE(attempt.failed_webhook, failed_webhooks),
	    "at-once", "WHEN", "when FAILED is sent: at-once, final, never",
	    "at-once: at the end of each run that failed; final: only when no "
	    "retry will help; never." },
	{ "started-webhook", BOOL(ahead.tells_started), "no", NULL,
	    "STARTED is sent when one is first seen",
	    "Once for each recording that watch or sweep finds while it is "
	    "made.  Needs a room-format "
	    "without {tenant}, as only the file's name is known by then." },
	{ "token", SECRET(pipeline.auth.token), "", "TOKEN",
	    "bearer token for both services", .check = check_header },
	{ "file-service-token", SECRET(pipeline.auth.file_token), "", "TOKEN",
	    "another one for the file-service", .check = check_header },
	{ "meeting-service-token", SECRET(pipeline.auth.meeting_token), "",
	    "TOKEN", "another one for the meeting-service",
	    .check = check_header },
	{ "oauth-token-url", TEXT(pipeline.auth.token_url), "", "URL",
	    "OAuth 2 server that gives the token",
	    "The token is fetched by the client credentials grant (RFC 6749, "
	    "4.4), used instead of token, renewed before it expires, and once "
	    "when a service refuses it.  Keycloak: "
	    "https://HOST/realms/REALM/protocol/openid-connect/token." },
	{ "oauth-client-id", TEXT(pipeline.auth.client_id), "", "ID",
	    "OAuth client ID" },
	{ "oauth-client-secret", SECRET(pipeline.auth.client_secret), "",
	    "SECRET", "OAuth client secret (sent as HTTP Basic)",
	    "Without it the client authenticates by tls-cert (RFC 8705)." },
	{ "oauth-scope", TEXT(pipeline.auth.scope), "", "SCOPE",
	    "scopes to request, separated by blanks" },
};

const struct setting_group settings_services = GROUP("services", rows);
