/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An initramfs for images: a cpio archive (newc) of boot modules. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

/* One file, as `name`; NULL: by the last part of its path. An exit code, after complaining. */
int initramfs_add(FILE *to, const char *path, const char *name);
/* The archive's end. False: the host could not write. */
bool initramfs_end(FILE *to);
