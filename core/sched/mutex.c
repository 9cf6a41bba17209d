/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Mutexes with priority inheritance (Sha, Rajkumar, Lehoczky 1990).
 *
 * Uncontended, a mutex is one word, taken and given by compare-and-exchange. Once somebody waits,
 * MUTEX_CONTENDED in the word sends everyone to the slow path under pi_lock, where all is
 * consistent:
 *
 *   - mutex->waiters is sorted by urgency; mutex->held_link is in the owner's list `held`;
 *   - a thread's `donated` is the urgency of the most urgent waiter for anything in its list.
 *
 * When a donation changes, the thread that waits further on moves in its own mutex's list, and so
 * on up the chain. Unlocking makes the first waiter the owner: nobody can slip in between. */
#include <axiom/bug.h>
#include <core/mutex.h>
#include <internal/sched.h>

#define MUTEX_CONTENDED ((uintptr_t)1)

static struct spinlock pi_lock;

void mutex_init_locks(void)
{
    spin_lock_init(&pi_lock);
}

void mutex_init(struct mutex *mutex)
{
    mutex->owner = 0;
    list_init(&mutex->waiters);
    list_init(&mutex->held_link);
}

static struct thread *owner_of(const struct mutex *mutex)
{
    uintptr_t word = __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED);
    return (struct thread *)(word & ~MUTEX_CONTENDED);
}

static bool word_change(struct mutex *mutex, uintptr_t from, uintptr_t to)
{
    return __atomic_compare_exchange_n(&mutex->owner, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

bool mutex_trylock(struct mutex *mutex)
{
    return word_change(mutex, 0, (uintptr_t)thread_current());
}

bool mutex_is_held(const struct mutex *mutex)
{
    return owner_of(mutex) == thread_current();
}

/* --- under pi_lock --- */

static struct thread *first_waiter(const struct mutex *mutex)
{
    return list_first_entry(&mutex->waiters, struct thread, mutex_link);
}

static void waiter_insert(struct mutex *mutex, struct thread *thread)
{
    uint64_t urgency = sched_urgency(thread);
    struct thread *at;
    list_for_each_entry(at, &mutex->waiters, mutex_link) {
        if (urgency < sched_urgency(at))
            break;
    }
    list_add_tail(&thread->mutex_link, &at->mutex_link);
}

static uint64_t donation_for(const struct thread *thread)
{
    uint64_t most = URGENCY_IDLE;
    const struct mutex *mutex;
    list_for_each_entry(mutex, &thread->held, held_link) {
        uint64_t urgency = sched_urgency(first_waiter(mutex));
        if (urgency < most)
            most = urgency;
    }
    return most;
}

/* What `thread` gets from its waiters may have changed: passes it on along the chain. */
static void propagate(struct thread *thread)
{
    while (thread != NULL) {
        uint64_t donated = donation_for(thread);
        if (donated == thread->donated)
            return;
        sched_donate(thread, donated);
        struct mutex *mutex = thread->waits_for;
        if (mutex == NULL)
            return;
        list_del(&thread->mutex_link);
        waiter_insert(mutex, thread);
        thread = owner_of(mutex);
    }
}

static void check_deadlock(const struct mutex *mutex, const struct thread *self)
{
    const struct thread *thread = owner_of(mutex);
    while (thread != NULL) {
        if (thread == self)
            panic("deadlock: %s waits for a mutex of %s, which waits for %s", self->name,
                  owner_of(mutex)->name, self->name);
        thread = thread->waits_for != NULL ? owner_of(thread->waits_for) : NULL;
    }
}

/* Takes the mutex if it is free, else marks it contended so that it cannot be freed unseen. */
static bool take_or_mark(struct mutex *mutex, struct thread *self)
{
    for (;;) {
        uintptr_t word = __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED);
        if (word == 0 && word_change(mutex, 0, (uintptr_t)self))
            return true;
        if (word != 0 &&
            ((word & MUTEX_CONTENDED) != 0 || word_change(mutex, word, word | MUTEX_CONTENDED)))
            return false;
    }
}

static void wait_begin(struct mutex *mutex, struct thread *self)
{
    check_deadlock(mutex, self);
    struct thread *owner = owner_of(mutex);
    waiter_insert(mutex, self);
    self->waits_for = mutex;
    if (list_empty(&mutex->held_link))
        list_add_tail(&mutex->held_link, &owner->held);
    propagate(owner);
}

/* The most urgent waiter becomes the owner, and inherits from those who go on waiting. */
static struct thread *hand_over(struct mutex *mutex, struct thread *self)
{
    struct thread *next = first_waiter(mutex);
    list_del(&next->mutex_link);
    next->waits_for = NULL;
    list_del(&mutex->held_link);
    bool contended = !list_empty(&mutex->waiters);
    if (contended)
        list_add_tail(&mutex->held_link, &next->held);
    __atomic_store_n(&mutex->owner, (uintptr_t)next | (contended ? MUTEX_CONTENDED : 0),
                     __ATOMIC_RELEASE);
    propagate(next);
    propagate(self);
    return next;
}

/* --- */

void mutex_waiter_changed(struct thread *thread)
{
    struct irq_state state = spin_lock_irqsave(&pi_lock);
    struct mutex *mutex = thread->waits_for;
    if (mutex != NULL) {
        list_del(&thread->mutex_link);
        waiter_insert(mutex, thread);
        propagate(owner_of(mutex));
    }
    spin_unlock_irqrestore(&pi_lock, state);
}

void mutex_lock(struct mutex *mutex)
{
    BUG_ON(context_is_atomic());
    struct thread *self = thread_current();
    if (word_change(mutex, 0, (uintptr_t)self))
        return;
    struct irq_state state = spin_lock_irqsave(&pi_lock);
    if (!take_or_mark(mutex, self)) {
        wait_begin(mutex, self);
        while (self->waits_for != NULL) {
            thread_block_prepare();
            spin_unlock_irqrestore(&pi_lock, state);
            thread_block();
            state = spin_lock_irqsave(&pi_lock);
        }
    }
    spin_unlock_irqrestore(&pi_lock, state);
}

void mutex_unlock(struct mutex *mutex)
{
    struct thread *self = thread_current();
    if (word_change(mutex, (uintptr_t)self, 0))
        return;
    BUG_ON(owner_of(mutex) != self);
    struct irq_state state = spin_lock_irqsave(&pi_lock);
    struct thread *next = hand_over(mutex, self);
    thread_wake(next);
    spin_unlock_irqrestore(&pi_lock, state);
}
