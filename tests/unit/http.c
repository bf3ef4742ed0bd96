#include "unit.h"

#include "io/http.h"

static void
test_status_class(void **state)
{
	(void)state;
	for (long status = 200; status < 600; status++) {
		enum err_class want = ERR_PERMANENT;

		if (status < 300)
			want = ERR_NONE;
		else if (status < 400)
			want = ERR_CONFIG;
		else if (status == 401 || status == 403)
			want = ERR_REFUSED;
		else if (status == 408 || status == 425 || status == 429 ||
		    status >= 500)
			want = ERR_TEMPORARY;
		check(http_status_class(status) == want, "%ld", status);
	}
	assert_int_equal(http_status_class(0), ERR_TEMPORARY);
	assert_int_equal(http_status_class(999), ERR_TEMPORARY);
}

static void
test_service_urls(void **state)
{
	static const char *const good[] = { "http://file-service:2027",
		"https://example.org", "https://example.org/", "HTTPS://E.ORG",
		"http://127.0.0.1:80/with/path/", "http://[::1]:2031" };
	static const char *const bad[] = { "", "file-service:2027", "/path",
		"http://", "ftp://example.org", "file:///etc/passwd",
		"http://u@example.org", "http://u:hush@example.org",
		"http://example.org/?a=hush", "http://example.org/#hush",
		"http://exa mple.org", "http://example.org:port",
		"http://example.org:99999" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++)
		check(http_url_check(good[i], &e) == 0, "%s", good[i]);
	for (size_t i = 0; i < LENGTH(bad); i++) {
		check(http_url_check(bad[i], &e) == -1, "%s", bad[i]);
		assert_int_equal(e.class, ERR_CONFIG);
		check(!strstr(e.text, "hush"), "%s is shown", bad[i]);
	}
}

static const struct CMUnitTest tests[] = {
	TEST("every status has its class", test_status_class),
	TEST("a service URL is http or https, without user, query, fragment",
	    test_service_urls),
};

const struct unit_tests http_tests = { tests, LENGTH(tests) };
