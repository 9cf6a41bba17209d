/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whether two events say the same: time, topic and payload as they would be recorded. Sequence
 * numbers are not compared: what happens unseen in between may differ. */
#pragma once
#include <axiom/event.h>

bool events_equal(const struct event *a, const struct event *b);

/* "1.250000000 s  /pwm/chip0/0  on, duty 250000 of 1000000 ns". */
void event_line(const struct event *event, char *to, size_t size);
