/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom-view: what `axiom view` starts. A program of its own, so that a run never has a window's libraries in it. */
#include "command.h"
#include "diverge.h"
#include "live_view.h"
#include "load.h"
#include "window.h"

#include <SDL.h>
#include <SDL_ttf.h>
#include <axiom/errno.h>
#include <traces/source.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    const char *script;
    bool measure;
    const char *words[16]; /* of the trace's format */
    size_t word_count;
    int live; /* descriptor of a run that goes on; 0: none */
};

struct source {
    struct model model;
    struct load *load;
    bool loading;
};

/* All that is looked at. */
struct session {
    struct options options;
    struct view view;
    struct source source[VIEW_MODELS];
    struct diverge *diverge;
    struct live_view *live;
    bool compared;
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

static bool parse_size(const char *text, struct options *o)
{
    char more;
    return sscanf(text, "%5dx%5d%c", &o->width, &o->height, &more) == 2 && o->width >= 320 &&
           o->height >= 200 && o->width <= 16384 && o->height <= 16384;
}

static bool parse_scale(const char *text, double *scale)
{
    char *end;
    *scale = strtod(text, &end);
    return end != text && *end == '\0' && *scale >= 0.5 && *scale <= 8;
}

static bool parse_mib(const char *text, uint64_t *bytes)
{
    char *end;
    unsigned long long mib = strtoull(text, &end, 10);
    *bytes = (uint64_t)mib << 20;
    return *text >= '0' && *text <= '9' && *end == '\0' && mib > 0 && mib <= 1u << 24;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return b != NULL && stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
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
        return parse_size(optarg, o)
                   ? VIEW_OK
                   : complain(VIEW_USAGE, "--size wants WIDTHxHEIGHT, 320x200 to 16384x16384",
                              optarg);
    case 't':
        o->light = strcmp(optarg, "light") == 0;
        return o->light || strcmp(optarg, "dark") == 0
                   ? VIEW_OK
                   : complain(VIEW_USAGE, "--theme is light or dark", optarg);
    case 'c':
        return parse_scale(optarg, &o->scale) ? VIEW_OK
                                              : complain(VIEW_USAGE, "--scale is 0.5 to 8", optarg);
    case 'x':
        o->script = optarg;
        return VIEW_OK;
    case 'M':
        o->measure = true;
        return VIEW_OK;
    case 'o':
        if (o->word_count == ARRAY_SIZE(o->words))
            return complain(VIEW_USAGE, "too many --trace-option", "");
        o->words[o->word_count++] = optarg;
        return VIEW_OK;
    case 'L':
        o->live = atoi(optarg);
        return VIEW_OK;
    case 'm':
        return parse_mib(optarg, &o->memory)
                   ? VIEW_OK
                   : complain(VIEW_USAGE, "--memory wants MiB, 1 or more", optarg);
    default:
        return VIEW_USAGE; /* getopt_long() has said which */
    }
}

static void go_to(struct view *view, const struct options *o)
{
    uint64_t origin = view_origin(view);
    view->playhead_ns = o->has_at ? origin + o->at_ns : view_start(view);
    if (!o->has_span)
        return;
    view->fitted = false;
    view->span_ns = o->span_ns < SPAN_LEAST_NS ? SPAN_LEAST_NS : o->span_ns;
    uint64_t centre = view->playhead_ns;
    view->from_ns = centre > o->span_ns / 2 ? centre - o->span_ns / 2 : 0;
}

static int open_sources(struct session *s)
{
    struct load_error error;
    for (int i = 0; i < s->options.path_count; i++) {
        struct source *source = &s->source[i];
        if (model_init(&source->model) != 0)
            return complain(VIEW_IO, "no memory", "");
        s->view.model[s->view.model_count++] = &source->model;
        struct trace_options words = { s->options.words, s->options.word_count };
        if (load_open(s->options.paths[i], &words, s->options.memory, &source->model, &source->load,
                      &error) != 0)
            return complain(VIEW_INPUT, error.text, "");
        source->loading = true;
    }
    if (s->options.path_count == 2)
        s->diverge = diverge_open(s->options.paths[0], s->options.paths[1]);
    return VIEW_OK;
}

static int open_live(struct session *s)
{
    const char *reason;
    if (model_init(&s->source[0].model) != 0)
        return complain(VIEW_IO, "no memory", "");
    s->view.model[s->view.model_count++] = &s->source[0].model;
    if (live_view_open(s->options.live, s->options.memory, &s->source[0].model, &s->live,
                       &reason) != 0)
        return complain(VIEW_IO, reason, "");
    live_view_attach(s->live, &s->view);
    return VIEW_OK;
}

/* --- reading on, beside the window --- */

static void load_more(struct session *s, struct source *source, uint32_t events)
{
    struct load_error error;
    int got = load_step(source->load, events, &error);
    if (got == 1)
        return;
    source->loading = false;
    snprintf(s->view.warning, sizeof s->view.warning, "%.255s",
             got < 0 ? error.text : load_warning(source->load));
    if (got < 0)
        complain(VIEW_OK, error.text, "");
}

/* The next piece of work; false: all is done. */
static bool work(struct session *s, uint32_t events)
{
    if (s->live != NULL)
        return live_view_step(s->live, &s->view, events);
    uint32_t least = 1000;
    bool any = false;
    for (int i = 0; i < s->options.path_count; i++) {
        struct source *source = &s->source[i];
        if (!source->loading)
            continue;
        load_more(s, source, events);
        any = true;
        uint32_t progress = load_progress(source->load);
        least = source->loading && progress >= 1000 ? 999 : progress < least ? progress : least;
    }
    s->view.progress = least;
    if (any)
        return true;
    if (s->diverge != NULL) {
        if (!diverge_step(s->diverge, &s->view, events)) {
            diverge_close(s->diverge);
            s->diverge = NULL;
        }
        return true;
    }
    if (!s->compared && s->options.path_count == 2) {
        s->compared = true;
        view_update(&s->view);
        diverge_mark_rows(&s->view);
        return true;
    }
    return false;
}

static bool step(void *context, struct view *view, uint32_t budget_ms)
{
    struct session *s = context;
    uint64_t until = SDL_GetTicks64() + budget_ms;
    bool any = false;
    (void)view;
    while (work(s, 4096)) {
        any = true;
        if (SDL_GetTicks64() >= until)
            break;
    }
    return any;
}

/* --- pictures and windows --- */

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

static int show_png(struct session *s)
{
    const char *reason;
    if (view_set_scale(&s->view, s->options.scale > 0 ? s->options.scale : 1, &reason) != 0)
        return complain(VIEW_IO, reason, "");
    while (work(s, 65536))
        ;
    view_update(&s->view);
    go_to(&s->view, &s->options);
    return draw_png(&s->view, &s->options);
}

static int show_window(struct session *s)
{
    const struct options *o = &s->options;
    const char *reason;
    struct window_options window = {
        o->width, o->height, o->scale, o->script, o->light, o->measure
    };
    struct window_source source = { s, step };
    struct window_figures figures;
    /* What is near the beginning is there in the first picture, and names the lanes. */
    work(s, 4096);
    if (o->has_at || o->has_span)
        go_to(&s->view, o);
    int err = window_run(&s->view, &window, &source, &figures, &reason);
    if (err != 0)
        return complain(VIEW_IO, reason,
                        err == -ENODEV ? "is there a display? --png needs none" : "");
    if (o->measure)
        printf("first frame %.1f ms, %u frames, %.2f ms each, worst %.2f ms\n",
               figures.first_frame_ms, figures.frames, figures.mean_ms, figures.worst_ms);
    return VIEW_OK;
}

static int show(struct session *s)
{
    if (view_init(&s->view) != 0)
        return complain(VIEW_IO, "no memory", "");
    s->view.theme = s->options.light ? &theme_light : &theme_dark;
    int code = s->options.live > 0 ? open_live(s) : open_sources(s);
    if (code == VIEW_OK)
        code = s->options.png != NULL ? show_png(s) : show_window(s);
    diverge_close(s->diverge);
    live_view_close(s->live);
    for (int i = 0; i < VIEW_MODELS; i++) {
        load_close(s->source[i].load);
        model_free(&s->source[i].model);
    }
    view_free(&s->view);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "png", required_argument, NULL, 'p' },
        { "at", required_argument, NULL, 'a' },
        { "span", required_argument, NULL, 's' },
        { "size", required_argument, NULL, 'z' },
        { "theme", required_argument, NULL, 't' },
        { "scale", required_argument, NULL, 'c' },
        { "memory", required_argument, NULL, 'm' },
        { "script", required_argument, NULL, 'x' },
        { "measure", no_argument, NULL, 'M' },
        { "live", required_argument, NULL, 'L' },
        { "trace-option", required_argument, NULL, 'o' },
        { 0 },
    };
    static struct session session;
    struct options *o = &session.options;
    *o = (struct options){ .width = 1600, .height = 1000 };
    int code = VIEW_OK, option;
    while (code == VIEW_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        code = take_option(o, option);
    for (; optind < argc && o->path_count < VIEW_MODELS && code == VIEW_OK; optind++)
        o->paths[o->path_count++] = argv[optind];
    if (code == VIEW_OK && ((o->path_count == 0 && o->live <= 0) || optind < argc))
        code = complain(VIEW_USAGE, "view wants one recording, or two to compare", "");
    if (code == VIEW_USAGE)
        fputs("Try: axiom view --help\n", stderr);
    for (int i = 0; i < o->path_count && code == VIEW_OK; i++)
        if (is_same_file(o->paths[i], o->png))
            code = complain(VIEW_USAGE, "--png would overwrite what is read", o->png);
    if (code == VIEW_OK)
        code = show(&session);
    TTF_Quit();
    SDL_Quit();
    return code;
}
