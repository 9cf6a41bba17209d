/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Virtual time: a number that only grows, and that nothing but the machine moves.
 *
 * The state hash is emitted where time would pass a multiple of the interval, with that multiple as
 * its time: it then shows the state after everything of that instant, however many steps the
 * instant took. */
#include <axiom/bug.h>
#include <axiom/state_hash.h>

#include "internal.h"

void virtual_clock_init(uint64_t hash_interval_ns)
{
    machine.clock = (struct virtual_clock){
        .hash_interval_ns = hash_interval_ns,
        .next_hash_ns = hash_interval_ns != 0 ? 0 : TIME_NEVER,
    };
}

static void emit_hash(void)
{
    struct event event = { .kind = EVENT_HASH };
    event.hash.hash = state_hash_value(machine.clock.now_ns);
    model_emit(&machine.self_model, &event, EVENT_ROLE_OUTPUT);
}

static void advance_past_hashes(uint64_t to_ns)
{
    while (machine.clock.next_hash_ns < to_ns) {
        machine.clock.now_ns = machine.clock.next_hash_ns;
        emit_hash();
        machine.clock.next_hash_ns += machine.clock.hash_interval_ns;
        if (machine.clock.next_hash_ns < machine.clock.hash_interval_ns)
            machine.clock.next_hash_ns = TIME_NEVER;
    }
}

void clock_advance(uint64_t to_ns)
{
    if (__builtin_expect(to_ns < machine.clock.now_ns, 0))
        panic("virtual time would run backwards, from %llu to %llu ns",
              (unsigned long long)machine.clock.now_ns, (unsigned long long)to_ns);
    if (to_ns == machine.clock.now_ns)
        return;
    if (__builtin_expect(machine.config->pace != NULL, 0))
        machine.config->pace(machine.config->pace_context, to_ns);
    if (__builtin_expect(to_ns > machine.clock.next_hash_ns, 0))
        advance_past_hashes(to_ns);
    machine.clock.now_ns = to_ns;
}

uint64_t machine_now_ns(void)
{
    return machine.clock.now_ns;
}

uint64_t sim_time_ns(void)
{
    return machine.clock.now_ns;
}
