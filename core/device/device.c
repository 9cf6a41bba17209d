/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Devices and drivers: who takes which node.
 *
 *   NEW --no driver knows it--> UNBOUND
 *   NEW --probe: 0--> BOUND --device_exit(), device_unbind_children()--> NEW
 *   NEW --probe: -EPROBE_DEFER--> NEW      tried again after another device was bound
 *   NEW --probe: other errors--> FAILED
 *
 * The walk goes through buses whose children have the CPU's addresses: those with `ranges`. What is
 * behind other buses (I2C, SPI) is offered when their driver says so. A device is removed before
 * all that were bound before it: whatever a driver needed is still there when it goes. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/list.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <internal/boot.h>
#include <internal/irq.h>
#include <internal/tree.h>
#include <libfdt.h>

#define PATH_MAX_BYTES 256

enum device_state {
    DEVICE_NEW,
    DEVICE_BOUND,
    DEVICE_UNBOUND,
    DEVICE_FAILED,
};

struct device {
    struct list_head link;       /* in `devices`, the tree's order (a bus's children come later) */
    struct list_head bound_link; /* in `bound`, order of binding */
    struct device *parent;
    int node;
    enum device_state state;
    const struct driver *driver;
    void *data;
    int waits_for;   /* node that it last deferred for; negative: none */
    bool behind_bus; /* made by device_bind_children(), not by the walk */
    char path[];
};

static struct list_head devices, bound;
static bool binding;   /* inside bind_all() */
static bool changed;   /* something was bound since the pass began */
static bool no_memory; /* a child could not be made */

/* --- accessors of hw/device.h --- */

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
    struct phys_addr base;
    uint64_t size;
    int err = tree_reg(device->node, index, &base, &size);
    if (err == -ENOENT)
        log_err("%s: has no reg entry %u", device->path, index);
    if (err)
        return err;
    if (size < size_needed) {
        log_err("%s: reg entry %u has %llu bytes, its registers need %llu", device->path, index,
                (unsigned long long)size, (unsigned long long)size_needed);
        return -EINVAL;
    }
    err = mmio_map(base, size, MMIO_MEMORY, out);
    if (err)
        log_err("%s: reg entry %u at 0x%llx: cannot be mapped, error %d", device->path, index,
                (unsigned long long)base.value, err);
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
    fdt_for_each_property_offset(property, tree_blob(), aliases)
    {
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

/* --- binding --- */

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

/* Makes the devices of all buses that have the CPU's addresses. */
static int create_all(void)
{
    uint32_t index = 1; /* the root is the board, not a device */
    while (index < tree_node_count()) {
        const struct tree_node *at = tree_node_by_index(index);
        uint32_t size;
        bool walk_into =
            fdt_node_available(at->offset) && tree_property(at->offset, "ranges", &size) != NULL;
        if (is_device(at->offset)) {
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
