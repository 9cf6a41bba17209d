/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A file into a model, in steps, so that a window can show what is there already. An MCAP file stays open: points that
 * were given up are read again through its index. Other traces (.sr, CSV, ...) are read once. */
#pragma once
#include "model.h"

struct load;

struct load_error {
    char text[512];
};

#define LOAD_MEMORY_DEFAULT (UINT64_C(768) << 20) /* bytes of points kept at once */

/* Begins: takes the board, the names and what the file says about itself into `model` (initialised, empty), which
 * *out uses until load_close(). memory_max 0: LOAD_MEMORY_DEFAULT. `words` are trace options (traces/source.h). 0, or
 * a negative errno and *error. */
struct trace_options;
int load_open(const char *path, const struct trace_options *words, uint64_t memory_max,
              struct model *model, struct load **out, struct load_error *error);
/* The same for an MCAP file in memory, which must outlive it. */
int load_open_memory(const void *data, size_t size, uint64_t memory_max, struct model *model,
                     struct load **out, struct load_error *error);
/* Before model_free(). */
void load_close(struct load *load);

/* Reads up to `events` more. 1: there is more; 0: the end; negative: broken from here on, *error says how; what came
 * before stays. */
int load_step(struct load *load, uint32_t events, struct load_error *error);
int load_all(struct load *load, struct load_error *error);

/* 0 to 1000. */
uint32_t load_progress(const struct load *load);
/* "" or what a person should know: messages that are no lane's, a cut file. */
const char *load_warning(const struct load *load);
