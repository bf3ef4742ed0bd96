#pragma once

#include "cli/command/commands.h"

/*
 * Help for people, made of the tables of commands, flags and settings, at most
 * 80 columns wide.  help_screen() fits on a terminal of 24 lines together with
 * the prompt below it; help_all() has every flag and setting.
 */
void help_screen(const struct command *all);
void help_all(const struct command *all);
void help_command(const struct command *);
void help_setting(const struct setting *);

/*
 * Print a configuration file with every setting at its default, commented out
 * ("#name = value"), below its description ("# ...").
 */
void help_sample(void);
