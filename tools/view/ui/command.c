/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "command.h"
#include "action.h"

#include <SDL_keycode.h>
#include <stdio.h>
#include <string.h>

static void act_board(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view->show_board = !view->show_board;
}

static void act_theme(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view->theme = view->theme == &theme_dark ? &theme_light : &theme_dark;
}

static void act_help(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view->show_help = !view->show_help;
}

/* Without an action: for the window. */
// clang-format off
const struct view_command view_commands[COMMAND_COUNT] = {
    [COMMAND_PAN_LEFT]      = { "pan-left", "←", "drag, Shift+wheel", "earlier", SDLK_LEFT, 0, 0, act_pan, -0.1 },
    [COMMAND_PAN_RIGHT]     = { "pan-right", "→", "drag, Shift+wheel", "later", SDLK_RIGHT, 0, 0, act_pan, 0.1 },
    [COMMAND_PAGE_LEFT]     = { "page-left", "Page Up", "click the overview", "a screenful earlier", SDLK_PAGEUP, 0, 0, act_pan, -0.9 },
    [COMMAND_PAGE_RIGHT]    = { "page-right", "Page Down", "click the overview", "a screenful later", SDLK_PAGEDOWN, 0, 0, act_pan, 0.9 },
    [COMMAND_START]         = { "start", "Home", "", "playhead to the beginning", SDLK_HOME, 0, 0, act_start, 0 },
    [COMMAND_END]           = { "end", "End", "", "playhead to the end", SDLK_END, 0, 0, act_end, 0 },
    [COMMAND_ZOOM_IN]       = { "zoom-in", "+", "wheel", "zoom in", SDLK_PLUS, SDLK_EQUALS, 0, act_zoom, 1 / 1.4 },
    [COMMAND_ZOOM_OUT]      = { "zoom-out", "-", "wheel", "zoom out", SDLK_MINUS, SDLK_KP_MINUS, 0, act_zoom, 1.4 },
    [COMMAND_FIT]           = { "fit", "F", "", "show all", SDLK_f, 0, 0, act_fit, 0 },
    [COMMAND_ZOOM_CURSORS]  = { "zoom-cursors", "Z", "", "show what is between the cursors", SDLK_z, 0, 0, act_zoom_cursors, 0 },
    [COMMAND_PLAYHEAD_HERE] = { "playhead", "C", "click", "playhead to here; C: to the middle", SDLK_c, 0, 0, act_playhead, 0 },
    [COMMAND_NEXT_EDGE]     = { "next-edge", "N", "", "next edge or event of the selected lane", SDLK_n, 0, 0, act_step_lane, 1 },
    [COMMAND_PREVIOUS_EDGE] = { "previous-edge", "P", "", "previous edge or event of it", SDLK_p, 0, 0, act_step_lane, -1 },
    [COMMAND_NEXT_EVENT]    = { "next-event", ".", "", "one event on, of any shown lane", SDLK_PERIOD, 0, 0, act_step_any, 1 },
    [COMMAND_PREVIOUS_EVENT] = { "previous-event", ",", "", "one event back", SDLK_COMMA, 0, 0, act_step_any, -1 },
    [COMMAND_PLAY]          = { "play", "Space", "click the badge", "play, pause; a live run waits", SDLK_SPACE, 0, 0, act_play, 0 },
    [COMMAND_FASTER]        = { "faster", "]", "", "twice the speed", SDLK_RIGHTBRACKET, 0, 0, act_speed, 2 },
    [COMMAND_SLOWER]        = { "slower", "[", "", "half the speed", SDLK_LEFTBRACKET, 0, 0, act_speed, 0.5 },
    [COMMAND_FOLLOW]        = { "follow", "G", "", "follow a live run's newest moment", SDLK_g, 0, 0, act_follow, 0 },
    [COMMAND_CURSOR_A]      = { "cursor-a", "A", "right click", "cursor A at the playhead", SDLK_a, 0, 0, act_cursor, 0 },
    [COMMAND_CURSOR_B]      = { "cursor-b", "B", "right drag", "cursor B at the playhead", SDLK_b, 0, 0, act_cursor, 1 },
    [COMMAND_CLEAR]         = { "clear", "Esc", "", "take the cursors away", SDLK_ESCAPE, 0, 0, act_clear, 0 },
    [COMMAND_SEARCH]        = { "search", "/", "", "search names, bytes, texts; or a time: 28.4s", SDLK_SLASH, 0, 0, act_search, 0 },
    [COMMAND_SEARCH_NEXT]   = { "search-next", "F3", "", "the next that was searched for", SDLK_F3, 0, 0, act_search_on, 1 },
    [COMMAND_SEARCH_BACK]   = { "search-back", "Shift+F3", "", "the one before", SDLK_F3, 0, KEY_SHIFT, act_search_on, -1 },
    [COMMAND_DIFFERENCE]    = { "difference", "D", "", "to where two recordings part; again: the next lane that differs", SDLK_d, 0, 0, act_difference, 0 },
    [COMMAND_DIFFERING_FIRST] = { "differing-first", "Shift+D", "", "differing lanes to the top", SDLK_d, 0, KEY_SHIFT, act_differing_first, 0 },
    [COMMAND_ROW_UP]        = { "row-up", "↑", "click a name", "select the lane above", SDLK_UP, SDLK_k, 0, act_select, -1 },
    [COMMAND_ROW_DOWN]      = { "row-down", "↓", "click a name", "select the lane below", SDLK_DOWN, SDLK_j, 0, act_select, 1 },
    [COMMAND_MOVE_UP]       = { "move-up", "Shift+↑", "drag a name", "move the lane up", SDLK_UP, 0, KEY_SHIFT, act_move, -1 },
    [COMMAND_MOVE_DOWN]     = { "move-down", "Shift+↓", "drag a name", "move the lane down", SDLK_DOWN, 0, KEY_SHIFT, act_move, 1 },
    [COMMAND_HIDE]          = { "hide", "X", "right click a name", "hide the lane, or show it again", SDLK_x, 0, 0, act_hide, 0 },
    [COMMAND_SHOW_HIDDEN]   = { "show-hidden", "Shift+X", "", "hidden lanes too; the kernel's own view of pins", SDLK_x, 0, KEY_SHIFT, act_show_hidden, 0 },
    [COMMAND_FOLD]          = { "fold", "Enter", "click a heading", "fold or unfold the group", SDLK_RETURN, 0, 0, act_fold, 0 },
    [COMMAND_TALL]          = { "tall", "T", "double click a name", "twice as high", SDLK_t, 0, 0, act_tall, 0 },
    [COMMAND_INPUT_TOGGLE]  = { "input-toggle", "I", "click a pin", "live: change the selected line from outside", SDLK_i, 0, 0, act_input, 0 },
    [COMMAND_INPUT_UP]      = { "input-up", "O", "drag a sensor", "live: the selected sensor's value up", SDLK_o, 0, 0, act_input, 0.1 },
    [COMMAND_INPUT_DOWN]    = { "input-down", "U", "drag a sensor", "live: the selected sensor's value down", SDLK_u, 0, 0, act_input, -0.1 },
    [COMMAND_BOARD]         = { "board", "Tab", "", "the board, shown or not", SDLK_TAB, 0, 0, act_board, 0 },
    [COMMAND_THEME]         = { "theme", "L", "", "light or dark", SDLK_l, 0, 0, act_theme, 0 },
    [COMMAND_PICTURE]       = { "picture", "S", "", "save what is seen as axiom-view.png", SDLK_s, 0, 0, NULL, 0 },
    [COMMAND_HELP]          = { "help", "?", "", "this page", SDLK_QUESTION, SDLK_F1, 0, act_help, 0 },
    [COMMAND_QUIT]          = { "quit", "Q", "close the window", "end; a live run goes on to its end", SDLK_q, 0, 0, NULL, 0 },
};
// clang-format on

enum command_id command_of_key(int key, unsigned modifiers)
{
    /* ? and + need Shift on many keyboards: there the character decides. */
    if (key == SDLK_SLASH && (modifiers & KEY_SHIFT) != 0)
        return COMMAND_HELP;
    if (key == SDLK_EQUALS || key == SDLK_PLUS || key == SDLK_KP_PLUS || key == SDLK_QUESTION)
        modifiers &= ~(unsigned)KEY_SHIFT;
    if (key == SDLK_KP_PLUS)
        return COMMAND_ZOOM_IN;
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct view_command *command = &view_commands[i];
        if (command->key != 0 && (command->key == key || command->also == key) &&
            command->modifiers == modifiers)
            return (enum command_id)i;
    }
    return COMMAND_COUNT;
}

enum command_id command_by_name(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(view_commands[i].name, name) == 0)
            return (enum command_id)i;
    }
    return COMMAND_COUNT;
}

void view_say(struct view *view, const char *text)
{
    snprintf(view->message, sizeof view->message, "%s", text);
}

bool view_do(struct view *view, enum command_id command, double x)
{
    view->message[0] = '\0';
    if (command >= COMMAND_COUNT || view_commands[command].act == NULL)
        return false;
    view_commands[command].act(view, view_commands[command].amount, x);
    return true;
}
