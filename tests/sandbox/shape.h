/*
 * Good answers in the form that other servers use: --shape with any of these
 * words, separated by commas; --page-size N for lists in pages.
 *
 *   data, items, results, embedded   wrap a list
 *   data also wraps a record, a room and the answers about parts
 *   page       a list as Spring Data's Page: content, number, totalPages
 *   model      as its PagedModel: _embedded, page.number, page.totalPages
 *   from-one   pages are counted from 1
 *   slice      only "last" says whether there are more
 *   link       a Link header leads to the next page; the list is not wrapped
 *   circle     a Link header leads from each page to itself
 *   counted    X-Total-Count has the total; only the first page is available
 *   attributes as in JSON:API
 *   next       a member "next" leads to the next page
 *   astray     both lead to another server
 *   strings, floats   ids and sizes
 *   odd-ids    ids with more than letters and digits
 *   bom        before the JSON
 *   html       the type of everything, as in PHP
 *   folded     one record for each path, ignoring case: a second upload
 *              replaces the file and keeps the id
 *   bad        a list that is not empty has incomprehensible elements
 */
#ifndef SHAPE_H
#define SHAPE_H

#include "answer.h"
#include "request.h"

/* Bring a good answer into this form. */
void shape_answer(const struct request *, struct answer *);

/* Is this word in --shape? */
bool shape_has(const struct sandbox *, const char *word);

/* The file id that the id in a request stands for. */
const char *shape_id(const struct sandbox *, const char *id);

#endif
