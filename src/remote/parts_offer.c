#include "remote/parts_offer.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	ASKING_MS = 15 * 1000,     /* the asking process may have died */
	REFUSED_MS = 3600 * 1000L, /* the service may be upgraded */
};

enum { WORDS = 4 };

/* One atomic value, so that both parts are always consistent. */
struct parts_offer {
	_Atomic int64_t said; /* clock_mono_ms() * WORDS + enum parts_word */
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
said_now(enum parts_word word)
{
	return clock_mono_ms() * WORDS + word;
}

static enum parts_word
word_of(int64_t said)
{
	enum parts_word word = (enum parts_word)(said % WORDS);
	int64_t age_ms = clock_mono_ms() - said / WORDS;

	return (word == PARTS_ASKED && age_ms > ASKING_MS) ||
		(word == PARTS_REFUSED && age_ms > REFUSED_MS)
	    ? PARTS_UNKNOWN
	    : word;
}

bool
parts_offer_is(struct parts_offer *o, enum parts_word word)
{
	return o && word_of(o->said) == word;
}

enum part_offer
parts_offer_look(struct parts_offer *o)
{
	int64_t had = o ? o->said : PARTS_TAKEN;
	enum parts_word word = word_of(had);

	if (word == PARTS_REFUSED)
		return OFFER_NONE;
	if (word == PARTS_TAKEN)
		return OFFER_ASK;
	return word == PARTS_UNKNOWN &&
		atomic_compare_exchange_strong(&o->said, &had,
		    said_now(PARTS_ASKED))
	    ? OFFER_ASK
	    : OFFER_WAIT;
}

void
parts_offer_say(struct parts_offer *o, enum parts_word word)
{
	if (o)
		o->said = said_now(word);
}
