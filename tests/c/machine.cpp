// The part of the random machine that throws and catches.
extern "C" {
#include "machine.h"
}

extern "C" void c_machine_throw(int value) { throw value; }

extern "C" int c_machine_call_catching(callback f, void *arg) {
    int caught;
    try {
        return f(arg);
    } catch (int value) {
        // Nothing is called from here: a coroutine that were suspended inside of a handler would
        // carry it to another thread.
        caught = value;
    }
    machine_caught(caught);
    return 0;
}
