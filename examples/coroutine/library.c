#define _GNU_SOURCE /* glibc: MAP_ANONYMOUS */
#ifdef __APPLE__
/* For ucontext, and for MAP_ANON beside it. On FreeBSD the first would hide MAP_ANON. */
#define _XOPEN_SOURCE 700
#define _DARWIN_C_SOURCE
#endif
#include "library.h"
#include <stdlib.h>

#ifdef WITHOUT_UCONTEXT

struct tasks {
    int unused;
};

struct tasks *tasks_create(void) { return calloc(1, sizeof(struct tasks)); }

void tasks_destroy(struct tasks *tasks) { free(tasks); }

enum tasks_status tasks_spawn(struct tasks *tasks, tasks_entry entry, void *user) {
    (void)tasks, (void)entry, (void)user;
    return TASKS_UNSUPPORTED;
}

void tasks_run(struct tasks *tasks) { (void)tasks; }

void tasks_yield(struct tasks *tasks) { (void)tasks; }

#else

#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

struct task {
    ucontext_t context;
    tasks_entry entry;
    void *user;
    void *mapping; /* the inaccessible page and, above it, the stack */
    int ended;
    struct task *next;
};

struct tasks {
    ucontext_t scheduler; /* where tasks_run waits while a task has its turn */
    struct task *first, *running;
};

static size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static size_t mapping_bytes(void) { return page_bytes() + TASKS_STACK_BYTES; }

/* makecontext passes ints, so the scheduler's address travels in two halves. */
static void task_main(unsigned high, unsigned low) {
    struct tasks *tasks = (struct tasks *)((uintptr_t)((uint64_t)high << 32 | low));
    tasks->running->entry(tasks, tasks->running->user);
    tasks->running->ended = 1;
    /* uc_link resumes tasks_run. */
}

static int map_stack(struct task *task) {
    void *mapping =
        mmap(NULL, mapping_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (mapping == MAP_FAILED)
        return 0;
    if (mprotect(mapping, page_bytes(), PROT_NONE) != 0) {
        munmap(mapping, mapping_bytes());
        return 0;
    }
    task->mapping = mapping;
    return 1;
}

static void make_context(struct tasks *tasks, struct task *task) {
    uint64_t address = (uint64_t)(uintptr_t)tasks;
    getcontext(&task->context);
    task->context.uc_stack.ss_sp = (char *)task->mapping + page_bytes();
    task->context.uc_stack.ss_size = TASKS_STACK_BYTES;
    task->context.uc_link = &tasks->scheduler;
    makecontext(&task->context, (void (*)(void))task_main, 2, (unsigned)(address >> 32),
                (unsigned)address);
}

struct tasks *tasks_create(void) { return calloc(1, sizeof(struct tasks)); }

void tasks_destroy(struct tasks *tasks) {
    while (tasks->first != NULL) {
        struct task *task = tasks->first;
        tasks->first = task->next;
        munmap(task->mapping, mapping_bytes());
        free(task);
    }
    free(tasks);
}

enum tasks_status tasks_spawn(struct tasks *tasks, tasks_entry entry, void *user) {
    struct task *task = calloc(1, sizeof *task);
    if (task == NULL)
        return TASKS_NO_MEMORY;
    if (!map_stack(task)) {
        free(task);
        return TASKS_NO_MEMORY;
    }
    task->entry = entry;
    task->user = user;
    make_context(tasks, task);
    struct task **last = &tasks->first;
    while (*last != NULL)
        last = &(*last)->next;
    *last = task;
    return TASKS_OK;
}

/* Gives every task that has not ended a turn. Returns how many had one. */
static int run_round(struct tasks *tasks) {
    int turns = 0;
    for (struct task *task = tasks->first; task != NULL; task = task->next) {
        if (task->ended)
            continue;
        tasks->running = task;
        swapcontext(&tasks->scheduler, &task->context);
        turns++;
    }
    return turns;
}

void tasks_run(struct tasks *tasks) {
    while (run_round(tasks) > 0) {
    }
}

void tasks_yield(struct tasks *tasks) { swapcontext(&tasks->running->context, &tasks->scheduler); }

#endif
