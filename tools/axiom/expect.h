/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Expectations: assertions about a run's events, one a line.
 *
 *   # the soft limit stops the machine, and it stays stopped
 *   count  /interlock where action == stop: == 1
 *   within 1ms after /interlock where action == stop: /pwm/chip0/0 where duty_ns == 0
 *   never  /pwm/chip0/0 where duty_ns > 0 after /interlock where action == stop
 *   every  /bpf/run where program == lidar: insn_count < 200 and error == 0
 *   last   /bpf/map/position where key == 0: s64[0] == 12000
 *
 * TOPIC is a channel of the recording; `where` narrows it by fields (event_field.h). Numbers may
 * carry ns, us, ms or s; texts need no quotes unless they hold blanks. Expectations are checked
 * while the run goes on, in memory that depends on their number only (and, for `within`, on a fixed
 * count of open deadlines). */
#pragma once
#include <axiom/event.h>

struct expect;

struct expect_error {
    uint32_t line; /* from 1 */
    char text[240];
};

/* Parses the text of `size` bytes. -EINVAL with *error, -ENOMEM. Caller owns *out; expect_free().
 */
int expect_parse(const char *text, size_t size, struct expect **out, struct expect_error *error);
void expect_free(struct expect *expect);

/* Every event of the run, in order, with its channel's topic. */
void expect_event(struct expect *expect, const char *topic, const struct event *event);

/* The end of the run: closes what is open. The number of assertions that do not hold. */
uint32_t expect_finish(struct expect *expect, uint64_t end_ns);

/* After expect_finish(): the assertions one by one. */
struct expect_verdict {
    uint32_t line;
    const char *source; /* the assertion as written */
    bool holds;
    const char *why; /* if not: what was seen, when */
};
uint32_t expect_count(const struct expect *expect);
void expect_verdict(const struct expect *expect, uint32_t index, struct expect_verdict *out);
