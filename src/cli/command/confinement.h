#pragma once

#include "cli/command/commands.h"

/*
 * Confine the process to what the command needs for these words.  A sweep
 * only as to its calls: its visits confine themselves.
 */
void confine_command(const struct loaded *, const struct command *,
    const struct options *, char *const *words, size_t n);
