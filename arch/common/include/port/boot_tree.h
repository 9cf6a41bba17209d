/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a board's device tree says about booting: RAM, CPUs, the console, the command line, the
 * initramfs (Devicetree Specification v0.4, chapter 3). Boot only; needs no memory. */
#pragma once
#include <axiom/types.h>
#include <port/memmap.h>

struct boot_tree {
    const void *fdt;
    struct memmap memory;         /* less what the tree reserves */
    const char *command_line;     /* in the tree; never NULL */
    uint64_t initrd, initrd_size; /* physical; size 0: none */
    uint64_t cpu_ids[CPU_MAX];    /* `reg` of the CPUs, in the tree's order */
    uint32_t cpu_count;
    uint32_t cpus_left_out; /* more than CPU_MAX */
};

/* 0 if a tree of at most `size` bytes is there and is sound as a whole; -EINVAL with a line on the
 * console. To be called before anything else here. */
int boot_tree_check(const void *fdt, uint64_t size);
/* -ENODEV: it names no RAM. What else is missing or makes no sense is left out, with a line on the
 * console. */
int boot_tree_read(const void *fdt, struct boot_tree *out);

/* The node that /chosen/stdout-path names, else the alias serial0; negative: none. */
int boot_tree_console(const void *fdt);

/* Entry `index` of a node's `reg`, as physical address of the CPU; false: absent, or not
 * translatable. */
bool boot_tree_reg(const void *fdt, int node, uint32_t index, uint64_t *base, uint64_t *size);
/* A property of one cell; `otherwise` if it is absent. */
uint32_t boot_tree_u32(const void *fdt, int node, const char *name, uint32_t otherwise);
