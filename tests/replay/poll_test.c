/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* gpio.poll_us: edges reach programs and the kernel's hooks though no interrupt of a GPIO bank can come;
 * without the word they do not. */
#include <axiom/bits.h>
#include <hw/regs/gic_v2.h>
#include <stdio.h>
#include <tests/check_main.h>

#include "rig.h"

#define GICD_BASE UINT64_C(0x107fff9000)
#define BANK0_SPI 128u
#define LINE      17u
#define EDGES     20u
#define FIRST_NS  (300 * RIG_MS)
#define APART_NS  (3 * RIG_MS) /* 20 edges end before anything else moves */
#define TICK_NS   19u          /* of the clock that the kernel reads, rounded up */

static struct rig rig;

#define CHECK(condition)         \
    do {                         \
        if (!(condition))        \
            rig_print_log(&rig); \
        ck_assert(condition);    \
    } while (0)

/* The bank's SPI off at the GIC, as if the way there did not exist; the watch for lost interrupts cannot
 * mend that. */
static void body(struct rig *r)
{
    rig_attach(r);
    struct mmio gic = rig_mmio(GICD_BASE, 0x1000);
    mmio_write32(&gic, GICD_ICENABLER((GIC_SPI_FIRST + BANK0_SPI) / 32),
                 BIT((GIC_SPI_FIRST + BANK0_SPI) % 32));
    mmio_unmap(&gic);
    rig_sleep_until(FIRST_NS + EDGES * APART_NS);
}

static void run(const char *line, uint32_t cpus)
{
    rig_init(&rig);
    rig_module(&rig, "tests/replay/edge.bpf.o");
    rig.config.command_line = line;
    rig.config.cpu_count = cpus;
    rig.config.end_time_ns = FIRST_NS + (EDGES + 2) * APART_NS;
    for (uint32_t i = 0; i < EDGES; i++)
        rig_line(&rig, FIRST_NS + i * APART_NS, LINE, i % 2 == 0);
    rig_run(&rig, body);
    CHECK(rig.result.error == 0 && rig.result.kernel_error == 0);
}

/* The nth time the kernel saw an edge of the line. */
static bool seen(uint32_t nth, uint64_t *time_ns)
{
    for (uint32_t i = 0; i < rig.event_count; i++) {
        const struct event *event = &rig.events[i].event;
        if (event->kind == EVENT_GPIO && event->layer == EVENT_LAYER_KERNEL &&
            event->gpio.line == LINE && nth-- == 0) {
            *time_ns = event->time_ns;
            return true;
        }
    }
    return false;
}

START_TEST(no_edge_comes_by_interrupt)
{
    uint64_t at;
    run("bpf.required", 1);
    CHECK(rig.rising_count == 0 && !seen(0, &at));
    rig_exit(&rig);
}
END_TEST

START_TEST(each_edge_is_polled_within_a_period)
{
    for (uint32_t cpus = 1; cpus <= 4; cpus += 3) {
        run("bpf.required gpio.poll_us=250", cpus);
        CHECK(rig_log_count(&rig, "edges are polled every 250 us") == 1);
        CHECK(rig.rising_count == EDGES / 2);
        for (uint32_t i = 0; i < EDGES / 2; i++) {
            uint64_t due = FIRST_NS + 2 * i * APART_NS, at = 0;
            CHECK(seen(i, &at) && at + TICK_NS >= due && at <= due + 250000 + TICK_NS);
        }
        rig_exit(&rig);
    }
}
END_TEST

START_TEST(nonsense_is_told_and_ignored)
{
    static const char *const lines[] = { "gpio.poll_us=19", "gpio.poll_us=", "gpio.poll_us=20x",
                                         "gpio.poll_us=99999999999999999999" };
    for (uint32_t i = 0; i < ARRAY_SIZE(lines); i++) {
        run(lines[i], 1);
        CHECK(rig_log_count(&rig, "gpio.poll_us on the command line is a number from 20") == 1);
        CHECK(rig_log_count(&rig, "edges are polled") == 0);
        rig_exit(&rig);
    }
    run("xgpio.poll_us=50 gpio.poll_usx=50", 1);
    CHECK(rig_log_count(&rig, "poll_us") == 2); /* told as unknown, and no more */
    CHECK(rig_log_count(&rig, "command line: 'xgpio.poll_us=50' is not known") == 1);
    CHECK(rig_log_count(&rig, "command line: 'gpio.poll_usx=50' is not known") == 1);
    CHECK(rig_log_count(&rig, "edges are polled") == 0);
    rig_exit(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/poll");
    TCase *cases = tcase_create("poll");
    tcase_add_test(cases, no_edge_comes_by_interrupt);
    tcase_add_test(cases, each_edge_is_polled_within_a_period);
    tcase_add_test(cases, nonsense_is_told_and_ignored);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
