/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Trees that are made up, and a boot with one of them: what the tests of devices and of broken trees share. */
#pragma once
#include "port.h"

#include <core/device.h>
#include <core/irq.h>
#include <libfdt.h>
#include <tests/check_main.h>

/* --- What the drivers of tree_drivers.c did, in order: "bound bus\n", ... --- */

#define STORY_MAX 4096
extern char story[STORY_MAX];
extern struct irq_domain *chained; /* line 5 of its parent carries its 8 inputs: */
extern uint32_t chained_pending;   /* those that are up */
extern uint32_t leaf_interrupts;   /* taken by "test,leaf" */

/* --- Trees --- */

#define CELLS(...)     \
    (const uint32_t[]) \
    {                  \
        __VA_ARGS__    \
    }

/* A root with two cells for addresses and sizes; its interrupts go to the board. */
void *tree_begin(void);
void put_cells(void *fdt, const char *name, const uint32_t *cells, uint32_t count);
#define PUT(fdt, name, ...) \
    put_cells(fdt, name, CELLS(__VA_ARGS__), (uint32_t)(sizeof(CELLS(__VA_ARGS__)) / 4))

/* Begins a node; fdt_end_node() ends it. */
void node(void *fdt, const char *name, const char *compatible);
/* The port's own device: clock and interrupts, phandle 1. */
void put_board(void *fdt);
/* Ends the root. The caller frees it. */
void *tree_end(void *fdt, size_t *size);

/* --- Boots --- */

/* Runs the body in a kernel that has this tree, which is freed; no page is left behind. */
int boot(void *fdt, size_t size, void (*body)(void *));
void nothing_body(void *argument);
/* True if a line of the last boot's log has the text. */
bool logged(const char *text);
