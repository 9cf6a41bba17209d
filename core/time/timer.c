/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Timers: each CPU has a heap of them and one alarm, which stands at the heap's top.
 *
 * A timer lives on the CPU that started it, so the alarm is only ever set by its own CPU. A
 * callback runs without the queue's lock; `running` says which one, for timer_cancel_sync(). */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/time.h>
#include <internal/boot.h>
#include <internal/clock.h>
#include <internal/percpu.h>

static struct clock_event *event; /* changes while one CPU is up */

void timer_queue_init(struct timer_queue *queue)
{
    *queue = (struct timer_queue){ 0 };
    spin_lock_init(&queue->lock);
}

bool time_is_running(void)
{
    return event != NULL && clock_source_is_there();
}

static void alarm_set(uint64_t at_ns)
{
    if (event->set_delay_ns == NULL) {
        event->set_ticks(event, clock_deadline_ticks(at_ns));
        return;
    }
    uint64_t now_ns = ktime_get_ns();
    event->set_delay_ns(event, at_ns == TIME_NEVER ? TIME_NEVER
                               : at_ns > now_ns    ? at_ns - now_ns
                                                   : 0);
}

/* The queue is this CPU's. */
static void arm_locked(struct timer_queue *queue)
{
    struct timer *top = timer_heap_top(&queue->heap);
    uint64_t wanted = top != NULL ? top->expires_ns : TIME_NEVER;
    if (queue->expiring || !time_is_running() || (queue->armed && wanted == queue->armed_ns))
        return;
    queue->armed = true;
    queue->armed_ns = wanted;
    alarm_set(wanted);
}

void timer_init(struct timer *timer, void (*callback)(struct timer *, void *), void *context)
{
    *timer = (struct timer){ .callback = callback, .context = context };
}

/* The queue that a timer is or last was on, locked; NULL: it never was on one. */
static struct timer_queue *queue_lock(const struct timer *timer)
{
    for (;;) {
        uint32_t cpu = __atomic_load_n(&timer->cpu, __ATOMIC_RELAXED);
        if (cpu == 0)
            return NULL;
        struct timer_queue *queue = &cpus[cpu - 1].timers;
        spin_lock(&queue->lock);
        if (timer->cpu == cpu)
            return queue;
        spin_unlock(&queue->lock);
    }
}

static bool dequeue_locked(struct timer_queue *queue, struct timer *timer)
{
    if (!timer->pending)
        return false;
    timer_heap_remove(&queue->heap, timer);
    timer->pending = false;
    return true;
}

static void enqueue_locked(struct timer_queue *queue, struct timer *timer)
{
    timer->order = queue->next_order++;
    timer->pending = true;
    timer_heap_push(&queue->heap, timer);
}

void timer_start(struct timer *timer, uint64_t expires_ns)
{
    struct irq_state state = cpu_irq_save();
    struct timer_queue *mine = &this_cpu()->timers;
    struct timer_queue *queue = queue_lock(timer);
    if (queue != NULL) {
        dequeue_locked(queue, timer);
        if (queue != mine)
            spin_unlock(&queue->lock);
    }
    if (queue != mine)
        spin_lock(&mine->lock);
    __atomic_store_n(&timer->cpu, this_cpu()->index + 1, __ATOMIC_RELAXED);
    timer->expires_ns = expires_ns;
    enqueue_locked(mine, timer);
    arm_locked(mine);
    spin_unlock(&mine->lock);
    cpu_irq_restore(state);
}

bool timer_cancel(struct timer *timer)
{
    struct irq_state state = cpu_irq_save();
    struct timer_queue *queue = queue_lock(timer);
    bool was_pending = false;
    if (queue != NULL) {
        was_pending = dequeue_locked(queue, timer);
        if (queue == &this_cpu()->timers)
            arm_locked(queue);
        spin_unlock(&queue->lock);
    }
    cpu_irq_restore(state);
    return was_pending;
}

static bool is_running_elsewhere(const struct timer *timer)
{
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        if (__atomic_load_n(&cpus[i].timers.running, __ATOMIC_ACQUIRE) == timer)
            return true;
    }
    return false;
}

bool timer_cancel_sync(struct timer *timer)
{
    bool was_pending = timer_cancel(timer);
    while (is_running_elsewhere(timer)) {
        BUG_ON(this_cpu()->timers.running == timer);
        arch_cpu_relax(TIME_NEVER);
        was_pending |= timer_cancel(timer); /* its callback may have started it again */
    }
    return was_pending;
}

/* The first timer that was due at `now_ns` and started before `order`. */
static struct timer *due_locked(struct timer_queue *queue, uint64_t now_ns, uint64_t order)
{
    struct timer *top = timer_heap_top(&queue->heap);
    return top != NULL && top->expires_ns <= now_ns && top->order < order ? top : NULL;
}

/* What a callback starts anew waits for the next alarm, else it could hold us here. */
static void run_due_locked(struct timer_queue *queue, uint64_t now_ns)
{
    uint64_t order = queue->next_order;
    struct timer *timer;
    queue->expiring = true;
    while ((timer = due_locked(queue, now_ns, order)) != NULL) {
        dequeue_locked(queue, timer);
        queue->running = timer;
        spin_unlock(&queue->lock);
        timer->callback(timer, timer->context);
        spin_lock(&queue->lock);
        __atomic_store_n(&queue->running, NULL, __ATOMIC_RELEASE);
    }
    queue->expiring = false;
}

void clock_event_expired(struct clock_event *from)
{
    BUG_ON(!arch_irqs_disabled());
    if (from != event)
        return;
    struct timer_queue *queue = &this_cpu()->timers;
    uint64_t now_ns = ktime_get_ns();
    if (now_ns < queue->last_now_ns)
        panic("time ran backwards: %llu ns after %llu ns", (unsigned long long)now_ns,
              (unsigned long long)queue->last_now_ns);
    spin_lock(&queue->lock);
    queue->last_now_ns = now_ns;
    run_due_locked(queue, now_ns);
    queue->armed = false;
    arm_locked(queue);
    spin_unlock(&queue->lock);
}

void timer_clock_changed(void)
{
    struct irq_state state = cpu_irq_save();
    struct timer_queue *queue = &this_cpu()->timers;
    spin_lock(&queue->lock);
    queue->armed = false;
    arm_locked(queue);
    spin_unlock(&queue->lock);
    cpu_irq_restore(state);
}

void timer_cpu_start(void)
{
    if (event == NULL)
        return;
    event->cpu_start(event);
    timer_clock_changed();
}

static bool other_cpus_online(void)
{
    for (uint32_t i = 1; i < CPU_MAX; i++) {
        if (cpus[i].online)
            return true;
    }
    return false;
}

int clock_event_register(struct clock_event *new_event)
{
    if (event != NULL || other_cpus_online()) {
        log_err("clock event %s: %s", new_event->name,
                event != NULL ? "there is one already" : "came after the other CPUs");
        return -EBUSY;
    }
    struct irq_state state = cpu_irq_save();
    event = new_event;
    timer_cpu_start();
    cpu_irq_restore(state);
    return 0;
}

void clock_event_unregister(struct clock_event *old_event)
{
    if (event != old_event)
        return;
    struct irq_state state = cpu_irq_save();
    alarm_set(TIME_NEVER);
    event = NULL;
    struct timer_queue *queue = &this_cpu()->timers;
    spin_lock(&queue->lock);
    queue->armed = false;
    /* The kernel is ending. Whoever waits for a time waits in vain, so all times have come. */
    run_due_locked(queue, TIME_NEVER);
    spin_unlock(&queue->lock);
    cpu_irq_restore(state);
}

void timer_queue_adopt(struct timer_queue *from)
{
    for (;;) {
        spin_lock(&from->lock);
        struct timer *timer = timer_heap_top(&from->heap);
        if (timer != NULL)
            dequeue_locked(from, timer);
        spin_unlock(&from->lock);
        if (timer == NULL)
            return;
        timer_start(timer, timer->expires_ns);
    }
}

void delay_ns(uint64_t duration_ns)
{
    if (WARN_ON(!clock_source_is_there()))
        return;
    uint64_t until = ktime_get_ns() + duration_ns;
    while (!ktime_reached(until)) /* or the clock goes meanwhile */
        delay_relax(until);
}

void delay_us(uint32_t duration_us)
{
    delay_ns((uint64_t)duration_us * NSEC_PER_USEC);
}

/* Without a clock ktime stands still and its deadlines say nothing: then whatever happens next may
 * be what the caller polls for. */
void delay_relax(uint64_t deadline_ns)
{
    arch_cpu_relax(clock_source_is_there() ? clock_reached_ns(deadline_ns) : TIME_NEVER);
}

int time_init(void)
{
    clock_init();
    event = NULL;
    return 0;
}

void time_exit(void)
{
    clock_init();
    event = NULL;
}
