#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{ "ca-file", TEXT(pipeline.http.ca_file), "", "FILE",
	    "PEM file of the trusted authorities",
	    "By default, the system's are trusted." },
	{ "tls-cert", TEXT(pipeline.http.tls_cert), "", "FILE",
	    "client certificate for TLS, as PEM",
	    "For servers that require one.  Intermediate certificates follow "
	    "it in the file." },
	{ "tls-key", TEXT(pipeline.http.tls_key), "", "FILE",
	    "private key of tls-cert, as PEM",
	    "By default, it is in the file that tls-cert names." },
	{ "tls-key-password", SECRET(pipeline.http.tls_key_password), "",
	    "PASSWORD", "password of the private key" },
	{ "tls-pin", TEXT(pipeline.http.tls_pin), "", "PINS",
	    "the only public keys a server may have",
	    "Each is sha256// and the base64 of the key's SHA-256, as for "
	    "curl; several are separated by semicolons.  This applies to every "
	    "https server, in addition to the check of the certificate.",
	    .check = check_pins },
	{ "require-tls", BOOL(pipeline.require_tls), "no", NULL,
	    "refuse http, except to this machine",
	    "Otherwise a secret that is sent over http to a host that looks "
	    "public only causes a warning." },
	{ "proxy", TEXT(pipeline.http.proxy), "none", "URL",
	    "URL of a proxy, none, or env",
	    "With env, the variables http_proxy, https_proxy and no_proxy "
	    "decide.",
	    .check = check_proxy },
	{ "proxy-auth", SECRET(pipeline.http.proxy_auth), "", "USER:PASSWORD",
	    "user and password for the proxy", .check = check_header },
};

const struct setting_group settings_network = GROUP("network", rows);
