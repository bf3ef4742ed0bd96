#include "io/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Filled by the caller and emptied by the thread, in turn. */
enum { SLOTS = 4, SLOT_BYTES = 64 * 1024 };

struct helper {
	pthread_t thread;
	EVP_MD_CTX *ctx; /* the thread's until it has ended */
	sem_t empty, full;
	size_t next; /* slot to be filled */
	struct slot {
		size_t len; /* 0: end of the data */
		char data[SLOT_BYTES];
	} slots[SLOTS];
};

struct digest {
	EVP_MD_CTX *ctx;
	struct helper *helper; /* NULL: the caller hashes */
};

/* OpenSSL fails here only without memory or SHA-256. */
static void
insist(int is_good)
{
	if (is_good != 1)
		mem_exhausted();
}

static struct digest *
new_of(const EVP_MD *kind)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->ctx = EVP_MD_CTX_new();
	insist(d->ctx != NULL);
	insist(EVP_DigestInit_ex(d->ctx, kind, NULL));
	return d;
}

struct digest *
digest_new(void)
{
	return new_of(EVP_sha256());
}

struct digest *
digest_new_md5(void)
{
	return new_of(EVP_md5());
}

/* Not ended by a signal. */
static void
await(sem_t *slots)
{
	while (sem_wait(slots) == -1)
		continue;
}

static void *
helper_main(void *ctx)
{
	struct helper *h = ctx;

	for (size_t i = 0;; i = (i + 1) % SLOTS) {
		await(&h->full);
		if (h->slots[i].len == 0)
			return NULL;
		insist(EVP_DigestUpdate(h->ctx, h->slots[i].data,
		    h->slots[i].len));
		(void)sem_post(&h->empty);
	}
}

/* Block all signals in the thread, so that the caller gets them. */
static bool
start_thread(struct helper *h)
{
	sigset_t all, before;
	bool is_started;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	is_started = pthread_create(&h->thread, NULL, helper_main, h) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return is_started;
}

struct digest *
digest_new_beside(void)
{
	struct digest *d = digest_new();
	struct helper *h = xmalloc(sizeof(*h));

	h->ctx = d->ctx;
	h->next = 0;
	(void)sem_init(&h->empty, 0, SLOTS);
	(void)sem_init(&h->full, 0, 0);
	if (start_thread(h))
		d->helper = h;
	else
		free(h);
	return d;
}

static void
fill_slot(struct helper *h, const char *data, size_t len)
{
	struct slot *slot = &h->slots[h->next];

	await(&h->empty);
	memcpy(slot->data, data, len);
	slot->len = len;
	h->next = (h->next + 1) % SLOTS;
	(void)sem_post(&h->full);
}

static void
helper_add(struct helper *h, const char *data, size_t len)
{
	for (size_t n; len > 0; data += n, len -= n) {
		n = len < SLOT_BYTES ? len : SLOT_BYTES;
		fill_slot(h, data, n);
	}
}

/* Let the thread finish what is in the slots, then end it. */
static void
end_helper(struct digest *d)
{
	struct helper *h = d->helper;

	if (h == NULL)
		return;
	fill_slot(h, "", 0);
	(void)pthread_join(h->thread, NULL);
	free(h);
	d->helper = NULL;
}

void
digest_add(struct digest *d, const void *data, size_t len)
{
	if (d->helper)
		helper_add(d->helper, data, len);
	else
		insist(EVP_DigestUpdate(d->ctx, data, len));
}

void
digest_to_hex(const unsigned char *sum, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	hex[2 * len] = '\0';
}

bool
digest_from_hex(const char *hex, unsigned char *sum, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(hex) != 2 * len || strspn(hex, digits) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++)
		sum[i] =
		    (unsigned char)((strchr(digits, hex[2 * i]) - digits) * 16 +
			(strchr(digits, hex[2 * i + 1]) - digits));
	return true;
}

size_t
digest_sum(struct digest *d, unsigned char sum[DIGEST_SHA256_BYTES])
{
	unsigned n = 0;

	end_helper(d);
	insist(EVP_DigestFinal_ex(d->ctx, sum, &n));
	return n;
}

void
digest_hex(struct digest *d, char hex[DIGEST_HEX_BYTES])
{
	unsigned char sum[DIGEST_SHA256_BYTES];
	size_t len = digest_sum(d, sum);

	digest_to_hex(sum, len, hex);
}

char *
digest_in_base64(struct digest *d)
{
	unsigned char sum[DIGEST_SHA256_BYTES];
	size_t len = digest_sum(d, sum);

	return digest_base64(sum, len);
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	end_helper(d);
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void
digest_hmac(const void *key, size_t key_len, const void *data, size_t len,
    unsigned char mac[DIGEST_SHA256_BYTES])
{
	unsigned n = 0;

	insist(
	    HMAC(EVP_sha256(), key, (int)key_len, data, len, mac, &n) != NULL);
}

char *
digest_base64(const void *data, size_t len)
{
	char *out = xmalloc((len + 2) / 3 * 4 + 1);

	(void)EVP_EncodeBlock((unsigned char *)out, data, (int)len);
	return out;
}

int
digest_base64_decode(const char *s, struct buf *out, struct err *e)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	size_t len = strlen(s);
	autofree unsigned char *bytes = xmalloc(len + 1);
	int n = 0, rest = 0;
	bool is_good;

	insist(ctx != NULL);
	EVP_DecodeInit(ctx);
	/* It would skip blanks and stop at a '-'. */
	is_good = len > 0 && strpbrk(s, " \t\r\n-") == NULL &&
	    EVP_DecodeUpdate(ctx, bytes, &n, (const unsigned char *)s,
		(int)len) != -1 &&
	    EVP_DecodeFinal(ctx, bytes + n, &rest) == 1;
	EVP_ENCODE_CTX_free(ctx);
	if (is_good)
		(void)buf_add(out, bytes, (size_t)n + (size_t)rest);
	mem_wipe(bytes, len);
	return is_good ? 0 : err_set(e, ERR_CONFIG, "is not base64");
}

char *
digest_library(void)
{
	return xasprintf("OpenSSL %s", OpenSSL_version(OPENSSL_VERSION_STRING));
}

void
digest_once(const void *data, size_t len, char hex[DIGEST_HEX_BYTES])
{
	struct digest *d = digest_new();

	digest_add(d, data, len);
	digest_hex(d, hex);
	digest_free(d);
}
