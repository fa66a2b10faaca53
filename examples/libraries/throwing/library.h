/* Reads records and hands each to a handler. The library is C++: a handler says that a record is
 * wrong by records_reject, which throws. */
#ifndef RECORDS_H
#define RECORDS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Called for each record; may call records_reject. */
typedef void (*records_handler)(const char *record, size_t length, void *user);

/* Leaves the handler, which does not come back. Only to be called by a handler. */
void records_reject(const char *reason);

/* Splits text at newlines; returns how many records were rejected. */
size_t records_read(const char *text, size_t length, records_handler handler, void *user);

#ifdef __cplusplus
}
#endif

#endif
