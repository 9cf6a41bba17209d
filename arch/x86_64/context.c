/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Execution contexts, and the FPU with them.
 *
 * The kernel's own code uses no FPU or vector registers, so most contexts have none to keep. CR0.TS
 * is set for a context until its first such instruction traps (#NM, x86_fpu_take()); from then on its
 * registers are saved and loaded at every switch. Nothing stays behind in another CPU's registers,
 * so a thread may go on anywhere.
 *
 * Where the CPU has XSAVE that is x87, SSE and AVX (Intel SDM volume 1, chapter 13), else what FXSAVE
 * knows. Larger state (AVX-512, AMX) stays off: its instructions trap as undefined. */
#include <axiom/bug.h>
#include <axiom/string.h>
#include <port/context.h>

#include "cpu.h"

#define CR0_TS      0x8u
#define CR4_OSXSAVE (UINT64_C(1) << 18)

#define XSTATE_X87_SSE 3u
#define XSTATE_AVX     4u
#define AREA_SIZE      832u /* legacy part, header, upper halves of 16 registers (13.4) */
#define AREA_ALIGN     64u
#define AREA_FCW       0u
#define AREA_MXCSR     24u
#define FCW_INITIAL    0x037fu /* all exceptions masked, 64-bit precision */
#define MXCSR_INITIAL  0x1f80u /* all exceptions masked, round to nearest */

/* The bits of XCR0 that contexts keep; 0: FXSAVE. Written once, by the boot CPU. */
static uint32_t kept;
_Static_assert(sizeof((struct arch_context *)0)->fpu >= AREA_SIZE + AREA_ALIGN - 1, "13.4");

void x86_context_start(void);

struct first_frame {
    uint64_t registers[6];
    uint64_t return_address;
    uint64_t padding;
};

void arch_context_init(struct arch_context *context, void *stack_base, size_t stack_size,
                       void (*entry)(void *argument), void *argument)
{
    BUG_ON(stack_size < 4096);
    uint64_t top = ((uint64_t)stack_base + stack_size) & ~UINT64_C(15);
    struct first_frame *frame = (struct first_frame *)(top - sizeof *frame);
    *frame = (struct first_frame){ .return_address = (uint64_t)x86_context_start };
    context->stack_pointer = (uint64_t)frame;
    context->entry = entry;
    context->argument = argument;
    context->uses_fpu = false;
}

static void *fpu_area(struct arch_context *context)
{
    return (void *)(((uint64_t)context->fpu + AREA_ALIGN - 1) & ~(uint64_t)(AREA_ALIGN - 1));
}

static void ts_set(void)
{
    uint64_t cr0;
    __asm__ volatile("movq %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("movq %0, %%cr0" ::"r"(cr0 | CR0_TS));
}

static void ts_clear(void)
{
    __asm__ volatile("clts");
}

static void xcr0_write(uint32_t value)
{
    uint64_t cr4;
    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("movq %0, %%cr4" ::"r"(cr4 | CR4_OSXSAVE));
    __asm__ volatile("xsetbv" ::"a"(value), "d"(0), "c"(0) : "memory");
}

void x86_fpu_init(bool boot_cpu)
{
    bool has_xsave = (x86_cpuid(1, 0).ecx >> 26 & 1) != 0;
    if (boot_cpu && has_xsave) {
        kept = XSTATE_X87_SSE | (x86_cpuid(0xd, 0).eax & XSTATE_AVX);
        xcr0_write(kept);
        /* What XSAVE writes now (13.2). More than on any CPU that we know: not this one's. */
        if (x86_cpuid(0xd, 0).ebx > AREA_SIZE)
            kept = XSTATE_X87_SSE;
    }
    if (kept != 0)
        xcr0_write(kept);
}

static void area_save(void *area)
{
    if (kept != 0)
        __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(kept), "d"(0) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

static void area_load(const void *area)
{
    if (kept != 0)
        __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(kept), "d"(0) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

/* All registers zero; XSAVE's header says that nothing is in the area (13.8.1), MXCSR aside. */
static void area_clear(uint8_t *area)
{
    memset(area, 0, AREA_SIZE);
    *(uint16_t *)(void *)(area + AREA_FCW) = FCW_INITIAL;
    *(uint32_t *)(void *)(area + AREA_MXCSR) = MXCSR_INITIAL;
}

bool x86_fpu_take(void)
{
    struct arch_context *context = x86_this_cpu()->context;
    if (context == NULL)
        return false;
    ts_clear();
    area_clear(fpu_area(context));
    area_load(fpu_area(context));
    context->uses_fpu = true;
    return true;
}

void port_context_change(struct arch_context *from, struct arch_context *to)
{
    if (from->uses_fpu)
        area_save(fpu_area(from));
    if (to->uses_fpu) {
        if (!from->uses_fpu)
            ts_clear();
        area_load(fpu_area(to));
    } else if (from->uses_fpu) {
        ts_set();
    }
}

struct arch_context **port_context(void)
{
    return &x86_this_cpu()->context;
}
