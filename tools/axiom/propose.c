/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The board is sim-rpi5: lines of chip0 on the 40-pin header, an IMU and an SHT31. Lines are given pins in
 * the order of what moves most; a bus that is decoded, not its lines. */
#include "propose.h"

#include <axiom/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* GPIOs of the header that have no other use on sim-rpi5. */
static const uint8_t free_pins[] = { 17, 27, 22, 5, 6, 13, 19, 26, 16, 20, 21, 24 };

struct proposal {
    const struct trace_source *source;
    const struct trace_info *info;
    uint32_t pins;
    bool any;
};

/* For a shell: in quotes, and a quote in it out of them. */
static void print_quoted(const char *text)
{
    putchar('\'');
    for (; *text != '\0'; text++)
        fputs(*text == '\'' ? "'\\''" : (char[]){ *text, '\0' }, stdout);
    putchar('\'');
}

static void print_bind(struct proposal *p, const char *channel, const char *device)
{
    char text[256];
    snprintf(text, sizeof text, "%s=%s", channel, device);
    fputs(" \\\n      --bind ", stdout);
    print_quoted(text);
    p->any = true;
}

static bool measures(const struct trace_channel *channel, uint8_t from, uint8_t to)
{
    for (uint8_t i = 0; i < channel->scan_count; i++)
        if (channel->quantity[i] >= from && channel->quantity[i] <= to)
            return true;
    return false;
}

static void bind_sensors(struct proposal *p)
{
    bool imu = false, climate = false;
    for (uint32_t i = 0; i < p->info->channel_count; i++) {
        const struct trace_channel *channel = trace_channel_at(p->source, i);
        const struct trace_channel_info *info = &p->info->channel[i];
        if (info->count == 0)
            continue;
        bool scan = channel->kind == TRACE_SCAN;
        if (!imu && scan && measures(channel, IIO_ACCEL_X, IIO_ANGL_VEL_Z)) {
            imu = true;
            print_bind(p, channel->name, "iio/imu0");
        } else if (!climate && scan && measures(channel, IIO_TEMP, IIO_HUMIDITYRELATIVE)) {
            climate = true;
            print_bind(p, channel->name, "iio/sht31");
        } else if (!climate && channel->kind == TRACE_I2C && info->sensor_answers > 0) {
            climate = true; /* six bytes are what an SHT3x answers */
            print_bind(p, channel->name, "iio/sht31");
        } else if (!climate && channel->kind == TRACE_SCALAR &&
                   strcmp(channel->unit, "degC") == 0) {
            climate = true;
            print_bind(p, channel->name, "iio/sht31/temp");
        }
    }
}

/* The line that moves most among those that have not been taken; -1. */
static int64_t busiest(const struct proposal *p, const bool *taken)
{
    int64_t best = -1;
    for (uint32_t i = 0; i < p->info->channel_count; i++) {
        if (taken[i] || trace_channel_at(p->source, i)->kind != TRACE_LEVEL ||
            p->info->channel[i].count == 0)
            continue;
        if (best < 0 || p->info->channel[i].count > p->info->channel[best].count)
            best = i;
    }
    return best;
}

static void bind_lines(struct proposal *p)
{
    bool *taken = calloc(p->info->channel_count + 1, sizeof *taken);
    int64_t line;
    for (uint32_t i = 0; taken != NULL && i < p->info->channel_count; i++)
        if (trace_channel_at(p->source, i)->kind > TRACE_SCAN) {
            free(taken); /* a decoded bus: its lines would only repeat it */
            return;
        }
    while (taken != NULL && p->pins < ARRAY_SIZE(free_pins) && (line = busiest(p, taken)) >= 0) {
        char device[32];
        taken[line] = true;
        snprintf(device, sizeof device, "gpio/chip0/%u", free_pins[p->pins++]);
        print_bind(p, trace_channel_at(p->source, (uint32_t)line)->name, device);
    }
    free(taken);
}

/* --- buses --- */

static const char *line_named(const struct trace_source *source, const char *const *names)
{
    for (; *names != NULL; names++)
        for (uint32_t i = 0; i < trace_channel_count(source); i++) {
            const struct trace_channel *channel = trace_channel_at(source, i);
            if (channel->kind == TRACE_LEVEL && strcasecmp(channel->name, *names) == 0)
                return channel->name;
        }
    return NULL;
}

static void propose_decoders(const struct trace_source *source)
{
    static const char *const scl[] = { "SCL", "I2C_SCL", NULL }, *const sda[] = { "SDA", "I2C_SDA",
                                                                                  NULL };
    static const char *const clk[] = { "SCLK", "CLK", "SCK", NULL };
    static const char *const mosi[] = { "MOSI", "SDO", "COPI", NULL };
    static const char *const miso[] = { "MISO", "SDI", "CIPO", NULL };
    static const char *const cs[] = { "CS", "CS#", "SS", "nCS", NULL };
    static const char *const rx[] = { "RX", "TX", "UART", NULL }, *const can[] = { "CAN", "CAN_RX",
                                                                                   NULL };
    const char *a = line_named(source, scl), *b = line_named(source, sda);
    if (a != NULL && b != NULL)
        printf("an I2C bus:   --trace-option 'i2c:scl=%s,sda=%s'\n", a, b);
    a = line_named(source, clk);
    b = line_named(source, mosi);
    const char *in = line_named(source, miso), *select = line_named(source, cs);
    if (a != NULL && (b != NULL || in != NULL))
        printf("an SPI bus:   --trace-option 'spi:clk=%s%s%s%s%s%s%s'\n", a, b ? ",mosi=" : "",
               b ? b : "", in ? ",miso=" : "", in ? in : "", select ? ",cs=" : "",
               select ? select : "");
    a = line_named(source, rx);
    if (a != NULL)
        printf("a UART:       --trace-option 'uart:rx=%s,baud=115200'\n", a);
    a = line_named(source, can);
    if (a != NULL)
        printf("a CAN bus:    --trace-option 'can:rx=%s,bitrate=500000'\n", a);
}

void propose_run(const char *path, const struct trace_source *source, const struct trace_info *info,
                 const struct trace_options *words)
{
    struct proposal p = { .source = source, .info = info };
    bool decoded = false;
    for (uint32_t i = 0; i < info->channel_count; i++)
        decoded |= trace_channel_at(source, i)->kind > TRACE_SCAN;
    if (!decoded)
        propose_decoders(source);
    printf("to run it:\n  axiom run ");
    print_quoted(path);
    for (size_t i = 0; words != NULL && i < words->count; i++) {
        fputs(" --trace-option ", stdout);
        print_quoted(words->word[i]);
    }
    bind_sensors(&p);
    bind_lines(&p);
    putchar('\n');
    if (!p.any)
        puts("  (nothing in it drives a line or a sensor of the simulated board)");
}
