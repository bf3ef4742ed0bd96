#ifndef SIM_TOLD_H
#define SIM_TOLD_H

/* What the laws remember about webhooks that were sent. */
void told_reset(void);

/* No record of what was sent is left; told_lost(): as of now. */
void told_nothing(int recording);
void told_lost(int recording);

/* The next one is news: it changed; somebody is about to send it. */
void told_changed(int recording);
void told_perhaps(int recording);

#endif
