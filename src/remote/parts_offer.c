#include "remote/parts_offer.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	ASKING_MS = 15 * 1000,     /* who asks may have died */
	REFUSED_MS = 3600 * 1000L, /* the service may learn it meanwhile */
};

enum word { UNKNOWN, ASKED, TAKES, TAKES_NONE };

struct parts_offer {
	_Atomic int word; /* enum word */
	_Atomic int64_t at_ms;
};

struct parts_offer *
parts_offer_new(void)
{
	void *shared = mmap(NULL, sizeof(struct parts_offer),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		mem_exhausted();
	return shared;
}

void
parts_offer_free(struct parts_offer *o)
{
	if (o)
		(void)munmap(o, sizeof(*o));
}

static int
word_of(struct parts_offer *o)
{
	int word = o->word;
	int64_t age_ms = clock_mono_ms() - o->at_ms;

	return (word == ASKED && age_ms > ASKING_MS) ||
		(word == TAKES_NONE && age_ms > REFUSED_MS)
	    ? UNKNOWN
	    : word;
}

bool
parts_offer_is_refused(struct parts_offer *o)
{
	return o && word_of(o) == TAKES_NONE;
}

enum part_offer
parts_offer_look(struct parts_offer *o)
{
	int word = o ? word_of(o) : TAKES;
	int had = o ? o->word : 0;

	if (word == TAKES_NONE)
		return OFFER_NONE;
	if (word == TAKES)
		return OFFER_ASK;
	if (word == ASKED ||
	    !atomic_compare_exchange_strong(&o->word, &had, ASKED))
		return OFFER_WAIT;
	o->at_ms = clock_mono_ms();
	return OFFER_ASK;
}

static void
say(struct parts_offer *o, enum word word)
{
	if (o == NULL)
		return;
	o->at_ms = clock_mono_ms();
	o->word = word;
}

void
parts_offer_take(struct parts_offer *o)
{
	say(o, TAKES);
}

void
parts_offer_refuse(struct parts_offer *o)
{
	say(o, TAKES_NONE);
}

void
parts_offer_forget(struct parts_offer *o)
{
	if (o && o->word == ASKED)
		say(o, UNKNOWN);
}

bool
parts_offer_is_taken(struct parts_offer *o)
{
	return o && o->word == TAKES;
}
