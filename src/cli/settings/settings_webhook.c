#include "cli/settings/settings_internal.h"

static const char *const failed_webhooks[] = { "at-once", "final", "never",
	NULL };

static const struct setting rows[] = {
	{ "webhook-url", TEXT(pipeline.webhook.url), "", "URL",
	    "receiver of the webhook, or none",
	    "By default, the webhook goes to /webhooks/jitsi/recording of the "
	    "meeting-service.  A receiver on another server gets no token." },
	{ "webhook-files", BOOL(pipeline.webhook.has_files), "no", NULL,
	    "list the files in STOPPED",
	    "The body then has the member files, an array of objects with "
	    "path, size, mimeType, sha256 and url." },
	{ "webhook-secret", SECRET(pipeline.webhook.secret), "", "SECRET",
	    "secret that signs the webhook",
	    "Without it the webhook is not signed.  For Standard Webhooks, the "
	    "part after whsec_ is decoded from base64.",
	    .legacy = "WEBHOOK_SECRET", .check = check_header },
	{ "webhook-secret-previous", SECRET(pipeline.webhook.previous_secret),
	    "", "SECRET", "old secret, which signs too during a change",
	    "Its signature is a second entry in webhook-signature.",
	    .check = check_header },
	{ "webhook-auth", LIST(pipeline.webhook.auth),
	    "secret,signature,standard", "LIST", "how the webhook is signed",
	    "The list may have secret (X-Webhook-Secret), signature "
	    "(X-Webhook-Signature) and standard (the three headers of Standard "
	    "Webhooks 1.0).",
	    .check = check_webhook_auth },
	{ "failed-webhook", CHOICE(attempt.failed_webhook, failed_webhooks),
	    "at-once", "WHEN", "when FAILED is sent: at-once, final, never",
	    "at-once: at the end of each run that failed.  final: only when no "
	    "retry will help." },
	{ "started-webhook", BOOL(ahead.tells_started), "no", NULL,
	    "send STARTED when a recording is first seen",
	    "watch or sweep sends it once, while the recording is being made.  "
	    "It "
	    "requires a room-format without {tenant}, as only the name of the "
	    "media file is known at that time." },
};

const struct setting_group settings_webhook = GROUP("webhook", rows);
