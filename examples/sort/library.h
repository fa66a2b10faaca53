/* table: rows with a key, sorted in memory. */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_row {
    double score;
    uint64_t id;
};

/* The order of two rows, as qsort wants it: below, equal to or above 0. Both point to a struct
 * table_row. */
typedef int (*table_order)(const void *left, const void *right);

/* Sorts by the qsort of the C library. */
void table_sort(struct table_row *rows, size_t count, table_order order);

#endif
