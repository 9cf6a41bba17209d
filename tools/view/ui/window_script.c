/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What somebody would do at the window, from a file, one a line; tests are made of it. Mouse and keys go through SDL's
 * own queue, so that all of the path is walked.
 *
 *   key f | key shift+d        a key by SDL's name
 *   move X Y | click X Y | right X Y | drag X Y X Y | wheel X Y N
 *   type TEXT                  into the search line
 *   do NAME                    a command by its name
 *   pin GPIO                   click that pin on the board, as soon as it is there
 *   sensor DEVICE QUANTITY PX  drag that sensor's value by so many pixels, as soon as it is there
 *   wait 100ms                 by the clock
 *   until 1.5s                 until the playhead or the live run is that far, or at its end
 *   loaded                     until all is read
 *   png FILE | quit */
#include "command.h"
#include "window.h"

#include <SDL.h>
#include <axiom/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script {
    FILE *file;
    char line[256];
    bool pending;      /* the line waits */
    uint64_t until_ms; /* for wait; 0: not begun */
};

int script_open(const char *path, struct script **out, const char **reason)
{
    struct script *script = calloc(1, sizeof *script);
    if (script == NULL) {
        *reason = "no memory";
        return -ENOMEM;
    }
    script->file = fopen(path, "r");
    if (script->file == NULL) {
        *reason = "the script is not there";
        free(script);
        return -ENOENT;
    }
    *out = script;
    return 0;
}

void script_close(struct script *script)
{
    if (script == NULL)
        return;
    fclose(script->file);
    free(script);
}

static double duration_ms(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    return strncmp(end, "us", 2) == 0   ? value / 1e3
           : strncmp(end, "ms", 2) == 0 ? value
                                        : value * 1e3;
}

static void push_motion(int x, int y)
{
    SDL_Event event = { .motion = { .type = SDL_MOUSEMOTION, .x = x, .y = y } };
    SDL_PushEvent(&event);
}

static void push_button(uint32_t type, int button, int x, int y)
{
    SDL_Event event = {
        .button = { .type = type, .button = (uint8_t)button, .clicks = 1, .x = x, .y = y }
    };
    SDL_PushEvent(&event);
}

static void push_click(int button, int x, int y)
{
    push_motion(x, y);
    push_button(SDL_MOUSEBUTTONDOWN, button, x, y);
    push_button(SDL_MOUSEBUTTONUP, button, x, y);
}

static void push_drag(int x0, int y0, int x1, int y1)
{
    push_motion(x0, y0);
    push_button(SDL_MOUSEBUTTONDOWN, SDL_BUTTON_LEFT, x0, y0);
    push_motion((x0 + x1) / 2, (y0 + y1) / 2);
    push_motion(x1, y1);
    push_button(SDL_MOUSEBUTTONUP, SDL_BUTTON_LEFT, x1, y1);
}

static void push_key(const char *name)
{
    SDL_Event event = { .key = { .type = SDL_KEYDOWN } };
    if (strncmp(name, "shift+", 6) == 0) {
        event.key.keysym.mod = KMOD_LSHIFT;
        name += 6;
    }
    event.key.keysym.sym = SDL_GetKeyFromName(name);
    SDL_PushEvent(&event);
}

static void push_text(const char *text)
{
    SDL_Event event = { .text = { .type = SDL_TEXTINPUT } };
    snprintf(event.text.text, sizeof event.text.text, "%.31s", text);
    SDL_PushEvent(&event);
}

/* False: the board does not show it yet. */
static bool click_pin(struct view *view, unsigned line)
{
    for (uint32_t i = 0; i < view->hit_count; i++) {
        const struct board_hit *hit = &view->hit[i];
        if (hit->sensor == NULL && hit->line == line) {
            push_click(SDL_BUTTON_LEFT, hit->at.x + hit->at.width / 2,
                       hit->at.y + hit->at.height / 2);
            return true;
        }
    }
    return view->live_ended;
}

static bool drag_sensor(struct view *view, const char *device, const char *quantity, int by)
{
    for (uint32_t i = 0; i < view->hit_count; i++) {
        const struct board_hit *hit = &view->hit[i];
        if (hit->sensor == NULL || strcmp(hit->sensor->key, device) != 0 ||
            strcmp(hit->sensor->note, quantity) != 0)
            continue;
        int x = hit->at.x + hit->at.width / 2, y = hit->at.y + hit->at.height / 2;
        push_drag(x, y, x + by, y);
        return true;
    }
    return view->live_ended;
}

/* True if the line is done with; false: it waits. */
static bool do_line(struct script *script, struct view *view, uint64_t now_ms,
                    void (*save)(void *context, const char *path), void *context)
{
    char word[32] = "", rest[200] = "", more[64] = "";
    int a = 0, b = 0, c = 0, d = 0;
    if (sscanf(script->line, "%31s %199[^\n]", word, rest) < 1 || word[0] == '#')
        return true;
    sscanf(rest, "%d %d %d %d", &a, &b, &c, &d);
    if (strcmp(word, "key") == 0)
        push_key(rest);
    else if (strcmp(word, "move") == 0)
        push_motion(a, b);
    else if (strcmp(word, "click") == 0)
        push_click(SDL_BUTTON_LEFT, a, b);
    else if (strcmp(word, "right") == 0)
        push_click(SDL_BUTTON_RIGHT, a, b);
    else if (strcmp(word, "drag") == 0)
        push_drag(a, b, c, d);
    else if (strcmp(word, "type") == 0)
        push_text(rest);
    else if (strcmp(word, "do") == 0 && command_by_name(rest) == COMMAND_COUNT)
        fprintf(stderr, "axiom view: the script says 'do %s', and there is no such command\n",
                rest);
    else if (strcmp(word, "do") == 0)
        view_do(view, command_by_name(rest), -1);
    else if (strcmp(word, "pin") == 0)
        return click_pin(view, (unsigned)a);
    else if (strcmp(word, "sensor") == 0 && sscanf(rest, "%31s %63s %d", word, more, &a) == 3)
        return drag_sensor(view, word, more, a);
    else if (strcmp(word, "png") == 0)
        save(context, rest);
    else if (strcmp(word, "loaded") == 0)
        return view->progress >= 1000;
    else if (strcmp(word, "until") == 0)
        return view->live_ended ||
               (double)(view->live ? view_end(view) : view->playhead_ns) / 1e6 >= duration_ms(rest);
    else if (strcmp(word, "wait") == 0) {
        if (script->until_ms == 0)
            script->until_ms = now_ms + (uint64_t)duration_ms(rest);
        return now_ms >= script->until_ms;
    } else if (strcmp(word, "wheel") == 0) {
        push_motion(a, b);
        SDL_Event event = { .wheel = { .type = SDL_MOUSEWHEEL, .y = c } };
        SDL_PushEvent(&event);
    } else if (strcmp(word, "quit") != 0) {
        fprintf(stderr, "axiom view: the script says '%s', which is nothing to do\n", word);
    }
    return true;
}

bool script_step(struct script *script, struct view *view, uint64_t now_ms,
                 void (*save)(void *context, const char *path), void *context)
{
    if (!script->pending) {
        if (fgets(script->line, sizeof script->line, script->file) == NULL ||
            strncmp(script->line, "quit", 4) == 0)
            return false;
        script->pending = true;
        script->until_ms = 0;
    }
    if (do_line(script, view, now_ms, save, context))
        script->pending = false;
    return true;
}
