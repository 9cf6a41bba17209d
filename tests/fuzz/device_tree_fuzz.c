/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Any bytes as the device tree of the core alone (tests/core/port.c): every node is asked for
 * everything that drivers ask for. Much faster than fuzz fdt, which boots the whole board. */
#include "port.h"

#include <core/device.h>
#include <hw/device.h>
#include <internal/tree.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_node(struct device *device, int node)
{
    char path[64];
    fdt_node_path(node, path, sizeof path);
    fdt_node_available(node);
    fdt_node_child(node, "gpio");
    struct phys_addr address;
    struct tree_region region;
    struct tree_interrupt interrupt;
    uint32_t cell;
    const char *text;
    for (uint32_t i = 0; i < 4; i++) {
        tree_reg(node, i, &region);
        tree_interrupt(node, i, &interrupt);
        fdt_node_u32(node, "gpios", i, &cell);
        if (fdt_node_string(node, "compatible", i, &text) == 0 && strlen(text) > 1u << 20)
            abort();
    }
    device_translate(device, node, 0xc040108000, &address);
    int child = -1;
    uint32_t children = 0;
    while ((child = fdt_node_next_child(node, child)) >= 0)
        children++;
    if (children > tree_node_count())
        abort();
}

static bool asked; /* once a boot is enough */

static int probe(struct device *device)
{
    for (uint32_t i = 0; i < tree_node_count() && !asked; i++)
        ask_node(device, tree_node_by_index(i)->offset);
    asked = true;
    struct irq *irq;
    struct device *other;
    struct mmio mmio;
    uint32_t number;
    device_alias(device, "i2c", &number);
    device_bind_children(device);
    for (uint32_t i = 0; i < 3; i++) {
        int err = device_irq(device, i, &irq);
        if (err == 0)
            err = device_property_device(device, "clocks", i, &other);
        if (err == 0)
            err = device_mmio(device, i, 0x100, &mmio);
        if (err)
            return err;
    }
    return 0;
}

static void remove_nothing(struct device *device)
{
    device_unbind_children(device);
}

static const char *const compatible[] = { "simple-bus",
                                          "raspberrypi,rp1-gpio",
                                          "brcm,bcm2712-pcie",
                                          "snps,designware-i2c",
                                          "arm,gic-400",
                                          "sensirion,sht3x",
                                          NULL };
static const struct driver curious_driver = { "curious", compatible, probe, remove_nothing };

extern const struct driver port_board_driver;
const struct driver *const driver_table[] = { &port_board_driver, &curious_driver, NULL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *tree = malloc(size + 1);
    memcpy(tree, data, size);
    struct port_options options = {
        .fdt = tree, .fdt_size = size, .memory_size = 512 * 1024, .no_body = true
    };
    asked = false;
    port_run(&options, NULL, NULL);
    if (port_mm_stats().pages_used != 0)
        abort();
    free(tree);
    return 0;
}
