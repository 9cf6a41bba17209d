/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Drawing into memory: rectangles, lines, texts. What is drawn depends on nothing but the calls, so a window and a PNG
 * show the same. Pixels are 0xAARRGGBB; everything is clipped. Coordinates are pixels; callers scale for HiDPI. */
#pragma once
#include <axiom/types.h>

struct font;

struct canvas {
    uint32_t *pixels; /* the owner's */
    int width, height;
    int stride; /* pixels in a row */
    int clip_x, clip_y, clip_right, clip_bottom;
};

struct rect {
    int x, y, width, height;
};

void canvas_init(struct canvas *canvas, uint32_t *pixels, int width, int height, int stride);
/* Nothing outside of it is drawn from here on; canvas_unclip() takes that back. */
void canvas_clip(struct canvas *canvas, struct rect to);
void canvas_unclip(struct canvas *canvas);

/* Alpha of the colour counts: 0xff000000 is opaque. */
void draw_fill(struct canvas *canvas, int x, int y, int width, int height, uint32_t colour);
void draw_frame(struct canvas *canvas, struct rect at, uint32_t colour);
void draw_round(struct canvas *canvas, struct rect at, int radius, uint32_t colour);
void draw_disc(struct canvas *canvas, float x, float y, float radius, uint32_t colour);
void draw_ring(struct canvas *canvas, float x, float y, float radius, float width, uint32_t colour);
/* Smooth. */
void draw_line(struct canvas *canvas, float x0, float y0, float x1, float y1, float width,
               uint32_t colour);
/* 1 px, every `on` of on + off pixels. */
void draw_dashed_v(struct canvas *canvas, int x, int y0, int y1, int on, int off, uint32_t colour);
void draw_dashed_h(struct canvas *canvas, int x0, int x1, int y, int on, int off, uint32_t colour);
/* A solid triangle that points `up` or down, its tip at x, y. */
void draw_arrow(struct canvas *canvas, int x, int y, int size, bool up, uint32_t colour);

/* `over` on `under`, both opaque, at alpha 0..255. */
uint32_t colour_mix(uint32_t under, uint32_t over, uint32_t alpha);
static inline uint32_t with_alpha(uint32_t colour, uint32_t alpha)
{
    return (colour & 0xffffffu) | alpha << 24;
}

/* --- texts --- */

/* Caches each glyph's coverage at each size; -ENOENT with *reason if there is no font file. */
int font_open(int size, bool bold, struct font **out, const char **reason);
void font_close(struct font *font);
int font_height(const struct font *font);
/* Of the text in pixels. */
int text_width(struct font *font, const char *text);
/* Its top left at x, y. */
void draw_text(struct canvas *canvas, struct font *font, int x, int y, const char *text,
               uint32_t colour);
/* What does not fit into `width` ends in "…"; nothing if not even that fits. The width drawn. */
int draw_text_fit(struct canvas *canvas, struct font *font, int x, int y, int width,
                  const char *text, uint32_t colour);
void draw_text_right(struct canvas *canvas, struct font *font, int right, int y, const char *text,
                     uint32_t colour);
void draw_text_centre(struct canvas *canvas, struct font *font, int centre, int y, const char *text,
                      uint32_t colour);

/* An opaque picture as PNG. 0; negative errno and a reason. */
int png_write(const char *path, const struct canvas *canvas, char *reason, size_t size);
