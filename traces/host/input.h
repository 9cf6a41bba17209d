/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where a reader's bytes come from: a file, a pipe, memory. */
#pragma once
#include <axiom/types.h>

#define INPUT_SIZE_UNKNOWN UINT64_MAX

struct input {
    /* Up to `size` bytes from `offset` on: how many there were (less only at the end), or a
     * negative errno. On a pipe offsets never go back. */
    int64_t (*read_at)(struct input *input, uint64_t offset, void *to, size_t size);
    uint64_t size; /* INPUT_SIZE_UNKNOWN on a pipe */
    int fd;
    const uint8_t *memory;
    uint64_t position; /* of a pipe */
};

/* 0 or a negative errno; mcap_input_close() afterwards. */
int mcap_input_open(struct input *input, const char *path);
void mcap_input_open_memory(struct input *input, const void *data, size_t size);
void mcap_input_close(struct input *input);
