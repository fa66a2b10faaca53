/* Where the system starts and ends a DLL. None here has a DllMain of its own. */
#include "start.h"

/* A DLL's own functions are called when it is closed, not when the process ends after that. */
enum { ATTACH = 1, DETACH = 0, MOST = 64 };
static void (*at_exit[MOST])(void);
static int registered;

int atexit(void (*f)(void)) {
    if (registered == MOST)
        return 1;
    at_exit[registered++] = f;
    return 0;
}

int STDCALL _DllMainCRTStartup(void *instance, unsigned long why, void *reserved) {
    (void)instance, (void)reserved;
    if (why == ATTACH)
        start_run_initialisers();
    if (why == DETACH)
        while (registered > 0)
            at_exit[--registered]();
    return 1;
}
