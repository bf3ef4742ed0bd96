#include "io/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct digest {
	EVP_MD_CTX *ctx;
};

/* OpenSSL fails here for want of memory or of SHA-256 only. */
static void
insist(int is_good)
{
	if (is_good != 1)
		mem_exhausted();
}

struct digest *
digest_new(void)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->ctx = EVP_MD_CTX_new();
	insist(d->ctx != NULL);
	insist(EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL));
	return d;
}

void
digest_add(struct digest *d, const void *data, size_t len)
{
	insist(EVP_DigestUpdate(d->ctx, data, len));
}

void
digest_hex(struct digest *d, char hex[DIGEST_HEX_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[DIGEST_SHA256_BYTES];

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
