/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The window's side of a run that goes on (tools/axiom/live.h): events into a model, inputs and pace back. */
#pragma once
#include "view.h"

struct live_view;

/* Takes the shared memory behind `fd` (and closes it). 0; negative errno and *reason. memory_max 0: the default. */
int live_view_open(int fd, uint64_t memory_max, struct model *model, struct live_view **out,
                   const char **reason);
/* The run goes on at full speed once nobody looks. Before model_free(). */
void live_view_close(struct live_view *live);
/* Takes over the view's pace and inputs. */
void live_view_attach(struct live_view *live, struct view *view);
/* Takes in up to `events`; true: something changed. */
bool live_view_step(struct live_view *live, struct view *view, uint32_t events);
