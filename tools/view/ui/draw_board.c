/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "view.h"

void draw_board(struct view *view, struct canvas *canvas)
{
    struct rect at = view->at.board;
    draw_fill(canvas, at.x, at.y, at.width, at.height, view->theme->panel);
}

void draw_help(struct view *view, struct canvas *canvas)
{
    (void)view;
    (void)canvas;
}
