#pragma once

#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>

/*
 * Allocation that cannot fail: without memory, these end the process with
 * EX_TEMPFAIL.  The journal is consistent at any moment, so the next run
 * resumes from it.
 */
_Noreturn void mem_exhausted(void);
void *xmalloc(size_t bytes);
void *xcalloc(size_t count, size_t bytes);
void *xrealloc(void *old, size_t bytes);
void *xreallocarray(void *old, size_t count, size_t bytes);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t bytes);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

/*
 * Grow *array, which holds *cap elements, so that it can hold count.
 * The capacity doubles; it never shrinks.
 */
void xgrow(void **array, size_t *cap, size_t count, size_t element_bytes);

/* Released at the end of the scope. */
#define autofree __attribute__((cleanup(mem_free_pointer)))
#define autowipe __attribute__((cleanup(mem_free_secret))) /* char * */
#define autoclose __attribute__((cleanup(mem_close)))
#define autoclosedir __attribute__((cleanup(mem_closedir)))

/* Hand a pointer or descriptor out of its scope. */
#define steal(p) \
	({ \
		__typeof__(*(p)) stolen_ = *(p); \
		*(p) = NULL; \
		stolen_; \
	})
int steal_fd(int *fd);

void mem_free_pointer(void *pointer_to_pointer);
void mem_close(int *fd);
void mem_closedir(DIR **dir);

/* Free *p and replace it with a copy of s, which may be NULL. */
void mem_replace(char **p, const char *s);

/* Overwrite a secret; NULL is allowed. */
void mem_wipe(void *data, size_t len);
/* Overwrite and free a string. */
void mem_free_secret(char **string);
