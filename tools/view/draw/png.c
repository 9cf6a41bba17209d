/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "canvas.h"

#include <axiom/errno.h>

#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

int png_write(const char *path, const struct canvas *canvas, char *reason, size_t size)
{
    size_t width = (size_t)canvas->width, height = (size_t)canvas->height;
    uint8_t *rgb = malloc(width * height * 3);
    if (rgb == NULL) {
        snprintf(reason, size, "no memory");
        return -ENOMEM;
    }
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            uint32_t pixel = canvas->pixels[y * (size_t)canvas->stride + x];
            uint8_t *to = &rgb[(y * width + x) * 3];
            to[0] = (uint8_t)(pixel >> 16);
            to[1] = (uint8_t)(pixel >> 8);
            to[2] = (uint8_t)pixel;
        }
    }
    png_image image = { .version = PNG_IMAGE_VERSION,
                        .width = (png_uint_32)width,
                        .height = (png_uint_32)height,
                        .format = PNG_FORMAT_RGB };
    int ok = png_image_write_to_file(&image, path, 0, rgb, 0, NULL);
    free(rgb);
    if (!ok)
        snprintf(reason, size, "%s: %s", path, image.message);
    return ok ? 0 : -EIO;
}
