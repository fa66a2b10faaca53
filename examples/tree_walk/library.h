/* tree: an ordered tree of numbered nodes, walked by a visitor. */
#ifndef TREE_H
#define TREE_H

#include <stdint.h>

struct tree_node;

/* Makes a node, as the last child of `parent` or, where `parent` is NULL, as the root of a new
 * tree. NULL: out of memory. */
struct tree_node *tree_add(struct tree_node *parent, uint32_t number);

/* Frees `root`, which has no parent, and everything below it. */
void tree_free(struct tree_node *root);

/* The number that tree_add gave to the node. */
uint32_t tree_number(const struct tree_node *node);

/* Receives one child of the node that is walked. To see what lies below it the visitor calls
 * tree_walk in turn. `user` is what was given to tree_walk. Anything but 0 ends the walk. */
typedef int (*tree_visitor)(const struct tree_node *child, void *user);

/* Calls `visit` for every child of `node`, in order. Returns 0, or what a visitor returned to end
 * the walk. */
int tree_walk(const struct tree_node *node, tree_visitor visit, void *user);

#endif
