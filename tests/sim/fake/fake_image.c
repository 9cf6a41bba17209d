/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The fake kernel, its tree and its sink. */
#include "fake_image.h"

#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <axiom/bug.h>
#include <axiom/log.h>
#include <axiom/state_hash.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_kernel fake;

void fake_reset(int (*main)(const struct boot_info *info))
{
    fake = (struct fake_kernel){ .main = main };
}

/* --- the upcalls --- */

int kernel_main(const struct boot_info *info)
{
    fake.stopping = false;
    return fake.main(info);
}

void kernel_stop(void)
{
    fake.stopping = true;
}

void kernel_secondary_main(void)
{
    if (fake.secondary != NULL)
        fake.secondary();
    else
        fake_idle_until_stop();
}

static void acknowledge_all(void)
{
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    uint32_t pending = mmio_read32(&intc, INTC_PENDING);
    if (pending & 1u << 31)
        mmio_write32(&intc, INTC_SOFT_DONE, 1);
    if (pending & 1u << LINE_GPIO) {
        struct mmio gpio = fake_map(FAKE_GPIO_BASE);
        mmio_write64(&gpio, GPIO_CHANGED, mmio_read64(&gpio, GPIO_CHANGED));
    }
    if (pending & 1u << LINE_ALARM) {
        struct mmio alarm = fake_map(FAKE_ALARM_BASE);
        mmio_write32(&alarm, ALARM_ACK, 1);
    }
    if (pending & 1u << LINE_SENSOR) {
        struct mmio sensor = fake_map(FAKE_SENSOR_BASE);
        while (mmio_read32(&sensor, SENSOR_COUNT) != 0)
            mmio_read64(&sensor, SENSOR_VALUE);
    }
}

void kernel_irq(void)
{
    fake.irq_count++;
    if (fake.irq != NULL)
        fake.irq();
    else
        acknowledge_all();
}

void fake_idle_until_stop(void)
{
    arch_irq_disable();
    while (!fake.stopping) {
        arch_cpu_idle();
        arch_irq_enable();
        arch_irq_disable();
    }
}

_Noreturn void panic_at(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "panic: %s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    arch_panic();
}

void warn_at(const char *file, int line, const char *text)
{
    fprintf(stderr, "warning: %s:%d: %s\n", file, line, text);
}

void log_line(enum log_level level, const char *format, ...)
{
    (void)level;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

struct mmio fake_map(uint64_t base)
{
    struct mmio region;
    if (mmio_map((struct phys_addr){ base }, FAKE_SIZE, MMIO_MEMORY, &region) != 0)
        panic("nothing answers at 0x%llx", (unsigned long long)base);
    return region;
}

/* --- the tree --- */

static void text(void *fdt, const char *name, const char *value)
{
    fdt_property(fdt, name, value, (int)strlen(value) + 1);
}

static void reg(void *fdt, uint32_t offset)
{
    const fdt32_t cells[2] = { cpu_to_fdt32(offset), cpu_to_fdt32(FAKE_SIZE) };
    fdt_property(fdt, "reg", cells, sizeof cells);
}

static void device(void *fdt, const char *name, const char *compatible, uint64_t base,
                   uint32_t line)
{
    fdt_begin_node(fdt, name);
    text(fdt, "compatible", compatible);
    reg(fdt, (uint32_t)(base - FAKE_INTC_BASE));
    const fdt32_t interrupts[2] = { cpu_to_fdt32(line), cpu_to_fdt32(4) };
    fdt_property(fdt, "interrupts", interrupts, sizeof interrupts);
}

static void build(void *fdt, int size)
{
    const fdt32_t ranges[4] = { 0, cpu_to_fdt32(FAKE_INTC_BASE >> 32), 0, cpu_to_fdt32(0x10000) };
    fdt_create(fdt, size);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    fdt_property_u32(fdt, "#address-cells", 2);
    fdt_property_u32(fdt, "#size-cells", 1);
    fdt_property_u32(fdt, "interrupt-parent", 1);
    fdt_begin_node(fdt, "aliases");
    text(fdt, "gpiochip0", "/soc/gpio@1000");
    text(fdt, "gpio5", "/soc/gpio@1000");
    fdt_end_node(fdt);
    fdt_begin_node(fdt, "soc");
    fdt_property_u32(fdt, "#address-cells", 1);
    fdt_property_u32(fdt, "#size-cells", 1);
    fdt_property(fdt, "ranges", ranges, sizeof ranges);
    fdt_begin_node(fdt, "intc@0");
    text(fdt, "compatible", "test,intc");
    reg(fdt, 0);
    fdt_property_u32(fdt, "phandle", 1);
    fdt_property_u32(fdt, "#interrupt-cells", 2);
    fdt_property(fdt, "interrupt-controller", NULL, 0);
    fdt_end_node(fdt);
    device(fdt, "gpio@1000", "test,gpio", FAKE_GPIO_BASE, LINE_GPIO);
    fdt_property_u32(fdt, "phandle", 2);
    fdt_end_node(fdt);
    device(fdt, "alarm@2000", "test,alarm", FAKE_ALARM_BASE, LINE_ALARM);
    fdt_end_node(fdt);
    device(fdt, "sensor@3000", "test,sensor", FAKE_SENSOR_BASE, LINE_SENSOR);
    text(fdt, "label", "imu0");
    fdt_end_node(fdt);
    device(fdt, "alarm@4000", "test,alarm", FAKE_INTC_BASE + 0x4000, 9);
    text(fdt, "status", "disabled");
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    fdt_end_node(fdt);
    fdt_finish(fdt);
}

const void *fake_tree(size_t *size)
{
    static uint64_t tree[8192];
    if (tree[0] == 0)
        build(tree, sizeof tree);
    *size = fdt_totalsize(tree);
    return tree;
}

struct sim_config fake_config(void)
{
    struct sim_config config = {
        .memory_size = 1u << 20,
        .cpu_count = 1,
        .seed = 1,
    };
    config.fdt = fake_tree(&config.fdt_size);
    return config;
}

/* --- the sink --- */

static void digest_bytes(struct fake_sink *sink, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        sink->digest = (sink->digest ^ bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
}

static void emit(struct event_sink *base, const struct event *event)
{
    struct fake_sink *sink = (struct fake_sink *)base;
    sink->last[sink->count++ % 256] = *event;
    sink->kinds[event->kind]++;
    digest_bytes(sink, &event->time_ns, sizeof event->time_ns);
    digest_bytes(sink, &event->source_ns, sizeof event->source_ns);
    digest_bytes(sink, &event->sequence, sizeof event->sequence);
    digest_bytes(sink, &event->kind, 1);
    if (event->kind == EVENT_GPIO)
        digest_bytes(sink, &event->gpio, sizeof event->gpio);
    if (event->kind == EVENT_HASH)
        digest_bytes(sink, &event->hash, sizeof event->hash);
    if (event->kind == EVENT_FAULT)
        digest_bytes(sink, &event->fault.parameter, sizeof event->fault.parameter);
    if (event->kind == EVENT_LOG && sink->text_size < sizeof sink->text) {
        int wrote = snprintf(sink->text + sink->text_size, sizeof sink->text - sink->text_size,
                             "%s\n", event->text.text);
        sink->text_size += wrote > 0 ? (size_t)wrote : 0;
    }
}

void fake_sink_init(struct fake_sink *sink)
{
    *sink = (struct fake_sink){ .sink = { .emit = emit, .kinds = UINT32_MAX } };
    sink->digest = UINT64_C(0xcbf29ce484222325);
}
