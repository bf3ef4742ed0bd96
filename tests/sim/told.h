#ifndef SIM_TOLD_H
#define SIM_TOLD_H

/* What the laws remember about webhooks. */
void told_reset(void);

/* Nothing is left here that says what was told; as of now, everywhere. */
void told_nothing(int recording);
void told_lost(int recording);

/* What is told of it next is news: it changed; somebody is about to tell. */
void told_changed(int recording);
void told_perhaps(int recording);

#endif
