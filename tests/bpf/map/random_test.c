/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Random operations on each type of map, against the model. AXIOM_MAP_SEED and AXIOM_MAP_STEPS choose
 * another run and a longer one. */
#include "host_env.h"
#include "model.h"
#include "shapes.h"

#include <stdlib.h>
#include <tests/check_main.h>

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

START_TEST(maps_agree_with_the_model)
{
    const struct shape *shape = &shapes[_i];
    static struct host_env host;
    static struct model model;
    uint64_t seed = number_of("AXIOM_MAP_SEED", 1);
    for (uint64_t round = 0; round < 8; round++) {
        struct our_backend ours;
        struct bpf_map_spec spec = shape_spec(shape);
        struct bpf_map *map;
        struct bpf_error error;
        host_env_init(&host);
        host.env.cpu_count = shape->cpu_count;
        ck_assert_msg(bpf_map_create(&host.env, &spec, &map, &error) == 0, "%s", error.text);
        our_backend_init(&ours, map);
        model_init(&model, shape);
        struct comparison comparison = { .shape = shape,
                                         .a = &ours.backend,
                                         .b = &model.backend,
                                         .with_freeze = round % 4 == 3,
                                         .exact_order = shape->type == BPF_MAP_TYPE_LPM_TRIE };
        struct byte_source source = { .random = (seed * 8 + round + 1) * 0x9e3779b97f4a7c15u };
        bool agree =
            comparison_run(&comparison, &source, (uint32_t)number_of("AXIOM_MAP_STEPS", 4000));
        ck_assert_msg(agree, "seed %llu, shape %d: %s", (unsigned long long)seed, _i,
                      comparison.why);
        bpf_map_put(map);
        ck_assert_int_eq(host.live_bytes, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf maps, random");
    TCase *tcase = tcase_create("random");
    tcase_add_loop_test(tcase, maps_agree_with_the_model, 0, (int)SHAPE_COUNT);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
