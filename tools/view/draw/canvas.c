/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "canvas.h"

#include <math.h>

void canvas_init(struct canvas *canvas, uint32_t *pixels, int width, int height, int stride)
{
    *canvas =
        (struct canvas){ .pixels = pixels, .width = width, .height = height, .stride = stride };
    canvas_unclip(canvas);
}

void canvas_clip(struct canvas *canvas, struct rect to)
{
    canvas->clip_x = to.x > 0 ? to.x : 0;
    canvas->clip_y = to.y > 0 ? to.y : 0;
    canvas->clip_right = to.x + to.width < canvas->width ? to.x + to.width : canvas->width;
    canvas->clip_bottom = to.y + to.height < canvas->height ? to.y + to.height : canvas->height;
}

void canvas_unclip(struct canvas *canvas)
{
    canvas_clip(canvas, (struct rect){ 0, 0, canvas->width, canvas->height });
}

uint32_t colour_mix(uint32_t under, uint32_t over, uint32_t alpha)
{
    /* Two channels at once; +128 and the shift make x * a / 255 to within one. */
    uint32_t rb_u = under & 0xff00ff, rb_o = over & 0xff00ff;
    uint32_t g_u = under >> 8 & 0xff, g_o = over >> 8 & 0xff;
    alpha += alpha >> 7;
    uint32_t rb = (rb_u * (256 - alpha) + rb_o * alpha) >> 8 & 0xff00ff;
    uint32_t g = (g_u * (256 - alpha) + g_o * alpha) >> 8 & 0xff;
    return 0xff000000u | rb | g << 8;
}

static inline void put(struct canvas *canvas, int x, int y, uint32_t colour, uint32_t alpha)
{
    if (x < canvas->clip_x || x >= canvas->clip_right || y < canvas->clip_y ||
        y >= canvas->clip_bottom)
        return;
    uint32_t *at = &canvas->pixels[(size_t)y * (size_t)canvas->stride + (size_t)x];
    *at = alpha >= 255 ? colour | 0xff000000u : colour_mix(*at, colour, alpha);
}

void draw_fill(struct canvas *canvas, int x, int y, int width, int height, uint32_t colour)
{
    int right = x + width < canvas->clip_right ? x + width : canvas->clip_right;
    int bottom = y + height < canvas->clip_bottom ? y + height : canvas->clip_bottom;
    uint32_t alpha = colour >> 24;
    x = x > canvas->clip_x ? x : canvas->clip_x;
    y = y > canvas->clip_y ? y : canvas->clip_y;
    for (; y < bottom; y++) {
        uint32_t *row = &canvas->pixels[(size_t)y * (size_t)canvas->stride];
        if (alpha == 255) {
            for (int i = x; i < right; i++)
                row[i] = colour;
        } else {
            for (int i = x; i < right; i++)
                row[i] = colour_mix(row[i], colour, alpha);
        }
    }
}

void draw_frame(struct canvas *canvas, struct rect at, uint32_t colour)
{
    draw_fill(canvas, at.x, at.y, at.width, 1, colour);
    draw_fill(canvas, at.x, at.y + at.height - 1, at.width, 1, colour);
    draw_fill(canvas, at.x, at.y + 1, 1, at.height - 2, colour);
    draw_fill(canvas, at.x + at.width - 1, at.y + 1, 1, at.height - 2, colour);
}

static uint32_t scaled(uint32_t alpha, float coverage)
{
    coverage = coverage < 0 ? 0 : coverage > 1 ? 1 : coverage;
    return (uint32_t)((float)alpha * coverage + 0.5f);
}

/* A quarter of a disc in each corner, smooth by the distance from its edge. */
void draw_round(struct canvas *canvas, struct rect at, int radius, uint32_t colour)
{
    uint32_t alpha = colour >> 24;
    if (radius > at.width / 2)
        radius = at.width / 2;
    if (radius > at.height / 2)
        radius = at.height / 2;
    if (radius <= 0) {
        draw_fill(canvas, at.x, at.y, at.width, at.height, colour);
        return;
    }
    draw_fill(canvas, at.x, at.y + radius, at.width, at.height - 2 * radius, colour);
    draw_fill(canvas, at.x + radius, at.y, at.width - 2 * radius, radius, colour);
    draw_fill(canvas, at.x + radius, at.y + at.height - radius, at.width - 2 * radius, radius,
              colour);
    for (int dy = 0; dy < radius; dy++) {
        for (int dx = 0; dx < radius; dx++) {
            float far_x = (float)radius - (float)dx - 0.5f,
                  far_y = (float)radius - (float)dy - 0.5f;
            float edge = (float)radius + 0.5f - sqrtf(far_x * far_x + far_y * far_y);
            uint32_t cover = scaled(alpha, edge);
            put(canvas, at.x + dx, at.y + dy, colour, cover);
            put(canvas, at.x + at.width - 1 - dx, at.y + dy, colour, cover);
            put(canvas, at.x + dx, at.y + at.height - 1 - dy, colour, cover);
            put(canvas, at.x + at.width - 1 - dx, at.y + at.height - 1 - dy, colour, cover);
        }
    }
}

void draw_ring(struct canvas *canvas, float x, float y, float radius, float width, uint32_t colour)
{
    uint32_t alpha = colour >> 24;
    int reach = (int)(radius + width) + 2;
    for (int py = (int)y - reach; py <= (int)y + reach; py++) {
        for (int px = (int)x - reach; px <= (int)x + reach; px++) {
            float dx = (float)px + 0.5f - x, dy = (float)py + 0.5f - y;
            float from = fabsf(sqrtf(dx * dx + dy * dy) - radius);
            put(canvas, px, py, colour, scaled(alpha, width / 2 + 0.5f - from));
        }
    }
}

void draw_disc(struct canvas *canvas, float x, float y, float radius, uint32_t colour)
{
    uint32_t alpha = colour >> 24;
    int reach = (int)radius + 2;
    for (int py = (int)y - reach; py <= (int)y + reach; py++) {
        for (int px = (int)x - reach; px <= (int)x + reach; px++) {
            float dx = (float)px + 0.5f - x, dy = (float)py + 0.5f - y;
            put(canvas, px, py, colour, scaled(alpha, radius + 0.5f - sqrtf(dx * dx + dy * dy)));
        }
    }
}

/* Runs along the longer axis; each step covers the pixels that the width touches across it. */
void draw_line(struct canvas *canvas, float x0, float y0, float x1, float y1, float width,
               uint32_t colour)
{
    uint32_t alpha = colour >> 24;
    float dx = x1 - x0, dy = y1 - y0;
    bool steep = fabsf(dy) > fabsf(dx);
    if (steep) {
        float t = x0;
        x0 = y0, y0 = t;
        t = x1, x1 = y1, y1 = t;
    }
    if (x1 < x0) {
        float t = x0;
        x0 = x1, x1 = t;
        t = y0, y0 = y1, y1 = t;
    }
    float low = (float)((steep ? canvas->clip_y : canvas->clip_x) - 1);
    float high = (float)((steep ? canvas->clip_bottom : canvas->clip_right) + 1);
    float along = x1 - x0, slope = along > 0 ? (y1 - y0) / along : 0;
    float half = width / 2 * sqrtf(1 + slope * slope);
    int first = (int)floorf(x0 > low ? x0 : low), last = (int)floorf(x1 < high ? x1 : high);
    for (int i = first; i <= last; i++) {
        float from = fmaxf(x0, (float)i), to = fminf(x1, (float)i + 1);
        float share = along > 0 ? fminf(1, fmaxf(to - from, 0.35f)) : 1;
        float middle = y0 + slope * (fminf(fmaxf((float)i + 0.5f, x0), x1) - x0);
        float top = middle - half, bottom = middle + half;
        for (int j = (int)floorf(top); j <= (int)floorf(bottom); j++) {
            float cover = fminf(bottom, (float)j + 1) - fmaxf(top, (float)j);
            put(canvas, steep ? j : i, steep ? i : j, colour, scaled(alpha, cover * share));
        }
    }
}

void draw_dashed_v(struct canvas *canvas, int x, int y0, int y1, int on, int off, uint32_t colour)
{
    for (int y = y0; y < y1; y += on + off)
        draw_fill(canvas, x, y, 1, on < y1 - y ? on : y1 - y, colour);
}

void draw_dashed_h(struct canvas *canvas, int x0, int x1, int y, int on, int off, uint32_t colour)
{
    for (int x = x0; x < x1; x += on + off)
        draw_fill(canvas, x, y, on < x1 - x ? on : x1 - x, 1, colour);
}

void draw_arrow(struct canvas *canvas, int x, int y, int size, bool up, uint32_t colour)
{
    for (int i = 0; i < size; i++)
        draw_fill(canvas, x - i, up ? y + i : y - i, 2 * i + 1, 1, colour);
}
