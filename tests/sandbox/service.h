/* What the two services would say, and do, if all went well. */
#ifndef SERVICE_H
#define SERVICE_H

#include "answer.h"
#include "request.h"

/* The answer to a complete request; nothing is changed by it. */
void service_answer(struct request *, struct answer *);

/* A good answer to a request of which only the beginning is known. */
void service_pretend(struct request *, struct answer *);

/* Do what the answer says; the answer of an upload then names its id. */
void service_apply(struct request *, struct answer *);

/* Take the upload away from the request and store it in the background. */
void service_apply_later(struct request *);

#endif
