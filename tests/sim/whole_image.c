/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "whole_image.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t mixed(uint64_t digest, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return digest;
}

static void emit(struct event_sink *base, const struct event *event)
{
    struct output_digest *digest = (struct output_digest *)base;
    uint64_t key[4] = { event->time_ns, event->kind, event->layer, 0 };
    if (event->kind == EVENT_GPIO)
        key[3] = event->gpio.line | (uint64_t)event->gpio.level << 8;
    if (event->kind == EVENT_HASH)
        key[3] = event->hash.hash;
    digest->gpio_count += event->kind == EVENT_GPIO;
    digest->all = mixed(digest->all, key, sizeof key);
    digest->all = mixed(digest->all, &event->sequence, sizeof event->sequence);
    if (event->role != EVENT_ROLE_OUTPUT)
        return;
    digest->output_count++;
    digest->outputs = mixed(digest->outputs, key, sizeof key);
}

void output_digest_init(struct output_digest *digest)
{
    *digest = (struct output_digest){ .sink = { .emit = emit, .kinds = UINT32_MAX } };
}

static int next_edge(void *context, struct sim_input *out)
{
    struct wave *wave = context;
    if (wave->next == wave->edges)
        return 0;
    uint32_t i = wave->next++;
    *out = (struct sim_input){
        .time_ns = (uint64_t)i * wave->step_ns,
        .target = i % 2,
        .level = i / 2 % 2 == 0,
        .position = i,
    };
    return 1;
}

static void *board(size_t *size)
{
    FILE *file = fopen(AXIOM_BINARY_DIR "/boards/sim-rpi5.dtb", "rb");
    if (file == NULL)
        return NULL;
    static uint64_t tree[16384];
    *size = fread(tree, 1, sizeof tree, file);
    fclose(file);
    return tree;
}

bool whole_image_config(struct sim_config *config, struct wave *wave, uint32_t edges)
{
    static const char *const targets[] = { "gpio/chip0/17", "gpio/chip0/27" };
    *wave = (struct wave){ .edges = edges, .step_ns = 10000 };
    *config = (struct sim_config){
        .memory_size = 16u << 20,
        .cpu_count = 1,
        .seed = 1,
        .hash_interval_ns = 10000000,
        .next_input = next_edge,
        .input_context = wave,
        .targets = targets,
        .target_count = 2,
        .input_offset_ns = 100000000,
        .settle_ns = 10000000,
    };
    config->fdt = board(&config->fdt_size);
    return config->fdt != NULL;
}
