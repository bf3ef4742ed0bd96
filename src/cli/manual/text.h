#pragma once

#include "cli/command/commands.h"

/* Help and manual of each command. */
extern const struct command_text text_finalize, text_upload, text_sweep,
    text_watch, text_verify, text_status, text_show, text_notify, text_pack,
    text_pause, text_resume, text_forget, text_check, text_config, text_help;

/* What exit codes mean for many commands. */
#define EXIT_64 "The command line is wrong."
#define EXIT_66 "There is no such directory."
#define EXIT_75 "A service is down or answered with an error; run it again."
#define EXIT_77 "A service refused the credentials."
#define EXIT_78 "The configuration is wrong."
