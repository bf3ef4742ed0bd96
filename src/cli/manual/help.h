#pragma once

#include "cli/command/commands.h"

/*
 * Print help for people, made from the tables of commands, switches and
 * settings, and at most 80 columns wide: of one command, or with NULL of the
 * whole program with all of them.
 */
void help_print(const struct command *all, const struct command *one);

/*
 * Print a configuration file with every setting at its default, as a comment
 * "#name = value" below what it means ("# ...").
 */
void help_sample(void);
