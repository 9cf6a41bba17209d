/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Why something from outside (an object file, a map's definition) was refused, in words for the
 * person who can mend it. */
#pragma once
#include <axiom/types.h>

#define BPF_ERROR_TEXT_MAX  240
#define BPF_ERROR_NO_OFFSET UINT64_MAX

struct bpf_error {
    int error;       /* negative errno, also the function's result */
    uint64_t offset; /* byte in the file where it went wrong, or BPF_ERROR_NO_OFFSET */
    char text[BPF_ERROR_TEXT_MAX];
};

/* Fills `error` (which may be NULL) and gives `code` back. */
int bpf_error_set(struct bpf_error *error, int code, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
