/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "search.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define POINTS_MAX 2000000u /* looked at in one lane; beyond it the search would be felt */

static bool has(const char *where, const char *what)
{
    size_t size = strlen(what);
    for (; *where != '\0'; where++) {
        if (strncasecmp(where, what, size) == 0)
            return true;
    }
    return false;
}

/* "28.4s", "17ms": not "17", which may be a line's number. */
static bool as_time(const char *text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = { { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "µs", 1e3 }, { "ns", 1 } };
    char *end;
    double value = strtod(text, &end);
    if (end == text || !(value >= 0))
        return false;
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(end, units[i].unit) == 0 && value * units[i].ns < 9e18) {
            *ns = (uint64_t)(value * units[i].ns + 0.5);
            return true;
        }
    }
    return false;
}

/* The next point of a lane whose words have the text, not beyond `limit`. */
static bool next_in_lane(const struct model *model, struct model_lane *lane, const char *text,
                         uint64_t from, bool forward, uint64_t *out)
{
    struct lane_point point;
    char words[LANE_EXTRA_MAX];
    uint64_t index, looked = 0;
    if (lane->lane.kind == LANE_EDGE || lane->lane.kind == LANE_ANALOG ||
        lane->lane.kind == LANE_PWM)
        return false;
    if (forward) {
        index = from == UINT64_MAX ? lane->lane.count : lane_find(&lane->lane, from + 1);
    } else {
        index = lane_find(&lane->lane, from);
        if (index-- == 0)
            return false;
    }
    while (looked++ < POINTS_MAX && lane_point_at(&lane->lane, index, &point, NULL, NULL)) {
        model_label(model, lane, index, words, sizeof words);
        if (has(words, text)) {
            *out = point.time_ns;
            return true;
        }
        if (forward)
            index++;
        else if (index-- == 0)
            return false;
    }
    return false;
}

static bool by_name(struct view *view, const char *text, bool forward, struct search_result *out)
{
    uint32_t count = view->row_count;
    for (uint32_t i = 1; i <= count; i++) {
        uint32_t at = (view->selected + (forward ? i : count - i)) % count;
        const struct row *row = &view->rows[at];
        if (!row->heading && (has(row->first->name, text) || has(row->first->note, text))) {
            out->row = at;
            return true;
        }
    }
    return false;
}

bool search_view(struct view *view, const char *text, bool forward, struct search_result *out)
{
    *out = (struct search_result){ 0 };
    uint64_t time;
    if (text[0] == '\0' || view->row_count == 0)
        return false;
    if (as_time(text, &time)) {
        out->has_time = true;
        out->time_ns = view_origin(view) + time;
        return false;
    }
    if (by_name(view, text, forward, out))
        return true;
    bool found = false;
    for (uint32_t i = 0; i < view->row_count; i++) {
        struct row *row = &view->rows[i];
        if (row->heading || row->lane[0] == NULL)
            continue;
        if (next_in_lane(view->model[0], row->lane[0], text, view->playhead_ns, forward, &time) &&
            (!found || (forward ? time < out->time_ns : time > out->time_ns))) {
            *out = (struct search_result){ i, true, time };
            found = true;
        }
    }
    return found;
}
