#include "library.h"
#include <stdlib.h>

struct tree_node {
    uint32_t number;
    struct tree_node *parent, *next_sibling, *first_child, *last_child;
};

struct tree_node *tree_add(struct tree_node *parent, uint32_t number) {
    struct tree_node *node = calloc(1, sizeof *node);
    if (node == NULL)
        return NULL;
    node->number = number;
    node->parent = parent;
    if (parent != NULL) {
        if (parent->last_child != NULL)
            parent->last_child->next_sibling = node;
        else
            parent->first_child = node;
        parent->last_child = node;
    }
    return node;
}

/* Frees leaves until none is left: the tree may be deeper than the stack. */
void tree_free(struct tree_node *root) {
    struct tree_node *node = root;
    while (node != NULL) {
        if (node->first_child != NULL) {
            struct tree_node *child = node->first_child;
            node->first_child = child->next_sibling;
            node = child;
        } else {
            struct tree_node *parent = node->parent;
            free(node);
            node = parent;
        }
    }
}

uint32_t tree_number(const struct tree_node *node) { return node->number; }

int tree_walk(const struct tree_node *node, tree_visitor visit, void *user) {
    for (const struct tree_node *child = node->first_child; child != NULL;
         child = child->next_sibling) {
        int result = visit(child, user);
        if (result != 0)
            return result;
    }
    return 0;
}
