// host CASE: prints what must be the same in each mode.
#include <stdio.h>
#include <string.h>
#include <uv.h>

int host_work(int n);
int host_large(int n);

static int sum, ticks;
static uv_work_t works[100];
static int results[100];

static void work(uv_work_t *w) { results[w - works] = host_work((int)(w - works)); }
static void done(uv_work_t *w, int status) { sum += status ? -1 : results[w - works]; }
static void tick(uv_timer_t *t) {
  sum += host_work(++ticks);
  if (ticks == 20) uv_timer_stop(t);
}
static void small(void *result) { *(int *)result = host_large(1); }

int main(int count, char **arguments) {
  if (count < 2) return 2;
  if (!strcmp(arguments[1], "loop")) {
    uv_timer_t timer;
    uv_timer_init(uv_default_loop(), &timer);
    uv_timer_start(&timer, tick, 1, 1);
    for (int i = 0; i < 100; i++) uv_queue_work(uv_default_loop(), &works[i], work, done);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  } else {
    uv_thread_t thread;
    uv_thread_options_t options = {UV_THREAD_HAS_STACK_SIZE, 64 << 10};
    uv_thread_create_ex(&thread, &options, small, &sum);
    uv_thread_join(&thread);
  }
  printf("%d\n", sum);
}
