#pragma once

#include "cli/settings/config.h"

/* What several modules need and one row sets. */
void config_share(struct config *);
