/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Any bytes as a recording in the viewer's model, with so little memory that points are given up and read again: lanes,
 * names, columns, words of points. It looks for memory errors and for points that come back changed in number. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(struct model *model, struct model_lane *lane)
{
    struct lane_summary columns[61];
    struct lane_point point;
    char text[200];
    uint64_t start = model->start_ns, span = model->end_ns - start;
    lane_columns(&lane->lane, start, span, 61, columns);
    lane_columns(&lane->lane, start + span / 3, span / 1000 + 1, 61, columns);
    for (uint64_t i = 0; i < lane->lane.count; i += 1 + lane->lane.count / 50) {
        model_describe(model, lane, i, text, sizeof text);
        model_label(model, lane, i, text, 20);
        if (lane_point_at(&lane->lane, i, &point, NULL, NULL) &&
            lane_find(&lane->lane, point.time_ns) > i)
            abort();
    }
    if (lane_summarise(&lane->lane, 0, UINT64_MAX).count > lane->lane.count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model model;
    struct load *load;
    struct load_error error;
    if (model_init(&model) != 0)
        return 0;
    if (load_open_memory(data, size, 65536, &model, &load, &error) == 0) {
        load_all(load, &error);
        model_trim(&model);
        for (uint32_t i = 0; i < model.lane_count; i++)
            look_at(&model, model.lanes[i]);
        load_close(load);
    }
    model_free(&model);
    return 0;
}
