#pragma once

#include <stdint.h>

/*
 * Tell the service manager of our state (sd_notify(3)): "READY=1",
 * "STATUS=...", one to a line.  Where nobody asked for it, through
 * $NOTIFY_SOCKET, nothing is done; who does not take it is not waited for.
 */
void sd_notify_tell(const char *state);

/*
 * How often "WATCHDOG=1" is expected of this process at least
 * (sd_watchdog_enabled(3)), in milliseconds; 0: never.
 */
int64_t sd_notify_watchdog_ms(void);
