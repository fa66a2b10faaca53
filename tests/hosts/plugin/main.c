// host LIBRARY CASE: prints what must be the same in each mode.
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*function)(int);
static const char *library;

static void *open_copy(const char *path) {
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) fprintf(stderr, "%s\n", dlerror()), exit(1);
  return handle;
}
static int call(void *handle, const char *name, int n) {
    return ((function)dlsym(handle, name))(n);
}

static void *work(void *handle) { return (void *)(intptr_t)call(handle, "plugin_work", 1); }
static void *large(void *handle) { return (void *)(intptr_t)call(handle, "plugin_large", 1); }

static int on_thread(void *(*f)(void *), void *handle, size_t bytes) {
  pthread_attr_t attributes;
  pthread_t thread;
  void *result;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, bytes);
  if (pthread_create(&thread, &attributes, f, handle)) exit(3);
  pthread_join(thread, &result);
  return (int)(intptr_t)result;
}

// A worker that lives on while plugins come and go.
static pthread_barrier_t turn;
static void *current;
static void *worker(void *sum) {
  for (;;) {
    pthread_barrier_wait(&turn);
    if (!current) return NULL;
    *(int *)sum += call(current, "plugin_work", 2);
    pthread_barrier_wait(&turn);
  }
}

static long pages(void) {
  long size = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%ld", &size) != 1) exit(4);
  fclose(f);
  return size;
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  library = arguments[1];
  int sum = 0;
  if (!strcmp(arguments[2], "reload")) {
    // Closed and opened again, on this thread and with a worker that stays.
    pthread_t thread;
    long after_ten = 0;
    pthread_barrier_init(&turn, NULL, 2);
    pthread_create(&thread, NULL, worker, &sum);
    for (int i = 0; i < 200; i++) {
      current = open_copy(library);
      sum += call(current, "plugin_work", i) + on_thread(work, current, 256 << 10);
      pthread_barrier_wait(&turn);
      pthread_barrier_wait(&turn);
      dlclose(current);
      if (i == 10) after_ten = pages();
    }
    current = NULL;
    pthread_barrier_wait(&turn);
    pthread_join(thread, NULL);
    printf("%d %s\n", sum,
           pages() - after_ten < 65536 ? "no address space is lost" : "address space is lost");
  } else if (!strcmp(arguments[2], "two_hundred")) {
    // Two hundred copies, all open; then closed and opened again in random order.
    enum { COPIES = 200, RELOADS = 1000 };
    static char path[COPIES][64];
    static void *handles[COPIES];
    char folder[] = "/tmp/pluginsXXXXXX", command[600];
    unsigned long long random = 1;
    if (!mkdtemp(folder)) return 5;
    for (int i = 0; i < COPIES; i++) {
      snprintf(path[i], sizeof path[i], "%s/%d.so", folder, i);
      snprintf(command, sizeof command, "cp %s %s", library, path[i]);
      if (system(command)) return 6;
    }
    for (int i = 0; i < COPIES; i++)
        handles[i] = open_copy(path[i]), sum += call(handles[i], "plugin_work", i);
    for (int round = 0; round < RELOADS; round++) {
      random = random * 6364136223846793005ull + 1442695040888963407ull;
      int i = (int)(random >> 33) % COPIES;
      dlclose(handles[i]);
      handles[i] = open_copy(path[i]);
      sum += call(handles[i], "plugin_work", i) + on_thread(work, handles[i], 256 << 10);
    }
    // Wants static TLS, of which nothing may be used up.
    void *gomp = open_copy("libgomp.so.1");
    int threads = ((int (*)(void))dlsym(gomp, "omp_get_max_threads"))();
    snprintf(command, sizeof command, "rm -r %s", folder);
    printf("%d %d %s\n", sum, system(command), threads > 0 ? "OpenMP" : "no OpenMP");
  } else if (!strcmp(arguments[2], "large_on_64_KiB_threads")) {
    for (int i = 0; i < 20; i++) {
      void *handle = open_copy(library);
      sum += on_thread(large, handle, 64 << 10);
      dlclose(handle);
    }
    printf("%d\n", sum);
  } else return 2;
}
