#include "cli/settings/settings_internal.h"

static const char *const failed_webhooks[] = { "at-once", "final", "never",
	NULL };

static const struct setting rows[] = {
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
};

const struct setting_group settings_services = GROUP("services", rows);
