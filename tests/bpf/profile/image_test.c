/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A kernel image with one profile's engine, on the simulated board: it runs programs; what does not
 * fit into its memory is left out with a reason, and the kernel goes on. Built once with each
 * profile. */
#include <axiom/errno.h>
#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

#include "rig.h"

#ifdef AXIOM_PROFILE_EMBEDDED
#define POOL_KIB 64u
#else
#define POOL_KIB 0u /* the heap */
#endif
#define EDGES 40u

static struct rig rig;

static void boot(const char *const *objects, const char *command_line)
{
    rig_init(&rig);
    for (; *objects != NULL; objects++)
        rig_module(&rig, *objects);
    rig.config.command_line = command_line;
    for (uint32_t i = 0; i < EDGES; i++)
        rig_line(&rig, RIG_BODY_NS + i * RIG_MS, 26, i % 2 == 0);
    rig_run(&rig, NULL);
    if (rig.result.error != 0)
        rig_print_log(&rig);
    ck_assert_int_eq(rig.result.error, 0);
    ck_assert_uint_eq(rig.result.leaked_exec, 0);
}

START_TEST(programs_run)
{
    static const char *const objects[] = { "examples/button_led.bpf.o", NULL };
    boot(objects, "bpf.required");
    if (rig.result.kernel_error != 0)
        rig_print_log(&rig);
    ck_assert_int_eq(rig.result.kernel_error, 0);
    ck_assert_uint_gt(rig_count(&rig, EVENT_BPF_RUN, EVENT_LAYER_KERNEL, "button_led"), 10);
    rig_exit(&rig);
}
END_TEST

/* More than the pool has room for: what does not fit is left out, and the kernel runs on. */
START_TEST(want_of_memory_is_told)
{
    static const char *const objects[] = {
        "examples/button_led.bpf.o",
        "examples/lidar.bpf.o",
        "examples/position.bpf.o",
        "examples/temperature.bpf.o",
        "examples/vibration.bpf.o",
        "examples/position_150mm.bpf.o",
        NULL,
    };
    boot(objects, "");
    ck_assert_int_eq(rig.result.kernel_error, 0);
    ck_assert_uint_ge(rig_count(&rig, EVENT_GPIO, EVENT_LAYER_MACHINE, NULL), EDGES);
    uint32_t left_out = rig_log_count(&rig, "is left out"), reasons = rig_log_count(&rig, "memory");
    printf("%u of 6 objects left out, %u lines say that memory is wanting\n", left_out, reasons);
    if (POOL_KIB == 0) {
        ck_assert_uint_eq(left_out, 0);
    } else {
        ck_assert_uint_gt(left_out, 0);
        ck_assert_uint_ge(reasons, left_out);
    }
    rig_exit(&rig);
}
END_TEST

/* The JIT can be asked for where there is one. */
START_TEST(the_engine_is_the_profiles)
{
    static const char *const objects[] = { "examples/button_led.bpf.o", NULL };
    boot(objects, "bpf.required bpf.engine=jit");
    ck_assert_int_eq(rig.result.kernel_error, POOL_KIB == 0 ? 0 : -EOPNOTSUPP);
    ck_assert_uint_eq(rig_log_count(&rig, "links no JIT"), POOL_KIB == 0 ? 0 : 1);
    rig_exit(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf/profile/image");
    TCase *tcase = tcase_create("image");
    tcase_set_timeout(tcase, 110);
    tcase_add_test(tcase, programs_run);
    tcase_add_test(tcase, want_of_memory_is_told);
    tcase_add_test(tcase, the_engine_is_the_profiles);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
