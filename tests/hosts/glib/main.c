// host: prints what must be the same in each mode.
#include <glib.h>
#include <stdio.h>

gboolean host_tick(gpointer counter);
int host_compare(gconstpointer a, gconstpointer b);
gpointer host_thread(gpointer n);

static gboolean quit(gpointer loop) { g_main_loop_quit(loop); return FALSE; }

int main(void) {
  int idle = 1000, timer = 20;
  GMainLoop *loop = g_main_loop_new(NULL, FALSE);
  g_idle_add(host_tick, &idle);
  g_timeout_add(1, host_tick, &timer);
  g_timeout_add(500, quit, loop);
  g_main_loop_run(loop);
  GSList *list = NULL;
  for (int i = 0; i < 1000; i++) list = g_slist_prepend(list, GINT_TO_POINTER(i * 7919 % 1000));
  list = g_slist_sort(list, host_compare);
  long sum = 0, at = 0;
  for (GSList *l = list; l; l = l->next) sum += GPOINTER_TO_INT(l->data) * at++;
  GThread *threads[16];
  for (int i = 0; i < 16; i++) threads[i] = g_thread_new("host", host_thread, GINT_TO_POINTER(i));
  for (int i = 0; i < 16; i++) sum += GPOINTER_TO_INT(g_thread_join(threads[i]));
  GTree *tree = g_tree_new(host_compare);
  for (int i = 0; i < 1000; i++) g_tree_insert(tree, GINT_TO_POINTER(i * 7919 % 1009), loop);
  printf("%d %d %ld %d\n", idle, timer, sum, g_tree_height(tree));
}
