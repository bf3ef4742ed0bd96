#include "cli/doctor/check.h"

#include <stdlib.h>

#include "base/mem.h"

static struct diagnosis *
add(struct diagnoses *f)
{
	xgrow((void **)&f->items, &f->cap, f->n + 1, sizeof(*f->items));
	return &f->items[f->n++];
}

void
check_note(struct diagnoses *f, enum check_result result, const char *what,
    const char *fix, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*add(f) = (struct diagnosis){
		.result = result,
		.what = xstrdup(what),
		.text = xvasprintf(fmt, ap),
		.fix = xstrdup(fix),
	};
	va_end(ap);
}

void
check_run(struct diagnoses *f, const char *fmt, ...)
{
	struct diagnosis *last = &f->items[f->n - 1];
	va_list ap;

	if (last->result == CHECK_OK)
		return;
	free(last->command);
	va_start(ap, fmt);
	last->command = xvasprintf(fmt, ap);
	va_end(ap);
}

void
check_append(struct diagnoses *f, struct diagnoses *from)
{
	for (size_t i = 0; i < from->n; i++)
		*add(f) = from->items[i];
	free(from->items);
	from->items = NULL;
	from->n = from->cap = 0;
}

void
check_free(struct diagnoses *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].what);
		free(f->items[i].text);
		free(f->items[i].fix);
		free(f->items[i].command);
	}
	free(f->items);
	free(f->shell.owner);
	free(f->shell.as);
	*f = (struct diagnoses){ 0 };
}
