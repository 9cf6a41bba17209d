/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where the image's parts lie: each port's linker script defines these, all at page boundaries. */
#pragma once

extern const char image_start[]; /* == image_text_start */
extern const char image_text_start[], image_text_end[];
extern const char image_rodata_start[], image_rodata_end[];
extern const char image_data_start[], image_data_end[]; /* .data and .bss */
extern const char image_end[];
