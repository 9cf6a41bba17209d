/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What can be done, once: keys, mouse, scripts and the help page all come from this table. */
#pragma once
#include "view.h"

enum command_id {
    COMMAND_PAN_LEFT,
    COMMAND_PAN_RIGHT,
    COMMAND_PAGE_LEFT,
    COMMAND_PAGE_RIGHT,
    COMMAND_START,
    COMMAND_END,
    COMMAND_ZOOM_IN,
    COMMAND_ZOOM_OUT,
    COMMAND_FIT,
    COMMAND_ZOOM_CURSORS,
    COMMAND_PLAYHEAD_HERE, /* argument: x */
    COMMAND_NEXT_EDGE,
    COMMAND_PREVIOUS_EDGE,
    COMMAND_NEXT_EVENT,
    COMMAND_PREVIOUS_EVENT,
    COMMAND_PLAY,
    COMMAND_FASTER,
    COMMAND_SLOWER,
    COMMAND_FOLLOW,
    COMMAND_CURSOR_A,
    COMMAND_CURSOR_B,
    COMMAND_CLEAR,
    COMMAND_SEARCH,
    COMMAND_SEARCH_NEXT,
    COMMAND_SEARCH_BACK,
    COMMAND_DIFFERENCE,
    COMMAND_DIFFERING_FIRST,
    COMMAND_ROW_UP,
    COMMAND_ROW_DOWN,
    COMMAND_MOVE_UP,
    COMMAND_MOVE_DOWN,
    COMMAND_HIDE,
    COMMAND_SHOW_HIDDEN,
    COMMAND_FOLD,
    COMMAND_TALL,
    COMMAND_INPUT_TOGGLE,
    COMMAND_INPUT_UP,
    COMMAND_INPUT_DOWN,
    COMMAND_BOARD,
    COMMAND_THEME,
    COMMAND_PICTURE,
    COMMAND_HELP,
    COMMAND_QUIT,
    COMMAND_COUNT
};

enum key_modifier { KEY_SHIFT = 1, KEY_CONTROL = 2 };

struct view_command {
    const char *name;  /* for scripts: "zoom-in" */
    const char *keys;  /* for people: "+" */
    const char *mouse; /* what the mouse does for the same; "" */
    const char *help;
    int key, also; /* SDL keycodes; 0: none */
    uint8_t modifiers;
    void (*act)(struct view *view, double amount,
                double x); /* action.h; NULL: the window does it */
    double amount;
};

extern const struct view_command view_commands[COMMAND_COUNT];

/* The command of a key; COMMAND_COUNT if none. `character` is what was typed ('?', '/', '+'), 0 if no text. */
enum command_id command_of_key(int key, unsigned modifiers);
enum command_id command_by_name(const char *name);

/* Does it. Zooming keeps the time at `x` of the canvas in place; negative: at the playhead, or in the middle. False:
 * to be done by the window (COMMAND_QUIT, COMMAND_PICTURE). */
bool view_do(struct view *view, enum command_id command, double x);

/* The pieces that the mouse uses with other amounts. */
void view_zoom(struct view *view, double factor, double x);
void view_pan(struct view *view, double pixels);
void view_move_row(struct view *view, uint32_t from, uint32_t to);
void view_toggle_line(struct view *view, uint8_t line);
void view_drag_sensor(struct view *view, struct model_lane *lane, double share);
/* One character more in the search line, or back (0x08), enter ('\r'), leave (0x1b). */
void view_search_key(struct view *view, const char *text);
