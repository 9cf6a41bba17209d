/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the rows of the table of commands (command.c) do. `amount` is the row's own: which way, how far; `x` a place on
 * the canvas, negative where no mouse said one. */
#pragma once
#include "view.h"

void act_pan(struct view *view, double amount, double x);
void act_start(struct view *view, double amount, double x);
void act_end(struct view *view, double amount, double x);
void act_zoom(struct view *view, double amount, double x);
void act_fit(struct view *view, double amount, double x);
void act_zoom_cursors(struct view *view, double amount, double x);
void act_playhead(struct view *view, double amount, double x);
void act_step_lane(struct view *view, double amount, double x);
void act_step_any(struct view *view, double amount, double x);
void act_play(struct view *view, double amount, double x);
void act_speed(struct view *view, double amount, double x);
void act_follow(struct view *view, double amount, double x);
void act_cursor(struct view *view, double amount, double x);
void act_clear(struct view *view, double amount, double x);
void act_search(struct view *view, double amount, double x);
void act_search_on(struct view *view, double amount, double x);
void act_difference(struct view *view, double amount, double x);
void act_differing_first(struct view *view, double amount, double x);
void act_select(struct view *view, double amount, double x);
void act_move(struct view *view, double amount, double x);
void act_hide(struct view *view, double amount, double x);
void act_show_hidden(struct view *view, double amount, double x);
void act_fold(struct view *view, double amount, double x);
void act_tall(struct view *view, double amount, double x);
void act_input(struct view *view, double amount, double x);

/* --- among the files of actions --- */

/* Shown at the bottom until the next command. */
void view_say(struct view *view, const char *text);
/* The playhead to a time, and that into sight. */
void view_go(struct view *view, uint64_t time_ns);
/* NULL: none, or a heading. */
struct row *view_selected_row(struct view *view);
/* The row above (-1) or below (1). */
void view_select_row(struct view *view, int by);
