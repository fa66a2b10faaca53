/* Where the system starts a program. std asks the system for the arguments by itself. */
#include "start.h"

extern int main(int, char **, char **);
/* The C library's DLL: exit runs what was registered with atexit and ends the process, which
 * detaches the DLLs. */
__declspec(dllimport) void exit(int) __attribute__((noreturn));
__declspec(dllimport) int _crt_atexit(void (*)(void));

int atexit(void (*f)(void)) { return _crt_atexit(f); }

int mainCRTStartup(void) {
    static char *nothing[] = {0};
    start_run_initialisers();
    exit(main(0, nothing, nothing));
}
