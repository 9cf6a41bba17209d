/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Commands about lanes: which is selected, their order, what is folded, hidden or differs. */
#include "action.h"
#include "command.h"

#include <stdio.h>
#include <string.h>

struct row *view_selected_row(struct view *view)
{
    return view->selected < view->row_count && !view->rows[view->selected].heading
               ? &view->rows[view->selected]
               : NULL;
}

void view_select_row(struct view *view, int by)
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

void act_fold(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;

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
void act_differing_first(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;

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

void act_difference(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;

    if (!view->diverged) {
        view_say(view, view->model_count < 2
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
    view_go(view, first ? view->diverged_ns : next);
    snprintf(view->message, sizeof view->message, "%.199s",
             first ? view->divergence : view->rows[view->selected].first->name);
}

void act_select(struct view *view, double amount, double x)
{
    (void)x;
    view_select_row(view, amount < 0 ? -1 : 1);
}

void act_move(struct view *view, double amount, double x)
{
    (void)x;
    move_selected(view, amount < 0 ? -1 : 1);
}

void act_hide(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    struct row *row = view_selected_row(view);
    if (row != NULL)
        row->hidden = !row->hidden;
}

void act_show_hidden(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view->show_hidden = !view->show_hidden;
}

void act_tall(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    struct row *row = view_selected_row(view);
    if (row != NULL)
        row->tall = !row->tall;
}
