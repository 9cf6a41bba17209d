/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The window: SDL's events become commands, time goes on, what changed is drawn anew. */
#pragma once
#include "view.h"

/* What the window asks of whoever feeds the view. */
struct window_source {
    void *context;
    /* Takes in what there is, for at most about `budget_ms`. True: something changed. */
    bool (*step)(void *context, struct view *view, uint32_t budget_ms);
};

struct window_options {
    int width, height;
    double scale;       /* 0: as the display wants it */
    const char *script; /* NULL, or a file of what to do (window_script.c) */
    bool light;
    bool measure; /* count frames and their times, for the benchmark */
};

struct window_figures {
    double first_frame_ms;
    uint32_t frames;
    double mean_ms, worst_ms;
};

/* Runs until the window is closed; view's fonts are made here. 0; negative errno and *reason. */
int window_run(struct view *view, const struct window_options *options,
               const struct window_source *source, struct window_figures *figures,
               const char **reason);

/* --- scripts --- */
struct script;
/* -ENOENT, -EINVAL with *reason. */
int script_open(const char *path, struct script **out, const char **reason);
void script_close(struct script *script);
/* Does what is due at that moment of the wall clock; false: the script is at its end. */
bool script_step(struct script *script, struct view *view, uint64_t now_ms,
                 void (*save)(void *context, const char *path), void *context);
