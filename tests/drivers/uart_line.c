/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "uart_line.h"

#include <axiom/bits.h>
#include <hw_models/models.h>
#include <string.h>

struct line lines[LINE_COUNT];
static struct model *models[LINE_COUNT];
static uint32_t accesses[LINE_COUNT], random_state;

static const struct model_ops *const real[LINE_COUNT] = { &pl011_model, &ns16550_model };

void lines_reset(void)
{
    memset(lines, 0, sizeof lines);
}

static uint32_t random32(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static uint32_t which_of(const struct model *model)
{
    return model == models[LINE_PL011] ? LINE_PL011 : LINE_NS16550;
}

static int init(uint32_t which, struct model *model, const struct model_node *node)
{
    models[which] = model;
    accesses[which] = 0;
    random_state = lines[which].lies_seed;
    return real[which]->init(model, node);
}

static int pl011_init(struct model *model, const struct model_node *node)
{
    return init(LINE_PL011, model, node);
}

static int ns16550_init(struct model *model, const struct model_node *node)
{
    return init(LINE_NS16550, model, node);
}

static void poke(struct model *model, uint32_t offset, uint32_t value)
{
    const struct model_access access = { .size = 4, .offset = offset };
    real[which_of(model)]->write(model, &access, value);
}

/* 9600 baud, seven bits on the 16550. */
static void firmware(struct model *model, uint32_t which)
{
    if (which == LINE_PL011) {
        poke(model, 0x24, 60);
        poke(model, 0x2c, 0x70);
        poke(model, 0x30, 0x101);
    } else {
        poke(model, 3 << 2, 0x82);
        poke(model, 0 << 2, 24);
        poke(model, 3 << 2, 0x02);
    }
}

/* Before each access of the driver's. True: the UART is gone. */
static bool accessed(struct model *model, uint32_t which)
{
    struct line *line = &lines[which];
    if (accesses[which]++ == 0 && line->firmware)
        firmware(model, which);
    if (line->lies_seed != 0 && random32() % 64 == 0)
        model_line_set(model, 0, 0, true);
    if (line->noise_each != 0 && accesses[which] % line->noise_each == 0 &&
        line->noise_count < NOISE_MAX) {
        line->noise_count++;
        (void)line_input(which, "01234567", 8);
    }
    bool gone = line->gone_after != 0 && accesses[which] > line->gone_after;
    if (gone)
        model_line_set(model, 0, 0, true);
    return gone;
}

static uint64_t read(struct model *model, const struct model_access *access)
{
    uint32_t which = which_of(model);
    const struct line *line = &lines[which];
    if (accessed(model, which))
        return UINT64_MAX;
    uint64_t value = real[which]->read(model, access);
    if (line->lies_seed != 0 && random32() % 4 == 0)
        return random32();
    if (line->silent && which == LINE_PL011 && access->offset == 0x18)
        return (value | 0x20) & ~0x80ull;
    if (line->silent && which == LINE_NS16550 && access->offset == 5 << 2)
        return value & ~0x60ull;
    if (line->endless)
        model_line_set(model, 0, 0, true);
    if (line->endless && which == LINE_PL011 && access->offset == 0x18)
        return value & ~0x10ull;
    if (line->endless && which == LINE_NS16550 && access->offset == 5 << 2)
        return value | 1;
    return value;
}

static void write(struct model *model, const struct model_access *access, uint64_t value)
{
    uint32_t which = which_of(model);
    if (accessed(model, which))
        return;
    if (which == LINE_PL011)
        lines[which].divisor_writes += access->offset == 0x24 || access->offset == 0x28;
    else if (access->offset <= 1 << 2) {
        const struct model_access control = { .size = 4, .offset = 3 << 2 };
        lines[which].divisor_writes += (real[which]->read(model, &control) & 0x80) != 0;
    }
    real[which]->write(model, access, value);
    if (lines[which].endless)
        model_line_set(model, 0, 0, true);
}

uint32_t line_input(uint32_t which, const void *bytes, uint32_t size)
{
    uint32_t taken = real[which]->serial_input(models[which], bytes, size);
    lines[which].input_lost += size - taken;
    return taken;
}

void line_serial(void *context, const char *label, const uint8_t *bytes, uint32_t size)
{
    (void)context;
    uint32_t which = strcmp(label, models[LINE_PL011]->label) == 0 ? LINE_PL011 : LINE_NS16550;
    struct line *line = &lines[which];
    for (uint32_t i = 0; i < size && line->sent_count < sizeof line->sent; i++)
        line->sent[line->sent_count++] = bytes[i];
    line->last_ns = model_time_ns(models[which]);
    if (line->first_ns == 0)
        line->first_ns = line->last_ns;
    if (line->echo)
        (void)line_input(which, bytes, size);
}

static const char *const pl011_compatible[] = { "arm,pl011", NULL };
static const char *const ns16550_compatible[] = { "ns16550a", NULL };

/* Room for the model's own struct, whose size only it knows. */
#define SIZE 4096u

static const struct model_ops pl011_on_line = {
    .name = "pl011",
    .compatible = pl011_compatible,
    .size = SIZE,
    .init = pl011_init,
    .read = read,
    .write = write,
};

static const struct model_ops ns16550_on_line = {
    .name = "ns16550",
    .compatible = ns16550_compatible,
    .size = SIZE,
    .init = ns16550_init,
    .read = read,
    .write = write,
};

/* In the place of hw_models/table.c's. */
const struct model_ops *const model_table[] = { &gic_v2_model, &arm_timer_model, &pl011_on_line,
                                                &ns16550_on_line, NULL };
