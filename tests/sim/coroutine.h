#ifndef SIM_COROUTINE_H
#define SIM_COROUTINE_H

/* Stacks that take turns. */
struct coroutine;

struct coroutine *coroutine_new(void (*run)(void *ctx), void *ctx);

/* Run it until it leaves or ends. */
void coroutine_enter(struct coroutine *);

/* Leave the running one. */
void coroutine_leave(void);

/* Never enter it again.  Its allocations are not freed. */
void coroutine_drop(struct coroutine *);

#endif
