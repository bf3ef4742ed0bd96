/*
 * The fastest possible server: it plays both services, reads every upload to
 * its end, and keeps only its name, its size and, with --hash, its SHA-256.
 * The kernel drops the bytes (MSG_TRUNC), so that the sender is measured.
 *
 *     bench-sink --dir DIR [--latency-request MS] [--latency-connect MS]
 *                [--rate BYTES_A_SECOND] [--hash] [--list]
 *
 * It writes its address to DIR/url, and on SIGTERM, before it ends, a line for
 * each of these to DIR/log:
 *
 *     first NANOSECONDS            of CLOCK_MONOTONIC: the first byte came
 *     upload NAME BYTES SHA256     "-" without --hash
 *     webhook EVENT
 *     lookup | list | parts | bad REQUEST
 *
 * A request is answered --latency-request after its last byte, and a "100
 * Continue" sent as long after its headers; the first byte of a connection is
 * read --latency-connect after it was made.  All connections share the --rate
 * of the link.  With --list the list shows what was uploaded, otherwise it is
 * empty.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	HEAD_BYTES = 64 * 1024,
	PIECE_BYTES = 1024 * 1024,
	PIECE_BYTES_AT_RATE = 128 * 1024,
	HEX_BYTES = 2 * 32 + 1,
};

static long latency_request_ms, latency_connect_ms;
static int64_t rate; /* 0: as it comes */
static bool is_hashing, is_listing;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static FILE *logfile;
static int64_t link_free_ns;
static char *list; /* the records, a comma in front of each */
static size_t list_len;

struct connection {
	int fd;
	size_t len; /* of what was read and not yet used */
	char head[HEAD_BYTES + 1];
};

/* What is known of a request. */
struct request {
	char line[1024];
	char boundary[128];
	int64_t length;
	bool is_expecting;
};

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
sleep_until(int64_t ns)
{
	struct timespec ts = {
		.tv_sec = ns / 1000000000,
		.tv_nsec = ns % 1000000000,
	};

	if (ns > now_ns())
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts,
		    NULL);
}

static void
sleep_ms(long ms)
{
	if (ms > 0)
		sleep_until(now_ns() + ms * 1000000);
}

__attribute__((format(printf, 1, 2))) static void
note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)pthread_mutex_lock(&mutex);
	(void)vfprintf(logfile, fmt, ap);
	(void)pthread_mutex_unlock(&mutex);
	va_end(ap);
}

/* Wait until the link has carried that many bytes more. */
static void
take_link(ssize_t bytes)
{
	int64_t now, until;

	if (rate == 0)
		return;
	now = now_ns();
	(void)pthread_mutex_lock(&mutex);
	if (link_free_ns < now)
		link_free_ns = now;
	link_free_ns += (int64_t)((double)bytes * 1e9 / (double)rate);
	until = link_free_ns;
	(void)pthread_mutex_unlock(&mutex);
	sleep_until(until);
}

static ssize_t
receive(struct connection *c, char *to, size_t len, int flags)
{
	size_t most = rate ? PIECE_BYTES_AT_RATE : PIECE_BYTES;
	ssize_t n = recv(c->fd, to, len < most ? len : most, flags);

	if (n > 0)
		take_link(n);
	return n;
}

/* Read more; false at the end. */
static bool
fill(struct connection *c)
{
	ssize_t n;

	if (c->len == HEAD_BYTES)
		return false;
	n = receive(c, c->head + c->len, HEAD_BYTES - c->len, 0);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	c->head[c->len] = '\0';
	return true;
}

static void
use(struct connection *c, size_t bytes)
{
	c->len -= bytes;
	memmove(c->head, c->head + bytes, c->len);
	c->head[c->len] = '\0';
}

/* The length of the block of headers at the front; 0: the connection ended. */
static size_t
header_bytes(struct connection *c)
{
	const char *end;

	for (;;) {
		end = memmem(c->head, c->len, "\r\n\r\n", 4);
		if (end != NULL)
			return (size_t)(end - c->head) + 4;
		if (!fill(c))
			return 0;
	}
}

/* What follows that text in the headers, up to one of stop. */
static void
copy_value(char *to, size_t room, const char *headers, const char *name,
    const char *stop)
{
	const char *at = strcasestr(headers, name);
	size_t len = at ? strcspn(at + strlen(name), stop) : 0;

	if (len >= room)
		len = room - 1;
	if (at)
		memcpy(to, at + strlen(name), len);
	to[len] = '\0';
}

/* False when the connection ended. */
static bool
read_request(struct connection *c, struct request *r)
{
	char length[32], expect[32];
	size_t n = header_bytes(c);

	if (n == 0)
		return false;
	c->head[n - 1] = '\0';
	(void)snprintf(r->line, sizeof(r->line), "%.*s",
	    (int)strcspn(c->head, "\r"), c->head);
	copy_value(length, sizeof(length), c->head,
	    "\r\nContent-Length: ", "\r");
	copy_value(expect, sizeof(expect), c->head, "\r\nExpect: ", "\r");
	copy_value(r->boundary, sizeof(r->boundary), c->head,
	    "boundary=", "\r;");
	r->length = strtoll(length, NULL, 10);
	r->is_expecting = *expect != '\0';
	use(c, n);
	return true;
}

static void
answer(struct connection *c, const char *status, const char *body)
{
	char *text = NULL;
	int n = asprintf(&text,
	    "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    status, strlen(body), body);

	if (n == -1)
		die("asprintf");
	sleep_ms(latency_request_ms);
	for (ssize_t sent, at = 0; at < n; at += sent) {
		sent = send(c->fd, text + at, (size_t)(n - at), MSG_NOSIGNAL);
		if (sent == -1)
			break;
	}
	free(text);
}

/* The answer to an upload, with its path in front. */
static void
keep_record(const char *folder, const char *name, const char *record)
{
	char *more = NULL;
	int len =
	    asprintf(&more, ",{\"path\":\"%s%s\",%s", folder, name, record + 1);

	if (len == -1)
		die("asprintf");
	(void)pthread_mutex_lock(&mutex);
	list = realloc(list, list_len + (size_t)len + 1);
	if (list == NULL)
		die("realloc");
	memcpy(list + list_len, more, (size_t)len + 1);
	list_len += (size_t)len;
	(void)pthread_mutex_unlock(&mutex);
	free(more);
}

static void
answer_list(struct connection *c)
{
	char *text = NULL;

	(void)pthread_mutex_lock(&mutex);
	if (asprintf(&text, "[%s]", list ? list + 1 : "") == -1)
		die("asprintf");
	(void)pthread_mutex_unlock(&mutex);
	answer(c, "200 OK", text);
	free(text);
}

/* Drop len bytes of the body, or hash them; false when they did not come. */
static bool
drop(struct connection *c, int64_t len, EVP_MD_CTX *hash)
{
	static __thread char piece[PIECE_BYTES];
	size_t first = (int64_t)c->len < len ? c->len : (size_t)len;

	if (hash)
		(void)EVP_DigestUpdate(hash, c->head, first);
	use(c, first);
	for (len -= (int64_t)first; len > 0;) {
		size_t want = len < PIECE_BYTES ? (size_t)len : PIECE_BYTES;
		ssize_t n = receive(c, piece, want, hash ? 0 : MSG_TRUNC);

		if (n <= 0)
			return false;
		if (hash)
			(void)EVP_DigestUpdate(hash, piece, (size_t)n);
		len -= n;
	}
	return true;
}

static void
finish_hash(EVP_MD_CTX *hash, char hex[HEX_BYTES])
{
	unsigned char sum[32];

	(void)snprintf(hex, HEX_BYTES, "-");
	if (hash == NULL)
		return;
	(void)EVP_DigestFinal_ex(hash, sum, NULL);
	for (size_t i = 0; i < sizeof(sum); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	EVP_MD_CTX_free(hash);
}

/* Is this text next, byte for byte? */
static bool
follows(struct connection *c, const char *text)
{
	size_t len = strlen(text);

	while (c->len < len)
		if (!fill(c))
			return false;
	if (memcmp(c->head, text, len) != 0)
		return false;
	use(c, len);
	return true;
}

static bool
take_upload(struct connection *c, const struct request *r)
{
	char name[512], end[160], hex[HEX_BYTES], body[700], folder[512];
	size_t n = header_bytes(c);
	EVP_MD_CTX *hash = is_hashing ? EVP_MD_CTX_new() : NULL;
	int64_t bytes;

	if (n == 0)
		return false;
	c->head[n - 1] = '\0';
	copy_value(name, sizeof(name), c->head, "filename=\"", "\"");
	use(c, n);
	(void)snprintf(end, sizeof(end), "\r\n--%s--\r\n", r->boundary);
	bytes = r->length - (int64_t)(n + strlen(end));
	if (hash)
		(void)EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
	if (!drop(c, bytes, hash) || !follows(c, end))
		return false;
	finish_hash(hash, hex);
	note("upload %s %lld %s\n", name, (long long)bytes, hex);
	(void)snprintf(body, sizeof(body),
	    "{\"id\":\"%llx\",\"filename\":\"%s\",\"size\":%lld}",
	    (unsigned long long)now_ns(), name, (long long)bytes);
	copy_value(folder, sizeof(folder), r->line, "?path=", " ");
	if (is_listing)
		keep_record(folder, name, body);
	answer(c, "201 Created", body);
	return true;
}

static bool
read_body(struct connection *c, const struct request *r)
{
	while ((int64_t)c->len < r->length)
		if (!fill(c))
			return false;
	return true;
}

/* As a backend without the extension does. */
static bool
refuse_parts(struct connection *c, const struct request *r)
{
	if (!read_body(c, r))
		return false;
	note("parts\n");
	use(c, (size_t)r->length);
	answer(c, "404 Not Found", "{}");
	return true;
}

static bool
take_webhook(struct connection *c, const struct request *r)
{
	char event[32];

	if (!read_body(c, r))
		return false;
	copy_value(event, sizeof(event), c->head, "\"eventType\":", ",}");
	note("webhook %s\n", event);
	use(c, (size_t)r->length);
	answer(c, "200 OK", "{}");
	return true;
}

static bool
serve(struct connection *c)
{
	struct request r;

	if (!read_request(c, &r))
		return false;
	if (r.is_expecting) {
		sleep_ms(latency_request_ms);
		(void)send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25,
		    MSG_NOSIGNAL);
	}
	if (strstr(r.line, "POST /files/structured/123?path="))
		return take_upload(c, &r);
	if (strstr(r.line, "POST /files/structured/123/uploads?path="))
		return refuse_parts(c, &r);
	if (strstr(r.line, "POST /webhooks/jitsi/recording"))
		return take_webhook(c, &r);
	if (strstr(r.line, "GET /api/meetings/room/")) {
		note("lookup\n");
		answer(c, "200 OK", "{\"id\": 123}");
	} else if (strstr(r.line, "GET /metadata?referenceId=123")) {
		note("list\n");
		answer_list(c);
	} else {
		note("bad %s\n", r.line);
		answer(c, "404 Not Found", "{}");
	}
	return true;
}

static void *
connection_main(void *ctx)
{
	struct connection *c = ctx;
	int one = 1;

	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	sleep_ms(latency_connect_ms);
	while (serve(c))
		continue;
	(void)close(c->fd);
	free(c);
	return NULL;
}

static void
accept_all(int listener)
{
	for (int64_t first = 0;;) {
		pthread_t thread;
		struct connection *c = malloc(sizeof(*c));

		if (c == NULL)
			die("malloc");
		c->len = 0;
		c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (c->fd == -1)
			die("accept");
		if (first == 0 && recv(c->fd, c->head, 1, MSG_PEEK) > 0) {
			first = now_ns();
			note("first %lld\n", (long long)first);
		}
		if (pthread_create(&thread, NULL, connection_main, c) != 0)
			die("pthread_create");
		(void)pthread_detach(thread);
	}
}

static int
listen_somewhere(const char *dir)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* What waited in a queue was not limited. */
	int queue = PIECE_BYTES_AT_RATE;
	char path[4096], temporary[4096];
	FILE *url;

	if (rate)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue,
		    sizeof(queue));
	if (fd == -1 || bind(fd, (struct sockaddr *)&addr, len) == -1 ||
	    listen(fd, 1024) == -1 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) == -1)
		die("listen");
	(void)snprintf(path, sizeof(path), "%s/url", dir);
	(void)snprintf(temporary, sizeof(temporary), "%s/url.new", dir);
	url = fopen(temporary, "we");
	if (url == NULL ||
	    fprintf(url, "http://127.0.0.1:%d\n", ntohs(addr.sin_port)) < 0 ||
	    fclose(url) != 0 || rename(temporary, path) == -1)
		die(path);
	return fd;
}

static void *
wait_for_end(void *ctx)
{
	int number;

	(void)sigwait(ctx, &number);
	(void)pthread_mutex_lock(&mutex);
	(void)fclose(logfile);
	_exit(0);
}

static const char *
parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "latency-request", required_argument, NULL, 'l' },
		{ "latency-connect", required_argument, NULL, 'c' },
		{ "rate", required_argument, NULL, 'r' },
		{ "hash", no_argument, NULL, 'h' },
		{ "list", no_argument, NULL, 'L' },
		{ 0 },
	};
	const char *dir = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'd')
			dir = optarg;
		else if (option == 'l')
			latency_request_ms = strtol(optarg, NULL, 10);
		else if (option == 'c')
			latency_connect_ms = strtol(optarg, NULL, 10);
		else if (option == 'r')
			rate = strtoll(optarg, NULL, 10);
		else if (option == 'h')
			is_hashing = true;
		else if (option == 'L')
			is_listing = true;
		else
			exit(64);
	}
	if (dir == NULL || optind != argc)
		exit(64);
	return dir;
}

int
main(int argc, char **argv)
{
	static sigset_t ends;
	const char *dir = parse_options(argc, argv);
	char path[4096];
	pthread_t thread;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
	(void)snprintf(path, sizeof(path), "%s/log", dir);
	logfile = fopen(path, "we");
	if (logfile == NULL)
		die(path);
	if (pthread_create(&thread, NULL, wait_for_end, &ends) != 0)
		die("pthread_create");
	accept_all(listen_somewhere(dir));
}
