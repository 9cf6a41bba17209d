/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compare.h"

#include "event_field.h"
#include "recording.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool events_equal(const struct event *a, const struct event *b)
{
    struct event_channel of_a[EVENT_CHANNELS_MAX], of_b[EVENT_CHANNELS_MAX];
    if (a->kind != b->kind || a->layer != b->layer || a->role != b->role ||
        a->time_ns != b->time_ns)
        return false;
    if (event_channels_of(a, of_a) == 0 || event_channels_of(b, of_b) == 0)
        return false;
    if (of_a[0].form != of_b[0].form || of_a[0].number != of_b[0].number ||
        strcmp(event_channel_name(a), event_channel_name(b)) != 0)
        return false;
    uint8_t stack[2][512];
    size_t max_a = event_encoded_size_max(a, of_a[0].form),
           max_b = event_encoded_size_max(b, of_b[0].form);
    uint8_t *at_a = max_a <= sizeof stack[0] ? stack[0] : malloc(max_a);
    uint8_t *at_b = max_b <= sizeof stack[1] ? stack[1] : malloc(max_b);
    bool equal = false;
    if (at_a != NULL && at_b != NULL) {
        size_t size_a = event_encode(a, of_a[0].form, at_a),
               size_b = event_encode(b, of_b[0].form, at_b);
        equal = size_a == size_b && memcmp(at_a, at_b, size_a) == 0;
    }
    if (at_a != stack[0])
        free(at_a);
    if (at_b != stack[1])
        free(at_b);
    return equal;
}

static struct event untimed(const struct event *event)
{
    struct event copy = *event;
    copy.time_ns = copy.source_ns = 0;
    if (copy.kind == EVENT_BPF_RUN)
        copy.bpf_run.context_digest = copy.bpf_run.duration_ns = 0;
    return copy;
}

bool events_of_other_program_equal(const struct event *a, const struct event *b)
{
    struct event x = *a, y = *b;
    if (x.kind == EVENT_BPF_RUN && y.kind == EVENT_BPF_RUN)
        x.bpf_run.insn_count = y.bpf_run.insn_count = 0;
    return events_equal(&x, &y);
}

bool events_alike(const struct event *a, const struct event *b)
{
    struct event x = untimed(a), y = untimed(b);
    return events_equal(&x, &y);
}

bool event_has_order(const struct event *event)
{
    return event->role == EVENT_ROLE_OUTPUT && event->layer == EVENT_LAYER_KERNEL &&
           event->kind != EVENT_IIO;
}

void event_line(const struct event *event, char *to, size_t size)
{
    char topic[EVENT_TOPIC_MAX], text[256];
    event_topic(event, topic, sizeof topic);
    event_describe(event, text, sizeof text);
    snprintf(to, size, "%" PRIu64 ".%09" PRIu64 " s  %s  %s", event->time_ns / NSEC_PER_SEC,
             event->time_ns % NSEC_PER_SEC, topic, text);
}
