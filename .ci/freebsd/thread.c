/* Threads, and what they wait with. */
#include "freebsd.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- Threads and their stacks ----
 *
 * A stack is glibc's, which keeps its own data at the high end; what it tells of it is passed on.
 * Of the main thread FreeBSD tells the size that was the limit when the program started. */

#ifdef __x86_64__
enum { USUAL_STACK = 2 << 20 };
#else
enum { USUAL_STACK = 1 << 20 };
#endif
enum { LEAST_STACK = 2048, PAGE = 4096 };

/* An attribute there is a pointer to what the system keeps of it. */
struct attributes {
    void *stack; /* the low end, when it is known or the program has given one */
    size_t stack_bytes, guard_bytes;
    int is_detached;
};

static struct {
    char *high;
    size_t bytes;
} main_stack;
static pthread_t main_thread;

__attribute__((constructor)) static void look_at_main_thread(void) {
    struct rlimit limit;
    char line[512];
    unsigned long low, high;
    FILE *list = fopen("/proc/self/maps", "r");
    while (list != NULL && fgets(line, sizeof line, list) != NULL)
        if (strstr(line, "[stack]") != NULL && sscanf(line, "%lx-%lx", &low, &high) == 2)
            main_stack.high = (char *)high;
    if (list != NULL)
        fclose(list);
    main_thread = pthread_self();
    getrlimit(RLIMIT_STACK, &limit);
    main_stack.bytes =
        limit.rlim_cur == RLIM_INFINITY ? 8 << 20 : limit.rlim_cur & ~(rlim_t)(PAGE - 1);
}

/* A thread that has forked is none in the child. */
int pthread_main_np(void) { return pthread_equal(pthread_self(), main_thread); }
int pthread_getthreadid_np(void) { return syscall(SYS_gettid); }
void pthread_set_name_np(pthread_t thread, const char *name) {
    char short_name[16];
    snprintf(short_name, sizeof short_name, "%s", name);
    pthread_setname_np(thread, short_name);
}
void pthread_get_name_np(pthread_t thread, char *name, size_t bytes) {
    pthread_getname_np(thread, name, bytes);
}
int WRAP(pthread_setname_np)(pthread_t thread, const char *name) {
    pthread_set_name_np(thread, name);
    return 0;
}

int WRAP(pthread_attr_init)(struct attributes **attributes) {
    *attributes = malloc(sizeof **attributes);
    **attributes = (struct attributes){.stack_bytes = USUAL_STACK, .guard_bytes = PAGE};
    return 0;
}
int WRAP(pthread_attr_destroy)(struct attributes **attributes) {
    free(*attributes);
    *attributes = NULL;
    return 0;
}
int WRAP(pthread_attr_setstacksize)(struct attributes **attributes, size_t bytes) {
    if (bytes < LEAST_STACK)
        return EINVAL;
    (*attributes)->stack_bytes = bytes;
    return 0;
}
int WRAP(pthread_attr_getstacksize)(struct attributes *const *attributes, size_t *bytes) {
    return *bytes = (*attributes)->stack_bytes, 0;
}
int WRAP(pthread_attr_setguardsize)(struct attributes **attributes, size_t bytes) {
    return (*attributes)->guard_bytes = bytes, 0;
}
int WRAP(pthread_attr_getguardsize)(struct attributes *const *attributes, size_t *bytes) {
    return *bytes = (*attributes)->guard_bytes, 0;
}
int WRAP(pthread_attr_setstack)(struct attributes **attributes, void *stack, size_t bytes) {
    if (bytes < LEAST_STACK)
        return EINVAL;
    (*attributes)->stack = stack, (*attributes)->stack_bytes = bytes;
    return 0;
}
int WRAP(pthread_attr_getstack)(struct attributes *const *attributes, void **stack,
                                size_t *bytes) {
    *stack = (*attributes)->stack, *bytes = (*attributes)->stack_bytes;
    return 0;
}
/* Joinable and detached have the same numbers. */
int WRAP(pthread_attr_setdetachstate)(struct attributes **attributes, int is_detached) {
    return (*attributes)->is_detached = is_detached, 0;
}

int pthread_attr_get_np(pthread_t thread, struct attributes **attributes) {
    pthread_attr_t attr;
    struct attributes *to = *attributes;
    if (pthread_equal(thread, main_thread)) {
        *to = (struct attributes){main_stack.high - main_stack.bytes, main_stack.bytes, PAGE, 0};
        return 0;
    }
    int error = pthread_getattr_np(thread, &attr);
    if (error != 0)
        return bsd_errno(error);
    pthread_attr_getstack(&attr, &to->stack, &to->stack_bytes);
    pthread_attr_getguardsize(&attr, &to->guard_bytes);
    pthread_attr_destroy(&attr);
    return 0;
}

int WRAP(pthread_create)(pthread_t *id, struct attributes *const *attributes,
                         void *(*start)(void *), void *argument) {
    struct attributes wish = {.stack_bytes = USUAL_STACK, .guard_bytes = PAGE};
    pthread_attr_t attr;
    if (attributes != NULL)
        wish = **attributes;
    pthread_attr_init(&attr);
    if (wish.stack != NULL)
        pthread_attr_setstack(&attr, wish.stack, wish.stack_bytes);
    else {
        size_t bytes = (wish.stack_bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
        size_t least = PTHREAD_STACK_MIN;
        pthread_attr_setstacksize(&attr, bytes < least ? least : bytes);
        pthread_attr_setguardsize(&attr, wish.guard_bytes);
    }
    pthread_attr_setdetachstate(&attr, wish.is_detached);
    int error = pthread_create(id, &attr, start, argument);
    pthread_attr_destroy(&attr);
    return bsd_errno(error);
}
int WRAP(pthread_join)(pthread_t thread, void **result) {
    int error = pthread_join(thread, result);
    if (error == 0 && result != NULL && *result == PTHREAD_CANCELED)
        *result = (void *)1;
    return bsd_errno(error);
}

/* ---- Cancellation ---- */

int WRAP(pthread_setcanceltype)(int type, int *before) {
    enum { BSD_ASYNCHRONOUS = 2 };
    int old, error = pthread_setcanceltype(
                 type == BSD_ASYNCHRONOUS ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED,
                 &old);
    if (before != NULL)
        *before = old == PTHREAD_CANCEL_ASYNCHRONOUS ? BSD_ASYNCHRONOUS : 0;
    return error;
}
/* What pthread_cleanup_push and pthread_cleanup_pop are there. */
struct cleanup {
    struct _pthread_cleanup_buffer buffer;
    struct cleanup *before;
};
_Static_assert(sizeof(struct cleanup) <= 8 * sizeof(long), "struct _pthread_cleanup_info");
extern void _pthread_cleanup_push(struct _pthread_cleanup_buffer *, void (*)(void *), void *);
extern void _pthread_cleanup_pop(struct _pthread_cleanup_buffer *, int);
static __thread struct cleanup *last_cleanup;
void __pthread_cleanup_push_imp(void (*function)(void *), void *argument, struct cleanup *place) {
    place->before = last_cleanup;
    last_cleanup = place;
    _pthread_cleanup_push(&place->buffer, function, argument);
}
void __pthread_cleanup_pop_imp(int is_called) {
    struct cleanup *place = last_cleanup;
    last_cleanup = place->before;
    _pthread_cleanup_pop(&place->buffer, is_called);
}

/* ---- Mutexes and the like are pointers there, NULL before the first use ---- */

static void *ours(void **object, size_t bytes) {
    void *there = __atomic_load_n(object, __ATOMIC_ACQUIRE);
    if (there != NULL)
        return there;
    void *fresh = calloc(1, bytes);
    if (__atomic_compare_exchange_n(object, &there, fresh, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return fresh;
    free(fresh);
    return there;
}
static void forget(void **object) {
    free(*object);
    *object = NULL;
}
#define MUTEX(object) ((pthread_mutex_t *)ours(object, sizeof(pthread_mutex_t)))
#define COND(object) ((pthread_cond_t *)ours(object, sizeof(pthread_cond_t)))
#define RWLOCK(object) ((pthread_rwlock_t *)ours(object, sizeof(pthread_rwlock_t)))

int WRAP(pthread_mutexattr_init)(int **attributes) {
    *attributes = calloc(1, sizeof **attributes);
    return 0;
}
int WRAP(pthread_mutexattr_destroy)(int **attributes) { return forget((void **)attributes), 0; }
int WRAP(pthread_mutexattr_settype)(int **attributes, int type) {
    return **attributes = type, 0;
}
int WRAP(pthread_mutex_init)(void **mutex, int *const *attributes) {
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ERRORCHECK,
                                PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_NORMAL};
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    if (attributes != NULL && **attributes >= 0 && **attributes <= 3)
        pthread_mutexattr_settype(&attr, types[**attributes]);
    *mutex = NULL;
    return pthread_mutex_init(MUTEX(mutex), &attr);
}
int WRAP(pthread_mutex_lock)(void **mutex) { return bsd_errno(pthread_mutex_lock(MUTEX(mutex))); }
int WRAP(pthread_mutex_trylock)(void **mutex) {
    return bsd_errno(pthread_mutex_trylock(MUTEX(mutex)));
}
int WRAP(pthread_mutex_unlock)(void **mutex) {
    return bsd_errno(pthread_mutex_unlock(MUTEX(mutex)));
}
int WRAP(pthread_mutex_destroy)(void **mutex) { return forget(mutex), 0; }
int WRAP(pthread_cond_init)(void **cond, void *attributes) { return *cond = NULL, 0; }
int WRAP(pthread_cond_wait)(void **cond, void **mutex) {
    return bsd_errno(pthread_cond_wait(COND(cond), MUTEX(mutex)));
}
int WRAP(pthread_cond_timedwait)(void **cond, void **mutex, const struct timespec *until) {
    return bsd_errno(pthread_cond_timedwait(COND(cond), MUTEX(mutex), until));
}
int WRAP(pthread_cond_signal)(void **cond) { return pthread_cond_signal(COND(cond)); }
int WRAP(pthread_cond_broadcast)(void **cond) { return pthread_cond_broadcast(COND(cond)); }
int WRAP(pthread_cond_destroy)(void **cond) { return forget(cond), 0; }
int WRAP(pthread_rwlock_rdlock)(void **lock) {
    return bsd_errno(pthread_rwlock_rdlock(RWLOCK(lock)));
}
int WRAP(pthread_rwlock_wrlock)(void **lock) {
    return bsd_errno(pthread_rwlock_wrlock(RWLOCK(lock)));
}
int WRAP(pthread_rwlock_unlock)(void **lock) {
    return bsd_errno(pthread_rwlock_unlock(RWLOCK(lock)));
}

/* ---- What std waits with: words that the kernel looks at ---- */

struct umtx_time {
    struct timespec timeout;
    uint32_t flags, clock;
};

int _umtx_op(void *word, int operation, unsigned long value, void *bytes,
             const struct umtx_time *time) {
    enum { WAIT_UINT = 11, WAIT_UINT_PRIVATE = 15, WAKE = 3, WAKE_PRIVATE = 16 };
    enum { ABSOLUTE = 1, REALTIME = 0 };
    int is_absolute = time != NULL && (size_t)bytes > sizeof(struct timespec) &&
                      (time->flags & ABSOLUTE);
    int operation_there = FUTEX_WAIT;
    switch (operation) {
    case WAKE: case WAKE_PRIVATE:
        syscall(SYS_futex, word, FUTEX_WAKE, value > INT_MAX ? INT_MAX : (int)value, NULL, NULL, 0);
        return 0;
    case WAIT_UINT: case WAIT_UINT_PRIVATE:
        if (is_absolute)
            operation_there =
                FUTEX_WAIT_BITSET | (time->clock == REALTIME ? FUTEX_CLOCK_REALTIME : 0);
        if (syscall(SYS_futex, word, operation_there, (unsigned)value, time ? &time->timeout : NULL,
                    NULL, FUTEX_BITSET_MATCH_ANY) == 0 ||
            errno == EAGAIN)
            return 0;
        return fail(-1);
    }
    return fail_with(EINVAL);
}
