/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include <axiom/types.h>
#include <port/boot_tree.h>

/* What another CPU finds when it starts, by physical address and before its caches are on; boot.S
 * knows the offsets. */
struct arm_start_record {
    uint64_t ttbr0, ttbr1;
    uint64_t stack;
    uint64_t self; /* virtual address of this */
    uint32_t open; /* 1: the stack is its own if it takes this to 0 */
    uint32_t cpu;
};

/* Which CPUs there are: the calling one becomes number 0. `image` is where the image lies, `idmap`
 * the root of tables that map the boot code to itself, `kernel` of the kernel's; physical. */
void smp_prepare(const struct boot_tree *tree, uint64_t image, uint64_t idmap, uint64_t kernel);

/* A CPU is panicking and this one shall stop: it says where it was, and does. Any context. */
bool smp_stop_asked(void);
_Noreturn void smp_stopped(uint64_t pc, uint64_t fp);
