/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Events by the names of their fields, for expectations, differences and listings: what struct
 * event has as members, a person names as `duty_ns`, `program`, `accel_x`, `s64[2]`. */
#pragma once
#include <axiom/event.h>

struct event_value {
    bool is_text;
    int64_t number;
    const char *text; /* lives as long as the event */
};

/* False if events of this kind have no such field, or this one's is not there (an IIO channel that
 * is not in the scan). */
bool event_field(const struct event *event, const char *name, struct event_value *out);

/* The fields' names of a kind, separated by blanks, for messages. */
const char *event_field_names(enum event_kind kind);

/* One line for a person: "17 = 1", "duty 250000 of 1000000 ns, on". */
void event_describe(const struct event *event, char *to, size_t size);
