#pragma once

#include "cli/command/commands.h"

/* Help and manual of each command. */
extern const struct command_text text_finalize, text_upload, text_sweep,
    text_watch, text_verify, text_status, text_show, text_notify, text_pack,
    text_pause, text_resume, text_forget, text_check, text_config, text_help;

/* Exit codes that mean the same for many commands. */
#define EXITS_USAGE \
	{ \
		64, "The command line is wrong." \
	}
#define EXITS_NO_INPUT \
	{ \
		66, "There is no such directory." \
	}
#define EXITS_SERVICES \
	{ 75, "A service is down or answered with an error; run it again." }, \
	    { 77, "A service refused the credentials." }, \
	{ \
		78, "The configuration is wrong." \
	}
