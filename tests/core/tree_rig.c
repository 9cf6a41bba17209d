/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree_rig.h"

#include <core/log.h>
#include <stdlib.h>
#include <string.h>

void *tree_begin(void)
{
    void *fdt = malloc(16384);
    ck_assert_int_eq(fdt_create(fdt, 16384), 0);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    fdt_property_u32(fdt, "#address-cells", 2);
    fdt_property_u32(fdt, "#size-cells", 2);
    fdt_property_u32(fdt, "interrupt-parent", 1);
    return fdt;
}

void put_cells(void *fdt, const char *name, const uint32_t *cells, uint32_t count)
{
    uint32_t big_endian[64];
    for (uint32_t i = 0; i < count; i++)
        big_endian[i] = cpu_to_fdt32(cells[i]);
    fdt_property(fdt, name, big_endian, (int)(count * 4));
}

void node(void *fdt, const char *name, const char *compatible)
{
    fdt_begin_node(fdt, name);
    if (compatible != NULL)
        fdt_property(fdt, "compatible", compatible, (int)strlen(compatible) + 1);
}

void put_board(void *fdt)
{
    node(fdt, "board", "test,board");
    PUT(fdt, "#interrupt-cells", 1);
    fdt_property(fdt, "interrupt-controller", NULL, 0);
    PUT(fdt, "phandle", 1);
    fdt_end_node(fdt);
}

void *tree_end(void *fdt, size_t *size)
{
    fdt_end_node(fdt);
    ck_assert_int_eq(fdt_finish(fdt), 0);
    *size = fdt_totalsize(fdt);
    return fdt;
}

void nothing_body(void *argument)
{
    (void)argument;
}

int boot(void *fdt, size_t size, void (*body)(void *))
{
    story[0] = '\0';
    leaf_interrupts = 0;
    struct port_options options = { .fdt = fdt, .fdt_size = size };
    int err = port_run(&options, body, NULL);
    ck_assert_uint_eq(port_mm_stats().pages_used, 0);
    free(fdt);
    return err;
}

bool logged(const char *text)
{
    for (uint64_t i = 0; i < log_count(); i++) {
        struct log_entry entry;
        if (log_read(i, &entry) == 0 && strstr(entry.text, text) != NULL)
            return true;
    }
    return false;
}
