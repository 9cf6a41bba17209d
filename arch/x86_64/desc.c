/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Descriptor tables and control registers of a CPU (Intel SDM volume 3, chapters 2, 3, 6). */
#include <axiom/string.h>

#include "cpu.h"

#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

#define CR4_UMIP       (UINT64_C(1) << 11)
#define CR4_SMEP       (UINT64_C(1) << 20)
#define CR4_SMAP       (UINT64_C(1) << 21)
#define CR0_TS         UINT64_C(0x8)
#define GATE_INTERRUPT 0x8e00u /* present, 64-bit interrupt gate: masks interrupts */

struct gate {
    uint16_t offset_low, selector, ist_type, offset_middle;
    uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "SDM volume 3, figure 6-8");

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern const char x86_trap_stubs[];

struct x86_cpu x86_cpus[CPU_MAX];
static uint8_t boot_trap_stacks[TRAP_STACKS_SIZE] __attribute__((aligned(16)));
static struct gate idt[256];
static bool idt_ready;

static uint16_t ist_of(uint32_t vector)
{
    switch (vector) {
    case 2:
        return IST_NMI;
    case 8:
        return IST_DOUBLE_FAULT;
    case 18:
        return IST_MACHINE_CHECK;
    default:
        return 0;
    }
}

static void idt_build(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint64_t stub = (uint64_t)x86_trap_stubs + 16 * i;
        idt[i] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SELECTOR_CODE,
            .ist_type = (uint16_t)(GATE_INTERRUPT | ist_of(i)),
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    idt_ready = true;
}

static void tss_build(struct x86_cpu *cpu)
{
    memset(&cpu->tss, 0, sizeof cpu->tss);
    cpu->tss.io_map = sizeof cpu->tss; /* none: no port is the user's */
    for (uint32_t i = 0; i < IST_COUNT; i++)
        cpu->tss.ist[i] = (uint64_t)cpu->trap_stacks + (i + 1) * TRAP_STACK_SIZE;
}

static void gdt_build(struct x86_cpu *cpu)
{
    uint64_t tss = (uint64_t)&cpu->tss;
    uint64_t limit = sizeof cpu->tss - 1;
    cpu->gdt[0] = 0;
    cpu->gdt[1] = UINT64_C(0x00af9b000000ffff); /* kernel code */
    cpu->gdt[2] = UINT64_C(0x00cf93000000ffff); /* kernel data */
    cpu->gdt[3] = UINT64_C(0x00cff3000000ffff); /* user data */
    cpu->gdt[4] = UINT64_C(0x00affb000000ffff); /* user code */
    cpu->gdt[5] = limit | (tss & 0xffffff) << 16 | UINT64_C(0x89) << 40 | (tss >> 24 & 0xff) << 56;
    cpu->gdt[6] = tss >> 32;
}

static void tables_load(struct x86_cpu *cpu)
{
    const struct table_pointer gdt = { sizeof cpu->gdt - 1, (uint64_t)cpu->gdt };
    const struct table_pointer idt_at = { sizeof idt - 1, (uint64_t)idt };
    __asm__ volatile("lgdt %0" ::"m"(gdt));
    __asm__ volatile("pushq %0\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %1, %%eax\n\t"
                     "movl %%eax, %%ds\n\t"
                     "movl %%eax, %%es\n\t"
                     "movl %%eax, %%ss" ::"i"(SELECTOR_CODE),
                     "i"(SELECTOR_DATA)
                     : "rax", "memory");
    __asm__ volatile("lidt %0" ::"m"(idt_at));
    __asm__ volatile("ltr %w0" ::"r"(SELECTOR_TSS));
}

/* What the CPU has of: no execution, no access of user pages by the kernel; no SGDT and the like by
 * users. */
static void protections_enable(void)
{
    uint64_t cr4, cr0;
    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    if (x86_cpuid(0, 0).eax >= 7) {
        struct x86_cpuid features = x86_cpuid(7, 0);
        cr4 |= (features.ebx >> 7 & 1) != 0 ? CR4_SMEP : 0;
        cr4 |= (features.ebx >> 20 & 1) != 0 ? CR4_SMAP : 0;
        cr4 |= (features.ecx >> 2 & 1) != 0 ? CR4_UMIP : 0;
    }
    __asm__ volatile("movq %0, %%cr4" ::"r"(cr4));
    __asm__ volatile("movq %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("movq %0, %%cr0" ::"r"(cr0 | CR0_TS));
}

void x86_cpu_init(uint32_t id)
{
    struct x86_cpu *cpu = &x86_cpus[id];
    if (!idt_ready)
        idt_build();
    cpu->id = id;
    if (id == 0)
        cpu->trap_stacks = boot_trap_stacks;
    tss_build(cpu);
    gdt_build(cpu);
    tables_load(cpu);
    x86_wrmsr(MSR_GS_BASE, (uint64_t)cpu);
    x86_wrmsr(MSR_KERNEL_GS_BASE, 0);
    protections_enable();
    x86_fpu_init(id == 0);
}
