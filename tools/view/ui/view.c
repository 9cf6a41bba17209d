/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "view.h"

#include <axiom/errno.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAR_PX         1e8
#define WORLD_CLOCK_NS UINT64_C(100000000000000000) /* stamps above are UNIX times (1973 on) */

int view_px(const struct view *view, double points)
{
    return (int)(points * view->scale + 0.5);
}

int view_init(struct view *view)
{
    *view = (struct view){ .scale = 1,
                           .theme = &theme_dark,
                           .speed = 1,
                           .fitted = true,
                           .show_board = true,
                           .progress = 1000,
                           .span_ns = NSEC_PER_SEC };
    view->rows = calloc(VIEW_ROW_MAX, sizeof *view->rows);
    return view->rows != NULL ? 0 : -ENOMEM;
}

static void close_fonts(struct view *view)
{
    font_close(view->font);
    font_close(view->small);
    font_close(view->bold);
    font_close(view->title);
    view->font = view->small = view->bold = view->title = NULL;
}

int view_set_scale(struct view *view, double scale, const char **reason)
{
    close_fonts(view);
    view->scale = scale;
    int err = font_open(view_px(view, 12), false, &view->font, reason);
    if (err == 0)
        err = font_open(view_px(view, 10), false, &view->small, reason);
    if (err == 0)
        err = font_open(view_px(view, 12), true, &view->bold, reason);
    if (err == 0)
        err = font_open(view_px(view, 15), true, &view->title, reason);
    return err;
}

void view_free(struct view *view)
{
    close_fonts(view);
    free(view->columns);
    free(view->density);
    free(view->rows);
}

/* --- time --- */

uint64_t view_start(const struct view *view)
{
    uint64_t start = UINT64_MAX;
    for (uint32_t i = 0; i < view->model_count; i++) {
        if (view->model[i]->start_ns < start)
            start = view->model[i]->start_ns;
    }
    return start == UINT64_MAX ? 0 : start;
}

uint64_t view_end(const struct view *view)
{
    uint64_t end = view_start(view);
    for (uint32_t i = 0; i < view->model_count; i++) {
        if (view->model[i]->end_ns > end)
            end = view->model[i]->end_ns;
    }
    return end;
}

uint64_t view_origin(const struct view *view)
{
    uint64_t start = view_start(view);
    return start > WORLD_CLOCK_NS ? start : 0;
}

void view_fit(struct view *view)
{
    uint64_t start = view_start(view), end = view_end(view);
    uint64_t span = end - start;
    if (span < 1000)
        span = 1000;
    view->from_ns = start;
    view->span_ns = span > UINT64_MAX - span / 50 ? span : span + span / 50;
    view->fitted = true;
}

double view_x_of(const struct view *view, uint64_t time_ns)
{
    double offset = time_ns >= view->from_ns ? (double)(time_ns - view->from_ns)
                                             : -(double)(view->from_ns - time_ns);
    double x = view->at.plot.x + offset * view->at.plot.width / (double)view->span_ns;
    return x < -FAR_PX ? -FAR_PX : x > FAR_PX ? FAR_PX : x; /* so that it fits an int */
}

uint64_t view_time_at(const struct view *view, double x)
{
    double offset = (x - view->at.plot.x) * (double)view->span_ns / view->at.plot.width;
    if (offset < 0)
        return -offset >= (double)view->from_ns ? 0 : view->from_ns - (uint64_t)-offset;
    return offset > 9e18 || (uint64_t)offset > UINT64_MAX - view->from_ns
               ? UINT64_MAX
               : view->from_ns + (uint64_t)offset;
}

/* --- rows --- */

/* A sensor's x, y and z share a row: the first quantity of the three, and which it is. */
static uint8_t axis_of(const struct model_lane *lane, uint8_t *base)
{
    *base = lane->sub;
    if (lane->event_kind != EVENT_IIO || lane->sub > IIO_ANGL_VEL_Z)
        return 0;
    *base = lane->sub >= IIO_ANGL_VEL_X ? IIO_ANGL_VEL_X : IIO_ACCEL_X;
    return (uint8_t)(lane->sub - *base);
}

static bool same_row(const struct model_lane *a, const struct model_lane *b)
{
    uint8_t base_a, base_b;
    axis_of(a, &base_a);
    axis_of(b, &base_b);
    return a->event_kind == b->event_kind && a->layer == b->layer && base_a == base_b &&
           (a->number == b->number || a->event_kind == EVENT_IIO) && strcmp(a->key, b->key) == 0;
}

/* Rows of a group stand by what a person looks for: lines by number, the rest as they came. */
static bool row_before(const struct row *a, const struct row *b)
{
    if (a->group != b->group)
        return a->group < b->group;
    if (a->heading != b->heading)
        return a->heading;
    if (a->heading)
        return false;
    if (a->first->derived != b->first->derived)
        return !a->first->derived;
    if (a->first->event_kind != b->first->event_kind)
        return a->first->event_kind < b->first->event_kind;
    if (a->first->event_kind != 0 && a->first->number != b->first->number)
        return a->first->number < b->first->number;
    return strcmp(a->first->key, b->first->key) < 0;
}

static struct row *insert_row(struct view *view, struct row row)
{
    uint32_t at = view->row_count;
    if (at == VIEW_ROW_MAX)
        return NULL;
    while (at > 0 && row_before(&row, &view->rows[at - 1]))
        at--;
    memmove(&view->rows[at + 1], &view->rows[at], (view->row_count - at) * sizeof row);
    view->rows[at] = row;
    view->row_count++;
    if (view->selected >= at && view->row_count > 1)
        view->selected++;
    return &view->rows[at];
}

static void add_lane(struct view *view, uint32_t which, struct model_lane *lane)
{
    uint8_t base, axis = axis_of(lane, &base);
    struct row *row = NULL;
    bool group_there = false;
    for (uint32_t i = 0; i < view->row_count; i++) {
        struct row *r = &view->rows[i];
        group_there |= r->heading && r->group == lane->group;
        if (!r->heading && same_row(r->first, lane))
            row = r;
    }
    if (!group_there)
        insert_row(view, (struct row){ .group = lane->group,
                                       .heading = true,
                                       .folded = lane->group == MODEL_OTHER });
    if (row == NULL)
        row = insert_row(view, (struct row){ .group = lane->group, .first = lane });
    if (row != NULL)
        (which == 0 ? row->lane : row->other)[axis] = lane;
}

int view_update(struct view *view)
{
    for (uint32_t which = 0; which < view->model_count; which++) {
        const struct model *model = view->model[which];
        for (uint32_t i = view->lanes_seen[which]; i < model->lane_count; i++)
            add_lane(view, which, model->lanes[i]);
        view->lanes_seen[which] = model->lane_count;
    }
    for (uint32_t i = 0; i < view->row_count && !view->chosen; i++) {
        view->selected = i;
        if (!view->rows[i].heading)
            break;
    }
    if (view->fitted)
        view_fit(view);
    return 0;
}

/* --- layout --- */

static int row_height(const struct view *view, const struct row *row)
{
    static const uint8_t heights[] = {
        [LANE_EDGE] = 23, [LANE_PWM] = 44,   [LANE_ANALOG] = 54, [LANE_BUS] = 24,
        [LANE_RUN] = 22,  [LANE_STATE] = 22, [LANE_MARK] = 22,
    };
    if (row->heading)
        return view_px(view, 20);
    int height = view_px(view, heights[row->first->lane.kind]);
    return row->tall ? height * 2 : height;
}

static bool row_shown(const struct view *view, const struct row *row, bool group_folded)
{
    if (row->heading)
        return true;
    if (group_folded)
        return false;
    return view->show_hidden || !(row->hidden || row->first->derived);
}

/* A capture of some lines is no board's. */
static bool has_board(const struct view *view)
{
    if (view->model[0]->board.known || view->live)
        return true;
    for (uint32_t i = 0; i < view->row_count; i++) {
        if (!view->rows[i].heading && view->rows[i].first->event_kind == EVENT_GPIO)
            return true;
    }
    return false;
}

void view_layout(struct view *view, int width, int height)
{
    struct view_rects *at = &view->at;
    int top = view_px(view, 40), overview = view_px(view, 38), ruler = view_px(view, 26);
    int bottom = view_px(view, 26), gutter = view_px(view, 190);
    int board =
        view->show_board && has_board(view) && width > view_px(view, 900) ? view_px(view, 360) : 0;
    int plot_width = width - gutter - board > 16 ? width - gutter - board : 16;
    int y = top;
    at->top = (struct rect){ 0, 0, width, top };
    at->overview = (struct rect){ gutter, y, plot_width, overview };
    y += overview;
    at->ruler = (struct rect){ gutter, y, plot_width, ruler };
    y += ruler;
    int rows = height - y - bottom > 0 ? height - y - bottom : 0;
    at->gutter = (struct rect){ 0, y, gutter, rows };
    at->plot = (struct rect){ gutter, y, plot_width, rows };
    at->board = (struct rect){ width - board, top, board, height - top - bottom };
    at->bottom = (struct rect){ 0, height - bottom, width, bottom };

    int total = 0;
    bool folded = false;
    for (uint32_t i = 0; i < view->row_count; i++) {
        struct row *row = &view->rows[i];
        if (row->heading)
            folded = row->folded;
        row->height = row_shown(view, row, folded) ? row_height(view, row) : 0;
        total += row->height;
    }
    int most = total > rows ? total - rows : 0;
    view->scroll = view->scroll > most ? most : view->scroll < 0 ? 0 : view->scroll;
    y = at->plot.y - view->scroll;
    for (uint32_t i = 0; i < view->row_count; i++) {
        view->rows[i].y = y;
        y += view->rows[i].height;
    }
}

uint32_t view_row_at(const struct view *view, int y)
{
    for (uint32_t i = 0; i < view->row_count && y >= view->at.plot.y; i++) {
        const struct row *row = &view->rows[i];
        if (y >= row->y && y < row->y + row->height)
            return i;
    }
    return view->row_count;
}

/* --- drawing --- */

static void draw_rows(struct view *view, struct canvas *canvas)
{
    struct rect all = view->at.plot;
    all.x = 0;
    all.width += view->at.gutter.width;
    for (uint32_t i = 0; i < view->row_count; i++) {
        struct row *row = &view->rows[i];
        if (row->height == 0 || row->y + row->height <= all.y || row->y >= all.y + all.height)
            continue;
        canvas_clip(canvas, all);
        if (i == view->selected && !row->heading)
            draw_fill(canvas, 0, row->y, all.width, row->height, view->theme->select);
        draw_row(view, canvas, row);
    }
    canvas_unclip(canvas);
}

/* Points that the picture needs and that were given up, all at once rather than lane by lane. */
static void prefetch(struct view *view)
{
    uint64_t to =
        view->span_ns > UINT64_MAX - view->from_ns ? UINT64_MAX : view->from_ns + view->span_ns;
    for (uint32_t i = 0; i < view->model_count; i++) {
        struct lane_pager *pager = view->model[i]->pager;
        if (pager != NULL && pager->prefetch != NULL && pager->evictions > 0)
            pager->prefetch(pager, view->from_ns, to,
                            view->span_ns / (uint64_t)view->at.plot.width);
    }
}

void view_draw(struct view *view, struct canvas *canvas)
{
    const struct theme *theme = view->theme;
    uint32_t width = (uint32_t)view->at.plot.width;
    if (width > view->column_count) {
        struct lane_summary *grown = realloc(view->columns, width * sizeof *grown);
        if (grown == NULL)
            return;
        view->columns = grown;
        view->column_count = width;
    }
    prefetch(view);
    draw_fill(canvas, 0, 0, canvas->width, canvas->height, theme->back);
    draw_fill(canvas, 0, view->at.gutter.y, view->at.gutter.width, view->at.gutter.height,
              theme->panel);
    draw_ruler(view, canvas);
    draw_rows(view, canvas);
    draw_fill(canvas, view->at.gutter.width - 1, view->at.overview.y, 1,
              view->at.bottom.y - view->at.overview.y, theme->line);
    draw_cursors(view, canvas);
    draw_overview(view, canvas);
    if (view->at.board.width > 0)
        draw_board(view, canvas);
    draw_bars(view, canvas);
    if (view->show_help)
        draw_help(view, canvas);
}
