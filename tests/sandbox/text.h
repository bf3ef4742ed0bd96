/* Strings, lines and pauses, for all files of the sandbox. */
#ifndef TEXT_H
#define TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define autofree __attribute__((cleanup(text_free)))
#define autojson __attribute__((cleanup(text_json_free)))

void text_free(void *pointer_to_pointer);
void text_json_free(json_t **);

/* p itself; ends the sandbox when memory ran out. */
void *text_must(void *p);

char *text_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A copy of n bytes, followed by a NUL. */
char *text_copy(const char *s, size_t n);

bool text_is_utf8(const char *s, size_t n);

/* A JSON string of any bytes: invalid UTF-8 becomes U+FFFD. */
json_t *text_json(const char *s, size_t n);

/* As text_json() of a C string; null for NULL. */
json_t *text_json_or_null(const char *s);

/* The whole file, followed by a NUL; NULL when it cannot be read. */
char *text_read(const char *file, size_t *bytes);

/* Append one JSON object as one line, in one write. */
void text_append_line(const char *file, const json_t *object);

/* Call use() for each line of the file that is JSON; a torn one is skipped. */
void text_each_line(const char *file, void (*use)(void *, json_t *), void *arg);

void text_pause(double seconds);

/* Since 1970. */
long long text_now_ms(void);

#endif
