/* Faults, and handlers that were there before ours. */
#define _GNU_SOURCE
#include "callers.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void tell(const char *text) {
    if (write(2, text, strlen(text)) < 0)
        _exit(99);
}

/* Most of what an alternate stack of a default size has is used, as a handler that prints a
 * backtrace does. */
static void tell_from_deep(const char *text) {
    volatile char frame[48 * 1024];
    for (size_t i = 0; i < sizeof frame; i += 512)
        frame[i] = 1;
    tell(text);
}

/* Memory that is there and must not be touched is a bus error on Apple's systems. */
static int is_fault(int signal) {
#ifdef __APPLE__
    if (signal == SIGBUS)
        return 1;
#endif
    return signal == SIGSEGV;
}

static void plain(int signal) {
    tell(is_fault(signal) ? "plain C handler\n" : "plain C handler of another signal\n");
    _exit(41);
}

static void with_info(int signal, siginfo_t *info, void *context) {
    tell(is_fault(signal) && info->si_signo == signal && context ? "C handler with siginfo\n"
                                                                 : "wrong arguments\n");
    /* Codes of what was sent are zero or negative, on FreeBSD and Apple's systems large. */
    _exit(info->si_code <= 0 || info->si_code > 0x80 ? 43 : 42);
}

static void that_returns(int signal) {
    tell(is_fault(signal) ? "C handler that returns\n" : "another signal\n");
}

static void deep(int signal) {
    tell_from_deep("C handler in need of stack\n");
    _exit(44 + 0 * signal);
}

/* Blocked while a handler runs: a bit for SIGSEGV and one for SIGUSR1. */
static void tells_mask(int signal) {
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    _exit(50 + sigismember(&now, signal) + 2 * sigismember(&now, SIGUSR1));
}

/* 0 SIG_DFL, 1 SIG_IGN, 2 without and 3 with SA_SIGINFO, 4 once and returning, 5 in need of stack,
   6 and 7 telling the mask, with SA_NODEFER and without, 8 with SA_RESTART and returning. */
int c_handle_faults(int kind) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_ONSTACK;
    switch (kind) {
    case 0: action.sa_handler = SIG_DFL; break;
    case 1: action.sa_handler = SIG_IGN; break;
    case 2: action.sa_handler = plain; break;
    case 3: action.sa_sigaction = with_info, action.sa_flags |= SA_SIGINFO; break;
    case 4: action.sa_handler = that_returns, action.sa_flags |= SA_RESETHAND; break;
    case 5: action.sa_handler = deep; break;
    case 6: action.sa_flags |= SA_NODEFER; /* fall through */
    case 7: action.sa_handler = tells_mask, sigaddset(&action.sa_mask, SIGUSR1); break;
    case 8: action.sa_handler = that_returns, action.sa_flags |= SA_RESTART; break;
    }
    return sigaction(SIGSEGV, &action, NULL) || sigaction(SIGBUS, &action, NULL);
}

static struct sigaction earlier;

static void pass_on(int signal, siginfo_t *info, void *context) {
    if (earlier.sa_flags & SA_SIGINFO)
        earlier.sa_sigaction(signal, info, context);
    else if (earlier.sa_handler == SIG_DFL)
        sigaction(signal, &earlier, NULL);
    else
        earlier.sa_handler(signal);
}

/* A handler in front of the one that is there, which it calls. */
int c_pass_faults_on(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = pass_on;
    action.sa_flags = SA_ONSTACK | SA_SIGINFO;
    return sigaction(SIGSEGV, &action, &earlier);
}

/* Size and lowest address of the calling thread's alternate stack; 0: it has none. */
size_t c_alternate_stack(size_t *low) {
    stack_t now;
    if (sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE))
        return 0;
    *low = (size_t)now.ss_sp;
    return now.ss_size;
}

int c_set_alternate_stack(void *memory, size_t bytes) {
    stack_t stack = {.ss_sp = memory, .ss_size = bytes};
    return sigaltstack(&stack, NULL);
}

void c_write_to(size_t address) { *(volatile char *)address = 1; }
