/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A GPIO chip without hardware: it notes when it is asked for something. */
#include <core/gpio.h>
#include <core/mm.h>
#include <core/time.h>
#include <hw/device.h>

#include "bench.h"

#define LINES 32u

uint64_t bench_set_ns, bench_safe_ns;
static struct gpio_chip chip;
static uint64_t levels;

static int direction_input(struct gpio_chip *at, uint32_t line, enum gpio_pull pull)
{
    (void)at;
    (void)line;
    (void)pull;
    return 0;
}

static void set(struct gpio_chip *at, uint32_t line, bool level)
{
    (void)at;
    bench_set_ns = ktime_get_ns();
    levels = level ? levels | UINT64_C(1) << line : levels & ~(UINT64_C(1) << line);
}

static int direction_output(struct gpio_chip *at, uint32_t line, bool level)
{
    set(at, line, level);
    return 0;
}

static int get(struct gpio_chip *at, uint32_t line)
{
    (void)at;
    return (int)(levels >> line & 1);
}

static int set_edges(struct gpio_chip *at, uint32_t line, uint32_t edges)
{
    (void)at;
    (void)line;
    (void)edges;
    return 0;
}

static void force_safe(struct gpio_chip *at, uint32_t line, int level)
{
    (void)at;
    (void)level;
    levels &= ~(UINT64_C(1) << line);
    bench_safe_ns = ktime_get_ns();
}

static void release(struct gpio_chip *at, uint32_t line)
{
    (void)at;
    (void)line;
}

static const struct gpio_chip_ops ops = {
    .direction_input = direction_input,
    .direction_output = direction_output,
    .get = get,
    .set = set,
    .set_edges = set_edges,
    .force_safe = force_safe,
    .release = release,
};

void bench_edge(void)
{
    levels |= UINT64_C(1) << BENCH_INPUT;
    gpio_line_edge(&chip, BENCH_INPUT, GPIO_EDGE_RISING, levels);
}

static int probe(struct device *device)
{
    levels = 0;
    chip =
        (struct gpio_chip){ .line_count = LINES, .bank_count = 1, .ops = &ops, .device = device };
    return gpio_chip_register(&chip);
}

static void remove(struct device *device)
{
    (void)device;
    gpio_chip_unregister(&chip);
}

static const char *const compatible[] = { BENCH_COMPATIBLE, NULL };

extern const struct driver bench_gpio_driver;
const struct driver bench_gpio_driver = {
    .name = "bench-gpio",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
