/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The flattened device tree with an index over its nodes.
 *
 * libfdt finds parents and phandles by walking from the start; the index makes them a search in an
 * array in the tree's order. */
#pragma once
#include <axiom/types.h>
#include <core/device.h>
#include <hw/mmio.h>

struct tree_node {
    int offset;       /* ascending */
    int parent;       /* index; -1: the root */
    uint32_t end;     /* index after the last node below this one */
    uint32_t phandle; /* 0: none */
    struct device *device;
};

uint32_t tree_node_count(void);
/* NULL: no node begins at this offset. */
struct tree_node *tree_node_at(int offset);
struct tree_node *tree_node_by_index(uint32_t index);
/* NULL: the root. */
struct tree_node *tree_node_parent(const struct tree_node *node);
const void *tree_blob(void);

/* A property's bytes; NULL: absent (or no such node). */
const uint8_t *tree_property(int node, const char *name, uint32_t *size_bytes);
uint32_t tree_cell(const uint8_t *property, uint32_t index);
bool tree_is_compatible(int node, const char *compatible, uint32_t rank);

struct tree_region {
    struct phys_addr base; /* a port's number, if it is one */
    uint64_t size;
    enum mmio_kind kind;
};

/* reg entry `index`: where the CPU finds it. -ENOENT, -EINVAL with a log line. */
int tree_reg(int node, uint32_t index, struct tree_region *out);
/* By its name, as IEEE 1275's ISA binding has it. */
bool tree_is_isa(int bus);
/* Of an address on the bus below `bus`. */
int tree_translate(int bus, uint64_t address, struct phys_addr *out);

/* Entry `index` of a node's interrupts: the controller's node and its cells. -ENOENT; -EINVAL with
 * a log line. */
#define TREE_INTERRUPT_CELLS_MAX 8u
struct tree_interrupt {
    int controller;
    uint32_t count;
    uint32_t cells[TREE_INTERRUPT_CELLS_MAX];
};
int tree_interrupt(int node, uint32_t index, struct tree_interrupt *out);
