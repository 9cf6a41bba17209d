/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whether two events say the same: time, topic and payload as they would be recorded. Sequence
 * numbers are not compared: what happens unseen in between may differ. */
#pragma once
#include <axiom/event.h>

bool events_equal(const struct event *a, const struct event *b);

/* The same, of a run with another program: how many instructions it takes is its own business. */
bool events_of_other_program_equal(const struct event *a, const struct event *b);

/* Whether they say the same but for when: for a recording of a real board, whose times nothing repeats. A run's
 * digest of its context, which has the time in it, and its duration are left out, too. */
bool events_alike(const struct event *a, const struct event *b);
/* What a real board's kernel did in an order that can be held against another run's: outputs of its own layer but
 * samples, which come when a driver asks for them. */
bool event_has_order(const struct event *event);

/* "1.250000000 s  /pwm/chip0/0  on, duty 250000 of 1000000 ns". */
void event_line(const struct event *event, char *to, size_t size);
