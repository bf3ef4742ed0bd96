#include "unit.h"

#include "base/mem.h"
#include "io/digest.h"

static void
test_sha256(void **state)
{
	static const struct {
		const char *data, *hex;
	} rows[] = {
		{ "",
		    "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855" },
		{ "abc",
		    "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039"
		    "a33ce45964ff2167f6ecedd419db06c1" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t len = strlen(rows[i].data);

		for (size_t piece = 1; piece <= len + 1; piece++) {
			struct digest *d = digest_new();
			char hex[DIGEST_HEX_BYTES];

			for (size_t at = 0; at < len; at += piece)
				digest_add(d, rows[i].data + at,
				    len - at < piece ? len - at : piece);
			digest_hex(d, hex);
			digest_free(d);
			assert_string_equal(hex, rows[i].hex);
		}
	}
}

/* More than the ring holds, in pieces that do not divide it. */
static void
test_beside(void **state)
{
	static const size_t pieces[] = { 1000, 65536, 100003, 524288, 700001 };
	enum { DATA_BYTES = 3000017 };
	autofree char *data = xmalloc(DATA_BYTES);
	char want[DIGEST_HEX_BYTES], hex[DIGEST_HEX_BYTES];
	struct digest *d = digest_new();

	(void)state;
	for (size_t i = 0; i < DATA_BYTES; i++)
		data[i] = (char)(i * i >> 7);
	digest_add(d, data, DATA_BYTES);
	digest_hex(d, want);
	digest_free(d);
	for (size_t i = 0; i < LENGTH(pieces); i++) {
		d = digest_new_beside();
		for (size_t at = 0; at < DATA_BYTES; at += pieces[i])
			digest_add(d, data + at,
			    DATA_BYTES - at < pieces[i] ? DATA_BYTES - at
							: pieces[i]);
		digest_hex(d, hex);
		digest_free(d);
		check(is_equal(hex, want), "pieces of %zu", pieces[i]);
	}
	/* Given up in the middle. */
	d = digest_new_beside();
	digest_add(d, data, DATA_BYTES);
	digest_free(d);
}

static void
test_hmac(void **state)
{
	/* RFC 4231, cases 1 and 2. */
	static const struct {
		const char *key, *data, *base64;
		size_t key_len;
	} rows[] = {
		{ "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		  "\x0b\x0b\x0b\x0b\x0b\x0b",
		    "Hi There",
		    "sDRMYdjbOFNcqK/OrwvxK4gdwgDJgz2nJuk3bC4yz/c=", 20 },
		{ "Jefe", "what do ya want for nothing?",
		    "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=", 4 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		unsigned char mac[DIGEST_SHA256_BYTES];
		autofree char *text = NULL;

		digest_hmac(rows[i].key, rows[i].key_len, rows[i].data,
		    strlen(rows[i].data), mac);
		text = digest_base64(mac, sizeof(mac));
		assert_string_equal(text, rows[i].base64);
	}
}

static void
test_base64(void **state)
{
	/* RFC 4648, section 10. */
	static const struct {
		const char *bytes, *text;
	} rows[] = {
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xbf", "+/+/" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *text =
		    digest_base64(rows[i].bytes, strlen(rows[i].bytes));
		autobuf struct buf out = { 0 };
		struct err e;

		assert_string_equal(text, rows[i].text);
		assert_int_equal(digest_base64_decode(text, &out, &e), 0);
		assert_string_equal(buf_str(&out), rows[i].bytes);
		assert_int_equal(out.len, strlen(rows[i].bytes));
	}
}

static void
test_base64_bytes(void **state)
{
	unsigned char bytes[256];
	autofree char *text = NULL;
	autobuf struct buf out = { 0 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	text = digest_base64(bytes, sizeof(bytes));
	assert_int_equal(digest_base64_decode(text, &out, &e), 0);
	assert_int_equal(out.len, sizeof(bytes));
	assert_memory_equal(out.data, bytes, sizeof(bytes));
}

static void
test_no_base64(void **state)
{
	static const char *const rows[] = { "", "Z", "Zg",
		"Zg=", "Zg===", "Z===", "====", "Zm=v",
		"=Zg=", "Zg==Zg==", "Zm9v\n", "Zm9 ", "Zm-_", "Z\xc3\xa9g",
		"Zm9v!" };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autobuf struct buf out = { 0 };
		struct err e = { 0 };

		check(digest_base64_decode(rows[i], &out, &e) == -1, "'%s'",
		    rows[i]);
		assert_int_equal(e.class, ERR_CONFIG);
		assert_int_equal(out.len, 0);
		check(*rows[i] == '\0' || !strstr(e.text, rows[i]),
		    "'%s' is shown", rows[i]);
	}
}

static const struct CMUnitTest tests[] = {
	TEST("SHA-256 is that of FIPS 180, in pieces of every size",
	    test_sha256),
	TEST("beside the caller it is the same", test_beside),
	TEST("HMAC-SHA256 is that of RFC 4231", test_hmac),
	TEST("base64 is that of RFC 4648, there and back", test_base64),
	TEST("every byte survives base64", test_base64_bytes),
	TEST("invalid base64 is refused and not shown", test_no_base64),
};

const struct unit_tests digest_tests = { tests, LENGTH(tests) };
