/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "diverge.h"

#include "compare.h"
#include "recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct diverge {
    struct recording_reader a, b;
    uint64_t number;
};

struct diverge *diverge_open(const char *path_a, const char *path_b)
{
    struct diverge *diverge = calloc(1, sizeof *diverge);
    if (diverge == NULL)
        return NULL;
    if (recording_open(&diverge->a, path_a, true) != 0 ||
        recording_open(&diverge->b, path_b, true) != 0) {
        diverge_close(diverge);
        return NULL;
    }
    return diverge;
}

void diverge_close(struct diverge *diverge)
{
    if (diverge == NULL)
        return;
    recording_close(&diverge->a);
    recording_close(&diverge->b);
    free(diverge);
}

static int next_output(struct recording_reader *reader, struct event *event)
{
    const struct event_channel *channel;
    int got;
    while ((got = recording_next(reader, event, &channel)) == 1 && event->role != EVENT_ROLE_OUTPUT)
        ;
    return got == 1;
}

static void report(struct diverge *diverge, struct view *view, const struct event *a,
                   const struct event *b)
{
    char line_a[200] = "(ends)", line_b[200] = "(ends)", text[480];
    if (a != NULL)
        event_line(a, line_a, sizeof line_a);
    if (b != NULL)
        event_line(b, line_b, sizeof line_b);
    uint64_t time_a = a != NULL ? a->time_ns : UINT64_MAX,
             time_b = b != NULL ? b->time_ns : UINT64_MAX;
    view->diverged = true;
    view->diverged_ns = time_a < time_b ? time_a : time_b;
    snprintf(text, sizeof text, "first difference, output %llu:  %.100s   ≠   %.100s",
             (unsigned long long)diverge->number, line_a, line_b);
    printable(view->divergence, sizeof view->divergence, text);
}

bool diverge_step(struct diverge *diverge, struct view *view, uint32_t events)
{
    struct event a, b;
    for (uint32_t i = 0; i < events; i++) {
        int got_a = next_output(&diverge->a, &a), got_b = next_output(&diverge->b, &b);
        diverge->number++;
        if (!got_a && !got_b)
            return false;
        if (got_a != got_b || !events_equal(&a, &b)) {
            report(diverge, view, got_a ? &a : NULL, got_b ? &b : NULL);
            return false;
        }
    }
    return true;
}

/* --- lanes --- */

bool lanes_differ(const struct model *model_a, struct lane *a, const struct model *model_b,
                  struct lane *b, uint64_t *time_ns)
{
    struct lane_point p, q;
    const uint8_t *extra_p, *extra_q;
    size_t size_p, size_q;
    for (uint64_t i = 0;; i++) {
        bool more_a = lane_point_at(a, i, &p, &extra_p, &size_p);
        bool more_b = lane_point_at(b, i, &q, &extra_q, &size_q);
        if (!more_a && !more_b)
            return false;
        bool same = more_a && more_b && p.time_ns == q.time_ns && size_p == size_q &&
                    (size_p == 0 || memcmp(extra_p, extra_q, size_p) == 0);
        if (same && a->kind == LANE_STATE)
            same = strcmp(model_text_at(model_a, (uint32_t)p.value),
                          model_text_at(model_b, (uint32_t)q.value)) == 0;
        else if (same)
            same = p.value == q.value;
        if (same)
            continue;
        *time_ns = !more_b || (more_a && p.time_ns < q.time_ns) ? p.time_ns : q.time_ns;
        return true;
    }
}

static bool row_differs(const struct view *view, const struct row *row, uint64_t *time_ns)
{
    bool any = false;
    for (uint32_t i = 0; i < ROW_LANES; i++) {
        struct model_lane *a = row->lane[i], *b = row->other[i];
        uint64_t at;
        struct lane_point first;
        bool differs;
        if (a == NULL && b == NULL)
            continue;
        if (a != NULL && b != NULL) {
            differs = lanes_differ(view->model[0], &a->lane, view->model[1], &b->lane, &at);
        } else {
            differs = lane_point_at(a != NULL ? &a->lane : &b->lane, 0, &first, NULL, NULL);
            at = first.time_ns;
        }
        if (differs && (!any || at < *time_ns))
            *time_ns = at;
        any |= differs;
    }
    return any;
}

void diverge_mark_rows(struct view *view)
{
    for (uint32_t i = 0; i < view->row_count; i++) {
        struct row *row = &view->rows[i];
        if (!row->heading)
            row->differs = row_differs(view, row, &row->differs_ns);
    }
    view->compared = true;
}
