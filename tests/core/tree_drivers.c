/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Drivers for trees that are made up: each tells what happens to it (story), and one needs another. */
#include "tree_rig.h"

#include <axiom/errno.h>
#include <axiom/format.h>
#include <core/time.h>
#include <hw/device.h>
#include <libfdt.h>
#include <string.h>

extern const struct driver port_board_driver;

char story[STORY_MAX];

static void tell(const char *what, const struct device *device)
{
    size_t length = strlen(story);
    format_text(story + length, sizeof story - length, "%s %s\n", what, device_name(device));
}

/* A chained controller: line 5 of its parent carries its 8 inputs. */
struct irq_domain *chained;
uint32_t chained_pending;

static int chained_translate(struct irq_domain *domain, const uint32_t *cells, uint32_t count,
                             uint32_t *hwirq, enum irq_type *type)
{
    (void)domain;
    ck_assert_uint_eq(count, 2);
    *hwirq = cells[0];
    *type = (enum irq_type)cells[1];
    return 0;
}

static int chained_set_type(struct irq_domain *domain, uint32_t hwirq, enum irq_type type)
{
    (void)domain;
    (void)hwirq;
    return type == IRQ_TYPE_LEVEL_LOW ? -EINVAL : 0;
}

static void chained_mask(struct irq_domain *domain, uint32_t hwirq)
{
    (void)domain;
    (void)hwirq;
}

static const struct irq_domain_ops chained_ops = {
    .translate = chained_translate,
    .set_type = chained_set_type,
    .mask = chained_mask,
    .unmask = chained_mask,
};

static void chained_handler(struct irq *irq, void *context)
{
    (void)irq;
    (void)context;
    while (chained_pending != 0) {
        uint32_t hwirq = (uint32_t)__builtin_ctz(chained_pending);
        chained_pending &= chained_pending - 1;
        irq_domain_handle(chained, hwirq);
    }
}

static int chained_probe(struct device *device)
{
    struct irq *parent;
    int err = device_irq(device, 0, &parent);
    if (err)
        return err;
    err = irq_domain_create(device, device_node(device), &chained_ops, 8, NULL, &chained);
    if (err)
        return err;
    err = irq_request(parent, chained_handler, NULL, device_name(device));
    if (err) {
        irq_domain_destroy(chained);
        return err;
    }
    device_set_data(device, parent);
    tell("bound", device);
    return 0;
}

static void chained_remove(struct device *device)
{
    irq_free(device_data(device));
    irq_domain_destroy(chained);
    tell("removed", device);
}

static const char *const chained_compatible[] = { "test,chained", NULL };
static const struct driver chained_driver = { "chained", chained_compatible, chained_probe,
                                              chained_remove };

/* A device behind it. */
uint32_t leaf_interrupts;

static void leaf_handler(struct irq *irq, void *context)
{
    (void)irq;
    (void)context;
    leaf_interrupts++;
}

static int leaf_probe(struct device *device)
{
    struct irq *irq;
    int err = device_irq(device, 0, &irq);
    if (err)
        return err;
    err = irq_request(irq, leaf_handler, NULL, device_name(device));
    if (err)
        return err;
    device_set_data(device, irq);
    tell("bound", device);
    return 0;
}

static void leaf_remove(struct device *device)
{
    irq_free(device_data(device));
    tell("removed", device);
}

static const char *const leaf_compatible[] = { "test,leaf", NULL };
static const struct driver leaf_driver = { "leaf", leaf_compatible, leaf_probe, leaf_remove };

/* A bus whose children are its own affair, and a client behind it that needs a leaf. */
static int bus_probe(struct device *device)
{
    tell("bound", device);
    device_bind_children(device);
    if (device_property_present(device, "waits"))
        return -EPROBE_DEFER;
    return device_property_present(device, "fails") ? -EIO : 0;
}

static void bus_remove(struct device *device)
{
    device_unbind_children(device);
    tell("removed", device);
}

static const char *const bus_compatible[] = { "test,bus", NULL };
static const struct driver bus_driver = { "bus", bus_compatible, bus_probe, bus_remove };

static int client_probe(struct device *device)
{
    struct device *friend;
    int err = device_property_device(device, "friend", 0, &friend);
    if (err)
        return err;
    ck_assert_str_eq(device_name(device_parent(device)), "bus");
    tell("bound", device);
    return 0;
}

static void client_remove(struct device *device)
{
    tell("removed", device);
}

static const char *const client_compatible[] = { "test,client", NULL };
static const struct driver client_driver = { "client", client_compatible, client_probe,
                                             client_remove };

/* Knows "test,picky" but takes it only if it also says so; else the next driver gets it. */
static int picky_probe(struct device *device)
{
    tell("looked at", device);
    return -ENODEV;
}

static const char *const picky_compatible[] = { "test,picky", NULL };
static const struct driver picky_driver = { "picky", picky_compatible, picky_probe, client_remove };

static int nomem_probe(struct device *device)
{
    (void)device;
    return -ENOMEM;
}

static const char *const nomem_compatible[] = { "test,nomem", NULL };
static const struct driver nomem_driver = { "nomem", nomem_compatible, nomem_probe, client_remove };

const struct driver *const driver_table[] = { &leaf_driver,       &client_driver,
                                              &picky_driver,      &bus_driver,
                                              &chained_driver,    &nomem_driver,
                                              &port_board_driver, NULL };
