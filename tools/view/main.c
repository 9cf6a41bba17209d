/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom-view: what `axiom view` starts. A program of its own, so that a run never has a window's libraries in it. */
#include "format.h"
#include "load.h"
#include "view.h"

#include <SDL.h>
#include <axiom/errno.h>
#include <traces/source.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VIEW_OK = 0, VIEW_USAGE = 2, VIEW_INPUT = 3, VIEW_IO = 6 }; /* tools/axiom/cli.h */

struct options {
    const char *paths[VIEW_MODELS];
    int path_count;
    const char *png;
    bool has_at, has_span;
    uint64_t at_ns, span_ns;
    int width, height;
    double scale;
    bool light;
    uint64_t memory;
};

struct source {
    struct model model;
    struct load *load;
};

static int complain(int code, const char *what, const char *why)
{
    fprintf(stderr, "axiom view: %s%s%s\n", what, why[0] != '\0' ? ": " : "", why);
    return code;
}

/* "2.5s", "300ms", "17us"; a plain number is seconds. */
static bool parse_duration(const char *text, uint64_t *out)
{
    char *end;
    double value = strtod(text, &end);
    double unit = strcmp(end, "ns") == 0                  ? 1
                  : strcmp(end, "us") == 0                ? 1e3
                  : strcmp(end, "ms") == 0                ? 1e6
                  : strcmp(end, "s") == 0 || *end == '\0' ? 1e9
                                                          : 0;
    if (end == text || unit == 0 || !(value >= 0) || value * unit > 9e18)
        return false;
    *out = (uint64_t)(value * unit + 0.5);
    return true;
}

static int take_option(struct options *o, int option)
{
    switch (option) {
    case 'p':
        o->png = optarg;
        return VIEW_OK;
    case 'a':
        o->has_at = true;
        return parse_duration(optarg, &o->at_ns)
                   ? VIEW_OK
                   : complain(VIEW_USAGE, "--at wants a time such as 1.5s", optarg);
    case 's':
        o->has_span = true;
        return parse_duration(optarg, &o->span_ns) && o->span_ns > 0
                   ? VIEW_OK
                   : complain(VIEW_USAGE, "--span wants a duration such as 20ms", optarg);
    case 'z':
        return sscanf(optarg, "%5dx%5d", &o->width, &o->height) == 2 && o->width >= 320 &&
                       o->height >= 200 && o->width <= 16384 && o->height <= 16384
                   ? VIEW_OK
                   : complain(VIEW_USAGE, "--size wants WIDTHxHEIGHT, 320x200 to 16384x16384",
                              optarg);
    case 't':
        o->light = strcmp(optarg, "light") == 0;
        return o->light || strcmp(optarg, "dark") == 0
                   ? VIEW_OK
                   : complain(VIEW_USAGE, "--theme is light or dark", optarg);
    case 'c':
        o->scale = atof(optarg);
        return o->scale >= 0.5 && o->scale <= 8
                   ? VIEW_OK
                   : complain(VIEW_USAGE, "--scale is 0.5 to 8", optarg);
    case 'm':
        o->memory = strtoull(optarg, NULL, 10) << 20;
        return VIEW_OK;
    default:
        return VIEW_USAGE;
    }
}

static int draw_png(struct view *view, const struct options *o)
{
    char reason[300];
    struct canvas canvas;
    uint32_t *pixels = calloc((size_t)o->width * (size_t)o->height, sizeof *pixels);
    if (pixels == NULL)
        return complain(VIEW_IO, "no memory", "");
    canvas_init(&canvas, pixels, o->width, o->height, o->width);
    view_layout(view, o->width, o->height);
    view_draw(view, &canvas);
    int err = png_write(o->png, &canvas, reason, sizeof reason);
    free(pixels);
    return err == 0 ? VIEW_OK : complain(VIEW_IO, reason, "");
}

static void go_to(struct view *view, const struct options *o)
{
    uint64_t origin = view_origin(view);
    view->playhead_ns = o->has_at ? origin + o->at_ns : view_start(view);
    if (!o->has_span)
        return;
    view->fitted = false;
    view->span_ns = o->span_ns;
    uint64_t centre = view->playhead_ns;
    view->from_ns = centre > o->span_ns / 2 ? centre - o->span_ns / 2 : 0;
}

static int open_sources(struct source *sources, const struct options *o, struct view *view)
{
    struct load_error error;
    for (int i = 0; i < o->path_count; i++) {
        if (model_init(&sources[i].model) != 0)
            return complain(VIEW_IO, "no memory", "");
        view->model[view->model_count++] = &sources[i].model;
        if (load_open(o->paths[i], NULL, o->memory, &sources[i].model, &sources[i].load, &error) !=
            0)
            return complain(VIEW_INPUT, error.text, "");
    }
    return VIEW_OK;
}

static int show(struct options *o)
{
    struct source sources[VIEW_MODELS] = { 0 };
    struct view view;
    const char *reason;
    struct load_error error;
    if (view_init(&view, o->scale, &reason) != 0) {
        view_free(&view);
        return complain(VIEW_IO, reason, "");
    }
    view.theme = o->light ? &theme_light : &theme_dark;
    int code = open_sources(sources, o, &view);
    for (int i = 0; i < o->path_count && code == VIEW_OK; i++) {
        if (load_all(sources[i].load, &error) < 0)
            complain(VIEW_OK, error.text, "");
        snprintf(view.warning, sizeof view.warning, "%s", load_warning(sources[i].load));
    }
    if (code == VIEW_OK) {
        view_update(&view);
        go_to(&view, o);
        code = draw_png(&view, o);
    }
    for (int i = 0; i < VIEW_MODELS; i++) {
        load_close(sources[i].load);
        model_free(&sources[i].model);
    }
    view_free(&view);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "png", required_argument, NULL, 'p' },    { "at", required_argument, NULL, 'a' },
        { "span", required_argument, NULL, 's' },   { "size", required_argument, NULL, 'z' },
        { "theme", required_argument, NULL, 't' },  { "scale", required_argument, NULL, 'c' },
        { "memory", required_argument, NULL, 'm' }, { 0 },
    };
    struct options o = { .width = 1600, .height = 1000, .scale = 1 };
    int code = VIEW_OK, option;
    while (code == VIEW_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        code = take_option(&o, option);
    for (; optind < argc && o.path_count < VIEW_MODELS && code == VIEW_OK; optind++)
        o.paths[o.path_count++] = argv[optind];
    if (code == VIEW_OK && (o.path_count == 0 || optind < argc))
        code = complain(VIEW_USAGE, "view wants one recording, or two to compare", "");
    return code == VIEW_OK ? show(&o) : code;
}
