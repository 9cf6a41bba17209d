/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An actuator's topic of a recording of another robot (a bag's servo pulses, a blackbox's motor[0])
 * against the PWM that a run made: whether ours would have moved the same. */
#pragma once
#include "bind.h"

/* Each binding is CHANNEL=pwm/chipC/CHANNEL[/us|ns|percent|ratio]. At each of the channel's records the
 * PWM's duty must come to within `tolerance` of it (in the channel's own unit, nano) at some time from the
 * record's to `lag_ns` later. `offset_ns`: the trace's time 0 in the run. An exit code: EXIT_DIFFERS where
 * one does not; told are the first and the worst. */
int trace_compare(const char *run, const char *trace, const struct trace_options *words,
                  const struct binding_list *bindings, int64_t tolerance_nano, uint64_t lag_ns,
                  uint64_t offset_ns);
