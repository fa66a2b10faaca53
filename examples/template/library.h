/* Counts, and tells a listener of each step. */
#ifndef TICKER_H
#define TICKER_H

#include <stdint.h>

struct ticker;

/*
 * Called for each step, by the thread that runs ticker_run, on that thread's own stack. `user` is
 * what ticker_listen was given.
 *
 * Returns 0 to go on, anything else to stop: ticker_run then returns that value. It may call
 * ticker_run again on the same ticker. It must not free the ticker, must not leave by longjmp, and
 * no C++ exception and no panic may leave it.
 */
typedef int32_t (*ticker_on_step)(uint32_t step, void *user);

/* Called once when the library needs `user` no more: when another listener takes its place, or the
 * ticker is freed. */
typedef void (*ticker_on_forget)(void *user);

/* NULL when there is no memory. */
struct ticker *ticker_new(void);

/* Takes the place of the listener before. `on_step` may be NULL: nobody listens; then `user` is
 * forgotten at once. */
void ticker_listen(struct ticker *ticker, ticker_on_step on_step, ticker_on_forget on_forget,
                   void *user);

/* Takes `steps` steps; returns 0, or what the listener stopped it with. */
int32_t ticker_run(struct ticker *ticker, uint32_t steps);

/* Forgets the listener and frees the ticker. Not to be called by a callback. */
void ticker_free(struct ticker *ticker);

#endif
