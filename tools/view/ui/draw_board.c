/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The board at the playhead: the header's pins, PWM, sensors, the interlock. */
#include "format.h"
#include "view.h"

#include <stdio.h>
#include <string.h>

struct panel {
    struct view *view;
    struct canvas *canvas;
    int x, right, y, bottom;
};

static struct model_lane *lane_of(const struct view *view, uint8_t kind, uint32_t number,
                                  uint8_t sub, const char *key)
{
    const struct model *model = view->model[0];
    struct model_lane *lane = model_find_lane(model, kind, EVENT_LAYER_MACHINE, number, sub, key);
    return lane != NULL ? lane : model_find_lane(model, kind, EVENT_LAYER_KERNEL, number, sub, key);
}

/* The state at the playhead; an edge lane's before its first change is the other one. */
static bool state_of(const struct view *view, struct model_lane *lane, struct lane_point *out,
                     uint64_t *index)
{
    if (lane == NULL || lane->lane.count == 0)
        return false;
    if (lane_before(&lane->lane, view->playhead_ns, out, index))
        return true;
    if (lane->lane.kind != LANE_EDGE || !lane_point_at(&lane->lane, 0, out, NULL, NULL))
        return false;
    out->value ^= 1;
    return true;
}

static void heading(struct panel *p, const char *text)
{
    struct view *view = p->view;
    int height = view_px(view, 22);
    draw_fill(p->canvas, p->x, p->y, p->right - p->x, height, view->theme->heading);
    draw_fill(p->canvas, p->x, p->y, p->right - p->x, 1, view->theme->line);
    draw_text(p->canvas, view->small, p->x + view_px(view, 12),
              p->y + (height - font_height(view->small)) / 2, text, view->theme->muted);
    p->y += height + view_px(view, 3);
}

/* --- the header --- */

/* A pin's dot: gold for power and ground, else its level; filled is high. */
static void draw_dot(struct panel *p, const struct header_pin *pin, int x, int y, bool known,
                     const struct lane_point *state)
{
    const struct theme *theme = p->view->theme;
    float radius = (float)(5.2 * p->view->scale);
    float cx = (float)x, cy = (float)y;
    if (pin->line < 0) {
        draw_disc(p->canvas, cx, cy, radius, with_alpha(theme->pin_gold, 110));
        return;
    }
    draw_disc(p->canvas, cx, cy, radius + 1, theme->pin_ink);
    /* The board is dark in both themes. */
    uint32_t colour = !known             ? theme_dark.dropped
                      : state->value & 2 ? theme_dark.output
                                         : theme_dark.input;
    if (known && (state->value & 1))
        draw_disc(p->canvas, cx, cy, radius, colour);
    else
        draw_ring(p->canvas, cx, cy, radius - 1, (float)(1.6 * p->view->scale), colour);
}

/* Which way it is driven, and to where it is pulled; pointing away from the header is out. */
static void draw_direction(struct panel *p, const struct board_line *line, bool known,
                           const struct lane_point *state, int x, int y, bool left)
{
    struct view *view = p->view;
    const struct theme *theme = view->theme;
    int arm = view_px(view, 4), out = left ? -1 : 1;
    float thick = (float)(1.4 * view->scale);
    if (known) {
        bool driven = state->value & 2;
        int dir = driven ? out : -out;
        uint32_t colour = driven ? theme->output : theme->input;
        draw_line(p->canvas, (float)(x - arm), (float)y, (float)(x + arm), (float)y, thick, colour);
        draw_line(p->canvas, (float)(x + dir * arm), (float)y,
                  (float)(x + dir * (arm - arm / 2 - 1)), (float)(y - arm / 2 - 1), thick, colour);
        draw_line(p->canvas, (float)(x + dir * arm), (float)y,
                  (float)(x + dir * (arm - arm / 2 - 1)), (float)(y + arm / 2 + 1), thick, colour);
    }
    if (line->pull != BOARD_PULL_NONE) {
        int px = x + out * view_px(view, 10);
        draw_arrow(p->canvas, px,
                   line->pull == BOARD_PULL_UP ? y - view_px(view, 2) : y + view_px(view, 2),
                   view_px(view, 4), line->pull == BOARD_PULL_UP, theme->faint);
    }
}

static void draw_pin_text(struct panel *p, const struct header_pin *pin, int x, int y, int room,
                          bool left)
{
    struct view *view = p->view;
    const struct theme *theme = view->theme;
    char number[16] = "";
    const char *name = pin->text;
    uint32_t colour = theme->muted;
    if (pin->line >= 0) {
        const struct board_line *line = &view->model[0]->board.line[pin->line];
        snprintf(number, sizeof number, "GPIO%d", pin->line);
        name = line->name[0] != '\0' ? line->name : line->function;
        colour = line->name[0] != '\0' ? theme->text : theme->muted;
        struct model_lane *pwm =
            line->pwm_chip >= 0
                ? lane_of(view, EVENT_PWM,
                          (uint32_t)line->pwm_chip << 8 | (uint8_t)line->pwm_channel, 0, "")
                : NULL;
        if (pwm != NULL && line->name[0] == '\0') {
            name = pwm->name;
            colour = theme->pwm;
        }
    } else if (strcmp(pin->text, "GND") == 0) {
        colour = theme->faint;
    } else {
        colour = theme->error;
    }
    int number_width = view_px(view, 42);
    int number_y = y - font_height(view->small) / 2, name_y = y - font_height(view->font) / 2;
    if (pin->line < 0) {
        if (left)
            draw_text_right(p->canvas, view->small, x, number_y, name, colour);
        else
            draw_text(p->canvas, view->small, x, number_y, name, colour);
        return;
    }
    int width = text_width(view->font, name), name_room = room - number_width;
    width = width < name_room ? width : name_room;
    if (left) {
        draw_text_right(p->canvas, view->small, x, number_y, number, theme->faint);
        draw_text_fit(p->canvas, view->font, x - number_width - width, name_y, name_room, name,
                      colour);
    } else {
        draw_text(p->canvas, view->small, x, number_y, number, theme->faint);
        draw_text_fit(p->canvas, view->font, x + number_width, name_y, name_room, name, colour);
    }
}

static void draw_pin(struct panel *p, int number, int y)
{
    struct view *view = p->view;
    const struct header_pin *pin = &board_header[number];
    bool left = number % 2 == 0;
    int middle = (p->x + p->right) / 2, out = left ? -1 : 1;
    int dot = middle + out * view_px(view, 10), text = middle + out * view_px(view, 50);
    struct lane_point state = { 0 };
    bool known =
        pin->line >= 0 &&
        state_of(view, lane_of(view, EVENT_GPIO, (uint32_t)pin->line, 0, ""), &state, NULL);
    int room = left ? text - p->x - view_px(view, 12) : p->right - view_px(view, 12) - text;
    draw_dot(p, pin, dot, y, known, &state);
    if (pin->line >= 0) {
        const struct board_line *line = &view->model[0]->board.line[pin->line];
        draw_direction(p, line, known, &state, middle + out * view_px(view, 30), y, left);
        if (view->hit_count < BOARD_HITS) {
            int half = (p->right - p->x) / 2, row = view_px(view, 20);
            view->hit[view->hit_count++] =
                (struct board_hit){ .at = { left ? p->x : middle, y - row / 2, half, row },
                                    .line = (uint8_t)pin->line };
        }
    }
    draw_pin_text(p, pin, text, y, room, left);
}

static void draw_header(struct panel *p)
{
    struct view *view = p->view;
    int row = view_px(view, 20), middle = (p->x + p->right) / 2, half = view_px(view, 20);
    draw_round(p->canvas,
               (struct rect){ middle - half, p->y, 2 * half, 20 * row + view_px(view, 4) },
               view_px(view, 5), view->theme->pcb);
    for (int i = 0; i < 40; i++)
        draw_pin(p, i, p->y + view_px(view, 2) + i / 2 * row + row / 2);
    p->y += 20 * row + view_px(view, 10);
}

/* --- PWM --- */

static void draw_pwm_row(struct panel *p, struct model_lane *lane)
{
    struct view *view = p->view;
    const struct theme *theme = view->theme;
    struct lane_point point;
    uint64_t index;
    char text[80] = "no output yet";
    int row = view_px(view, 22), bar_x = p->x + view_px(view, 110), bar = view_px(view, 70);
    int y = p->y + (row - font_height(view->font)) / 2, high = view_px(view, 8);
    int64_t ppm = 0;
    if (p->y + row > p->bottom)
        return;
    if (lane_before(&lane->lane, view->playhead_ns, &point, &index)) {
        model_describe(view->model[0], lane, index, text, sizeof text);
        ppm = point.value < 0 ? 0 : point.value > 1000000 ? 1000000 : point.value;
    }
    draw_text_fit(p->canvas, view->font, p->x + view_px(view, 12), y, view_px(view, 92), lane->name,
                  theme->text);
    draw_round(p->canvas, (struct rect){ bar_x, p->y + (row - high) / 2, bar, high }, high / 2,
               theme->line);
    int filled = (int)(ppm * bar / 1000000);
    if (filled > 0)
        draw_round(p->canvas, (struct rect){ bar_x, p->y + (row - high) / 2, filled, high },
                   high / 2, theme->pwm);
    draw_text_fit(p->canvas, view->font, bar_x + bar + view_px(view, 10), y,
                  p->right - bar_x - bar - view_px(view, 20), text, theme->text);
    p->y += row;
}

/* --- sensors --- */

static void draw_sensor_value(struct panel *p, struct model_lane *lane)
{
    struct view *view = p->view;
    const struct theme *theme = view->theme;
    struct lane_point point;
    char text[48] = "—";
    int row = view_px(view, 18), y = p->y + (row - font_height(view->font)) / 2;
    int bar_x = p->x + view_px(view, 110), bar = view_px(view, 120);
    int64_t min, max;
    if (p->y + row > p->bottom)
        return;
    bool known = lane_before(&lane->lane, view->playhead_ns, &point, NULL);
    if (known)
        format_nano(text, sizeof text, point.value, lane->unit);
    draw_text_fit(p->canvas, view->font, p->x + view_px(view, 24), y, view_px(view, 84), lane->note,
                  theme->muted);
    draw_fill(p->canvas, bar_x, p->y + row / 2, bar, 1, theme->line);
    if (known && lane_range(&lane->lane, &min, &max) && max > min) {
        double share = ((double)point.value - (double)min) / ((double)max - (double)min);
        uint8_t axis = lane->sub <= IIO_ANGL_VEL_Z ? (uint8_t)(lane->sub % 3) : 0;
        draw_disc(p->canvas, (float)(bar_x + share * bar), (float)(p->y + row / 2) + 0.5f,
                  (float)(3.5 * view->scale), theme->axis[axis]);
    }
    draw_text_right(p->canvas, view->font, p->right - view_px(view, 12), y, text, theme->text);
    if (view->hit_count < BOARD_HITS)
        view->hit[view->hit_count++] =
            (struct board_hit){ .at = { p->x, p->y, p->right - p->x, row }, .sensor = lane };
    p->y += row;
}

static void draw_sensors(struct panel *p)
{
    struct view *view = p->view;
    const struct model *model = view->model[0];
    const char *shown = NULL;
    bool any = false;
    for (uint32_t i = 0; i < view->row_count; i++) {
        const struct row *row = &view->rows[i];
        if (row->heading || row->group != MODEL_SENSORS || row->first->event_kind != EVENT_IIO ||
            row->first->derived)
            continue;
        if (!any)
            heading(p, "SENSORS");
        any = true;
        if (shown == NULL || strcmp(shown, row->first->name) != 0) {
            char where[64] = "";
            for (uint32_t s = 0; s < model->board.sensor_count; s++) {
                const struct board_sensor *sensor = &model->board.sensor[s];
                if (strcmp(sensor->label, row->first->name) == 0)
                    snprintf(where, sizeof where, "%s  I2C%u 0x%02x", sensor->compatible,
                             sensor->bus, sensor->address);
            }
            if (p->y + view_px(view, 20) > p->bottom)
                return;
            int used = draw_text_fit(p->canvas, view->bold, p->x + view_px(view, 12), p->y + 1,
                                     view_px(view, 150), row->first->name, view->theme->text);
            draw_text_fit(p->canvas, view->small, p->x + view_px(view, 22) + used,
                          p->y + view_px(view, 2), p->right - p->x - used - view_px(view, 34),
                          where, view->theme->faint);
            p->y += view_px(view, 19);
        }
        shown = row->first->name;
        for (uint32_t axis = 0; axis < ROW_LANES; axis++) {
            if (row->lane[axis] != NULL)
                draw_sensor_value(p, row->lane[axis]);
        }
    }
    p->y += any ? view_px(view, 6) : 0;
}

/* --- the interlock --- */

/* The last stop or re-arm at or before the playhead; how many refusals since. */
static bool latched(const struct view *view, struct model_lane *lane, uint64_t *stop,
                    uint64_t *refused)
{
    struct lane_point point;
    uint64_t index;
    *refused = 0;
    if (lane == NULL || !lane_before(&lane->lane, view->playhead_ns, &point, &index))
        return false;
    for (uint32_t looked = 0; looked < 100000; looked++, index--) {
        if (!lane_point_at(&lane->lane, index, &point, NULL, NULL))
            return false;
        if (point.value & LANE_FLAG_ERROR) {
            *stop = index;
            return true;
        }
        if (!(point.value & LANE_FLAG_REFUSED))
            return false; /* re-armed */
        ++*refused;
        if (index == 0)
            return false;
    }
    return false;
}

static void draw_actuator(struct panel *p, const struct board_actuator *actuator)
{
    struct view *view = p->view;
    const struct theme *theme = view->theme;
    struct lane_point state;
    char text[64];
    uint32_t number = (uint32_t)actuator->chip << 8 | actuator->line;
    int row = view_px(view, 18), y = p->y + (row - font_height(view->font)) / 2;
    if (p->y + row > p->bottom)
        return;
    bool known =
        state_of(view, lane_of(view, actuator->is_pwm ? EVENT_PWM : EVENT_GPIO, number, 0, ""),
                 &state, NULL);
    draw_text_fit(p->canvas, view->font, p->x + view_px(view, 24), y, view_px(view, 110),
                  actuator->name, theme->muted);
    snprintf(text, sizeof text, "safe: %s", actuator->safe_state);
    draw_text(p->canvas, view->small, p->x + view_px(view, 150), y + 1, text, theme->faint);
    if (!known)
        snprintf(text, sizeof text, "—");
    else if (actuator->is_pwm)
        snprintf(text, sizeof text, "%.4g %%", (double)state.value / 1e4);
    else
        snprintf(text, sizeof text, "%s%s", state.value & 1 ? "high" : "low",
                 state.value & 2 ? "" : ", not driven");
    draw_text_right(p->canvas, view->font, p->right - view_px(view, 12), y, text, theme->text);
    p->y += row;
}

static void draw_interlock(struct panel *p)
{
    struct view *view = p->view;
    const struct theme *theme = view->theme;
    const struct board *board = &view->model[0]->board;
    struct model_lane *lane = lane_of(view, EVENT_INTERLOCK, 0, 0, "");
    uint64_t stop = 0, refused = 0;
    char text[200] = "ARMED", more[80] = "";
    if (board->actuator_count == 0 && lane == NULL)
        return;
    heading(p, "INTERLOCK");
    bool is_latched = latched(view, lane, &stop, &refused);
    if (p->y + view_px(view, 24) > p->bottom)
        return;
    if (is_latched) {
        char why[120], when[32];
        struct lane_point point;
        model_label(view->model[0], lane, stop, why, sizeof why);
        lane_point_at(&lane->lane, stop, &point, NULL, NULL);
        format_time(when, sizeof when, point.time_ns - view_origin(view), 1000000);
        snprintf(text, sizeof text, "LATCHED");
        snprintf(more, sizeof more, "%.40s at %s", why, when);
    }
    uint32_t colour = is_latched ? theme->error : theme->pwm;
    int width = text_width(view->bold, text) + view_px(view, 16),
        high = font_height(view->bold) + view_px(view, 4);
    draw_round(p->canvas, (struct rect){ p->x + view_px(view, 12), p->y, width, high },
               view_px(view, 4), with_alpha(colour, 50));
    draw_text(p->canvas, view->bold, p->x + view_px(view, 20), p->y + view_px(view, 2), text,
              colour);
    if (refused > 0)
        snprintf(more + strlen(more), sizeof more - strlen(more), ", %llu refused",
                 (unsigned long long)refused);
    draw_text_fit(p->canvas, view->small, p->x + view_px(view, 20) + width, p->y + view_px(view, 4),
                  p->right - p->x - width - view_px(view, 30), more, theme->muted);
    p->y += high + view_px(view, 5);
    for (uint32_t i = 0; i < board->actuator_count; i++)
        draw_actuator(p, &board->actuator[i]);
}

void draw_board(struct view *view, struct canvas *canvas)
{
    struct rect at = view->at.board;
    const struct theme *theme = view->theme;
    struct panel p = { view, canvas, at.x + 1, at.x + at.width, at.y, at.y + at.height };
    bool any_pwm = false;
    char title[120];
    view->hit_count = 0;
    canvas_clip(canvas, at);
    draw_fill(canvas, at.x, at.y, at.width, at.height, theme->panel);
    draw_fill(canvas, at.x, at.y, 1, at.height, theme->line);
    snprintf(title, sizeof title, "%s",
             view->model[0]->board.known ? view->model[0]->board.model : "40-PIN HEADER");
    heading(&p, title);
    draw_header(&p);
    for (uint32_t i = 0; i < view->row_count; i++) {
        struct row *row = &view->rows[i];
        if (row->heading || row->group != MODEL_PWM || row->lane[0] == NULL || row->first->derived)
            continue;
        if (!any_pwm)
            heading(&p, "PWM");
        any_pwm = true;
        draw_pwm_row(&p, row->lane[0]);
    }
    p.y += any_pwm ? view_px(view, 6) : 0;
    draw_sensors(&p);
    draw_interlock(&p);
    canvas_unclip(canvas);
}
