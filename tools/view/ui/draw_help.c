/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The help page: the table of commands, as it is. */
#include "command.h"
#include "view.h"

#define COLUMNS 2

static void draw_command(struct view *view, struct canvas *canvas,
                         const struct view_command *command, int x, int y, int width)
{
    const struct theme *theme = view->theme;
    int key = view_px(view, 84), mouse = view_px(view, 130);
    draw_text_fit(canvas, view->bold, x, y, key - view_px(view, 6), command->keys, theme->text);
    draw_text_fit(canvas, view->font, x + key, y, width - key - mouse - view_px(view, 8),
                  command->help, theme->text);
    draw_text_fit(canvas, view->small, x + width - mouse, y + 1, mouse, command->mouse,
                  theme->muted);
}

void draw_help(struct view *view, struct canvas *canvas)
{
    const struct theme *theme = view->theme;
    int width = view_px(view, 1120), row = view_px(view, 22), air = view_px(view, 24);
    int rows = (COMMAND_COUNT + COLUMNS - 1) / COLUMNS;
    if (width > canvas->width - 2 * air)
        width = canvas->width - 2 * air;
    int height = rows * row + 3 * air;
    if (height > canvas->height - air)
        height = canvas->height - air;
    int x = (canvas->width - width) / 2, y = (canvas->height - height) / 2;
    draw_fill(canvas, 0, 0, canvas->width, canvas->height, with_alpha(theme->back, 150));
    draw_round(canvas, (struct rect){ x - 1, y - 1, width + 2, height + 2 }, view_px(view, 8),
               theme->line);
    draw_round(canvas, (struct rect){ x, y, width, height }, view_px(view, 8), theme->panel);
    draw_text(canvas, view->title, x + air, y + air / 2,
              "Keys, and what the mouse does for the same", theme->text);
    int column = (width - 2 * air - air) / COLUMNS;
    for (int i = 0; i < COMMAND_COUNT; i++)
        draw_command(view, canvas, &view_commands[i], x + air + i / rows * (column + air),
                     y + 2 * air + i % rows * row, column);
}
