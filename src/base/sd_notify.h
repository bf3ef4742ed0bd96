#pragma once

#include <stdint.h>

/*
 * Tell the service manager our state (sd_notify(3)): "READY=1", "STATUS=...",
 * one per line.  Does nothing unless $NOTIFY_SOCKET asks for it, and never
 * waits for the receiver.
 */
void sd_notify_tell(const char *state);

/*
 * How often at least the service manager expects "WATCHDOG=1" from this process
 * (sd_watchdog_enabled(3)), in milliseconds; 0: never.
 */
int64_t sd_notify_watchdog_ms(void);
