#ifndef SIM_COROUTINE_H
#define SIM_COROUTINE_H

/* Stacks that take turns. */
struct coroutine;

struct coroutine *coroutine_new(void (*run)(void *ctx), void *ctx);

/* Run it until it leaves or ends. */
void coroutine_enter(struct coroutine *);

/* Out of the one that runs. */
void coroutine_leave(void);

/* Never enter it again.  What it has allocated stays. */
void coroutine_drop(struct coroutine *);

#endif
