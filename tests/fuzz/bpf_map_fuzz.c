/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Any bytes as operations on a map: the first chooses its shape, the rest are keys, values and flags. Ours and the
 * model (tests/bpf/map/model.c) must give the same. */
#include "host_env.h"
#include "model.h"
#include "shapes.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct host_env host;
    static struct model model;
    struct our_backend ours;
    struct bpf_map *map;
    if (size < 2)
        return 0;
    const struct shape *shape = &shapes[data[0] % SHAPE_COUNT];
    const struct bpf_map_spec spec = shape_spec(shape);
    host_env_init(&host);
    host.env.cpu_count = shape->cpu_count;
    if (bpf_map_create(&host.env, &spec, &map, NULL) != 0)
        abort();
    our_backend_init(&ours, map);
    model_init(&model, shape);
    struct comparison comparison = { .shape = shape,
                                     .a = &ours.backend,
                                     .b = &model.backend,
                                     .with_freeze = true,
                                     .exact_order = shape->type == BPF_MAP_TYPE_LPM_TRIE };
    struct byte_source source = { .bytes = data + 1, .size = size - 1 };
    if (!comparison_run(&comparison, &source, 2000)) {
        fprintf(stderr, "%s\n", comparison.why);
        abort();
    }
    bpf_map_put(map);
    if (host.live_bytes != 0)
        abort();
    return 0;
}
