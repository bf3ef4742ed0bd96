#ifndef SIM_FATE_H
#define SIM_FATE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/http.h"

#include "server.h"

/* What becomes of one request. */
struct fate {
	int64_t connect_ms, send_ms, answer_ms;
	enum {
		END_ANSWER,
		END_REFUSED,     /* nobody listens */
		END_EARLY,       /* a status before all was sent */
		END_CUT_SENDING, /* before all was sent */
		END_STALL,       /* the server stops reading */
		END_LOST,        /* all was sent, and the connection lost */
		END_HANG,        /* the same, but the connection stays */
		END_CUT_ANSWER
	} end;
	int status; /* 0: the service's own */
	int64_t retry_after_ms;
	enum { ACTS_NOT, ACTS_NOW, ACTS_LATER, ACTS_TWICE } acts;
	int64_t acts_after_ms;
	bool is_page; /* of a captive portal */
};

void fate_reset(void);
/* The recording whose number follows the prefix; -1: none. */
int fate_recording(const char *text, const char *prefix);
void fate_arrival(struct arrival *, const struct http_request *);
void fate_read_webhook(struct arrival *);
void fate_choose(struct fate *, const struct arrival *, int64_t stall_ms);

/* The whole request has arrived: let the service act. */
void fate_act(struct fate *, struct arrival *, struct reply *);

/* From now on the service is out, until then or forever. */
void fate_outage(bool is_file_service, int kind, int64_t until_ms);

/* Why a recording cannot be delivered. */
enum refusal {
	REFUSED_NOT,
	REFUSED_404,
	REFUSED_405,
	REFUSED_401,
	REFUSED_302,
	REFUSED_413,
	REFUSED_500,
	REFUSED_403,
	REFUSED_TOO_SLOW, /* no deadline is long enough */
	REFUSED_DYING,    /* the process that sends it dies */
	REFUSED_GROWING,  /* a file in it grows while it is read */
	REFUSALS
};
void fate_refuse(int recording, enum refusal);
bool fate_is_out(bool is_file_service, int64_t *since_ms);

/* End all faults except those that never end. */
void fate_calm(void);

/* Does the service refuse everything: our credentials, or its URL? */
bool fate_is_of_service(int recording);

/* Can it not be delivered, because its refusal never ends? */
bool fate_is_hopeless(int recording);

#endif
