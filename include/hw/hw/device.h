/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Devices and drivers. The core walks the device tree, makes a device for each node with
 * `compatible` and status okay, and offers it to the drivers of drivers/table.c until one takes it.
 */
#pragma once
#include <axiom/types.h>
#include <hw/irq.h>
#include <hw/mmio.h>

struct device;

struct driver {
    const char *name;
    const char *const *compatible; /* NULL ends the list */
    /* 0 takes the device. -EPROBE_DEFER: something it needs (its interrupt parent, its bus) is not
     * bound yet; tried again when another device has been bound. -ENODEV: not ours after all. Other
     * errors are logged. Everything taken is given back on failure. Process context. */
    int (*probe)(struct device *device);
    /* Gives everything back; no interrupt of the device comes after. Process context. */
    void (*remove)(struct device *device);
};

/* All drivers of the image; NULL ends the list (drivers/table.c). */
extern const struct driver *const driver_table[];

/* The node's name and unit address ("gpio@d0000"), its full path, its offset in the tree; unique
 * for a boot. */
const char *device_name(const struct device *device);
const char *device_path(const struct device *device);
int device_node(const struct device *device);
struct device *device_parent(const struct device *device);
void device_set_data(struct device *device, void *data);
void *device_data(const struct device *device);

/* Maps entry `index` of reg, translated through every ranges above; of an ISA bus, ports too. size_needed: the driver reaches
 * registers below that offset; a tree that gives it less must not make it panic. -ENOENT: no such
 * entry; -EINVAL: malformed, not translatable or too small; or mmio_map()'s errors; each with a log
 * line that names the node. Process context, as all below. */
int device_mmio(struct device *device, uint32_t index, uint64_t size_needed, struct mmio *out);
/* Entry `index` of interrupts (or interrupts-extended); -EPROBE_DEFER: its controller is not bound
 * yet. */
int device_irq(struct device *device, uint32_t index, struct irq **out);
/* Translates an address of the child bus of `node` to a CPU physical one. */
int device_translate(struct device *device, int node, uint64_t bus_address, struct phys_addr *out);

/* Properties. -ENOENT: absent; -EINVAL: too short for the index. Strings live as long as the tree.
 */
int device_property_u32(const struct device *device, const char *name, uint32_t index,
                        uint32_t *out);
int device_property_string(const struct device *device, const char *name, uint32_t index,
                           const char **out);
bool device_property_present(const struct device *device, const char *name);

/* The bound device of the node that a phandle names: the property's cell `index`. -EPROBE_DEFER
 * while it is not bound. */
int device_property_device(const struct device *device, const char *name, uint32_t index,
                           struct device **out);

/* Devices for the children of a bus's node (I2C, SPI): each with status okay and compatible is
 * offered to the drivers with `device` as parent. From a bus driver's probe after the bus works.
 * Errors of children are logged only. */
void device_bind_children(struct device *device);
void device_unbind_children(struct device *device);

/* Property access for any node of the tree (a controller without a device of its own). */
int fdt_node_u32(int node, const char *name, uint32_t index, uint32_t *out);
int fdt_node_string(int node, const char *name, uint32_t index, const char **out);
/* First child of `node` called `name` (unit address optional); -ENOENT. */
int fdt_node_child(int node, const char *name);
/* The node with this phandle; -ENOENT. */
int fdt_node_by_phandle(uint32_t phandle);
/* The node at an absolute path ("/interlock"); -ENOENT. */
int fdt_node_by_path(const char *path);
/* The child of `node` after `previous`, the first if that is negative; -ENOENT after the last. */
int fdt_node_next_child(int node, int previous);
int fdt_node_parent(int node);
/* With its unit address; lives as long as the tree. */
const char *fdt_node_name(int node);

/* The bound device at this node; NULL: none (yet). */
struct device *device_at_node(int node);
/* N of the alias STEM<N> that names this device ("i2c1" for the stem "i2c"); -ENOENT. */
int device_alias(const struct device *device, const char *stem, uint32_t *out);
/* The driver that took the device: says what device_data() is. NULL: not bound. */
const struct driver *device_driver(const struct device *device);
