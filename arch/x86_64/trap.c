/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a trap means: an interrupt for the core, a request of another CPU, or the kernel's end.
 *
 * Nothing in the kernel may fault: user memory is reached through page tables (arch/common/mmu.c), so
 * every exception but #NM is a bug. */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <axiom/bug.h>
#include <port/backtrace.h>
#include <port/console.h>
#include <port/kmap.h>
#include <port/port.h>
#include <port/symbols.h>

#include "cpu.h"
#include "image.h"

#define VECTOR_NMI          2u
#define VECTOR_NO_FPU       7u
#define VECTOR_DOUBLE_FAULT 8u
#define VECTOR_PAGE_FAULT   14u

static const char *const names[] = {
    [0] = "divide error",
    [1] = "debug",
    [2] = "NMI",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range",
    [6] = "invalid opcode",
    [7] = "no FPU",
    [8] = "double fault",
    [10] = "invalid TSS",
    [11] = "segment not present",
    [12] = "stack segment",
    [13] = "general protection",
    [14] = "page fault",
    [16] = "x87 error",
    [17] = "alignment check",
    [18] = "machine check",
    [19] = "SIMD error",
    [20] = "virtualization",
    [21] = "control protection",
};

static void page_fault(const struct x86_trap_frame *frame)
{
    uint64_t at = x86_read_cr2();
    const char *what = (frame->error & 16) != 0  ? "execution"
                       : (frame->error & 2) != 0 ? "write"
                                                 : "read";
    panic("page fault: %s at 0x%016llx: %s", what, (unsigned long long)at, kmap_fault_reason(at));
}

_Noreturn static void fatal(struct x86_trap_frame *frame)
{
    uint32_t vector = (uint32_t)frame->vector;
    const char *name =
        vector < ARRAY_SIZE(names) && names[vector] != NULL ? names[vector] : "exception";
    x86_this_cpu()->fatal = frame;
    if (vector == VECTOR_PAGE_FAULT)
        page_fault(frame);
    if (vector == VECTOR_DOUBLE_FAULT)
        panic("double fault: the stack at 0x%016llx is not usable (overflow?)",
              (unsigned long long)frame->rsp);
    panic("%s (exception %u, error 0x%llx)", name, vector, (unsigned long long)frame->error);
}

static void exception(struct x86_trap_frame *frame)
{
    if (frame->vector == VECTOR_NO_FPU && x86_fpu_take())
        return;
    if (frame->vector == VECTOR_NMI && x86_stop_asked()) {
        console_print("CPU %u:", arch_cpu_id());
        backtrace_print(frame->rip, frame->rbp);
        x86_stopped();
    }
    fatal(frame);
}

void x86_trap(struct x86_trap_frame *frame)
{
    uint32_t vector = (uint32_t)frame->vector;
    if (vector < VECTOR_FIRST) {
        exception(frame);
    } else if (vector == VECTOR_FLUSH) {
        x86_lapic_eoi();
        x86_flush_asked();
    } else if (vector == VECTOR_SPURIOUS) {
        /* Not in service, so not ended (SDM volume 3, 10.9). */
    } else {
        x86_this_cpu()->vector = vector;
        image_interrupt(vector);
    }
}

bool port_trap_print(uint64_t *pc, uint64_t *fp)
{
    const struct x86_trap_frame *f = x86_this_cpu()->fatal;
    if (f == NULL)
        return false;
#define U(x) ((unsigned long long)(x))
    console_print("  rip %016llx rsp %016llx rflags %08llx cs %02llx", U(f->rip), U(f->rsp),
                  U(f->rflags), U(f->cs));
    console_print("  rax %016llx rbx %016llx rcx %016llx rdx %016llx", U(f->rax), U(f->rbx),
                  U(f->rcx), U(f->rdx));
    console_print("  rsi %016llx rdi %016llx rbp %016llx r8  %016llx", U(f->rsi), U(f->rdi),
                  U(f->rbp), U(f->r8));
    console_print("  r9  %016llx r10 %016llx r11 %016llx r12 %016llx", U(f->r9), U(f->r10),
                  U(f->r11), U(f->r12));
    console_print("  r13 %016llx r14 %016llx r15 %016llx cr2 %016llx", U(f->r13), U(f->r14),
                  U(f->r15), U(x86_read_cr2()));
#undef U
    *pc = f->rip;
    *fp = f->rbp;
    return true;
}
