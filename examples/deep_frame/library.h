/* unpack: a decoder for run-length packed data.
 *
 * Packed data is a sequence of pairs of bytes: how often, and which
 * byte. */
#ifndef UNPACK_H
#define UNPACK_H

#include <stddef.h>
#include <stdint.h>

/* The decoder unpacks into a window of this size, which it keeps on its stack. */
#define UNPACK_WINDOW_BYTES (64 * 1024)

enum unpack_status {
    UNPACK_OK = 0,
    UNPACK_TRUNCATED = 1,   /* the packed data ends in the middle of a pair */
    UNPACK_NO_THREAD = 2,   /* the thread could not be created */
    UNPACK_UNSUPPORTED = 3, /* the library was built without threads */
};

/* Receives one window of unpacked data, of at most UNPACK_WINDOW_BYTES. `block` is valid until the
 * function returns; `user` is what was given to unpack_on_thread. */
typedef void (*unpack_sink)(const uint8_t *block, size_t length, void *user);

/* Unpacks on a thread of its own and returns when all blocks were delivered, on that thread, to
 * `sink`. The thread's stack is just large enough for the decoder: its window, and the least that
 * the system gives to a thread. */
enum unpack_status unpack_on_thread(const uint8_t *packed, size_t length, unpack_sink sink,
                                    void *user);

#endif
