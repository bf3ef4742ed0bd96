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
enum { SLOTS = 4, SLOT_BYTES = 128 * 1024 };

struct helper {
	pthread_t thread;
	EVP_MD_CTX *ctx; /* the thread's until it has ended */
	sem_t empty, full;
	size_t next; /* slot to be filled */
	struct slot {
		size_t len; /* 0: nothing comes any more */
		char data[SLOT_BYTES];
	} slots[SLOTS];
};

struct digest {
	EVP_MD_CTX *ctx;
	struct helper *helper; /* NULL: the caller hashes */
};

/* OpenSSL fails here for want of memory or of SHA-256 only. */
static void
insist(int is_good)
{
	if (is_good != 1)
		mem_exhausted();
}

/* EVP_sha256() has OpenSSL look for it at each use. */
static const EVP_MD *
sha256(void)
{
	static EVP_MD *md;

	if (md == NULL)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	insist(md != NULL);
	return md;
}

struct digest *
digest_new(void)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->ctx = EVP_MD_CTX_new();
	insist(d->ctx != NULL);
	insist(EVP_DigestInit_ex(d->ctx, sha256(), NULL));
	return d;
}

/* A signal does not end it. */
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

/* Signals are the caller's: a blocked thread gets none. */
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

/* Let the thread end, after what is in the slots. */
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
digest_hex(struct digest *d, char hex[DIGEST_HEX_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[DIGEST_SHA256_BYTES];

	end_helper(d);
	insist(EVP_DigestFinal_ex(d->ctx, sum, NULL));
	for (size_t i = 0; i < sizeof(sum); i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	hex[DIGEST_HEX_BYTES - 1] = '\0';
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

/* The number of '=' at the end, or -1 for what is no base64. */
static int
base64_padding(const char *s)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	size_t len = strspn(s, alphabet);
	size_t padding = strspn(s + len, "=");

	if (len == 0 || s[len + padding] != '\0' || padding > 2 ||
	    (len + padding) % 4 != 0)
		return -1;
	return (int)padding;
}

/* EVP_DecodeBlock takes '=' anywhere, and counts it as a byte. */
int
digest_base64_decode(const char *s, struct buf *out, struct err *e)
{
	size_t len = strlen(s);
	autofree unsigned char *bytes = xmalloc(len + 1);
	int padding = base64_padding(s);
	int n = -1;

	if (padding != -1)
		n = EVP_DecodeBlock(bytes, (const unsigned char *)s, (int)len);
	if (n == -1)
		return err_set(e, ERR_CONFIG, "is not base64");
	(void)buf_add(out, bytes, (size_t)(n - padding));
	mem_wipe(bytes, len);
	return 0;
}

char *
digest_library(void)
{
	return xasprintf("OpenSSL %s", OpenSSL_version(OPENSSL_VERSION_STRING));
}
