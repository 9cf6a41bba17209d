/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include "view.h"

struct search_result {
    uint32_t row;
    bool has_time;
    uint64_t time_ns;
};

/* What comes next after the playhead, or before it: a time ("28.4s"), a lane whose name has the text, or a moment whose
 * words have it. Letters' case does not count. True: *out has the row; false: it may still have a time to go to. */
bool search_view(struct view *view, const char *text, bool forward, struct search_result *out);
