#include "coroutine.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/mem.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { STACK_BYTES = 512 * 1024 };

struct coroutine {
	ucontext_t context;
	void *stack;
	void (*run)(void *ctx);
	void *ctx;
	struct coroutine *next; /* of those that are free */
};

static struct coroutine *unused, *running;
static ucontext_t world;

typedef int switch_fn(ucontext_t *, const ucontext_t *);

/*
 * libc's own swapcontext(): the sanitizer's version warns on each call of what
 * say_entering() and the others tell it.
 */
static switch_fn *
real_switch(void)
{
	static switch_fn *found;
	void *libc;

	if (found)
		return found;
	libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	found = libc ? (switch_fn *)dlsym(libc, "swapcontext") : NULL;
	if (found == NULL)
		abort();
	return found;
}

/* The address sanitizer wants to know which stack is in use. */
#ifdef __SANITIZE_ADDRESS__
static const void *world_stack;
static size_t world_stack_bytes;

static void
say_entering(struct coroutine *c, void **fake)
{
	__sanitizer_start_switch_fiber(fake, c->stack, STACK_BYTES);
}

/* The stack still has the sanitizer's marks of its previous user. */
static void
say_new(struct coroutine *c)
{
	__asan_unpoison_memory_region(c->stack, STACK_BYTES);
}

static void
say_entered(void)
{
	__sanitizer_finish_switch_fiber(NULL, &world_stack, &world_stack_bytes);
}

static void
say_leaving(void **fake)
{
	__sanitizer_start_switch_fiber(fake, world_stack, world_stack_bytes);
}

static void
say_back(void *fake)
{
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
}
#else
static void
say_new(struct coroutine *c)
{
	(void)c;
}

static void
say_entering(struct coroutine *c, void **fake)
{
	(void)c;
	(void)fake;
}

static void
say_entered(void)
{
}

static void
say_leaving(void **fake)
{
	(void)fake;
}

static void
say_back(void *fake)
{
	(void)fake;
}
#endif

static void
begin(void)
{
	struct coroutine *c = running;

	say_entered();
	c->run(c->ctx);
	coroutine_leave();
}

static struct coroutine *
make(void)
{
	struct coroutine *c = xcalloc(1, sizeof(*c));

	c->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->stack == MAP_FAILED)
		mem_exhausted();
	(void)getcontext(&c->context);
	return c;
}

struct coroutine *
coroutine_new(void (*run)(void *ctx), void *ctx)
{
	struct coroutine *c = unused ? unused : make();

	if (c == unused)
		unused = c->next;
	c->run = run;
	c->ctx = ctx;
	c->context.uc_stack.ss_sp = c->stack;
	c->context.uc_stack.ss_size = STACK_BYTES;
	c->context.uc_link = &world;
	say_new(c);
	makecontext(&c->context, begin, 0);
	return c;
}

void
coroutine_enter(struct coroutine *c)
{
	void *fake = NULL;

	running = c;
	say_entering(c, &fake);
	(void)real_switch()(&world, &c->context);
	say_back(fake);
	running = NULL;
}

void
coroutine_leave(void)
{
	struct coroutine *c = running;
	void *fake = NULL;

	say_leaving(&fake);
	(void)real_switch()(&c->context, &world);
	say_back(fake);
}

void
coroutine_drop(struct coroutine *c)
{
	c->next = unused;
	unused = c;
}
