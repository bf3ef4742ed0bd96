/*
 * Good answers in the form that other servers give them: --shape with any of
 * these words between commas, --page-size N for lists in pages.
 *
 *   data, items, results, embedded   what is around a list
 *   data also around a record, a room and the answers about parts
 *   page       a list as Spring Data's Page: content, number, totalPages
 *   model      as its PagedModel: _embedded, page.number, page.totalPages
 *   from-one   pages are counted from 1
 *   slice      only "last" tells whether there are more
 *   link       a Link header leads to the next page; nothing is around it
 *   circle     a Link header leads from each page to itself
 *   counted    X-Total-Count has the number of all; only the first page is
 *              to be had
 *   attributes as JSON:API's
 *   next       a member "next" does
 *   astray     and both lead to another server
 *   strings, floats   ids and sizes
 *   odd-ids    ids with more than letters and digits
 *   bom        in front
 *   html       the type of everything, as PHP has it
 *   folded     one record a path, whatever its case: a second upload replaces
 *              the file and keeps the id
 *   bad        a list that is not empty has elements that nobody understands
 */
#ifndef SHAPE_H
#define SHAPE_H

#include "answer.h"
#include "request.h"

/* Give a good answer its form. */
void shape_answer(const struct request *, struct answer *);

/* Is this word in --shape? */
bool shape_has(const struct sandbox *, const char *word);

/* The file id that the id in a request stands for. */
const char *shape_id(const struct sandbox *, const char *id);

#endif
