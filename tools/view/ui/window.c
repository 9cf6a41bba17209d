/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "window.h"

#include "command.h"

#include <SDL.h>
#include <axiom/errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME_MS 16u

enum drag { DRAG_NONE, DRAG_PLOT, DRAG_CURSOR, DRAG_OVERVIEW, DRAG_NAME, DRAG_SENSOR };

struct window {
    struct view *view;
    const struct window_options *options;
    const struct window_source *source;
    SDL_Window *handle;
    SDL_Surface *surface; /* what is drawn on; the window's own may have another format */
    struct canvas canvas;
    double pixel_ratio; /* canvas pixels per window unit */
    enum drag drag;
    int drag_x, drag_y;
    bool moved;
    uint32_t drag_row;
    struct model_lane *drag_sensor;
    struct script *script;
    bool dirty, done;
    uint64_t ticked_ms;
    struct window_figures figures;
};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* --- drawing --- */

static bool resize(struct window *w)
{
    SDL_Surface *screen = SDL_GetWindowSurface(w->handle);
    int width, height;
    if (screen == NULL)
        return false;
    if (w->surface != NULL && w->surface->w == screen->w && w->surface->h == screen->h)
        return true;
    SDL_FreeSurface(w->surface);
    w->surface =
        SDL_CreateRGBSurfaceWithFormat(0, screen->w, screen->h, 32, SDL_PIXELFORMAT_ARGB8888);
    if (w->surface == NULL)
        return false;
    SDL_SetSurfaceBlendMode(w->surface, SDL_BLENDMODE_NONE);
    canvas_init(&w->canvas, w->surface->pixels, screen->w, screen->h, w->surface->pitch / 4);
    SDL_GetWindowSize(w->handle, &width, &height);
    w->pixel_ratio = width > 0 ? (double)screen->w / width : 1;
    return true;
}

static void draw(struct window *w)
{
    double started = now_ms();
    if (!resize(w))
        return;
    view_update(w->view);
    view_layout(w->view, w->canvas.width, w->canvas.height);
    view_draw(w->view, &w->canvas);
    SDL_BlitSurface(w->surface, NULL, SDL_GetWindowSurface(w->handle), NULL);
    SDL_UpdateWindowSurface(w->handle);
    for (uint32_t i = 0; i < w->view->model_count; i++)
        model_trim(w->view->model[i]);
    double took = now_ms() - started;
    w->figures.frames++;
    w->figures.mean_ms += took;
    if (took > w->figures.worst_ms)
        w->figures.worst_ms = took;
    w->dirty = false;
}

static void save(void *context, const char *path)
{
    struct window *w = context;
    char reason[200];
    draw(w);
    if (w->surface != NULL && png_write(path, &w->canvas, reason, sizeof reason) != 0)
        snprintf(w->view->message, sizeof w->view->message, "%s", reason);
    else
        snprintf(w->view->message, sizeof w->view->message, "saved %.150s", path);
}

static void run_command(struct window *w, enum command_id command, double x)
{
    if (command == COMMAND_COUNT)
        return;
    w->dirty = true;
    if (view_do(w->view, command, x))
        return;
    if (command == COMMAND_QUIT)
        w->done = true;
    else if (command == COMMAND_PICTURE)
        save(w, "axiom-view.png");
}

/* --- the mouse --- */

static bool inside(struct rect r, int x, int y)
{
    return x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
}

static void overview_to(struct view *view, int x)
{
    struct rect at = view->at.overview;
    uint64_t start = view_start(view), span = view_end(view) - start;
    double share = (double)(x - at.x) / at.width;
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    uint64_t centre = start + (uint64_t)(share * (double)span), half = view->span_ns / 2;
    view->from_ns = centre > half ? centre - half : 0;
    view->fitted = view->follow = false;
}

static const struct board_hit *hit_at(const struct view *view, int x, int y)
{
    for (uint32_t i = 0; i < view->hit_count && view->at.board.width > 0; i++) {
        if (inside(view->hit[i].at, x, y))
            return &view->hit[i];
    }
    return NULL;
}

static void press_gutter(struct window *w, int button, int clicks, uint32_t row)
{
    struct view *view = w->view;
    if (row >= view->row_count)
        return;
    view->selected = row;
    view->chosen = true;
    if (view->rows[row].heading)
        run_command(w, COMMAND_FOLD, -1);
    else if (button == SDL_BUTTON_RIGHT)
        run_command(w, COMMAND_HIDE, -1);
    else if (clicks == 2)
        run_command(w, COMMAND_TALL, -1);
    else
        w->drag = DRAG_NAME, w->drag_row = row;
}

static void press(struct window *w, int button, int clicks, int x, int y)
{
    struct view *view = w->view;
    const struct board_hit *hit = hit_at(view, x, y);
    w->dirty = true;
    w->drag_x = x;
    w->drag_y = y;
    w->moved = false;
    if (view->show_help) {
        view->show_help = false;
    } else if (hit != NULL && hit->sensor != NULL) {
        w->drag = DRAG_SENSOR;
        w->drag_sensor = hit->sensor;
    } else if (hit != NULL) {
        view_toggle_line(view, hit->line);
    } else if (inside(view->at.top, x, y) && x > view->at.top.width / 2) {
        run_command(w, COMMAND_PLAY, -1);
    } else if (inside(view->at.overview, x, y)) {
        w->drag = DRAG_OVERVIEW;
        overview_to(view, x);
    } else if (inside(view->at.gutter, x, y)) {
        press_gutter(w, button, clicks, view_row_at(view, y));
    } else if (inside(view->at.plot, x, y) || inside(view->at.ruler, x, y)) {
        uint32_t row = view_row_at(view, y);
        if (row < view->row_count && !view->rows[row].heading)
            view->selected = row, view->chosen = true;
        w->drag = button == SDL_BUTTON_RIGHT ? DRAG_CURSOR : DRAG_PLOT;
        if (button == SDL_BUTTON_RIGHT)
            run_command(w, COMMAND_CURSOR_A, x);
    }
}

static void move(struct window *w, int x, int y)
{
    struct view *view = w->view;
    int by = x - w->drag_x;
    view->mouse_x = x;
    view->mouse_y = y;
    view->mouse_inside = true;
    w->dirty = true;
    if (w->drag == DRAG_NONE || (!w->moved && abs(by) < 4 && abs(y - w->drag_y) < 4))
        return;
    w->moved = true;
    if (w->drag == DRAG_PLOT) {
        view_pan(view, -by);
        w->drag_x = x;
    } else if (w->drag == DRAG_CURSOR) {
        run_command(w, COMMAND_CURSOR_B, x);
    } else if (w->drag == DRAG_OVERVIEW) {
        overview_to(view, x);
    } else if (w->drag == DRAG_NAME) {
        uint32_t to = view_row_at(view, y);
        if (to < view->row_count && to != w->drag_row) {
            view_move_row(view, w->drag_row, to);
            w->drag_row = view->selected;
        }
    } else if (w->drag == DRAG_SENSOR && by != 0) {
        view_drag_sensor(view, w->drag_sensor, (double)by / view_px(view, 120));
        w->drag_x = x;
    }
}

static void wheel(struct window *w, double amount, double sideways)
{
    struct view *view = w->view;
    bool shift = SDL_GetModState() & KMOD_SHIFT;
    w->dirty = true;
    if (view->mouse_x < view->at.plot.x || view->mouse_x >= view->at.plot.x + view->at.plot.width)
        view->scroll -= (int)(amount * view_px(view, 48));
    else if (shift || fabs(sideways) > fabs(amount))
        view_pan(view, (shift ? -amount : sideways) * view->at.plot.width / 12);
    else
        view_zoom(view, pow(1.25, -amount), view->mouse_x);
}

/* --- keys --- */

static void search_key(struct window *w, int key)
{
    w->dirty = true;
    if (key == SDLK_ESCAPE)
        view_search_key(w->view, "\x1b");
    else if (key == SDLK_RETURN || key == SDLK_KP_ENTER)
        view_search_key(w->view, "\r");
    else if (key == SDLK_BACKSPACE)
        view_search_key(w->view, "\b");
    if (!w->view->searching)
        SDL_StopTextInput();
}

static void key(struct window *w, const SDL_Keysym *sym)
{
    unsigned modifiers =
        (sym->mod & KMOD_SHIFT ? KEY_SHIFT : 0) | (sym->mod & KMOD_CTRL ? KEY_CONTROL : 0);
    if (w->view->searching) {
        search_key(w, sym->sym);
        return;
    }
    double x = w->view->mouse_inside && inside(w->view->at.plot, w->view->mouse_x, w->view->mouse_y)
                   ? w->view->mouse_x
                   : -1;
    enum command_id command = command_of_key(sym->sym, modifiers);
    /* The keyboard's cursors are the playhead's; only zooming looks at the mouse. */
    if (command != COMMAND_ZOOM_IN && command != COMMAND_ZOOM_OUT)
        x = -1;
    run_command(w, command, x);
    if (w->view->searching)
        SDL_StartTextInput();
}

static void take_event(struct window *w, const SDL_Event *event)
{
    double ratio = w->pixel_ratio;
    switch (event->type) {
    case SDL_QUIT:
        w->done = true;
        break;
    case SDL_WINDOWEVENT:
        w->dirty = true;
        if (event->window.event == SDL_WINDOWEVENT_LEAVE)
            w->view->mouse_inside = false;
        break;
    case SDL_KEYDOWN:
        key(w, &event->key.keysym);
        break;
    case SDL_TEXTINPUT:
        /* The key that opened the search line may come as text, too. */
        if (w->view->searching && !(event->text.text[0] == '/' && w->view->search[0] == '\0'))
            view_search_key(w->view, event->text.text);
        w->dirty = true;
        break;
    case SDL_MOUSEMOTION:
        move(w, (int)(event->motion.x * ratio), (int)(event->motion.y * ratio));
        break;
    case SDL_MOUSEBUTTONDOWN:
        press(w, event->button.button, event->button.clicks, (int)(event->button.x * ratio),
              (int)(event->button.y * ratio));
        break;
    case SDL_MOUSEBUTTONUP:
        if (w->drag == DRAG_PLOT && !w->moved)
            run_command(w, COMMAND_PLAYHEAD_HERE, event->button.x * ratio);
        w->drag = DRAG_NONE;
        break;
    case SDL_MOUSEWHEEL:
        wheel(w, event->wheel.y, event->wheel.x);
        break;
    default:
        break;
    }
}

/* --- time --- */

static void play_on(struct window *w)
{
    struct view *view = w->view;
    uint64_t now = SDL_GetTicks64();
    uint64_t passed = now - w->ticked_ms;
    w->ticked_ms = now;
    if (!view->playing)
        return;
    double by = (double)passed * 1e6 * view->speed;
    uint64_t end = view_end(view);
    view->playhead_ns = by < (double)(end - view->playhead_ns) && view->playhead_ns < end
                            ? view->playhead_ns + (uint64_t)by
                            : end;
    if (view->playhead_ns >= end)
        view->playing = false;
    if (!view->fitted && (view->playhead_ns < view->from_ns ||
                          view->playhead_ns - view->from_ns > view->span_ns / 10 * 9))
        view->from_ns =
            view->playhead_ns > view->span_ns / 10 ? view->playhead_ns - view->span_ns / 10 : 0;
    w->dirty = true;
}

static double display_scale(SDL_Window *window)
{
    float dpi = 0;
    int index = SDL_GetWindowDisplayIndex(window), width = 0, pixels = 0, height;
    SDL_Surface *surface = SDL_GetWindowSurface(window);
    SDL_GetWindowSize(window, &width, &height);
    pixels = surface != NULL ? surface->w : width;
    if (width > 0 && pixels > width)
        return (double)pixels / width;
    if (index < 0 || SDL_GetDisplayDPI(index, NULL, &dpi, NULL) != 0 || dpi < 60)
        return 1;
    double scale = round(dpi / 96 * 4) / 4;
    return scale < 1.2 ? 1 : scale > 4 ? 4 : scale;
}

static int open_window(struct window *w, const char **reason)
{
    const struct window_options *o = w->options;
    const char *title = w->view->model[0]->title;
    char text[160];
    snprintf(text, sizeof text, "%s — Axiom", title);
    if (SDL_Init(SDL_INIT_VIDEO) != 0) {
        *reason = SDL_GetError();
        return -ENODEV;
    }
    /* SDL falls back to a driver that shows nothing; a window nobody sees is only wanted by those who ask for it. */
    const char *driver = SDL_GetCurrentVideoDriver();
    if (getenv("SDL_VIDEODRIVER") == NULL && driver != NULL && strcmp(driver, "offscreen") == 0) {
        *reason = "no display was found";
        return -ENODEV;
    }
    w->handle = SDL_CreateWindow(text, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, o->width,
                                 o->height, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (w->handle == NULL) {
        *reason = SDL_GetError();
        return -ENODEV;
    }
    SDL_StopTextInput();
    return view_set_scale(w->view, o->scale > 0 ? o->scale : display_scale(w->handle), reason);
}

int window_run(struct view *view, const struct window_options *options,
               const struct window_source *source, struct window_figures *figures,
               const char **reason)
{
    struct window w = {
        .view = view, .options = options, .source = source, .dirty = true, .pixel_ratio = 1
    };
    double started = now_ms();
    SDL_Event event;
    int err = options->script != NULL ? script_open(options->script, &w.script, reason) : 0;
    if (err == 0)
        err = open_window(&w, reason);
    w.ticked_ms = err == 0 ? SDL_GetTicks64() : 0;
    while (err == 0 && !w.done) {
        uint64_t frame = SDL_GetTicks64();
        while (!w.done && SDL_PollEvent(&event))
            take_event(&w, &event);
        if (source->step != NULL && source->step(source->context, view, FRAME_MS / 2))
            w.dirty = true;
        play_on(&w);
        if (w.script != NULL && !script_step(w.script, view, SDL_GetTicks64(), save, &w))
            w.done = true;
        if (w.dirty)
            draw(&w);
        if (w.figures.frames == 1)
            w.figures.first_frame_ms = now_ms() - started;
        uint64_t took = SDL_GetTicks64() - frame;
        if (!w.done && took < FRAME_MS && !options->measure)
            SDL_WaitEventTimeout(NULL, (int)(FRAME_MS - took));
    }
    if (w.figures.frames > 0)
        w.figures.mean_ms /= w.figures.frames;
    if (figures != NULL)
        *figures = w.figures;
    script_close(w.script);
    SDL_FreeSurface(w.surface);
    if (w.handle != NULL)
        SDL_DestroyWindow(w.handle);
    return err;
}
