#include "delivery/preview.h"

#include <stdlib.h>

#include "base/mem.h"

void
preview_add(struct preview *p, enum preview_verdict verdict, const char *path,
    const char *type, const char *why, int64_t size)
{
	xgrow((void **)&p->rows, &p->cap, p->n + 1, sizeof(*p->rows));
	p->rows[p->n++] = (struct preview_row){
		.verdict = verdict,
		.path = xstrdup(path),
		.type = xstrdup(type),
		.why = xstrdup(why),
		.size = size,
	};
}

size_t
preview_count(const struct preview *p, enum preview_verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < p->n; i++)
		count += p->rows[i].verdict == verdict;
	return count;
}

void
preview_free(struct preview *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->rows[i].path);
		free(p->rows[i].type);
		free(p->rows[i].why);
	}
	free(p->rows);
	free(p->then);
	*p = (struct preview){ 0 };
}
