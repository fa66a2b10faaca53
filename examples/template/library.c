#include "library.h"

#include <stdlib.h>

struct ticker {
    ticker_on_step on_step;
    ticker_on_forget on_forget;
    void *user;
};

static void forget(struct ticker *ticker) {
    ticker_on_forget on_forget = ticker->on_forget;
    void *user = ticker->user;
    ticker->on_step = NULL;
    ticker->on_forget = NULL;
    ticker->user = NULL;
    /* Last, so that the callback finds a ticker that is whole. */
    if (on_forget) on_forget(user);
}

struct ticker *ticker_new(void) { return calloc(1, sizeof(struct ticker)); }

void ticker_listen(struct ticker *ticker, ticker_on_step on_step, ticker_on_forget on_forget,
                   void *user) {
    forget(ticker);
    ticker->on_step = on_step;
    ticker->on_forget = on_forget;
    ticker->user = user;
    if (!on_step) forget(ticker);
}

int32_t ticker_run(struct ticker *ticker, uint32_t steps) {
    for (uint32_t step = 0; step < steps; ++step) {
        int32_t stopped = ticker->on_step ? ticker->on_step(step, ticker->user) : 0;
        if (stopped) return stopped;
    }
    return 0;
}

void ticker_free(struct ticker *ticker) {
    if (!ticker) return;
    forget(ticker);
    free(ticker);
}
