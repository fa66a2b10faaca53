/* What the two sides of the random machine know of each other. */
#ifndef MACHINE_H
#define MACHINE_H

#include "callers.h"

/* What a level of C is told to do next. */
struct step {
    int kind;
    int number;      /* the callback's argument, a coroutine, a thread or a value to throw */
    callback f;
    size_t frame;    /* bytes of a C frame around the call */
    void *target;    /* the level to jump to */
};

enum { CALL, CALL_CATCHING, RETURN, SUSPEND, RESUME, PASS, JUMP, THROW, PANIC, EXIT };

/* Rust: the choice of the next step, and the model's words to it. */
void machine_next(void *level, struct step *step);
void machine_enters(void *level);
void machine_landed(void *level);
void machine_returned(int number, int result);
void machine_caught(int value);
void machine_broken(const char *what);
void machine_panic(int value);
int machine_is_begun(int coroutine);
void machine_thread_begins(int thread, size_t low, size_t high);
void machine_thread_ends(int thread);
void machine_signals_begin(int thread, void *in_frame);
void machine_signals_end(int thread);

/* C++ */
void c_machine_throw(int value);
int c_machine_call_catching(callback f, void *arg);

#endif
