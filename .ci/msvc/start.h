/* What the parts of the start-up code know of each other. */
#ifndef START_H
#define START_H
#ifdef __i386__
#define STDCALL __attribute__((stdcall))
#else
#define STDCALL
#endif
void start_run_initialisers(void);
#endif
