/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A device, between who answers for it (device/device.c) and who binds it (device/bind.c). */
#pragma once
#include <axiom/list.h>
#include <core/device.h>

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
