/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Mutexes with priority inheritance: the owner runs as urgently as its most urgent waiter, and
 * whoever it waits for likewise, along the whole chain. Unlocking hands the mutex to the most
 * urgent waiter. A chain that closes to a ring (deadlock) is a panic that names the threads. */
#pragma once
#include <axiom/list.h>
#include <axiom/lock_annotations.h>
#include <axiom/types.h>

struct CAPABILITY("mutex") mutex {
    uintptr_t owner; /* struct thread *, bit 0: it has waiters; 0: free */
    /* pi_lock protects: */
    struct list_head waiters;   /* most urgent first */
    struct list_head held_link; /* in the owner's list of contended mutexes */
};

/* All in process context; only the owner unlocks. */
void mutex_init(struct mutex *mutex);
void mutex_lock(struct mutex *mutex) ACQUIRES(mutex);
bool mutex_trylock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex) RELEASES(mutex);
bool mutex_is_held(const struct mutex *mutex); /* by the calling thread */
