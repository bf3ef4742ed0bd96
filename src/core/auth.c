#include "core/auth.h"

#include <string.h>

#include "base/mem.h"
#include "io/digest.h"

void
auth_add_header(const struct auth_policy *policy, struct text_list *headers)
{
	autofree char *header = NULL;

	if (policy->token == NULL || *policy->token == '\0')
		return;
	header = xasprintf("Authorization: Bearer %s", policy->token);
	text_list_add(headers, header);
	digest_cleanse(header, strlen(header));
}
