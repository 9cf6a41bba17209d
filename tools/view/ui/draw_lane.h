/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The kinds of lane, drawn into a band of the plot, and what they all ask of the view. */
#pragma once
#include "view.h"

struct band {
    int top, bottom; /* where the lane's high and low are drawn */
    uint32_t colour; /* 0: the kind's own */
    bool second;     /* the other recording's */
};

void draw_edges(struct view *view, struct canvas *canvas, struct lane *lane,
                const struct band *band);
void draw_moments(struct view *view, struct canvas *canvas, const struct model *model,
                  struct model_lane *lane, const struct band *band);
void draw_states(struct view *view, struct canvas *canvas, const struct model *model,
                 struct model_lane *lane, const struct band *band);
/* Of the row, with its values' grid in the gutter; clipped to the plot from there on. */
void draw_analog(struct view *view, struct canvas *canvas, struct row *row, struct band band);
void draw_pwm(struct view *view, struct canvas *canvas, struct row *row, struct band band);

uint64_t draw_visible_end(const struct view *view);
/* Columns up to the newest event: beyond it nobody knows. */
int draw_known_width(const struct view *view);
/* A column in a colour that is not opaque, over whatever the second recording left there. */
void draw_over(const struct view *view, struct canvas *canvas, int x, int y, int height,
               uint32_t colour);
/* What a lane says where the plot begins. */
bool draw_value_at_left(const struct view *view, struct lane *lane, int64_t *value);
/* The lane's columns into view->columns; how many points they stand for, about. */
uint64_t draw_take_columns(struct view *view, struct lane *lane);
/* From here on only the plot, not the gutter. */
void draw_clip_to_plot(const struct view *view, struct canvas *canvas);
