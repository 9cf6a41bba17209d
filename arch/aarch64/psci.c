/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Function numbers: DEN 0022F, 5.1; version 0.1 had them in the device tree instead
 * (bindings/arm/psci.yaml), and no way to switch a system off. */
#include "psci.h"

#include <axiom/errno.h>
#include <axiom/string.h>
#include <libfdt.h>
#include <port/boot_tree.h>
#include <port/console.h>

#define CPU_OFF      0x84000002u
#define CPU_ON       0xc4000003u
#define SYSTEM_OFF   0x84000008u
#define SYSTEM_RESET 0x84000009u

#define ALREADY_ON         (-4)
#define ON_PENDING         (-5)
#define INVALID_PARAMETERS (-2)
#define NOT_PRESENT        (-7)

static enum { NO_CONDUIT, BY_SMC, BY_HVC } conduit;
static bool has_system;
static uint32_t cpu_on, cpu_off;

void psci_init(const void *fdt)
{
    int node = fdt_node_offset_by_compatible(fdt, -1, "arm,psci-0.2");
    if (node < 0)
        node = fdt_node_offset_by_compatible(fdt, -1, "arm,psci-1.0");
    has_system = node >= 0;
    if (node < 0)
        node = fdt_node_offset_by_compatible(fdt, -1, "arm,psci");
    conduit = NO_CONDUIT;
    const char *method = node >= 0 ? fdt_getprop(fdt, node, "method", NULL) : NULL;
    cpu_on = has_system ? CPU_ON : boot_tree_u32(fdt, node, "cpu_on", 0);
    cpu_off = has_system ? CPU_OFF : boot_tree_u32(fdt, node, "cpu_off", 0);
    if (method != NULL && strcmp(method, "smc") == 0)
        conduit = BY_SMC;
    else if (method != NULL && strcmp(method, "hvc") == 0)
        conduit = BY_HVC;
    else if (node >= 0)
        console_print("psci: the node has no method that this kernel knows");
}

bool psci_present(void)
{
    return conduit != NO_CONDUIT;
}

/* Registers x4-x17 may be changed by the firmware (DEN 0028, 2.6). */
static int64_t call(uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;
#define CLOBBERED                                                                               \
    "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", \
        "memory"
    if (conduit == BY_SMC)
        __asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::CLOBBERED);
    else
        __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::CLOBBERED);
#undef CLOBBERED
    return (int64_t)x0;
}

int psci_cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context)
{
    if (!psci_present())
        return -ENOSYS;
    int32_t answer = (int32_t)call(cpu_on, mpidr, entry, context);
    switch (answer) {
    case 0:
        return 0;
    case ALREADY_ON:
    case ON_PENDING:
        return -EBUSY;
    case INVALID_PARAMETERS:
    case NOT_PRESENT:
        console_print("psci: there is no CPU 0x%llx", (unsigned long long)mpidr);
        return -ENODEV;
    default:
        console_print("psci: CPU 0x%llx does not start: error %d", (unsigned long long)mpidr,
                      answer);
        return -EIO;
    }
}

/* Other registers than the stack's memory only, once *off is set. */
_Noreturn void psci_cpu_off(bool *off)
{
    register uint64_t x0 __asm__("x0") = cpu_off;
    register uint64_t at __asm__("x9") = (uint64_t)off;
    register uint64_t one __asm__("x10") = 1;
    if (conduit == BY_SMC)
        __asm__ volatile("stlrb %w2, [%1]\n\tsmc #0" : "+r"(x0) : "r"(at), "r"(one) : "memory");
    else
        __asm__ volatile("stlrb %w2, [%1]\n\thvc #0" : "+r"(x0) : "r"(at), "r"(one) : "memory");
    for (;;)
        __asm__ volatile("wfi");
}

void psci_system_off(void)
{
    if (psci_present() && has_system)
        call(SYSTEM_OFF, 0, 0, 0);
}

void psci_system_reset(void)
{
    if (psci_present() && has_system)
        call(SYSTEM_RESET, 0, 0, 0);
}
