/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the window shows and how it got there: rows of lanes, the visible stretch of time, playhead and cursors. Commands
 * (command.h) change it, view_draw() paints it; it knows no window. */
#pragma once
#include "canvas.h"
#include "model.h"
#include "theme.h"

#define VIEW_MODELS   2
#define ROW_LANES     3u
#define VIEW_ROW_MAX  (MODEL_LANE_MAX + MODEL_GROUP_COUNT)
#define SPAN_LEAST_NS 20u

struct row {
    struct model_lane *first; /* stands for the row: any of the lanes below */
    struct model_lane
        *lane[ROW_LANES]; /* of the first recording; a sensor's axes share a row; or NULL */
    struct model_lane *other[ROW_LANES]; /* of the second, or NULL */
    uint8_t group;
    bool heading; /* a group's title instead */
    bool hidden;
    bool folded; /* heading: the group's rows are not shown */
    bool tall;   /* twice the height */
    bool differs;
    uint64_t differs_ns;
    int y, height; /* on the canvas, after layout; height 0: not shown */
};

struct cursor {
    bool set;
    uint64_t time_ns;
};

/* What can be clicked on the board, from the last draw. */
struct board_hit {
    struct rect at;
    struct model_lane *sensor; /* drag: its value; NULL: */
    uint8_t line;              /* click: a line of chip0 */
};
#define BOARD_HITS 128u

/* What the world does to a live run. */
struct view_input {
    bool is_line;
    uint8_t line, level;
    const char *device; /* a sensor's */
    uint8_t quantity;
    int64_t nano;
};

struct view_rects {
    struct rect top, overview, ruler, gutter, plot, board, bottom;
};

struct view {
    struct model *model[VIEW_MODELS];
    uint32_t model_count;
    struct row *rows;
    uint32_t row_count;
    uint32_t lanes_seen[VIEW_MODELS]; /* what rows were made of */

    uint64_t from_ns, span_ns; /* visible */
    bool fitted;               /* follows the whole recording while it grows */
    uint64_t playhead_ns;
    bool playing, follow; /* follow: a live run's newest moment */
    bool live, live_ended, live_paused;
    double speed;
    struct cursor cursor[2];
    uint32_t selected; /* row */
    bool chosen;       /* by somebody; else the first */
    int scroll;        /* pixels */
    int mouse_x, mouse_y;
    bool mouse_inside;

    bool compared; /* rows know whether they differ */
    bool diverged;
    uint64_t diverged_ns;
    char divergence[240]; /* what differs there first, in words */

    bool show_board, show_help, show_hidden;
    bool searching; /* keys go to the search line */
    char search[64];
    char message[200]; /* the outcome of the last command */
    char warning[256]; /* of the file */
    uint32_t progress; /* per mille; 1000: all is there */
    uint64_t dropped;  /* live events that the window had no room for */

    struct board_hit hit[BOARD_HITS];
    uint32_t hit_count;
    /* A live run's inputs go here; NULL: what is looked at is over. */
    void (*give_input)(void *context, const struct view_input *input);
    void *input_context;
    void (*set_pace)(void *context, bool paused, double speed); /* as above */

    const struct theme *theme;
    double scale;
    struct font *font, *small, *bold, *title;
    struct view_rects at;
    /* The overview's columns, kept until there are other events or another width. */
    struct density {
        uint32_t count;
        bool wrong;
    } * density;
    uint32_t density_width;
    uint64_t density_events;
    struct lane_summary *columns; /* scratch of the width of the plot */
    uint32_t column_count;
};

/* 0; -ENOMEM. view_set_scale() makes the fonts: before anything is laid out. 0; negative errno and *reason. */
int view_init(struct view *view);
int view_set_scale(struct view *view, double scale, const char **reason);
void view_free(struct view *view);

/* After events came in: rows for new lanes, the visible stretch if it follows. 0; -ENOMEM. */
int view_update(struct view *view);
/* Where things are on a canvas of that size; then their pixels. */
void view_layout(struct view *view, int width, int height);
void view_draw(struct view *view, struct canvas *canvas);

/* The whole recording, with a small margin. */
void view_fit(struct view *view);
uint64_t view_start(const struct view *view);
uint64_t view_end(const struct view *view);

/* Time and place in the plot. Times left of the visible stretch give x far left, and so on. */
double view_x_of(const struct view *view, uint64_t time_ns);
uint64_t view_time_at(const struct view *view, double x);
/* The row at y of the canvas; row_count if none. */
uint32_t view_row_at(const struct view *view, int y);
int view_px(const struct view *view, double points); /* points to pixels */

/* The origin that times are told from: 0, or the recording's start where its clock is the world's. */
uint64_t view_origin(const struct view *view);

/* --- parts of view_draw(), one file each --- */
void draw_ruler(struct view *view, struct canvas *canvas);
void draw_overview(struct view *view, struct canvas *canvas);
void draw_row(struct view *view, struct canvas *canvas, struct row *row);
void draw_board(struct view *view, struct canvas *canvas);
void draw_bars(struct view *view, struct canvas *canvas);
void draw_cursors(struct view *view, struct canvas *canvas);
void draw_help(struct view *view, struct canvas *canvas);
