#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include <stdint.h>

/* What happens in a history, and when: drawn at its beginning. */
void plan_make(void);

/* When it is over. */
int64_t plan_end_ms(void);

#endif
