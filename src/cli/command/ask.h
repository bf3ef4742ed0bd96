#ifndef CLI_COMMAND_ASK_H
#define CLI_COMMAND_ASK_H

#include "base/err.h"

/*
 * Ask the operator, who has to answer y or yes.  -1 with ERR_USAGE when the
 * answer is another, or when there is no terminal to ask on.
 */
int ask(const char *question, struct err *e);

#endif
