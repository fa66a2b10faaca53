// Threads of 16 KiB and of the usual size that allocate and map, and a child made by fork.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *use_memory(void *p) {
  for (int i = 0; i < 1000; i++) {
    void *volatile q = malloc(i);
    q = realloc(q, 2 * i + 1);
    free(q);
  }
  for (int i = 0; i < 10; i++)
    munmap(mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
  return p;
}

int main(int count, char **arguments) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 16384);
  for (int round = 0; round < 20; round++) {
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
      if (pthread_create(&threads[i], i % 2 ? &small : 0, use_memory, 0)) return 9;
    for (int i = 0; i < 8; i++) pthread_join(threads[i], 0);
  }
  int status;
  pid_t child = fork();
  if (child == 0) {
    use_memory(0);
    _exit(7);
  }
  waitpid(child, &status, 0);
  printf("ok %d\n", WEXITSTATUS(status));
  return count > 9 && arguments[9] != 0;
}
