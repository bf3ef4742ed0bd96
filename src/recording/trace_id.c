#include "recording/trace_id.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/digest.h"

void
trace_id(const char *session, char id[TRACE_ID_BYTES])
{
	/* The prefix makes it differ from any other hash of the session. */
	autofree char *text = xasprintf("jibri-finalize trace\n%s", session);
	char hex[DIGEST_HEX_BYTES];

	digest_once(text, strlen(text), hex);
	(void)snprintf(id, TRACE_ID_BYTES, "%.32s", hex);
}

void
trace_log_session(const char *session)
{
	char id[TRACE_ID_BYTES];

	log_set_session(session);
	if (session == NULL)
		return;
	trace_id(session, id);
	log_set_trace(id);
}
