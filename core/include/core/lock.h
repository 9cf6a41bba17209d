/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The order of locks. Whoever holds one may take those further down the list, never one further up.
 *
 * - mutexes of drivers and subsystems: each other's order is theirs to document
 * - interlock.lock: held from a writer's look at the latch to its last register access
 * - other locks of drivers: registers and state of one device
 * - work_queue.lock: items and state of one work queue
 * - wait_queue.lock: waiters of one queue; wakes threads
 * - pi_lock (sched/mutex.c): all contended mutexes: owners, waiters, donated urgency
 * - thread.lock: urgency, CPU and wake-up of one thread
 * - runqueue.lock: one CPU's ready threads; held across the context switch
 * - timer_queue.lock: one CPU's timers; never held while a callback runs
 * - slab_cache.lock: one object size
 * - pages_lock: the buddy lists
 * - map_events' drain_lock (core/bpf_glue): the reading of ring buffers; held while records are
 *   emitted as events
 * - log_lock: the ring; innermost, so that every place may log
 *
 * Two locks of one kind are never held together. A spinlock is always taken with this CPU's
 * interrupts masked (core/spinlock.h), so that an interrupt cannot meet its own CPU's lock. */
#pragma once
