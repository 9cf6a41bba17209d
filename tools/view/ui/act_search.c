/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Commands of the search line. */
#include "action.h"
#include "command.h"
#include "format.h"
#include "search.h"

#include <stdio.h>
#include <string.h>

static void search(struct view *view, bool forward)
{
    struct search_result found;
    char text[64];
    if (search_view(view, view->search, forward, &found)) {
        view->selected = found.row;
        view->chosen = true;
        view->rows[found.row].hidden = false;
        if (found.has_time)
            view_go(view, found.time_ns);
        format_time(text, sizeof text, view->playhead_ns - view_origin(view), 1000);
        snprintf(view->message, sizeof view->message, "%s: %s", view->search,
                 found.has_time ? text : view->rows[found.row].first->name);
        view_select_row(view, 1);
        view_select_row(view, -1);
    } else if (found.has_time) {
        view_go(view, found.time_ns);
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

void act_search(struct view *view, double amount, double x)
{
    (void)amount;
    (void)x;
    view->searching = true;
    view->search[0] = '\0';
}

void act_search_on(struct view *view, double amount, double x)
{
    (void)x;
    search(view, amount > 0);
}
