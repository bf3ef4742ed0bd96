#include "remote/parts_offer.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	ASKING_MS = 15 * 1000,     /* the asking process may have died */
	REFUSED_MS = 3600 * 1000L, /* the service may be upgraded */
};

enum word { UNKNOWN, ASKED, TAKES, TAKES_NONE };

enum { WORDS = 4 };

/* One atomic value, so that both parts are always consistent. */
struct parts_offer {
	_Atomic int64_t said; /* clock_mono_ms() * WORDS + enum word */
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

static int64_t
said_now(enum word word)
{
	return clock_mono_ms() * WORDS + word;
}

static enum word
word_of(int64_t said)
{
	enum word word = (enum word)(said % WORDS);
	int64_t age_ms = clock_mono_ms() - said / WORDS;

	return (word == ASKED && age_ms > ASKING_MS) ||
		(word == TAKES_NONE && age_ms > REFUSED_MS)
	    ? UNKNOWN
	    : word;
}

bool
parts_offer_is_refused(struct parts_offer *o)
{
	return o && word_of(o->said) == TAKES_NONE;
}

enum part_offer
parts_offer_look(struct parts_offer *o)
{
	int64_t had = o ? o->said : TAKES;
	enum word word = word_of(had);

	if (word == TAKES_NONE)
		return OFFER_NONE;
	if (word == TAKES)
		return OFFER_ASK;
	return word == UNKNOWN &&
		atomic_compare_exchange_strong(&o->said, &had, said_now(ASKED))
	    ? OFFER_ASK
	    : OFFER_WAIT;
}

static void
say(struct parts_offer *o, enum word word)
{
	if (o)
		o->said = said_now(word);
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
	if (o && o->said % WORDS == ASKED)
		say(o, UNKNOWN);
}

bool
parts_offer_is_taken(struct parts_offer *o)
{
	return o && o->said % WORDS == TAKES;
}
