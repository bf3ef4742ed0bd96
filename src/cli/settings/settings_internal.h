#pragma once

#include "cli/settings/settings.h"

/*
 * A row is name, TYPE(field), initial, arg, help and manual, then named members
 * that few rows have.  A field of another type than the row says does not
 * compile.  The types and the members of an initializer cannot be in
 * parentheses.
 * NOLINTBEGIN(bugprone-macro-parentheses)
 */
#define FIELD(field, type) \
	(offsetof(struct config, field) + \
	    _Generic(((struct config *)0)->field, type : 0))
#define TEXT(field) .type = SETTING_TEXT, .offset = FIELD(field, char *)
#define SECRET(field) .type = SETTING_SECRET, .offset = FIELD(field, char *)
#define LIST(field) \
	.type = SETTING_LIST, .offset = FIELD(field, struct text_list)
#define MILLIS(field) .type = SETTING_MILLIS, .offset = FIELD(field, int64_t)
#define COUNT(field, least, most) \
	.min = least, .max = most, .type = SETTING_COUNT, \
	.offset = FIELD(field, int64_t)
#define SIZE(field) .type = SETTING_SIZE, .offset = FIELD(field, int64_t)
#define PERCENT(field) .type = SETTING_PERCENT, .offset = FIELD(field, int64_t)
#define BOOL(field) .type = SETTING_BOOL, .offset = FIELD(field, bool)
#define CHOICE(field, names) \
	.choices = names, .type = SETTING_CHOICE, .offset = FIELD(field, int)
/* NOLINTEND(bugprone-macro-parentheses) */

/* The rows of one subject, from settings_SUBJECT.c. */
struct setting_group {
	const char *subject;
	const struct setting *rows;
	size_t n;
};

#define GROUP(name, table) \
	{ \
		.subject = (name), .rows = (table), \
		.n = sizeof(table) / sizeof((table)[0]) \
	}

extern const struct setting_group settings_services, settings_s3,
    settings_webhook, settings_auth, settings_recording, settings_delivery,
    settings_network, settings_security, settings_sweep, settings_watch,
    settings_retention, settings_metrics, settings_archive, settings_output;

/*
 * Check a setting's text beyond its type: NULL, or why it is not allowed, in
 * words that follow the text in a message.
 */
const char *check_pointers(const char *text);
const char *check_room_format(const char *text);
const char *check_webhook_auth(const char *text);
const char *check_pins(const char *text);
const char *check_proxy(const char *text);
const char *check_hosts(const char *text);
const char *check_rate(const char *text);
const char *check_interval(const char *text);
const char *check_header(const char *text);
