#include "library.h"
#include <stdlib.h>

void table_sort(struct table_row *rows, size_t count, table_order order) {
    qsort(rows, count, sizeof *rows, order);
}
