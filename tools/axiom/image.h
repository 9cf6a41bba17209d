/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom image: what all kinds of images share. Functions give an exit code, after complaining. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define IMAGE_OBJECTS_MAX 32

struct image_options {
    const char *out, *keyring, *append, *tree; /* tree: of a Raspberry Pi */
    const char *objects[IMAGE_OBJECTS_MAX];
    uint32_t object_count;
    bool test;
};

/* Whether what goes into the image is there, before minutes of building. */
int image_check_file(const char *path);
int image_check_files(const struct image_options *o);
/* Builds the kernel's images for ARCH where they are not there or old. */
int image_build(const char *arch);
int image_copy_file(const char *from, const char *to);
/* The archive of programs at `path`, and with them the keyring under the name that the kernel looks
 * for. */
int image_write_initramfs(const struct image_options *o, const char *path);

/* An SD card's folder for a Raspberry Pi 5, at o->out. */
int image_rpi5(const struct image_options *o);
