/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The file that the kernel's own recorder leaves in RAM (arch/common/record): its last line on the console says
 * where. As on a real board, where a debugger or another kernel would read it out. */
#pragma once
#include <axiom/types.h>

struct ram_file {
    const char *path; /* where it is to go; NULL: nobody wants it */
    char line[256];   /* of the console, as far as it has come */
    uint32_t length;
    uint64_t at, size; /* in RAM; size 0: the kernel has not said it */
};

/* What UART10 has sent. */
void ram_file_console(struct ram_file *file, const uint8_t *bytes, uint32_t size);

/* Once the board is off: an exit code. */
int ram_file_fetch(const struct ram_file *file, const uint8_t *ram, uint64_t ram_size);
