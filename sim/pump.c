/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What happens next: a model's timer, an input, or the end.
 *
 * At one time timers come before inputs, so that an input finds no model action due. With the
 * instant CPU model machine_step() is called only when no CPU can go on, which makes every input
 * wait until the kernel is quiescent; an input also waits while a model says that the driver has to
 * empty its FIFO first, for as long as model timers keep things going and not longer than
 * INPUT_HOLD_MAX_NS. With a CPU model that has costs, time passes inside machine_charge() and
 * inputs come when they come. */
#include <axiom/bug.h>
#include <axiom/log.h>

#include "internal.h"

static void run_timer(void)
{
    struct model_timer *timer = event_queue_pop(&machine.queue);
    timer->callback(timer->model, timer);
}

static bool some_model_busy(void)
{
    for (uint32_t i = 0; i < machine.busy_count; i++) {
        struct model *model = machine.busy_models[i];
        if (model->ops->busy(model))
            return true;
    }
    return false;
}

/* An input at input_ns has to wait for the timer at timer_ns, though that comes later. */
static bool input_held(uint64_t input_ns, uint64_t timer_ns)
{
    if (machine.busy_count == 0 || machine.config->cpu_model != SIM_CPU_INSTANT)
        return false;
    if (timer_ns == TIME_NEVER || !some_model_busy())
        return false;
    return timer_ns <= input_ns || timer_ns - input_ns <= INPUT_HOLD_MAX_NS;
}

/* The next instant at which something happens, and what. */
struct happening {
    uint64_t at_ns;
    bool is_input;
};

static struct happening next_happening(void)
{
    uint64_t timer_ns = event_queue_next_ns(&machine.queue);
    uint64_t input_ns = replay_due_ns();
    if (input_ns < timer_ns && !input_held(input_ns, timer_ns))
        return (struct happening){ input_ns, true };
    return (struct happening){ timer_ns, false };
}

static void let_happen(struct happening next)
{
    if (next.at_ns > machine.clock.now_ns)
        clock_advance(next.at_ns);
    if (next.is_input)
        replay_deliver();
    else
        run_timer();
}

/* The run is over, now. */
static void stop_now(void)
{
    machine.stopped = true;
    machine.result->stop_time_ns = machine.clock.now_ns;
}

/* Whether somebody does something to the board before `soonest`: true if that has happened. An input that would have to
 * wait for a FIFO is asked for only when it need not: then the recording has the time at which it was taken. */
static bool take_live_input(uint64_t soonest)
{
    const struct sim_config *config = machine.config;
    uint64_t now = machine.clock.now_ns;
    struct sim_input input = { 0 };
    if (!machine.stopped && soonest > machine.stop_at_ns)
        soonest = machine.stop_at_ns;
    if (machine.stopped || machine.stop_requested || soonest == TIME_NEVER || soonest <= now + 1 ||
        input_held(soonest - 1, event_queue_next_ns(&machine.queue)))
        return false;
    if (config->live_input(config->live_context, now, soonest, &input) != 1 || input.time_ns <= now ||
        input.time_ns >= soonest || !replay_input_fits(&input))
        return false;
    clock_advance(input.time_ns);
    replay_deliver_live(&input);
    return true;
}

enum machine_step machine_step(uint64_t limit_ns)
{
    struct happening next = next_happening();
    uint64_t soonest = next.at_ns < limit_ns ? next.at_ns : limit_ns;
    if (__builtin_expect(machine.config->live_input != NULL, 0) && take_live_input(soonest))
        return MACHINE_EVENT;
    if (__builtin_expect(
            !machine.stopped && (soonest > machine.stop_at_ns || machine.stop_requested), 0)) {
        if (!machine.stop_requested && machine.stop_at_ns > machine.clock.now_ns)
            clock_advance(machine.stop_at_ns);
        stop_now();
        return MACHINE_STOP;
    }
    if (next.at_ns <= limit_ns && next.at_ns != TIME_NEVER) {
        let_happen(next);
        return MACHINE_EVENT;
    }
    if (limit_ns == TIME_NEVER) {
        if (machine.stopped)
            return MACHINE_NOTHING;
        stop_now();
        return MACHINE_STOP;
    }
    clock_advance(limit_ns);
    return MACHINE_EVENT;
}

bool machine_stop_overdue(void)
{
    if (machine.stopped)
        return false;
    if (!machine.stop_requested &&
        (machine.stop_at_ns == TIME_NEVER || machine.clock.now_ns < machine.stop_at_ns))
        return false;
    stop_now();
    return true;
}

bool machine_charge(uint64_t ns)
{
    uint64_t until = machine.clock.now_ns + ns;
    bool happened = false;
    for (;;) {
        struct happening next = next_happening();
        if (next.at_ns > until)
            break;
        let_happen(next);
        happened = true;
    }
    /* A time jump may have gone further. */
    if (until > machine.clock.now_ns)
        clock_advance(until);
    return happened;
}

void sim_request_stop(void)
{
    machine.stop_requested = true;
}
