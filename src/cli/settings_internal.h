#ifndef CLI_SETTINGS_INTERNAL_H
#define CLI_SETTINGS_INTERNAL_H

#include "cli/settings.h"

/*
 * What a setting's text may be, beyond its type: NULL, or why it cannot be,
 * as it follows the text in a message.
 */
const char *check_pointers(const char *text);
const char *check_room_format(const char *text);
const char *check_webhook_auth(const char *text);
const char *check_pins(const char *text);
const char *check_proxy(const char *text);
const char *check_rate(const char *text);
const char *check_header(const char *text);

#endif
