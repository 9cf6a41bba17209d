/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "command.h"

#include "format.h"
#include "search.h"

#include <SDL_keycode.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// clang-format off
const struct view_command view_commands[COMMAND_COUNT] = {
    [COMMAND_PAN_LEFT]      = { "pan-left", "←", "drag, Shift+wheel", "earlier", SDLK_LEFT, 0, 0 },
    [COMMAND_PAN_RIGHT]     = { "pan-right", "→", "drag, Shift+wheel", "later", SDLK_RIGHT, 0, 0 },
    [COMMAND_PAGE_LEFT]     = { "page-left", "Page Up", "click the overview", "a screenful earlier", SDLK_PAGEUP, 0, 0 },
    [COMMAND_PAGE_RIGHT]    = { "page-right", "Page Down", "click the overview", "a screenful later", SDLK_PAGEDOWN, 0, 0 },
    [COMMAND_START]         = { "start", "Home", "", "playhead to the beginning", SDLK_HOME, 0, 0 },
    [COMMAND_END]           = { "end", "End", "", "playhead to the end", SDLK_END, 0, 0 },
    [COMMAND_ZOOM_IN]       = { "zoom-in", "+", "wheel", "zoom in", SDLK_PLUS, SDLK_EQUALS, 0 },
    [COMMAND_ZOOM_OUT]      = { "zoom-out", "-", "wheel", "zoom out", SDLK_MINUS, SDLK_KP_MINUS, 0 },
    [COMMAND_FIT]           = { "fit", "F", "", "show all", SDLK_f, 0, 0 },
    [COMMAND_ZOOM_CURSORS]  = { "zoom-cursors", "Z", "", "show what is between the cursors", SDLK_z, 0, 0 },
    [COMMAND_PLAYHEAD_HERE] = { "playhead", "C", "click", "playhead to here; C: to the middle", SDLK_c, 0, 0 },
    [COMMAND_NEXT_EDGE]     = { "next-edge", "N", "", "next edge or event of the selected lane", SDLK_n, 0, 0 },
    [COMMAND_PREVIOUS_EDGE] = { "previous-edge", "P", "", "previous edge or event of it", SDLK_p, 0, 0 },
    [COMMAND_NEXT_EVENT]    = { "next-event", ".", "", "one event on, of any shown lane", SDLK_PERIOD, 0, 0 },
    [COMMAND_PREVIOUS_EVENT] = { "previous-event", ",", "", "one event back", SDLK_COMMA, 0, 0 },
    [COMMAND_PLAY]          = { "play", "Space", "click the badge", "play, pause; a live run waits", SDLK_SPACE, 0, 0 },
    [COMMAND_FASTER]        = { "faster", "]", "", "twice the speed", SDLK_RIGHTBRACKET, 0, 0 },
    [COMMAND_SLOWER]        = { "slower", "[", "", "half the speed", SDLK_LEFTBRACKET, 0, 0 },
    [COMMAND_FOLLOW]        = { "follow", "G", "", "follow a live run's newest moment", SDLK_g, 0, 0 },
    [COMMAND_CURSOR_A]      = { "cursor-a", "A", "right click", "cursor A at the playhead", SDLK_a, 0, 0 },
    [COMMAND_CURSOR_B]      = { "cursor-b", "B", "right drag", "cursor B at the playhead", SDLK_b, 0, 0 },
    [COMMAND_CLEAR]         = { "clear", "Esc", "", "take the cursors away", SDLK_ESCAPE, 0, 0 },
    [COMMAND_SEARCH]        = { "search", "/", "", "search names, bytes, texts; or a time: 28.4s", SDLK_SLASH, 0, 0 },
    [COMMAND_SEARCH_NEXT]   = { "search-next", "F3", "", "the next that was searched for", SDLK_F3, 0, 0 },
    [COMMAND_SEARCH_BACK]   = { "search-back", "Shift+F3", "", "the one before", SDLK_F3, 0, KEY_SHIFT },
    [COMMAND_DIFFERENCE]    = { "difference", "D", "", "to where two recordings part; again: the next lane that differs", SDLK_d, 0, 0 },
    [COMMAND_DIFFERING_FIRST] = { "differing-first", "Shift+D", "", "differing lanes to the top", SDLK_d, 0, KEY_SHIFT },
    [COMMAND_ROW_UP]        = { "row-up", "↑", "click a name", "select the lane above", SDLK_UP, SDLK_k, 0 },
    [COMMAND_ROW_DOWN]      = { "row-down", "↓", "click a name", "select the lane below", SDLK_DOWN, SDLK_j, 0 },
    [COMMAND_MOVE_UP]       = { "move-up", "Shift+↑", "drag a name", "move the lane up", SDLK_UP, 0, KEY_SHIFT },
    [COMMAND_MOVE_DOWN]     = { "move-down", "Shift+↓", "drag a name", "move the lane down", SDLK_DOWN, 0, KEY_SHIFT },
    [COMMAND_HIDE]          = { "hide", "X", "right click a name", "hide the lane, or show it again", SDLK_x, 0, 0 },
    [COMMAND_SHOW_HIDDEN]   = { "show-hidden", "Shift+X", "", "hidden lanes too; the kernel's own view of pins", SDLK_x, 0, KEY_SHIFT },
    [COMMAND_FOLD]          = { "fold", "Enter", "click a heading", "fold or unfold the group", SDLK_RETURN, 0, 0 },
    [COMMAND_TALL]          = { "tall", "T", "double click a name", "twice as high", SDLK_t, 0, 0 },
    [COMMAND_INPUT_TOGGLE]  = { "input-toggle", "I", "click a pin", "live: change the selected line from outside", SDLK_i, 0, 0 },
    [COMMAND_INPUT_UP]      = { "input-up", "O", "drag a sensor", "live: the selected sensor's value up", SDLK_o, 0, 0 },
    [COMMAND_INPUT_DOWN]    = { "input-down", "U", "drag a sensor", "live: the selected sensor's value down", SDLK_u, 0, 0 },
    [COMMAND_BOARD]         = { "board", "Tab", "", "the board, shown or not", SDLK_TAB, 0, 0 },
    [COMMAND_THEME]         = { "theme", "L", "", "light or dark", SDLK_l, 0, 0 },
    [COMMAND_PICTURE]       = { "picture", "S", "", "save what is seen as axiom-view.png", SDLK_s, 0, 0 },
    [COMMAND_HELP]          = { "help", "?", "", "this page", SDLK_QUESTION, SDLK_F1, 0 },
    [COMMAND_QUIT]          = { "quit", "Q", "close the window", "end; a live run goes on to its end", SDLK_q, 0, 0 },
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

static void say(struct view *view, const char *text)
{
    snprintf(view->message, sizeof view->message, "%s", text);
}

/* --- time --- */

static void show_from(struct view *view, double from)
{
    double most = (double)view_end(view) + (double)view->span_ns / 2;
    double least = (double)view_start(view) - (double)view->span_ns / 2;
    from = from > most ? most : from < least ? least : from;
    view->from_ns = from <= 0 ? 0 : from >= 1.8e19 ? UINT64_MAX : (uint64_t)from;
    view->fitted = false;
    view->follow = false;
}

void view_pan(struct view *view, double pixels)
{
    /* In whole ns, so that far from zero nothing is lost to a double's digits. */
    double ns = pixels * (double)view->span_ns / view->at.plot.width;
    uint64_t by = (uint64_t)fabs(ns);
    uint64_t from = view->from_ns;
    uint64_t start = view_start(view), end = view_end(view), half = view->span_ns / 2;
    if (ns < 0) {
        uint64_t least = start > half ? start - half : 0;
        from = from > by ? from - by : 0;
        view->from_ns = from < least ? least : from;
    } else {
        from = from > UINT64_MAX - by ? UINT64_MAX : from + by;
        uint64_t most = end > half ? end - half : end;
        view->from_ns =
            from > most && by > 0 ? (most > view->from_ns ? most : view->from_ns) : from;
    }
    view->fitted = false;
    view->follow = false;
}

void view_zoom(struct view *view, double factor, double x)
{
    uint64_t fixed;
    uint64_t all = view_end(view) - view_start(view);
    if (x < 0) {
        x = view_x_of(view, view->playhead_ns);
        if (x < view->at.plot.x || x > view->at.plot.x + view->at.plot.width)
            x = view->at.plot.x + view->at.plot.width / 2.0;
    }
    fixed = view_time_at(view, x);
    double span = (double)view->span_ns * factor;
    double most = (double)all * 4 + 1000;
    span = span < SPAN_LEAST_NS ? SPAN_LEAST_NS : span > most ? most : span;
    view->span_ns = (uint64_t)span;
    double left = (x - view->at.plot.x) / view->at.plot.width * span;
    bool follow = view->follow;
    view->from_ns = left <= 0 ? fixed : (double)fixed > left ? fixed - (uint64_t)left : 0;
    view->fitted = false;
    view->follow = follow;
}

/* Into sight, near the middle if it was not. */
static void show_time(struct view *view, uint64_t time_ns)
{
    uint64_t span = view->span_ns;
    if (time_ns >= view->from_ns && time_ns - view->from_ns <= span)
        return;
    view->from_ns = time_ns > span / 2 ? time_ns - span / 2 : 0;
    view->fitted = false;
    view->follow = false;
}

static void go(struct view *view, uint64_t time_ns)
{
    view->playhead_ns = time_ns;
    show_time(view, time_ns);
}

static struct row *selected_row(struct view *view)
{
    return view->selected < view->row_count && !view->rows[view->selected].heading
               ? &view->rows[view->selected]
               : NULL;
}

/* The nearest moment of a lane beyond `from`; false if none. */
static bool neighbour(struct lane *lane, uint64_t from, bool forward, uint64_t *out)
{
    struct lane_point point;
    if (forward) {
        if (from == UINT64_MAX ||
            !lane_point_at(lane, lane_find(lane, from + 1), &point, NULL, NULL))
            return false;
    } else if (from == 0 || !lane_before(lane, from - 1, &point, NULL)) {
        return false;
    }
    *out = point.time_ns;
    return true;
}

static bool row_neighbour(struct row *row, uint64_t from, bool forward, uint64_t *best, bool any)
{
    for (uint32_t i = 0; i < 2 * ROW_LANES; i++) {
        struct model_lane *lane = i < ROW_LANES ? row->lane[i] : row->other[i - ROW_LANES];
        uint64_t at;
        if (lane != NULL && neighbour(&lane->lane, from, forward, &at) &&
            (!any || (forward ? at < *best : at > *best))) {
            *best = at;
            any = true;
        }
    }
    return any;
}

static void step(struct view *view, bool forward, bool all_rows)
{
    uint64_t best = 0;
    bool any = false;
    struct row *selected = selected_row(view);
    for (uint32_t i = 0; i < view->row_count; i++) {
        struct row *row = &view->rows[i];
        if (row->heading || row->height == 0 || (!all_rows && row != selected))
            continue;
        any = row_neighbour(row, view->playhead_ns, forward, &best, any);
    }
    if (any)
        go(view, best);
    else
        say(view, !all_rows && selected == NULL ? "select a lane first (↑ ↓)"
                  : forward                     ? "nothing later"
                                                : "nothing earlier");
}

static void pace(struct view *view)
{
    if (view->set_pace != NULL)
        view->set_pace(view->input_context, view->live_paused, view->speed);
}

static void change_speed(struct view *view, double factor)
{
    view->speed *= factor;
    if (view->speed > 1024)
        view->speed = 1024;
    if (view->speed < 1.0 / 1024)
        view->speed = 1.0 / 1024;
    pace(view);
}

static void play(struct view *view)
{
    if (view->live && !view->live_ended) {
        view->live_paused = !view->live_paused;
        pace(view);
        return;
    }
    if (!view->playing && view->playhead_ns >= view_end(view))
        go(view, view_start(view));
    view->playing = !view->playing;
}

/* --- cursors --- */

static void zoom_cursors(struct view *view)
{
    if (!view->cursor[0].set || !view->cursor[1].set) {
        say(view, "set both cursors first (A, B)");
        return;
    }
    uint64_t a = view->cursor[0].time_ns, b = view->cursor[1].time_ns;
    uint64_t from = a < b ? a : b, span = a < b ? b - a : a - b;
    uint64_t air = span / 20;
    view->span_ns = span + 2 * air > SPAN_LEAST_NS ? span + 2 * air : SPAN_LEAST_NS;
    show_from(view, from > air ? (double)(from - air) : 0);
    view->from_ns = from > air ? from - air : 0;
}

/* --- rows --- */

static void select_row(struct view *view, int by)
{
    uint32_t at = view->selected;
    for (;;) {
        if ((by < 0 && at == 0) || (by > 0 && at + 1 >= view->row_count))
            return;
        at = by < 0 ? at - 1 : at + 1;
        if (view->rows[at].height > 0 && !view->rows[at].heading)
            break;
    }
    view->selected = at;
    view->chosen = true;
    const struct row *row = &view->rows[at];
    if (row->y < view->at.plot.y)
        view->scroll -= view->at.plot.y - row->y;
    else if (row->y + row->height > view->at.plot.y + view->at.plot.height)
        view->scroll += row->y + row->height - view->at.plot.y - view->at.plot.height;
}

void view_move_row(struct view *view, uint32_t from, uint32_t to)
{
    if (from >= view->row_count || to >= view->row_count || from == to || view->rows[from].heading)
        return;
    if (to == 0) /* a heading stays on top */
        to = 1;
    struct row row = view->rows[from];
    if (from < to)
        memmove(&view->rows[from], &view->rows[from + 1], (to - from) * sizeof row);
    else
        memmove(&view->rows[to + 1], &view->rows[to], (from - to) * sizeof row);
    view->rows[to] = row;
    view->selected = to;
    view->chosen = true;
}

static void move_selected(struct view *view, int by)
{
    uint32_t from = view->selected, to = from;
    do {
        if ((by < 0 && to == 0) || (by > 0 && to + 1 >= view->row_count))
            return;
        to = by < 0 ? to - 1 : to + 1;
    } while (view->rows[to].height == 0 && !view->rows[to].heading);
    view_move_row(view, from, to);
}

static void fold(struct view *view)
{
    uint32_t at = view->selected;
    while (at > 0 && (at >= view->row_count || !view->rows[at].heading))
        at--;
    if (at < view->row_count && view->rows[at].heading) {
        view->rows[at].folded = !view->rows[at].folded;
        view->selected = at;
        view->chosen = true;
    }
}

/* Differing rows first within their groups, by when they part; the rest stay as they were. */
static void differing_first(struct view *view)
{
    for (uint32_t i = 1; i < view->row_count; i++) {
        struct row row = view->rows[i];
        uint32_t at = i;
        while (row.differs && at > 0 && !view->rows[at - 1].heading &&
               (!view->rows[at - 1].differs || view->rows[at - 1].differs_ns > row.differs_ns)) {
            view->rows[at] = view->rows[at - 1];
            at--;
        }
        view->rows[at] = row;
    }
}

static void go_to_difference(struct view *view)
{
    if (!view->diverged) {
        say(view, view->model_count < 2
                      ? "one recording differs from nothing: axiom view A.mcap B.mcap"
                  : view->progress < 1000 ? "still reading"
                                          : "the outputs of both are the same");
        return;
    }
    /* The first time to the first output that differs, then from lane to lane. */
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < view->row_count; i++) {
        const struct row *row = &view->rows[i];
        if (row->differs && row->differs_ns > view->playhead_ns && row->differs_ns < next) {
            next = row->differs_ns;
            view->selected = i;
            view->chosen = true;
        }
    }
    bool first = view->playhead_ns < view->diverged_ns || next == UINT64_MAX;
    go(view, first ? view->diverged_ns : next);
    snprintf(view->message, sizeof view->message, "%.199s",
             first ? view->divergence : view->rows[view->selected].first->name);
}

/* --- the world --- */

static bool can_give(struct view *view)
{
    if (view->give_input != NULL && !view->live_ended)
        return true;
    say(view, view->live ? "the run has ended"
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
        say(view, "no sensor that takes values");
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

static void input_by_key(struct view *view, double share)
{
    struct row *row = selected_row(view);
    if (row == NULL)
        say(view, "select a lane first (↑ ↓)");
    else if (share >= 0 && share <= 0 && row->first->event_kind == EVENT_GPIO &&
             row->first->number < BOARD_LINES)
        view_toggle_line(view, (uint8_t)row->first->number);
    else
        view_drag_sensor(view, row->first, share);
}

/* --- search --- */

static void search(struct view *view, bool forward)
{
    struct search_result found;
    char text[64];
    if (search_view(view, view->search, forward, &found)) {
        view->selected = found.row;
        view->chosen = true;
        view->rows[found.row].hidden = false;
        if (found.has_time)
            go(view, found.time_ns);
        format_time(text, sizeof text, view->playhead_ns - view_origin(view), 1000);
        snprintf(view->message, sizeof view->message, "%s: %s", view->search,
                 found.has_time ? text : view->rows[found.row].first->name);
        select_row(view, 1);
        select_row(view, -1);
    } else if (found.has_time) {
        go(view, found.time_ns);
    } else {
        snprintf(view->message, sizeof view->message, "%s: not %s here", view->search,
                 forward ? "after" : "before");
    }
}

void view_search_key(struct view *view, const char *text)
{
    size_t used = strlen(view->search);
    if (text[0] == 0x1b) {
        view->searching = false;
    } else if (text[0] == '\r') {
        view->searching = false;
        if (used > 0)
            search(view, true);
    } else if (text[0] == 0x08) {
        while (used > 0 && ((uint8_t)view->search[used - 1] & 0xc0) == 0x80)
            used--;
        view->search[used > 0 ? used - 1 : 0] = '\0';
    } else {
        char clean[32];
        printable(clean, sizeof clean, text);
        snprintf(view->search + used, sizeof view->search - used, "%s", clean);
    }
}

/* --- all of them --- */

bool view_do(struct view *view, enum command_id command, double x)
{
    struct row *row = selected_row(view);
    int width = view->at.plot.width;
    view->message[0] = '\0';
    switch (command) {
    case COMMAND_PAN_LEFT:
        view_pan(view, -width / 10.0);
        return true;
    case COMMAND_PAN_RIGHT:
        view_pan(view, width / 10.0);
        return true;
    case COMMAND_PAGE_LEFT:
        view_pan(view, -width * 0.9);
        return true;
    case COMMAND_PAGE_RIGHT:
        view_pan(view, width * 0.9);
        return true;
    case COMMAND_START:
        go(view, view_start(view));
        return true;
    case COMMAND_END:
        go(view, view_end(view));
        return true;
    case COMMAND_ZOOM_IN:
        view_zoom(view, 1 / 1.4, x);
        return true;
    case COMMAND_ZOOM_OUT:
        view_zoom(view, 1.4, x);
        return true;
    case COMMAND_FIT:
        view_fit(view);
        return true;
    case COMMAND_ZOOM_CURSORS:
        zoom_cursors(view);
        return true;
    case COMMAND_PLAYHEAD_HERE:
        view->playhead_ns =
            view_time_at(view, x >= 0 ? x : view->at.plot.x + view->at.plot.width / 2.0);
        view->follow = false;
        return true;
    case COMMAND_NEXT_EDGE:
    case COMMAND_PREVIOUS_EDGE:
        step(view, command == COMMAND_NEXT_EDGE, false);
        return true;
    case COMMAND_NEXT_EVENT:
    case COMMAND_PREVIOUS_EVENT:
        step(view, command == COMMAND_NEXT_EVENT, true);
        return true;
    case COMMAND_PLAY:
        play(view);
        return true;
    case COMMAND_FASTER:
        change_speed(view, 2);
        return true;
    case COMMAND_SLOWER:
        change_speed(view, 0.5);
        return true;
    case COMMAND_FOLLOW:
        view->follow = !view->follow;
        view->fitted = false;
        return true;
    case COMMAND_CURSOR_A:
    case COMMAND_CURSOR_B:
        view->cursor[command - COMMAND_CURSOR_A] =
            (struct cursor){ true, x >= 0 ? view_time_at(view, x) : view->playhead_ns };
        return true;
    case COMMAND_CLEAR:
        view->cursor[0].set = view->cursor[1].set = view->show_help = false;
        return true;
    case COMMAND_SEARCH:
        view->searching = true;
        view->search[0] = '\0';
        return true;
    case COMMAND_SEARCH_NEXT:
    case COMMAND_SEARCH_BACK:
        search(view, command == COMMAND_SEARCH_NEXT);
        return true;
    case COMMAND_DIFFERENCE:
        go_to_difference(view);
        return true;
    case COMMAND_DIFFERING_FIRST:
        differing_first(view);
        return true;
    case COMMAND_ROW_UP:
    case COMMAND_ROW_DOWN:
        select_row(view, command == COMMAND_ROW_UP ? -1 : 1);
        return true;
    case COMMAND_MOVE_UP:
    case COMMAND_MOVE_DOWN:
        move_selected(view, command == COMMAND_MOVE_UP ? -1 : 1);
        return true;
    case COMMAND_HIDE:
        if (row != NULL)
            row->hidden = !row->hidden;
        return true;
    case COMMAND_SHOW_HIDDEN:
        view->show_hidden = !view->show_hidden;
        return true;
    case COMMAND_FOLD:
        fold(view);
        return true;
    case COMMAND_TALL:
        if (row != NULL)
            row->tall = !row->tall;
        return true;
    case COMMAND_INPUT_TOGGLE:
        input_by_key(view, 0);
        return true;
    case COMMAND_INPUT_UP:
    case COMMAND_INPUT_DOWN:
        input_by_key(view, command == COMMAND_INPUT_UP ? 0.1 : -0.1);
        return true;
    case COMMAND_BOARD:
        view->show_board = !view->show_board;
        return true;
    case COMMAND_THEME:
        view->theme = view->theme == &theme_dark ? &theme_light : &theme_dark;
        return true;
    case COMMAND_HELP:
        view->show_help = !view->show_help;
        return true;
    default:
        return false;
    }
}
