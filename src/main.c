#include <fcntl.h>
#include <fnmatch.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "cli/command/commands.h"
#include "cli/report/report_json.h"
#include "io/json.h"

/*
 * Otherwise a socket or the journal could become descriptor 2 and get our log
 * lines.
 */
static void
open_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1)
			(void)open("/dev/null", O_RDWR);
}

/*
 * With these, libraries write TLS keys to a file, load code or trust other
 * certificates.
 */
static void
clear_environment(void)
{
	static const char *const cleared[] = { "SSLKEYLOGFILE=*", "OPENSSL_*",
		"SSL_CERT_*", "CURL_*", "MAGIC=*", "LD_*" };

	for (size_t i = 0; i < sizeof(cleared) / sizeof(cleared[0]); i++)
		for (char **e = environ; e && *e;) {
			autofree char *name = xstrndup(*e, strcspn(*e, "="));

			if (fnmatch(cleared[i], *e, 0) != 0 ||
			    unsetenv(name) == -1)
				e++;
		}
}

int
main(int argc, char **argv)
{
	enum { LARGE_BYTES = 128 * 1024 };
	static const struct rlimit no_core = { 0 };
	struct options options = { 0 };
	struct err e = { 0 };
	int result;

	open_standard_descriptors();
	clear_environment();
	/* Return large buffers to the system as soon as they are freed. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	log_init();
	json_init();
	/* A core file or a debugger would see the secrets. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_DUMPABLE, 0);
	result = stop_init(&e);
	if (result == 0)
		result =
		    options_parse(&options, argc, argv, commands_options, &e);
	if (options.given & OPTION_JSON)
		report_begin(NULL, REPORT_OBJECT);
	if (result == 0)
		result = commands_run(&options, &e);
	if (result == -1 && *e.text != '\0')
		log_error("%s", e.text);
	report_end(result == 0 ? NULL : &e);
	options_free(&options);
	if (log_finish() == -1 && result == 0)
		return err_exit_code(ERR_TEMPORARY);
	return result == 0 ? 0 : err_exit_code(e.class);
}
