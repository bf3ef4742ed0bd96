#include "remote/auth_share.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

enum { TOKEN_BYTES = 16 * 1024 };

/* A seqlock: odd while someone writes, and who reads looks twice. */
struct auth_share {
	atomic_uint version;
	pid_t owner;
	int64_t renew_at_ms;
	char token[TOKEN_BYTES];
};

struct auth_share *
auth_share_open(void)
{
	struct auth_share *share = mmap(NULL, sizeof(*share),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (share == MAP_FAILED)
		return NULL;
	share->owner = getpid();
	return share;
}

void
auth_share_close(struct auth_share *share)
{
	if (share == NULL)
		return;
	if (share->owner == getpid())
		mem_wipe(share->token, sizeof(share->token));
	(void)munmap(share, sizeof(*share));
}

void
auth_share_put(struct auth_share *share, const char *token, int64_t renew_at_ms,
    unsigned *version)
{
	unsigned before;

	if (share == NULL || strlen(token) >= TOKEN_BYTES)
		return;
	before = atomic_load(&share->version);
	if (before % 2 ||
	    !atomic_compare_exchange_strong(&share->version, &before,
		before + 1))
		return;
	memcpy(share->token, token, strlen(token) + 1);
	share->renew_at_ms = renew_at_ms;
	atomic_store(&share->version, before + 2);
	*version = before + 2;
}

char *
auth_share_get(struct auth_share *share, int64_t *renew_at_ms,
    unsigned *version)
{
	unsigned before = share ? atomic_load(&share->version) : 0;
	autowipe char *token = NULL;

	if (before == 0 || before % 2 || before == *version)
		return NULL;
	token = xstrndup(share->token, TOKEN_BYTES - 1);
	*renew_at_ms = share->renew_at_ms;
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&share->version) != before)
		return NULL;
	*version = before;
	return steal(&token);
}
