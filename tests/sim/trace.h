#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdbool.h>

/* Prints what happens, a line each, if trace_is_on. */
extern bool trace_is_on;

void trace_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define trace(...) \
	do { \
		if (trace_is_on) \
			trace_line(__VA_ARGS__); \
	} while (0)

#endif
