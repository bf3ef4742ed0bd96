#pragma once

#include "cli/settings/config.h"

/* Copy what one row sets to all modules that need it. */
void config_share(struct config *);
