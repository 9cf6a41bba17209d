/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an exception means: an interrupt for the core, a first use of the FPU, or the kernel's end.
 *
 * Nothing in the kernel may fault: user memory is reached through page tables (arch/common/mmu.c).
 * Codes are ESR_EL1's (Arm ARM DDI 0487, D19.2.40). */
#include <arch/cpu.h>
#include <axiom/bits.h>
#include <axiom/bug.h>
#include <port/backtrace.h>
#include <port/console.h>
#include <port/kmap.h>
#include <port/port.h>

#include "cpu.h"
#include "image.h"
#include "smp.h"

#define CLASS_FPU         0x07u
#define CLASS_FETCH_ABORT 0x21u
#define CLASS_DATA_ABORT  0x25u
#define FAULT_ALIGNMENT   0x21u
#define FAULT_EXTERNAL    0x10u
#define ISS_WRITE         BIT(6)

#define SCTLR_WXN (UINT64_C(1) << 19)
#define TCR_EPD0  (UINT64_C(1) << 7)

struct arm_cpu arm_cpus[CPU_MAX];

void arm_sync(struct arm_frame *frame);
void arm_irq(struct arm_frame *frame);
_Noreturn void arm_unexpected(struct arm_frame *frame, uint32_t kind);

struct arm_cpu *arm_this_cpu(void)
{
    return &arm_cpus[arch_cpu_id()];
}

/* --- a CPU's own registers --- */

void arm_cpu_init(uint32_t id)
{
    struct arm_cpu *cpu = &arm_cpus[id];
    cpu->mpidr = ARM_READ("mpidr_el1") & ARM_MPIDR_AFFINITY;
    ARM_WRITE("tpidr_el1", id);
    ARM_WRITE("vbar_el1", arm_vectors);
    ARM_WRITE("cpacr_el1", 0);
    /* The other stack pointer has a name only at higher levels; here it is SPSel 1's sp. */
    __asm__ volatile(
        "msr spsel, #1\n\tmov sp, %0\n\tmsr spsel, #0" ::"r"(cpu->trap_stack + TRAP_STACK_SIZE)
        : "memory");
    if ((ARM_READ("id_aa64mmfr1_el1") >> 20 & 0xf) != 0)
        __asm__ volatile(".inst 0xd500419f"); /* msr pan, #1 */
    ARM_ISB();
    __asm__ volatile("msr daifclr, #4" ::: "memory"); /* SError: what is wrong shows at once */
}

void arm_cpu_protect(void)
{
    ARM_WRITE("tcr_el1", ARM_READ("tcr_el1") | TCR_EPD0);
    ARM_WRITE("sctlr_el1", ARM_READ("sctlr_el1") | SCTLR_WXN);
    ARM_ISB();
    __asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
}

bool arm_readable(const void *at, uint32_t *value)
{
    bool there = false;
    *value = arm_probe(at, &there);
    return there;
}

void arm_delay_us(uint32_t us)
{
    uint64_t ticks = ARM_READ("cntfrq_el0") / 1000000 * us, start = ARM_READ("cntvct_el0");
    do
        ARM_ISB(); /* the counter may be read early otherwise (Arm ARM, D12.2.1) */
    while (ARM_READ("cntvct_el0") - start < ticks);
}

/* --- the end --- */

static const char *class_name(uint32_t class)
{
    switch (class) {
    case 0x00:
        return "undefined instruction";
    case 0x0e:
        return "illegal execution state";
    case 0x18:
        return "trapped system register";
    case 0x22:
        return "program counter not aligned";
    case 0x26:
        return "stack pointer not aligned";
    case 0x3c:
        return "breakpoint";
    default:
        return "exception";
    }
}

static void abort_print(const struct arm_frame *frame, uint32_t class, uint32_t syndrome)
{
    uint64_t at = ARM_READ("far_el1");
    uint32_t status = syndrome & 0x3f;
    const char *what = class == CLASS_FETCH_ABORT    ? "execution"
                       : (syndrome & ISS_WRITE) != 0 ? "write"
                                                     : "read";
    if (status == FAULT_ALIGNMENT)
        panic("alignment fault: %s at 0x%016llx", what, (unsigned long long)at);
    if (status == FAULT_EXTERNAL)
        panic("external abort: %s at 0x%016llx: nothing answers there", what,
              (unsigned long long)at);
    const char *why = kmap_fault_reason(at);
    /* The next store of a frame begins below the stack pointer, or a little above it. */
    if (class == CLASS_DATA_ABORT && at - (frame->sp - PAGE_SIZE) < 2 * PAGE_SIZE)
        why = "the stack is used up (overflow?)";
    panic("page fault: %s at 0x%016llx: %s", what, (unsigned long long)at, why);
}

_Noreturn static void fatal(const struct arm_frame *frame)
{
    uint32_t syndrome = (uint32_t)ARM_READ("esr_el1");
    uint32_t class = syndrome >> 26;
    arm_this_cpu()->fatal = frame;
    if (class == CLASS_FETCH_ABORT || class == CLASS_DATA_ABORT)
        abort_print(frame, class, syndrome);
    panic("%s (ESR 0x%08x)", class_name(class), syndrome);
}

_Noreturn void arm_unexpected(struct arm_frame *frame, uint32_t kind)
{
    static const char *const names[] = { "an exception that nothing here can raise", "FIQ",
                                         "SError: an access failed, some time ago" };
    arm_this_cpu()->fatal = frame;
    panic("%s (ESR 0x%08llx)", names[kind], (unsigned long long)ARM_READ("esr_el1"));
}

/* --- entries --- */

void arm_sync(struct arm_frame *frame)
{
    uint32_t class = (uint32_t)ARM_READ("esr_el1") >> 26;
    if (class == CLASS_FPU && arm_fpu_take())
        return;
    if (class == CLASS_DATA_ABORT && frame->pc == (uint64_t)arm_probe_load) {
        frame->x[2] = 0;
        frame->pc += 4;
        return;
    }
    fatal(frame);
}

void arm_irq(struct arm_frame *frame)
{
    if (smp_stop_asked())
        smp_stopped(frame->pc, frame->x[29]);
    image_interrupt();
}

bool port_trap_print(uint64_t *pc, uint64_t *fp)
{
    const struct arm_frame *f = arm_this_cpu()->fatal;
    if (f == NULL)
        return false;
#define U(x) ((unsigned long long)(x))
    console_print("  pc  %016llx sp  %016llx pstate %08llx esr %08llx", U(f->pc), U(f->sp),
                  U(f->pstate), U(ARM_READ("esr_el1")));
    for (uint32_t i = 0; i < 28; i += 4)
        console_print("  x%-2u %016llx x%-2u %016llx x%-2u %016llx x%-2u %016llx", i, U(f->x[i]),
                      i + 1, U(f->x[i + 1]), i + 2, U(f->x[i + 2]), i + 3, U(f->x[i + 3]));
    console_print("  x28 %016llx x29 %016llx x30 %016llx far %016llx", U(f->x[28]), U(f->x[29]),
                  U(f->x[30]), U(ARM_READ("far_el1")));
#undef U
    *pc = f->pc;
    *fp = f->x[29];
    return true;
}
