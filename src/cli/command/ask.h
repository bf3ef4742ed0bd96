#pragma once

#include "base/err.h"

/*
 * Ask the operator, who has to answer y or yes.  -1 with ERR_USAGE when the
 * answer is another, or when there is no terminal to ask on.
 */
int ask(const char *question, struct err *e);
