/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a driver may ask of its device: registers, interrupts, properties, names. A thing that is not
 * there yet is an -EPROBE_DEFER, and the device remembers what it waits for. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <internal/device.h>
#include <internal/irq.h>
#include <internal/tree.h>
#include <libfdt.h>

/* Names in /aliases that are looked at, each with a walk through the tree; a Pi 5 has 60. */
#define ALIAS_MAX 256u

const char *device_name(const struct device *device)
{
    return fdt_node_name(device->node);
}

const char *device_path(const struct device *device)
{
    return device->path;
}

int device_node(const struct device *device)
{
    return device->node;
}

struct device *device_parent(const struct device *device)
{
    return device->parent;
}

void device_set_data(struct device *device, void *data)
{
    device->data = data;
}

void *device_data(const struct device *device)
{
    return device->data;
}

const struct driver *device_driver(const struct device *device)
{
    return device->state == DEVICE_BOUND ? device->driver : NULL;
}

struct device *device_at_node(int node)
{
    struct tree_node *at = tree_node_at(node);
    return at != NULL && at->device != NULL && at->device->state == DEVICE_BOUND ? at->device
                                                                                 : NULL;
}

static int wait_for(struct device *device, int node)
{
    device->waits_for = node;
    return -EPROBE_DEFER;
}

int device_mmio(struct device *device, uint32_t index, uint64_t size_needed, struct mmio *out)
{
    struct tree_region region;
    int err = tree_reg(device->node, index, &region);
    if (err == -ENOENT)
        log_err("%s: has no reg entry %u", device->path, index);
    if (err)
        return err;
    if (region.size < size_needed) {
        log_err("%s: reg entry %u has %llu bytes, its registers need %llu", device->path, index,
                (unsigned long long)region.size, (unsigned long long)size_needed);
        return -EINVAL;
    }
    err = mmio_map(region.base, region.size, region.kind, out);
    if (err)
        log_err("%s: reg entry %u at %s0x%llx: cannot be mapped, error %d", device->path, index,
                region.kind == MMIO_PORT ? "port " : "", (unsigned long long)region.base.value,
                err);
    return err;
}

int device_translate(struct device *device, int node, uint64_t bus_address, struct phys_addr *out)
{
    int err = tree_translate(node, bus_address, out);
    if (err)
        log_err("%s: bus address 0x%llx is not the CPU's", device->path,
                (unsigned long long)bus_address);
    return err;
}

int device_irq(struct device *device, uint32_t index, struct irq **out)
{
    struct tree_interrupt interrupt;
    int err = tree_interrupt(device->node, index, &interrupt);
    if (err)
        return err;
    struct irq_domain *domain = irq_domain_at_node(interrupt.controller);
    if (domain == NULL)
        return wait_for(device, interrupt.controller);
    return irq_domain_map_cells(domain, interrupt.cells, interrupt.count, out);
}

int device_property_u32(const struct device *device, const char *name, uint32_t index,
                        uint32_t *out)
{
    return fdt_node_u32(device->node, name, index, out);
}

int device_property_string(const struct device *device, const char *name, uint32_t index,
                           const char **out)
{
    return fdt_node_string(device->node, name, index, out);
}

bool device_property_present(const struct device *device, const char *name)
{
    uint32_t size;
    return tree_property(device->node, name, &size) != NULL;
}

int device_property_device(const struct device *device, const char *name, uint32_t index,
                           struct device **out)
{
    uint32_t phandle;
    int err = fdt_node_u32(device->node, name, index, &phandle);
    if (err)
        return err;
    int node = fdt_node_by_phandle(phandle);
    if (node < 0) {
        log_err("%s: %s names no node", device->path, name);
        return -EINVAL;
    }
    struct device *found = device_at_node(node);
    if (found == NULL)
        return wait_for(tree_node_at(device->node)->device, node);
    *out = found;
    return 0;
}

/* The number after the stem; -1: the name is not one of the stem's. */
static int64_t alias_number(const char *name, const char *stem)
{
    size_t length = strlen(stem);
    if (strncmp(name, stem, length) != 0 || name[length] == '\0')
        return -1;
    int64_t number = 0;
    for (const char *at = name + length; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || number > 99999)
            return -1;
        number = number * 10 + (*at - '0');
    }
    return number;
}

int device_alias(const struct device *device, const char *stem, uint32_t *out)
{
    int aliases = fdt_node_by_path("/aliases");
    if (aliases < 0)
        return -ENOENT;
    int property;
    uint32_t seen = 0;
    fdt_for_each_property_offset(property, tree_blob(), aliases)
    {
        if (seen++ == ALIAS_MAX)
            break;
        const char *name;
        int size;
        const char *path = fdt_getprop_by_offset(tree_blob(), property, &name, &size);
        if (path == NULL || size < 1 || path[size - 1] != '\0')
            continue;
        int64_t number = alias_number(name, stem);
        if (number >= 0 && fdt_node_by_path(path) == device->node) {
            *out = (uint32_t)number;
            return 0;
        }
    }
    return -ENOENT;
}
