/* tasks: cooperative tasks, each on a small stack of its own. */
#ifndef TASKS_H
#define TASKS_H

#include <stddef.h>

/* Each task has a stack of this size, with an inaccessible page below it. */
#define TASKS_STACK_BYTES (16 * 1024)

enum tasks_status {
    TASKS_OK = 0,
    TASKS_NO_MEMORY = 1,
    TASKS_UNSUPPORTED = 2, /* the library was built without ucontext */
};

struct tasks;

/* What a task does, from its start to its end. `tasks` is the scheduler it belongs to, to be given
 * to tasks_yield; `user` is what was given to tasks_spawn. */
typedef void (*tasks_entry)(struct tasks *tasks, void *user);

/* A scheduler without tasks. NULL: out of memory. */
struct tasks *tasks_create(void);

/* Frees the scheduler; its tasks must have ended, or never have run. */
void tasks_destroy(struct tasks *tasks);

/* Adds a task, which tasks_run will start. */
enum tasks_status tasks_spawn(struct tasks *tasks, tasks_entry entry, void *user);

/* Runs all tasks in turns, each until it yields or ends, until all have ended. */
void tasks_run(struct tasks *tasks);

/* Called by a task: lets the other tasks have their turns, then returns. */
void tasks_yield(struct tasks *tasks);

#endif
