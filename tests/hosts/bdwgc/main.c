// host CASE: prints what must be the same in each mode.
#define GC_THREADS
#include <gc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int host_collect(int n);
int host_visit(void (*f)(void));

static void *on_thread(void *n) { return (void *)(intptr_t)host_collect((int)(intptr_t)n); }

static int threads(size_t bytes) {
  pthread_t ids[8];
  pthread_attr_t attributes;
  int sum = 0;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, bytes);
  for (int i = 0; i < 8; i++)
    if (GC_pthread_create(&ids[i], &attributes, on_thread, (void *)(intptr_t)i)) return -1;
  for (int i = 0; i < 8; i++) {
    void *result;
    GC_pthread_join(ids[i], &result);
    sum += (int)(intptr_t)result;
  }
  return sum;
}

static void collect(void) {
  GC_gcollect();
  for (int i = 0; i < 10000; i++) *(long *)GC_malloc(64) = -1;
}

__attribute__((noinline)) static long *make(long n) {
  long *object = GC_malloc(64);
  *object = n;
  return object;
}

// The compiler keeps the only pointer to each object in a register across the call, which bodies
// save on their stack.
static int visits(void) {
  int sum = 0;
  for (long i = 0; i < 20; i++) {
    long *object = make(i);
    sum += host_visit(collect) + (int)*object;
  }
  return sum;
}

int main(int count, char **arguments) {
  GC_INIT();
  if (count < 2) return 2;
  if (!strcmp(arguments[1], "main")) printf("%d\n", host_collect(1) + host_collect(2));
  else if (!strcmp(arguments[1], "threads")) printf("%d\n", threads(1 << 20));
  else if (!strcmp(arguments[1], "threads_64_KiB")) printf("%d\n", threads(64 << 10));
  else if (!strcmp(arguments[1], "visits")) printf("%d\n", visits());
  else return 2;
}
