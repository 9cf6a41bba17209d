/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The upcalls: what the core gives a port. Whoever enters the kernel comes through one of these. */
#pragma once
#include <axiom/types.h>

#define BOOT_MODULE_MAX 64

/* Bytes handed over by the loader (a BPF object, later an initramfs). Read-only; live until
 * kernel_main() returns. */
struct boot_module {
    const char *name;
    const void *data;
    size_t size;
};

/* RAM that the kernel may use, whole pages, reachable through the direct map. */
struct boot_memory {
    struct phys_addr base;
    uint64_t size;
};

struct boot_info {
    const void *fdt; /* flattened device tree; hostile until checked */
    size_t fdt_size;
    const struct boot_memory *memory; /* ascending, without overlap */
    uint32_t memory_count;
    const char *command_line; /* never NULL */
    const struct boot_module *modules;
    uint32_t module_count;
};

/* The boot CPU, interrupts masked, on a stack of the port's. Boots, runs until kernel_stop(), gives
 * every page back and returns 0; a negative errno (after the same giving back) if it could not
 * boot. May be called again after it returned. */
int kernel_main(const struct boot_info *info);

/* Asks the kernel to end: programs are detached, devices removed, kernel_main() returns 0. Any
 * context. */
void kernel_stop(void);

/* A CPU started with arch_cpu_start(), interrupts masked. Returns when the kernel stops; the port
 * parks the CPU. */
void kernel_secondary_main(void);

/* The CPU took an interrupt; interrupts masked, on the interrupted context's stack. May switch
 * contexts before it returns. */
void kernel_irq(void);

/* The kernel's clock (ktime): what events of a board are stamped with. 0 before there is one. Any
 * context. */
uint64_t kernel_time_ns(void);
