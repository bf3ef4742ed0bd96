#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "request.h"
#include "sandbox.h"
#include "store.h"
#include "text.h"
#include "uploads.h"

#define MAX_TIME_DEFAULT_S 900
#define CONNECTION_MEMORY_BYTES ((size_t)512 * 1024)

void
sandbox_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("sandbox: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	/* Other threads run: no handlers, no leak check. */
	_exit(2);
}

enum kind {
	KIND_TEXT,
	KIND_NUMBER,
	KIND_SECONDS,
	KIND_PARTS_S3,
};

#define AT(member) offsetof(struct settings, member)

static const struct flag {
	const char *name;
	enum kind kind;
	size_t at;
	size_t second; /* where to put a second word, or 0 */
} known[] = {
	{ "dir", KIND_TEXT, AT(dir), 0 },
	{ "tls", KIND_TEXT, AT(certificate_file), AT(key_file) },
	{ "webhook-secret", KIND_TEXT, AT(secret), 0 },
	{ "webhook-secret-previous", KIND_TEXT, AT(secret_previous), 0 },
	{ "token", KIND_TEXT, AT(token), 0 },
	{ "oauth", KIND_TEXT, AT(client), AT(client_secret) },
	{ "oauth-life", KIND_SECONDS, AT(token_life_s), 0 },
	{ "oauth-told", KIND_SECONDS, AT(token_told_s), 0 },
	{ "max-file", KIND_NUMBER, AT(max_file_bytes), 0 },
	{ "discard-over", KIND_NUMBER, AT(keep_bytes), 0 },
	{ "max-time", KIND_NUMBER, AT(max_time_s), 0 },
	{ "keep-alive", KIND_NUMBER, AT(keep_alive_s), 0 },
	{ "prefix", KIND_TEXT, AT(prefix), 0 },
	{ "s3", KIND_TEXT, AT(s3_key), AT(s3_secret) },
	{ "s3-region", KIND_TEXT, AT(s3_region), 0 },
	{ "s3-part-min", KIND_NUMBER, AT(s3_part_min), 0 },
	{ "parts", KIND_NUMBER, AT(part_bytes), 0 },
	{ "parts-life", KIND_SECONDS, AT(parts_life_s), 0 },
	{ "parts-told", KIND_SECONDS, AT(parts_told_s), 0 },
	{ "parts-origin", KIND_TEXT, AT(parts_origin), 0 },
	{ "parts-header", KIND_TEXT, AT(parts_header), 0 },
	{ "parts-s3", KIND_PARTS_S3, AT(parts_s3), 0 },
	{ "seed", KIND_NUMBER, AT(seed), 0 },
	{ "shape", KIND_TEXT, AT(shape), 0 },
	{ "page-size", KIND_NUMBER, AT(page_size), 0 },
};

#define FLAGS (sizeof(known) / sizeof(known[0]))

static long long
number_read(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (end == text || *end != '\0' || n < 0)
		sandbox_die("no number: %s", text);
	return n;
}

/* "URL BUCKET KEY SECRET"; without the secret, it is in the environment. */
static void
parts_s3_read(struct parts_s3 *s3, char *text)
{
	s3->url = strsep(&text, " ");
	s3->bucket = strsep(&text, " ");
	s3->key = strsep(&text, " ");
	s3->secret = text != NULL ? text : getenv("SANDBOX_PARTS_S3_SECRET");
	if (s3->key == NULL || s3->secret == NULL)
		sandbox_die("--parts-s3 wants a URL, a bucket, a key and its "
			    "secret");
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void
flag_take(struct settings *set, const struct flag *flag)
{
	void *at = (char *)set + flag->at;

	switch (flag->kind) {
	case KIND_TEXT:
		*(const char **)at = optarg;
		break;
	case KIND_NUMBER:
		*(long long *)at = number_read(optarg);
		break;
	case KIND_SECONDS:
		*(double *)at = strtod(optarg, NULL);
		break;
	case KIND_PARTS_S3:
		parts_s3_read(at, optarg);
		break;
	}
}

static void
flags_take(struct settings *set, int argc, char **argv)
{
	struct option options[FLAGS + 1] = { 0 };
	int answer, i;

	for (size_t n = 0; n < FLAGS; n++)
		options[n] = (struct option){ known[n].name, required_argument,
			NULL, 0 };
	while ((answer = getopt_long(argc, argv, "+", options, &i)) != -1) {
		if (answer != 0)
			_exit(2);
		flag_take(set, &known[i]);
		if (known[i].second != 0 && optind < argc)
			*(const char **)((char *)set + known[i].second) =
			    argv[optind++];
	}
}

static void
flags_check(const struct settings *set)
{
	if (set->certificate_file != NULL && set->key_file == NULL)
		sandbox_die("--tls wants a certificate and a key");
	if (set->client != NULL && set->client_secret == NULL)
		sandbox_die("--oauth wants an id and a secret");
	if (set->s3_key != NULL && set->s3_secret == NULL)
		sandbox_die("--s3 wants a key and a secret");
	if (set->s3_key != NULL && set->part_bytes > 0)
		sandbox_die("--parts is not for --s3");
	if (set->parts_s3.url != NULL && set->part_bytes == 0)
		sandbox_die("--parts-s3 wants --parts");
	if (set->parts_header != NULL && strchr(set->parts_header, ':') == NULL)
		sandbox_die("--parts-header wants a name and a value");
	if (*set->prefix != '\0' && *set->prefix != '/')
		sandbox_die("--prefix wants a path");
}

static void
options_read(struct settings *set, int argc, char **argv)
{
	*set = (struct settings){
		.prefix = "",
		.max_file_bytes = -1,
		.keep_bytes = -1,
		.max_time_s = MAX_TIME_DEFAULT_S,
		.token_life_s = 300,
		.token_told_s = -1,
		.parts_life_s = 3600,
		.parts_told_s = -1,
		.s3_region = "us-east-1",
		.s3_part_min = 5 * 1024 * 1024,
	};
	flags_take(set, argc, argv);
	if (set->dir == NULL || optind != argc)
		sandbox_die("usage: sandbox --dir DIR [OPTION...]");
	flags_check(set);
}

static void
directory_enter(const char *dir)
{
	mkdir(dir, 0755);
	if (chdir(dir) == -1)
		sandbox_die("%s: %s", dir, strerror(errno));
	mkdir("store", 0755);
	mkdir("incoming", 0755);
}

static void
request_count(void *arg, json_t *line)
{
	struct sandbox *box = arg;
	json_int_t n = json_integer_value(json_object_get(line, "n"));

	if (n > box->last_request)
		box->last_request = (unsigned)n;
}

static char *
pem_read(const char *file)
{
	char *pem = file != NULL ? text_read(file, NULL) : NULL;

	if (file != NULL && pem == NULL)
		sandbox_die("%s: %s", file, strerror(errno));
	return pem;
}

static struct MHD_Daemon *
daemon_start(struct sandbox *box, const char *certificate, const char *key)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION |
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)key },
		{ MHD_OPTION_END, 0, NULL },
	};
	/* Since 1.0 it otherwise redirects a target with a blank. */
	enum MHD_OPTION strict = MHD_VERSION >= 0x01000000
	    ? MHD_OPTION_STRICT_FOR_CLIENT
	    : MHD_OPTION_END;

	if (certificate != NULL)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	return MHD_start_daemon(flags, 0, NULL, NULL, request_handle, box,
	    MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_URI_LOG_CALLBACK,
	    request_open, box, MHD_OPTION_NOTIFY_COMPLETED, request_close, box,
	    MHD_OPTION_NOTIFY_CONNECTION, request_connection, box,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)box->set.keep_alive_s,
	    MHD_OPTION_ARRAY, tls, strict, 1, MHD_OPTION_END);
}

/* Written atomically, because readers wait for it. */
static void
url_announce(const struct settings *set, struct MHD_Daemon *daemon)
{
	unsigned port =
	    MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	FILE *f = fopen("url.new", "we");

	if (f == NULL)
		sandbox_die("url.new: %s", strerror(errno));
	fprintf(f, "%s://127.0.0.1:%u%s\n",
	    set->certificate_file != NULL ? "https" : "http", port,
	    set->prefix);
	if (fclose(f) != 0 || rename("url.new", "url") == -1)
		sandbox_die("url: %s", strerror(errno));
}

static void
stop_at_once(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

static void
sandbox_stop(struct sandbox *box, struct MHD_Daemon *daemon)
{
	/* A stalled request could delay an orderly end. */
	if (atomic_load(&box->active) > 0)
		_exit(0);
	signal(SIGALRM, stop_at_once);
	alarm(1);
	MHD_stop_daemon(daemon);
	fault_release(&box->faults);
	json_decref(box->records);
	json_decref(box->tokens);
	json_decref(box->uploads);
}

int
main(int argc, char **argv)
{
	static struct sandbox box = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.next_id = 1,
	};
	autofree char *certificate = NULL;
	autofree char *key = NULL;
	struct MHD_Daemon *daemon;
	struct timespec limit = { 0 };
	sigset_t ends;

	/* First: a parent that ended before this goes unnoticed. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	options_read(&box.set, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);

	certificate = pem_read(box.set.certificate_file);
	key = pem_read(box.set.key_file);
	directory_enter(box.set.dir);
	box.records = text_must(json_array());
	box.tokens = text_must(json_object());
	store_load(&box);
	uploads_load(&box);
	text_each_line("requests.jsonl", request_count, &box);
	box.faults.chance = (unsigned)box.set.seed;
	fault_refresh(&box.faults);

	daemon = daemon_start(&box, certificate, key);
	if (daemon == NULL)
		sandbox_die("cannot start: %s", strerror(errno));
	url_announce(&box.set, daemon);
	limit.tv_sec = (time_t)box.set.max_time_s;
	sigtimedwait(&ends, NULL, &limit);
	sandbox_stop(&box, daemon);
	return 0;
}
