#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{ "token", SECRET(pipeline.auth.token), "", "TOKEN",
	    "bearer token for both services", .check = check_header },
	{ "file-service-token", SECRET(pipeline.auth.file_token), "", "TOKEN",
	    "token for the file-service", "It is used instead of token.",
	    .check = check_header },
	{ "meeting-service-token", SECRET(pipeline.auth.meeting_token), "",
	    "TOKEN", "token for the meeting-service",
	    "It is used instead of token.", .check = check_header },
	{ "oauth-token-url", TEXT(pipeline.auth.token_url), "", "URL",
	    "token endpoint of an OAuth 2 server",
	    "The token is requested with the client credentials grant (RFC "
	    "6749, 4.4) and used instead of token.  It is renewed before it "
	    "expires, and once if a service refuses it." },
	{ "oauth-client-id", TEXT(pipeline.auth.client_id), "", "ID",
	    "OAuth client ID" },
	{ "oauth-client-secret", SECRET(pipeline.auth.client_secret), "",
	    "SECRET", "OAuth client secret (sent as HTTP Basic)",
	    "Without it the client authenticates with tls-cert (RFC 8705)." },
	{ "oauth-scope", TEXT(pipeline.auth.scope), "", "SCOPE",
	    "scopes to request, separated by blanks" },
};

const struct setting_group settings_auth = GROUP("auth", rows);
