/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Commands that are a live run's world: pins driven and sensors given values from outside. */
#include "action.h"
#include "command.h"
#include "format.h"

#include <math.h>
#include <stdio.h>

static bool can_give(struct view *view)
{
    if (view->give_input != NULL && !view->live_ended)
        return true;
    view_say(view, view->live ? "the run has ended"
                              : "a recording is as it was; axiom run ... --view takes inputs");
    return false;
}

void view_toggle_line(struct view *view, uint8_t line)
{
    struct lane_point point = { 0 };
    struct model_lane *lane =
        model_find_lane(view->model[0], EVENT_GPIO, EVENT_LAYER_MACHINE, line, 0, "");
    if (!can_give(view))
        return;
    bool known = lane != NULL && lane->lane.count > 0;
    if (known)
        point = lane->lane.last;
    else
        point.value = view->model[0]->board.line[line].pull == BOARD_PULL_UP;
    struct view_input input = { .is_line = true, .line = line, .level = !(point.value & 1) };
    view->give_input(view->input_context, &input);
    snprintf(view->message, sizeof view->message, "GPIO%u %s from outside", line,
             input.level ? "high" : "low");
}

/* By a share of what the sensor has spanned so far, or of its value. */
void view_drag_sensor(struct view *view, struct model_lane *lane, double share)
{
    int64_t min, max;
    if (!can_give(view))
        return;
    if (lane->event_kind != EVENT_IIO || !lane_range(&lane->lane, &min, &max)) {
        view_say(view, "no sensor that takes values");
        return;
    }
    double range = (double)max - (double)min, value = (double)lane->lane.last.value;
    if (range < fabs(value) * 0.2)
        range = fabs(value) * 0.2;
    if (range < 1e9)
        range = 1e9;
    value += share * range;
    double limit = 9e18;
    if (lane->sub == IIO_HUMIDITYRELATIVE) {
        value = (value < 0 ? 0 : value > 100e9 ? 100e9 : value) / 100; /* shown in percent */
    }
    value = value > limit ? limit : value < -limit ? -limit : value;
    struct view_input input = { .device = lane->key,
                                .quantity = lane->sub,
                                .nano = (int64_t)value };
    view->give_input(view->input_context, &input);
    char text[48];
    format_nano(text, sizeof text,
                lane->sub == IIO_HUMIDITYRELATIVE ? input.nano * 100 : input.nano, lane->unit);
    snprintf(view->message, sizeof view->message, "%s %s: %s from outside", lane->name, lane->note,
             text);
}

void act_input(struct view *view, double amount, double x)
{
    (void)x;

    struct row *row = view_selected_row(view);
    if (row == NULL)
        view_say(view, "select a lane first (↑ ↓)");
    else if (amount >= 0 && amount <= 0 && row->first->event_kind == EVENT_GPIO &&
             row->first->number < BOARD_LINES)
        view_toggle_line(view, (uint8_t)row->first->number);
    else
        view_drag_sensor(view, row->first, amount);
}
