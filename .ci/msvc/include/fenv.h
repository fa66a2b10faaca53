/* The floating-point environment with the constants of Windows' C library (ucrtbase.dll), which
 * mingw's header does not have. */
#ifndef FENV_H
#define FENV_H
#define FE_INEXACT 0x01
#define FE_UNDERFLOW 0x02
#define FE_OVERFLOW 0x04
#define FE_DIVBYZERO 0x08
#define FE_INVALID 0x10
#define FE_ALL_EXCEPT 0x1f
#define FE_TONEAREST 0x000
#define FE_DOWNWARD 0x100
#define FE_UPWARD 0x200
#define FE_TOWARDZERO 0x300
int fegetround(void);
int fesetround(int rounding);
int feclearexcept(int exceptions);
int fetestexcept(int exceptions);
/* The C library has none: the exceptions are made. */
static inline int feraiseexcept(int exceptions) {
    volatile double one = 1, three = 3, result;
    if (exceptions & FE_INEXACT)
        result = one / three;
    (void)result;
    return (exceptions & ~FE_INEXACT) != 0;
}
#endif
