#ifndef SIM_VISIT_H
#define SIM_VISIT_H

#include <stdbool.h>

/* sweep/visit.h, with coroutines as processes. */

void visits_reset(void);

/* Is this a visit's descriptor, and readable? */
bool visit_is_over(int fd);

#endif
