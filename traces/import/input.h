/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bytes to import: a regular file or memory, read through a window of fixed size.
 *
 * Files are not mapped: one that another process cuts short while we read would be a SIGBUS instead
 * of an error. */
#pragma once
#include <axiom/types.h>

#define INPUT_WINDOW (256u << 10)

struct trace_input {
    int fd;                /* -1: memory */
    const uint8_t *memory; /* caller's */
    uint64_t size;         /* when opened; what a file grows by later is not read */
    char *name;            /* for messages; owned */
    uint8_t *window;       /* owned; NULL for memory */
    uint64_t window_start;
    size_t window_size;
};

/* -ENOMEM, or what open(2) says; -ESPIPE for what is no regular file. */
int input_open_file(struct trace_input *input, const char *path);
int input_open_memory(struct trace_input *input, const void *bytes, size_t size, const char *name);
void input_close(struct trace_input *input);

/* Bytes from `offset` on, at least `want` (at most INPUT_WINDOW) of them or all that there are;
 * *available says how many. Valid until the next call. NULL on a read error, with errno set. */
const uint8_t *input_at(struct trace_input *input, uint64_t offset, size_t want, size_t *available);
