/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs replaced while edges and timers come: each event is seen once, by the old program or by
 * the new one, and after the first that the new one saw the old one sees none. */
#include <axiom/errno.h>
#include <bpf_glue/bpf_glue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

#include "rig.h"

#define EDGES    600u
#define FIRST_NS (RIG_BODY_NS + 5 * RIG_MS)
#define STEP_NS  (RIG_MS / 10)
#define END_NS   (RIG_BODY_NS + 80 * RIG_MS)

static struct rig rig;
static struct boot_module module;
static uint64_t replace_at_ns;
static int result;
static char reason[240];

#define CHECK(condition)         \
    do {                         \
        if (!(condition))        \
            rig_print_log(&rig); \
        ck_assert(condition);    \
    } while (0)

static void replace(struct rig *unused)
{
    (void)unused;
    rig_sleep_until(replace_at_ns);
    reason[0] = '\0';
    result = bpf_glue_replace(&module, reason, sizeof reason);
}

static void run(const char *object, uint32_t cpus, uint64_t seed, const char *command_line)
{
    rig_init(&rig);
    rig_module(&rig, "tests/replay/version_one.bpf.o");
    module.name = object;
    module.data = rig_read(object, &module.size);
    rig.config.command_line = command_line;
    rig.config.end_time_ns = END_NS;
    rig.config.cpu_count = cpus;
    rig.config.seed = seed;
    if (cpus > 1)
        rig.config.schedule =
            (struct sim_schedule){ .policy = SIM_SCHEDULE_SEEDED, .switch_one_in = 5 };
    for (uint32_t i = 0; i < EDGES; i++)
        rig_line(&rig, FIRST_NS + i * STEP_NS, 17, i % 2 == 0);
    replace_at_ns = FIRST_NS + (EDGES / 2) * STEP_NS + seed * 977;
    rig_run(&rig, replace);
    CHECK(rig.result.error == 0);
    CHECK(rig.result.kernel_error == 0);
    CHECK(rig.result.leaked_exec == 0);
    free((void *)(uintptr_t)module.data);
}

static uint64_t value_of(const char *map, uint32_t key)
{
    for (uint32_t i = 0;; i++) {
        const struct rig_event *at = rig_find(&rig, EVENT_BPF_MAP, EVENT_LAYER_KERNEL, map, i);
        uint32_t its_key;
        uint64_t value;
        if (at == NULL)
            return UINT64_MAX;
        memcpy(&its_key, at->key, sizeof its_key);
        memcpy(&value, at->bytes, sizeof value);
        if (its_key == key)
            return value;
    }
}

/* Runs of a program by version, which is what it returns; *mixed: an old one ran after a new one. */
static uint32_t runs(const char *program, uint64_t version, bool *mixed)
{
    uint32_t count = 0;
    bool new_ran = false;
    for (uint32_t i = 0;; i++) {
        const struct rig_event *at = rig_find(&rig, EVENT_BPF_RUN, EVENT_LAYER_KERNEL, program, i);
        if (at == NULL)
            return count;
        uint64_t returned = at->event.bpf_run.return_value;
        new_ran |= returned == 2;
        *mixed |= new_ran && returned == 1;
        count += returned == version;
    }
}

static const char *const engines[] = { "bpf.required bpf.engine=jit",
                                       "bpf.required bpf.engine=interp" };

START_TEST(each_event_is_seen_once)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        for (uint32_t cpus = 1; cpus <= 4; cpus += 3) {
            bool mixed = false;
            run("tests/replay/version_two.bpf.o", cpus, seed, engines[_i]);
            ck_assert_msg(result == 0, "%s", reason);
            uint32_t old = runs("count", 1, &mixed), fresh = runs("count", 2, &mixed);
            CHECK(old > EDGES / 4 && fresh > EDGES / 4);
            CHECK(old + fresh == EDGES);
            CHECK(value_of("seen_one", 0) == old);
            CHECK(value_of("seen_two", 0) == fresh);
            CHECK(value_of("seen_one", 1) == runs("tick", 1, &mixed));
            CHECK(value_of("seen_two", 1) == runs("tick", 2, &mixed));
            CHECK(value_of("seen_two", 1) > 0);
            CHECK(!mixed);
            rig_exit(&rig);
        }
    }
}
END_TEST

/* What cannot take the place leaves everything as it was, and says why. */
START_TEST(a_failure_replaces_nothing)
{
    static const struct {
        const char *object, *says;
        int error;
    } rows[] = {
        { "tests/replay/edge.bpf.o", "no program 'edge' is attached", -ENOENT },
        { "tests/replay/level.bpf.o", "", 0 },
        { "boards/sim-rpi5.dtb", "", 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool mixed = false;
        run(rows[i].object, 1, 1, "bpf.required");
        ck_assert_int_lt(result, 0);
        ck_assert(rows[i].error == 0 || rows[i].error == result);
        ck_assert_ptr_nonnull(strstr(reason, rows[i].says));
        ck_assert_uint_gt(strlen(reason), 0);
        CHECK(runs("count", 1, &mixed) == EDGES);
        CHECK(value_of("seen_one", 0) == EDGES);
        rig_exit(&rig);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/replace");
    TCase *tcase = tcase_create("replace");
    tcase_set_timeout(tcase, 110);
    tcase_add_loop_test(tcase, each_event_is_seen_once, 0, 2);
    tcase_add_test(tcase, a_failure_replaces_nothing);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
