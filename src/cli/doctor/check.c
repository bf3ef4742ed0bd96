#include "cli/doctor/check.h"

#include <stdlib.h>

#include "base/mem.h"

void
check_note(struct diagnoses *f, enum check_result result, const char *what,
    const char *fix, const char *fmt, ...)
{
	va_list ap;

	xgrow((void **)&f->items, &f->cap, f->n + 1, sizeof(*f->items));
	va_start(ap, fmt);
	f->items[f->n++] = (struct diagnosis){
		.result = result,
		.what = xstrdup(what),
		.text = xvasprintf(fmt, ap),
		.fix = xstrdup(fix),
	};
	va_end(ap);
}

void
check_free(struct diagnoses *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].what);
		free(f->items[i].text);
		free(f->items[i].fix);
	}
	free(f->items);
	*f = (struct diagnoses){ 0 };
}
