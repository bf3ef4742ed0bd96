/*
 * Usage: sim [--seed N] [--time SECONDS] [--jobs N] [--law NAMES]
 *            [--without FAULTS] [--with FAULTS] [--first N] [--whole] [--hunt]
 *            [--bucket] [--parts]
 *
 * With --seed, runs one history and shows it line by line, made small if it
 * breaks a law (--whole: as it is).  Otherwise runs as many as the time allows,
 * from seed --first on, with --hunt only until one breaks a law.  NAMES and
 * FAULTS are separated by commas; --law checks only those laws, --with has only
 * those faults.  With --bucket, recordings go to S3 in every history, with
 * --parts to a file-service that takes parts.
 */
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/text.h"
#include "calls.h"
#include "disk.h"
#include "errand.h"
#include "laws.h"
#include "trial.h"
#include "world.h"

enum { BATCH = 64, JOBS = 64 };

struct options {
	uint64_t seed, first;
	bool has_seed, is_whole, is_hunt;
	volatile bool *is_found; /* by any worker */
	int64_t seconds;
	int jobs;
};

/* What a worker has found: for each law, the first seed and the number. */
struct found {
	uint64_t histories;
	uint64_t count[LAW_COUNT], seed[LAW_COUNT];
	double after_s[LAW_COUNT];
	char why[LAW_COUNT][400];
};

static double
clock_s(void)
{
	struct timespec ts;

	(void)__real_clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static _Noreturn void
die_of(const char *what, const char *value)
{
	(void)fprintf(stderr, "sim: %s: %s\n", what, value);
	exit(2);
}

static void
mark(const char *list, const char *const *names, size_t n, bool *marks,
    bool value)
{
	struct text_list words = { 0 };

	text_list_parse(&words, list);
	for (size_t w = 0; w < words.n; w++) {
		size_t i = 0;

		while (i < n && strcmp(names[i], words.items[w]) != 0)
			i++;
		if (i == n)
			die_of("unknown law or fault", words.items[w]);
		marks[i] = value;
	}
	text_list_free(&words);
}

static int64_t
number(const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	if (end == text || *end != '\0' || value < 0)
		die_of("not a number", text);
	return value;
}

static void
parse(struct options *o, int argc, char **argv)
{
	static const struct option flags[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "time", required_argument, NULL, 't' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "law", required_argument, NULL, 'l' },
		{ "without", required_argument, NULL, 'x' },
		{ "with", required_argument, NULL, 'w' },
		{ "whole", no_argument, NULL, 'a' },
		{ "hunt", no_argument, NULL, 'h' },
		{ "bucket", no_argument, NULL, 'b' },
		{ "parts", no_argument, NULL, 'p' },
		{ 0 },
	};
	int flag;

	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		switch (flag) {
		case 's':
			o->seed = (uint64_t)number(optarg);
			o->has_seed = true;
			break;
		case 'f':
			o->first = (uint64_t)number(optarg);
			break;
		case 't':
			o->seconds = number(optarg);
			break;
		case 'j':
			o->jobs = (int)number(optarg);
			break;
		case 'l':
			memset(law_is_watched, 0, sizeof(law_is_watched));
			mark(optarg, law_names, LAW_COUNT, law_is_watched,
			    true);
			break;
		case 'x':
			mark(optarg, fault_names, FAULT_COUNT, world.allows,
			    false);
			break;
		case 'w':
			memset(world.allows, 0, sizeof(world.allows));
			mark(optarg, fault_names, FAULT_COUNT, world.allows,
			    true);
			break;
		case 'a':
			o->is_whole = true;
			break;
		case 'h':
			o->is_hunt = true;
			break;
		case 'b':
			world.is_always_s3 = true;
			break;
		case 'p':
			world.always_takes_parts = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind < argc)
		die_of("unexpected", argv[optind]);
}

/* One history */

static int
show(const struct options *o)
{
	struct script script;
	struct verdict_of v = trial_replay(o->seed, NULL, false);

	if (v.law == LAW_COUNT || o->is_whole) {
		v = trial_replay(o->seed, NULL, true);
	} else {
		trial_record(o->seed, &script);
		shrink(o->seed, v.law, &script);
		v = trial_replay(o->seed, &script, true);
	}
	if (v.law == LAW_COUNT) {
		(void)printf("seed %" PRIu64 ": no law is broken\n", o->seed);
		return EXIT_SUCCESS;
	}
	(void)printf("seed %" PRIu64 " breaks '%s': %s\n", o->seed,
	    law_names[v.law], v.why);
	return EXIT_FAILURE;
}

/* Many */

static void
work(const struct options *o, int job, int fd)
{
	double begin_s = clock_s();
	struct found found = { 0 };
	/* Workers take turns, a batch each. */
	uint64_t batch = (uint64_t)job;

	while (clock_s() - begin_s < (double)o->seconds &&
	    !(o->is_hunt && *o->is_found)) {
		uint64_t seed = o->first + batch * BATCH, left = BATCH;

		for (uint64_t done; left > 0; left -= done, seed += done) {
			struct verdict_of v = trial_run(seed, left, &done);

			found.histories += done;
			if (v.law == LAW_COUNT)
				continue;
			*o->is_found = true;
			if (found.count[v.law]++ > 0)
				continue;
			found.seed[v.law] = v.seed;
			found.after_s[v.law] = clock_s() - begin_s;
			memcpy(found.why[v.law], v.why, sizeof(v.why));
		}
		batch += (uint64_t)o->jobs;
	}
	if (__real_write(fd, &found, sizeof(found)) != sizeof(found))
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

static bool
take(int fd, struct found *found)
{
	char *to = (char *)found;
	size_t len = 0;

	while (len < sizeof(*found)) {
		ssize_t n = __real_read(fd, to + len, sizeof(*found) - len);

		if (n <= 0)
			return false;
		len += (size_t)n;
	}
	return true;
}

static void
add(struct found *sum, const struct found *one)
{
	sum->histories += one->histories;
	for (int i = 0; i < LAW_COUNT; i++) {
		sum->count[i] += one->count[i];
		if (one->count[i] == 0 ||
		    (sum->seed[i] && sum->after_s[i] <= one->after_s[i]))
			continue;
		sum->seed[i] = one->seed[i];
		sum->after_s[i] = one->after_s[i];
		memcpy(sum->why[i], one->why[i], sizeof(sum->why[i]));
	}
}

static int
report(const struct found *f, double seconds)
{
	uint64_t broken = 0;

	for (int i = 0; i < LAW_COUNT; i++) {
		broken += f->count[i];
		if (f->count[i] > 0)
			(void)printf("'%s' is broken by %" PRIu64
				     " histories, after %.1f s by seed %" PRIu64
				     ": %s\n",
			    law_names[i], f->count[i], f->after_s[i],
			    f->seed[i], f->why[i]);
	}
	(void)printf("%" PRIu64 " histories in %.0f s, %.0f an hour; %" PRIu64
		     " break a law\n",
	    f->histories, seconds, (double)f->histories * 3600 / seconds,
	    broken);
	if (broken > 0)
		(void)printf("see one: make sim SEED=N\n");
	return f->histories > 0 && broken == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
many(struct options *o)
{
	struct found sum = { 0 };
	double begin_s = clock_s();
	int fds[JOBS], n = 0;

	o->is_found = mmap(NULL, sizeof(*o->is_found), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (o->is_found == MAP_FAILED)
		mem_exhausted();
	for (; n < o->jobs && n < JOBS; n++) {
		int ends[2];

		if (pipe(ends) == -1)
			die_of("pipe", "no descriptor");
		(void)fflush(stdout);
		if (fork() == 0)
			work(o, n, ends[1]);
		(void)__real_close(ends[1]);
		fds[n] = ends[0];
	}
	for (int i = 0; i < n; i++) {
		struct found one;

		if (!take(fds[i], &one))
			die_of("a worker", "has died");
		add(&sum, &one);
	}
	return report(&sum, clock_s() - begin_s);
}

int
main(int argc, char **argv)
{
	struct options o = {
		.seconds = 60,
		.jobs = (int)sysconf(_SC_NPROCESSORS_ONLN),
		.first = 1,
	};

	memset(law_is_watched, 1, sizeof(law_is_watched));
	memset(world.allows, 1, sizeof(world.allows));
	parse(&o, argc, argv);
	json_object_seed(1);
	(void)clearenv();
	disk_reset();
	errand_init();
	return o.has_seed ? show(&o) : many(&o);
}
