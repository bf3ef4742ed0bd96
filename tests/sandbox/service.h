/* The answers and actions of the two services without a fault. */
#ifndef SERVICE_H
#define SERVICE_H

#include "answer.h"
#include "request.h"

/* The answer to a complete request; it changes nothing. */
void service_answer(struct request *, struct answer *);

/* A good answer to a request of which only the beginning is known. */
void service_pretend(struct request *, struct answer *);

/* Do what the answer says; the answer to an upload then has its id. */
void service_apply(struct request *, struct answer *);

/* Take over the request's upload and store it in the background. */
void service_apply_later(struct request *);

#endif
