/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The kernel's life: everything is set up in the order of two tables and torn down in the reverse
 * order, also when the nth step fails. A boot leaves nothing behind: no page, no thread, no static
 * variable that the next boot would see.
 *
 * The early steps run on the port's stack, which then is the boot CPU's idle thread; the later ones
 * in a thread of their own, because drivers sleep. That thread waits for kernel_stop() and takes
 * down what it has put up. */
#include <arch/irqflags.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <core/option.h>
#include <internal/boot.h>
#include <internal/sched.h>

struct step {
    const char *name;
    int (*init)(void);
    void (*exit)(void); /* NULL: nothing to take down */
};

static int boot_idle_init(void)
{
    int err = idle_adopt(0);
    if (err == 0)
        cpus[0].online = true;
    return err;
}

static void boot_idle_exit(void)
{
    cpus[0].online = false;
    idle_release(0);
}

static const struct step early_steps[] = {
    { "log", log_init, NULL },         { "time", time_init, time_exit },
    { "memory", mm_init, mm_exit },    { "interrupts", irq_init, irq_exit },
    { "scheduler", sched_init, NULL }, { "idle", boot_idle_init, boot_idle_exit },
};

/* A subsystem's row stands before the devices if drivers register with it, after them if it looks
 * for what they have registered. */
static const struct step late_steps[] = {
    { "work", work_init_system, work_exit_system },     { "device tree", tree_init, tree_exit },
    { "subsystems", subsystems_init, subsystems_exit }, { "devices", device_init, device_exit },
    { "interlock", interlock_load, interlock_exit },    { "CPUs", smp_init, smp_exit },
    { "programs", programs_init, programs_exit },       { "addon", addon_init, addon_exit },
};

static const struct boot_info *current_boot;
static struct completion stop_requested;
static struct thread *main_thread;
static struct boot_step_pages step_pages[ARRAY_SIZE(early_steps) + ARRAY_SIZE(late_steps)];
static uint32_t step_count;

const struct boot_info *boot_info(void)
{
    return current_boot;
}

static void take_down(const struct step *steps, uint32_t count)
{
    while (count-- > 0) {
        if (steps[count].exit != NULL)
            steps[count].exit();
    }
}

static uint64_t pages_used(void)
{
    struct mm_stats stats;
    mm_stats(&stats);
    return stats.pages_used;
}

static void note_pages(const char *step, uint64_t before)
{
    uint64_t now = pages_used();
    if (step_count < ARRAY_SIZE(step_pages))
        step_pages[step_count++] =
            (struct boot_step_pages){ step, now > before ? now - before : 0 };
}

const struct boot_step_pages *boot_step_pages(uint32_t index)
{
    return index < step_count ? &step_pages[index] : NULL;
}

/* 0, or the first step's error, with the steps before it taken down again. */
static int put_up(const struct step *steps, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t before = pages_used();
        int err = steps[i].init();
        if (err) {
            log_err("boot: %s failed with error %d", steps[i].name, err);
            take_down(steps, i);
            return err;
        }
        note_pages(steps[i].name, before);
    }
    return 0;
}

/* stop_after_ms=N on the command line: for who looks at a run from outside. */
static void wait_for_stop(void)
{
    uint64_t limit_ms = 0;
    if (option_number("stop_after_ms", 1, UINT32_MAX, &limit_ms))
        (void)completion_wait_until(&stop_requested, ktime_get_ns() + limit_ms * NSEC_PER_MSEC);
    else
        completion_wait(&stop_requested);
}

static int main_entry(void *argument)
{
    (void)argument;
    option_name_unknown();
    int err = put_up(late_steps, ARRAY_SIZE(late_steps));
    if (err)
        return err;
    log_info("boot: complete");
    wait_for_stop();
    log_info("kernel: stopping");
    take_down(late_steps, ARRAY_SIZE(late_steps));
    return 0;
}

static bool main_has_ended(void)
{
    return completion_try(&main_thread->exited);
}

/* On the idle thread. */
static int run(void)
{
    const struct thread_options options = {
        .name = "main",
        .entry = main_entry,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = SCHED_PRIORITY_MAX / 2 },
        .cpu_mask = 1, /* it takes the other CPUs down */
    };
    int err = thread_create(&options, &main_thread);
    if (err) {
        log_err("boot: no main thread: error %d", err);
        return err;
    }
    idle_loop(main_has_ended);
    err = main_thread->result;
    thread_destroy(main_thread);
    main_thread = NULL;
    return err;
}

int kernel_main(const struct boot_info *info)
{
    BUG_ON(!arch_irqs_disabled());
    BUG_ON(arch_cpu_id() != 0);
    current_boot = info;
    main_thread = NULL;
    step_count = 0;
    completion_init(&stop_requested);
    percpu_init();
    spin_contention_set(false);
    int err = put_up(early_steps, ARRAY_SIZE(early_steps));
    if (err == 0) {
        err = run();
        take_down(early_steps, ARRAY_SIZE(early_steps));
    }
    current_boot = NULL;
    return err;
}

void kernel_stop(void)
{
    complete_all(&stop_requested);
}
