#ifndef SIM_VISIT_H
#define SIM_VISIT_H

#include <stdbool.h>

/* sweep/visit.h, whose processes are coroutines here. */

void visits_reset(void);

/* Is this a visit's descriptor, and can be read? */
bool visit_is_over(int fd);

#endif
