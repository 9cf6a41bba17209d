/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an empty program costs per event: the attach point's hook as a driver calls it, the link, the run, and back, inside of
 * the booted machine; with nobody listening, as on a robot, and recorded. Beside it the same empty program by the running
 * Linux's BPF_PROG_TEST_RUN, which has no attach point in it. The least of many turns, because the host does other
 * things, too. */
#include "../bpf/linux_bpf.h"
#include "../replay/rig.h"

#include <axiom/bpf.h>
#include <bpf/insn.h>
#include <check.h>
#include <core/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TURNS  400
#define ROUNDS 2000

static double best_ns;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void call_hook(struct rig *rig)
{
    (void)rig;
    struct gpio_chip *chip = gpio_chip_find(0);
    best_ns = 1e18;
    for (int turn = 0; turn < TURNS; turn++) {
        double start = now_ns();
        for (uint32_t i = 0; i < ROUNDS; i++)
            attach_hooks->gpio_edge(chip, 17, i % 2 ? GPIO_EDGE_RISING : GPIO_EDGE_FALLING, i % 2,
                                    i);
        double ns = (now_ns() - start) / ROUNDS;
        best_ns = ns < best_ns ? ns : best_ns;
    }
}

static void count_event(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    (void)event;
}

static double measure(const char *engine, bool listened, uint32_t cpus)
{
    static struct rig rig;
    struct event_sink sink = { .emit = count_event, .kinds = UINT32_C(1) << EVENT_BPF_RUN };
    rig_init(&rig);
    rig_module(&rig, "tests/bench/empty.bpf.o");
    rig.kinds = 0;
    rig.more_sink = listened ? &sink : NULL;
    rig.config.command_line = engine;
    rig.config.cpu_count = cpus;
    rig_run(&rig, call_hook);
    if (rig.result.error != 0 || rig.result.kernel_error != 0) {
        fprintf(stderr, "bench: the machine did not run: %s\n", rig.result.reason);
        exit(1);
    }
    rig_exit(&rig);
    return best_ns;
}

static void print_linux(void)
{
    static const struct bpf_insn empty[] = {
        { .opcode = BPF_ALU64 | BPF_MOV | BPF_K },
        { .opcode = BPF_JMP | BPF_EXIT },
    };
    const char *why = NULL;
    uint32_t result, ns, best = UINT32_MAX;
    int fd = linux_bpf_available(&why) ? linux_bpf_load(empty, ARRAY_SIZE(empty), NULL, 0) : -1;
    if (fd < 0) {
        printf("  Linux is no competitor here: %s\n", why != NULL ? why : "bpf() refuses");
        return;
    }
    for (int turn = 0; turn < 20; turn++) {
        if (linux_bpf_run(fd, 1000000, &result, &ns) == 0 && ns < best)
            best = ns;
    }
    printf("  %-44s %6u ns\n", "Linux's JIT, BPF_PROG_TEST_RUN, whole ns", best);
}

/* The rig asserts by Check, which wants to be asked. */
START_TEST(dispatch)
{
    static const struct {
        const char *name, *command_line;
        bool listened;
        uint32_t cpus;
    } rows[] = {
        { "JIT, nobody listens", "bpf.required bpf.engine=jit", false, 1 },
        { "interpreter, nobody listens", "bpf.required bpf.engine=interp", false, 1 },
        { "JIT, two CPUs up", "bpf.required bpf.engine=jit", false, 2 },
        { "JIT, a sink takes each run", "bpf.required bpf.engine=jit", true, 1 },
        { "interpreter, a sink takes each run", "bpf.required bpf.engine=interp", true, 1 },
    };
    printf("an empty program per event, hook to return; least of %d turns\n", TURNS);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        printf("  %-44s %6.1f ns\n", rows[i].name,
               measure(rows[i].command_line, rows[i].listened, rows[i].cpus));
    print_linux();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dispatch");
    TCase *tcase = tcase_create("dispatch");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, dispatch);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_MINIMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
