/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Glyphs: rendered once by SDL2_ttf, kept as coverage, drawn by us in any colour. */
#include "canvas.h"

#include <axiom/errno.h>

#include <SDL_ttf.h>
#include <stdlib.h>
#include <string.h>

#define GLYPH_SLOTS 2048u /* a power of two; a full table starts anew */

struct glyph {
    uint32_t character; /* 0: free */
    int16_t left, top, width, height, advance;
    uint8_t *cover;
};

struct font {
    TTF_Font *ttf;
    int height, ascent;
    uint32_t used;
    struct glyph glyph[GLYPH_SLOTS];
};

/* Debian, Fedora, Arch, macOS with Homebrew. */
static const char *const folders[] = { "/usr/share/fonts/truetype/dejavu",
                                       "/usr/share/fonts/dejavu-sans-fonts", "/usr/share/fonts/TTF",
                                       "/usr/local/share/fonts", "/opt/homebrew/share/fonts" };

int font_open(int size, bool bold, struct font **out, const char **reason)
{
    char path[160];
    *reason = "DejaVuSans.ttf is not there; apt-get install fonts-dejavu-core";
    if (!TTF_WasInit() && TTF_Init() != 0) {
        *reason = TTF_GetError();
        return -ENODEV;
    }
    TTF_Font *ttf = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(folders) && ttf == NULL; i++) {
        snprintf(path, sizeof path, "%s/%s", folders[i],
                 bold ? "DejaVuSans-Bold.ttf" : "DejaVuSans.ttf");
        ttf = TTF_OpenFont(path, size);
    }
    if (ttf == NULL)
        return -ENOENT;
    struct font *font = calloc(1, sizeof *font);
    if (font == NULL) {
        TTF_CloseFont(ttf);
        *reason = "no memory";
        return -ENOMEM;
    }
    TTF_SetFontHinting(ttf, TTF_HINTING_LIGHT);
    font->ttf = ttf;
    font->height = TTF_FontHeight(ttf);
    font->ascent = TTF_FontAscent(ttf);
    *out = font;
    return 0;
}

static void forget_glyphs(struct font *font)
{
    for (uint32_t i = 0; i < GLYPH_SLOTS; i++)
        free(font->glyph[i].cover);
    memset(font->glyph, 0, sizeof font->glyph);
    font->used = 0;
}

void font_close(struct font *font)
{
    if (font == NULL)
        return;
    forget_glyphs(font);
    TTF_CloseFont(font->ttf);
    free(font);
}

int font_height(const struct font *font)
{
    return font->height;
}

static void render(struct font *font, struct glyph *glyph, uint32_t character)
{
    int min_x = 0, max_x = 0, min_y = 0, max_y = 0, advance = 0;
    glyph->character = character;
    if (TTF_GlyphMetrics32(font->ttf, character, &min_x, &max_x, &min_y, &max_y, &advance) != 0)
        return;
    glyph->advance = (int16_t)advance;
    SDL_Surface *surface =
        TTF_RenderGlyph32_Blended(font->ttf, character, (SDL_Color){ 255, 255, 255, 255 });
    if (surface == NULL)
        return;
    size_t width = (size_t)surface->w, height = (size_t)surface->h;
    glyph->cover = malloc(width * height + 1);
    if (glyph->cover != NULL) {
        for (size_t y = 0; y < height; y++) {
            const uint32_t *row =
                (const uint32_t *)((const uint8_t *)surface->pixels + y * (size_t)surface->pitch);
            for (size_t x = 0; x < width; x++)
                glyph->cover[y * width + x] = (uint8_t)(row[x] >> 24);
        }
        /* SDL2_ttf gives the whole cell from the ascent down, moved right where a glyph reaches left. */
        glyph->left = (int16_t)(min_x < 0 ? min_x : 0);
        glyph->width = (int16_t)width;
        glyph->height = (int16_t)height;
    }
    SDL_FreeSurface(surface);
}

static const struct glyph *glyph_of(struct font *font, uint32_t character)
{
    if (font->used > GLYPH_SLOTS * 3 / 4)
        forget_glyphs(font);
    for (uint32_t at = character * 2654435761u >> 16 & (GLYPH_SLOTS - 1);;
         at = (at + 1) & (GLYPH_SLOTS - 1)) {
        struct glyph *glyph = &font->glyph[at];
        if (glyph->character == character)
            return glyph;
        if (glyph->character == 0) {
            font->used++;
            render(font, glyph, character);
            return glyph;
        }
    }
}

/* The next character of valid UTF-8 (printable() saw to that); a stray byte is one of Latin-1. */
static uint32_t next_character(const char **text)
{
    const uint8_t *at = (const uint8_t *)*text;
    uint32_t size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc0 ? 2 : 1;
    uint32_t character = size == 1 ? at[0] : at[0] & (0xffu >> (size + 1));
    for (uint32_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            *text += 1;
            return at[0];
        }
        character = character << 6 | (at[i] & 0x3f);
    }
    *text += size;
    return character;
}

int text_width(struct font *font, const char *text)
{
    int width = 0;
    while (*text != '\0')
        width += glyph_of(font, next_character(&text))->advance;
    return width;
}

static void draw_glyph(struct canvas *canvas, const struct glyph *glyph, int x, int y,
                       uint32_t colour)
{
    uint32_t alpha = colour >> 24;
    if (glyph->cover == NULL)
        return;
    x += glyph->left;
    for (int row = 0; row < glyph->height; row++) {
        int py = y + row;
        if (py < canvas->clip_y || py >= canvas->clip_bottom)
            continue;
        uint32_t *to = &canvas->pixels[(size_t)py * (size_t)canvas->stride];
        const uint8_t *from = &glyph->cover[row * glyph->width];
        for (int column = 0; column < glyph->width; column++) {
            int px = x + column;
            if (from[column] != 0 && px >= canvas->clip_x && px < canvas->clip_right)
                to[px] = colour_mix(to[px], colour, from[column] * alpha / 255);
        }
    }
}

void draw_text(struct canvas *canvas, struct font *font, int x, int y, const char *text,
               uint32_t colour)
{
    while (*text != '\0' && x < canvas->clip_right) {
        const struct glyph *glyph = glyph_of(font, next_character(&text));
        draw_glyph(canvas, glyph, x, y, colour);
        x += glyph->advance;
    }
}

int draw_text_fit(struct canvas *canvas, struct font *font, int x, int y, int width,
                  const char *text, uint32_t colour)
{
    char cut[512];
    int whole = text_width(font, text);
    if (whole <= width) {
        draw_text(canvas, font, x, y, text, colour);
        return whole;
    }
    int dots = text_width(font, "…"), used = 0;
    size_t length = 0;
    const char *at = text;
    while (*at != '\0') {
        const char *before = at;
        int advance = glyph_of(font, next_character(&at))->advance;
        size_t bytes = (size_t)(at - before);
        if (used + advance + dots > width || length + bytes + 4 > sizeof cut)
            break;
        memcpy(cut + length, before, bytes);
        length += bytes;
        used += advance;
    }
    if (length == 0)
        return 0;
    strcpy(cut + length, "…");
    draw_text(canvas, font, x, y, cut, colour);
    return used + dots;
}

void draw_text_right(struct canvas *canvas, struct font *font, int right, int y, const char *text,
                     uint32_t colour)
{
    draw_text(canvas, font, right - text_width(font, text), y, text, colour);
}

void draw_text_centre(struct canvas *canvas, struct font *font, int centre, int y, const char *text,
                      uint32_t colour)
{
    draw_text(canvas, font, centre - text_width(font, text) / 2, y, text, colour);
}
