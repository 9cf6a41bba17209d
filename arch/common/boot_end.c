/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How a boot ends: with a kernel that runs until it ends, or with a reason why there is none. */
#include <port/boot.h>
#include <port/console.h>
#include <port/port.h>

_Noreturn void boot_give_up(const char *why)
{
    console_print("axiom: cannot boot: %s", why);
    port_exit(PORT_EXIT_FAILED);
}

_Noreturn void boot_run(struct boot_info *info, struct memmap *map)
{
    info->memory = map->regions;
    info->memory_count = map->count;
    int err = image_run(info, map);
    if (err)
        console_print("axiom: the kernel ended with error %d", err);
    port_exit(err == 0 ? PORT_EXIT_OFF : PORT_EXIT_FAILED);
}
