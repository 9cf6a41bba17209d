/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A circular doubly linked list whose links live in the elements (Linux's shape and words). Not locked. */
#pragma once
#include <axiom/types.h>

struct list_head {
    struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name) \
    {                        \
        &(name), &(name)     \
    }

static inline void list_init(struct list_head *head)
{
    head->next = head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
    return head->next == head;
}

static inline void list_insert_between(struct list_head *node, struct list_head *prev,
                                       struct list_head *next)
{
    next->prev = node;
    node->next = next;
    node->prev = prev;
    prev->next = node;
}

/* First place. */
static inline void list_add(struct list_head *node, struct list_head *head)
{
    list_insert_between(node, head, head->next);
}

/* Last place. */
static inline void list_add_tail(struct list_head *node, struct list_head *head)
{
    list_insert_between(node, head->prev, head);
}

/* The node is left as an empty list of its own, so that list_empty(node) says "not queued". */
static inline void list_del(struct list_head *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#define list_entry(node, type, member)       CONTAINER_OF(node, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)

#define list_for_each_entry(at, head, member)                                           \
    for (at = list_entry((head)->next, __typeof__(*at), member); &at->member != (head); \
         at = list_entry(at->member.next, __typeof__(*at), member))

/* `at` may be removed by the body. */
#define list_for_each_entry_safe(at, after, head, member)             \
    for (at = list_entry((head)->next, __typeof__(*at), member),      \
        after = list_entry(at->member.next, __typeof__(*at), member); \
         &at->member != (head);                                       \
         at = after, after = list_entry(after->member.next, __typeof__(*at), member))
