/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where two recordings part: the first output that differs, as `axiom diff` finds it, and for each lane its first
 * difference. In steps, so that a window goes on. */
#pragma once
#include "view.h"

struct diverge;

/* NULL: a file is no recording of ours, or no memory; lanes are compared all the same. */
struct diverge *diverge_open(const char *path_a, const char *path_b);
void diverge_close(struct diverge *diverge);
/* Compares up to `events` more; fills view->diverged when it finds one. True: goes on. */
bool diverge_step(struct diverge *diverge, struct view *view, uint32_t events);

/* The first time at which two lanes say different things; false: they are the same. */
bool lanes_differ(const struct model *model_a, struct lane *a, const struct model *model_b,
                  struct lane *b, uint64_t *time_ns);
/* Marks the rows that differ. Once both models are whole. */
void diverge_mark_rows(struct view *view);
