/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Devices and drivers: who takes which node.
 *
 *   NEW --no driver knows it--> UNBOUND
 *   NEW --probe: 0--> BOUND --device_exit(), device_unbind_children()--> NEW
 *   NEW --probe: -EPROBE_DEFER--> NEW      tried again after another device was bound
 *   NEW --probe: other errors--> FAILED
 *
 * The walk goes through buses whose children have the CPU's addresses: those with `ranges`, and ISA,
 * whose ports are the CPU's. What is behind other buses (I2C, SPI) is offered when their driver says
 * so. Below a CPU's node lies its own interrupt controller. A device is removed before all that were
 * bound before it: whatever a driver needed is still there when it goes. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <internal/boot.h>
#include <internal/device.h>
#include <internal/tree.h>
#include <libfdt.h>

#define PATH_MAX_BYTES 256

static struct list_head devices, bound;
static bool binding;   /* inside bind_all() */
static bool changed;   /* something was bound since the pass began */
static bool no_memory; /* a child could not be made */

static struct device *nearest_device(int node)
{
    for (struct tree_node *at = tree_node_parent(tree_node_at(node)); at != NULL;
         at = tree_node_parent(at)) {
        if (at->device != NULL)
            return at->device;
    }
    return NULL;
}

static int device_create(int node, bool behind_bus)
{
    char path[PATH_MAX_BYTES];
    size_t length = strlen(fdt_node_path(node, path, sizeof path));
    struct device *device = kzalloc(sizeof *device + length + 1);
    if (device == NULL)
        return -ENOMEM;
    memcpy(device->path, path, length + 1);
    device->node = node;
    device->parent = nearest_device(node);
    device->waits_for = -1;
    device->behind_bus = behind_bus;
    list_init(&device->bound_link);
    list_add_tail(&device->link, &devices);
    tree_node_at(node)->device = device;
    return 0;
}

static bool is_device(int node)
{
    uint32_t size;
    return fdt_node_available(node) && tree_property(node, "compatible", &size) != NULL;
}

static bool knows(const struct driver *driver, int node, uint32_t rank)
{
    for (const char *const *compatible = driver->compatible; *compatible != NULL; compatible++) {
        if (tree_is_compatible(node, *compatible, rank))
            return true;
    }
    return false;
}

static int probe(struct device *device, const struct driver *driver)
{
    device->driver = driver;
    device->waits_for = -1;
    int err = driver->probe(device);
    if (err) {
        device_unbind_children(device);
        device->data = NULL;
        return err;
    }
    device->state = DEVICE_BOUND;
    list_add_tail(&device->bound_link, &bound);
    changed = true;
    log_info("%s: %s", device->path, driver->name);
    return 0;
}

/* Offers the device to the drivers that know it, the most specific `compatible` first. */
static int offer(struct device *device)
{
    int ranks = fdt_stringlist_count(tree_blob(), device->node, "compatible");
    int err = -ENODEV;
    for (int rank = 0; rank < ranks && err == -ENODEV; rank++) {
        for (uint32_t i = 0; driver_table[i] != NULL && err == -ENODEV; i++) {
            if (knows(driver_table[i], device->node, (uint32_t)rank))
                err = probe(device, driver_table[i]);
        }
    }
    if (err == -ENODEV) {
        device->state = DEVICE_UNBOUND;
        return 0;
    }
    if (err && err != -EPROBE_DEFER) {
        device->state = DEVICE_FAILED;
        log_err("%s: %s failed with error %d", device->path, device->driver->name, err);
    }
    return err == -ENOMEM ? err : 0;
}

/* Passes over what is new, until one changes nothing. -ENOMEM: there was no memory for a device or
 * for its driver. */
static int bind_all(void)
{
    BUG_ON(binding);
    binding = true;
    int err = 0;
    do {
        changed = false;
        struct device *device;
        list_for_each_entry(device, &devices, link) {
            if (device->state == DEVICE_NEW && err == 0)
                err = offer(device);
        }
    } while (changed && err == 0);
    binding = false;
    return no_memory ? -ENOMEM : err;
}

static void unbind(struct device *device)
{
    device->driver->remove(device);
    list_del(&device->bound_link);
    device->state = DEVICE_NEW;
    device->data = NULL;
}

void device_bind_children(struct device *device)
{
    int child = -1;
    while ((child = fdt_node_next_child(device->node, child)) >= 0) {
        if (!is_device(child))
            continue;
        struct device *known = tree_node_at(child)->device;
        if (known == NULL)
            no_memory |= device_create(child, true) != 0;
        else if (known->behind_bus && known->state == DEVICE_UNBOUND)
            known->state = DEVICE_NEW;
    }
    /* Inside a pass the bus's own binding makes for another one. */
    if (!binding && bind_all() != 0)
        log_err("%s: no memory for a child's driver", device->path);
}

/* Children are offered again only by another device_bind_children(). */
void device_unbind_children(struct device *device)
{
    struct device *at, *before;
    for (at = list_entry(bound.prev, struct device, bound_link); &at->bound_link != &bound;
         at = before) {
        before = list_entry(at->bound_link.prev, struct device, bound_link);
        if (at->parent == device && at->behind_bus)
            unbind(at);
    }
    list_for_each_entry(at, &devices, link) {
        if (at->parent == device && at->behind_bus && at->state == DEVICE_NEW)
            at->state = DEVICE_UNBOUND;
    }
}

/* --- boot --- */

/* CPUs are no devices, but what interrupts them may have a node in theirs (riscv,cpu-intc). */
static bool is_cpu(int node)
{
    int parent = fdt_node_parent(node);
    return parent >= 0 && strcmp(fdt_node_name(parent), "cpus") == 0 &&
           fdt_node_parent(parent) == 0;
}

static bool is_cpus(int node)
{
    return fdt_node_parent(node) == 0 && strcmp(fdt_node_name(node), "cpus") == 0;
}

/* Makes the devices of all buses that have the CPU's addresses. */
static int create_all(void)
{
    uint32_t index = 1; /* the root is the board, not a device */
    while (index < tree_node_count()) {
        const struct tree_node *at = tree_node_by_index(index);
        uint32_t size;
        bool cpu = is_cpu(at->offset);
        bool walk_into = fdt_node_available(at->offset) &&
                         (cpu || is_cpus(at->offset) || tree_is_isa(at->offset) ||
                          tree_property(at->offset, "ranges", &size) != NULL);
        if (is_device(at->offset) && !cpu) {
            int err = device_create(at->offset, false);
            if (err)
                return err;
        }
        index = walk_into ? index + 1 : at->end;
    }
    return 0;
}

static void report(void)
{
    struct device *device;
    list_for_each_entry(device, &devices, link) {
        char path[PATH_MAX_BYTES];
        if (device->state != DEVICE_NEW)
            continue;
        if (device->waits_for >= 0)
            log_warning("%s: %s waits for %s, which no driver has bound", device->path,
                        device->driver->name, fdt_node_path(device->waits_for, path, sizeof path));
        else
            log_warning("%s: %s waits for something that never came", device->path,
                        device->driver->name);
    }
    struct device_counts counts;
    device_counts(&counts);
    log_info("devices: %u bound, %u without a driver here, %u failed, %u waiting", counts.bound,
             counts.unbound, counts.failed, counts.deferred);
}

void device_counts(struct device_counts *out)
{
    *out = (struct device_counts){ 0 };
    struct device *device;
    list_for_each_entry(device, &devices, link) {
        switch (device->state) {
        case DEVICE_NEW:
            out->deferred++;
            break;
        case DEVICE_BOUND:
            out->bound++;
            break;
        case DEVICE_UNBOUND:
            out->unbound++;
            break;
        case DEVICE_FAILED:
            out->failed++;
            break;
        }
    }
}

int device_init(void)
{
    list_init(&devices);
    list_init(&bound);
    binding = changed = no_memory = false;
    int err = create_all();
    if (err == 0)
        err = bind_all();
    if (err) {
        device_exit();
        return err;
    }
    report();
    return 0;
}

void device_exit(void)
{
    while (!list_empty(&bound))
        unbind(list_entry(bound.prev, struct device, bound_link));
    while (!list_empty(&devices)) {
        struct device *device = list_first_entry(&devices, struct device, link);
        list_del(&device->link);
        tree_node_at(device->node)->device = NULL;
        kfree(device);
    }
}
