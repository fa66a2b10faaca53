// C++ on both sides of a callback.
extern "C" {
#include "callers.h"

static int destroyed = 0;

void c_throw(int value) { throw value; }

int c_destroyed(void) { return destroyed; }
}

namespace {
struct Local {
    ~Local() { destroyed++; }
};
}

// 5000 + the value that was thrown through the callback.
extern "C" int c_call_catching(callback f, void *arg) {
    try {
        Local local;
        return f(arg);
    } catch (int value) {
        return 5000 + value;
    }
}

// A frame with a destructor that lets exceptions pass.
extern "C" int c_call_with_local(callback f, void *arg) {
    Local local;
    volatile int result = f(arg);
    return result;
}
