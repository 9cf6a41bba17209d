/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an image adds to the kernel: set up as the boot's last step, taken down first. An image that
 * defines these two functions itself (the kernel's test suite does) is linked with its own; all
 * others get core/addon.c's, which do nothing. */
#pragma once

/* 0, or a negative errno, which fails the boot. Process context. */
int addon_init(void);
void addon_exit(void);
