/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Work queues: a list of items and a thread that runs them in order. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <core/mm.h>
#include <core/thread.h>
#include <core/wait.h>
#include <core/work.h>
#include <internal/boot.h>

struct work_queue {
    struct thread *thread;
    struct wait_queue arrived; /* something queued, or ending */
    struct wait_queue done;    /* an item has run */
    struct spinlock lock;
    /* lock protects: */
    struct list_head items;
    struct work *running;
    bool ending;
};

static struct work_queue *system_queue;

void work_init(struct work *work, void (*run)(struct work *, void *), void *context)
{
    *work = (struct work){ .run = run, .context = context };
    list_init(&work->link);
}

bool work_schedule(struct work_queue *queue, struct work *work)
{
    struct irq_state state = spin_lock_irqsave(&queue->lock);
    BUG_ON(work->queue != NULL && work->queue != queue);
    bool fresh = list_empty(&work->link);
    if (fresh) {
        work->queue = queue;
        list_add_tail(&work->link, &queue->items);
        wait_queue_wake_one(&queue->arrived);
    }
    spin_unlock_irqrestore(&queue->lock, state);
    return fresh;
}

/* The next item becomes the running one. */
static struct work *take(struct work_queue *queue)
{
    struct irq_state state = spin_lock_irqsave(&queue->lock);
    struct work *work = NULL;
    if (!list_empty(&queue->items)) {
        work = list_first_entry(&queue->items, struct work, link);
        list_del(&work->link);
        queue->running = work;
    }
    spin_unlock_irqrestore(&queue->lock, state);
    return work;
}

static void finish(struct work_queue *queue)
{
    struct irq_state state = spin_lock_irqsave(&queue->lock);
    queue->running = NULL;
    wait_queue_wake_all(&queue->done);
    spin_unlock_irqrestore(&queue->lock, state);
}

static bool has_news(struct work_queue *queue)
{
    struct irq_state state = spin_lock_irqsave(&queue->lock);
    bool news = !list_empty(&queue->items) || queue->ending;
    spin_unlock_irqrestore(&queue->lock, state);
    return news;
}

static int work_thread(void *argument)
{
    struct work_queue *queue = argument;
    for (;;) {
        wait_event(&queue->arrived, has_news(queue));
        struct work *work = take(queue);
        if (work == NULL)
            return 0; /* ending, and nothing left */
        work->run(work, work->context);
        finish(queue);
    }
}

static bool is_running(struct work_queue *queue, const struct work *work)
{
    struct irq_state state = spin_lock_irqsave(&queue->lock);
    bool running = queue->running == work;
    spin_unlock_irqrestore(&queue->lock, state);
    return running;
}

bool work_cancel_sync(struct work *work)
{
    struct work_queue *queue = work->queue;
    if (queue == NULL)
        return false; /* never queued */
    BUG_ON(thread_current() == queue->thread);
    struct irq_state state = spin_lock_irqsave(&queue->lock);
    bool was_queued = !list_empty(&work->link);
    if (was_queued)
        list_del(&work->link);
    spin_unlock_irqrestore(&queue->lock, state);
    wait_event(&queue->done, !is_running(queue, work));
    return was_queued;
}

int work_queue_create(const char *name, uint32_t priority, struct work_queue **out)
{
    struct work_queue *queue = kzalloc(sizeof *queue);
    if (queue == NULL)
        return -ENOMEM;
    spin_lock_init(&queue->lock);
    list_init(&queue->items);
    wait_queue_init(&queue->arrived);
    wait_queue_init(&queue->done);
    const struct thread_options options = {
        .name = name,
        .entry = work_thread,
        .argument = queue,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = priority },
    };
    int err = thread_create(&options, &queue->thread);
    if (err) {
        kfree(queue);
        return err;
    }
    *out = queue;
    return 0;
}

void work_queue_destroy(struct work_queue *queue)
{
    struct irq_state state = spin_lock_irqsave(&queue->lock);
    queue->ending = true;
    wait_queue_wake_all(&queue->arrived);
    spin_unlock_irqrestore(&queue->lock, state);
    thread_join(queue->thread);
    kfree(queue);
}

struct work_queue *work_queue_system(void)
{
    return system_queue;
}

int work_init_system(void)
{
    system_queue = NULL;
    return work_queue_create("work", WORK_SYSTEM_PRIORITY, &system_queue);
}

void work_exit_system(void)
{
    work_queue_destroy(system_queue);
    system_queue = NULL;
}
