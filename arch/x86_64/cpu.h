/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the files of arch/x86_64 share: the per-CPU block, descriptors, registers of the CPU itself. */
#pragma once
#include <arch/context.h>
#include <axiom/types.h>

#define SELECTOR_CODE 0x08u
#define SELECTOR_DATA 0x10u
#define SELECTOR_TSS  0x28u

enum x86_ist { /* entries of the TSS's interrupt stack table, from 1 */
               IST_DOUBLE_FAULT = 1,
               IST_NMI,
               IST_MACHINE_CHECK,
               IST_COUNT = IST_MACHINE_CHECK
};

#define TRAP_STACK_SIZE  8192u /* of double faults, NMIs and machine checks */
#define TRAP_STACKS_SIZE (IST_COUNT * TRAP_STACK_SIZE)

struct x86_tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

/* trap.S builds it. */
struct x86_trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

struct x86_cpu { /* GS base */
    uint32_t id; /* must be first: arch_cpu_id() */
    uint32_t apic_id;
    uint32_t vector; /* of the interrupt being handled */
    bool started;    /* arch_cpu_start() was called and it is not parked yet */
    bool parked;
    struct arch_context *context; /* that runs; NULL before the first switch */
    struct x86_trap_frame *fatal; /* the trap that ends in a panic */
    void *stack_base;             /* a secondary CPU's, given by the core */
    size_t stack_size;
    struct x86_tss tss;
    uint64_t gdt[7];
    uint8_t *trap_stacks; /* TRAP_STACKS_SIZE bytes; the boot CPU has its own */
};

extern struct x86_cpu x86_cpus[CPU_MAX];

static inline struct x86_cpu *x86_this_cpu(void)
{
    uint32_t id;
    __asm__ volatile("movl %%gs:0, %0" : "=r"(id));
    return &x86_cpus[id];
}

/* Descriptors, interrupt table, GS base, control registers of the calling CPU. */
void x86_cpu_init(uint32_t id);

static inline uint64_t x86_rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void x86_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* What was written is seen by the CPU that is interrupted: in x2APIC mode sending does not see to it
 * (SDM volume 3, 10.12.3). */
static inline void x86_send_fence(void)
{
    __asm__ volatile("mfence\n\tlfence" ::: "memory");
}

static inline uint64_t x86_rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

struct x86_cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct x86_cpuid x86_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct x86_cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t x86_read_cr2(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr2, %0" : "=r"(value));
    return value;
}

static inline void x86_load_cr3(uint64_t value)
{
    __asm__ volatile("movq %0, %%cr3" ::"r"(value) : "memory");
}

/* Physical address of something in the image. */
static inline uint64_t x86_image_phys(const void *at)
{
    return (uint64_t)at - UINT64_C(0xffffffff80000000);
}

/* trap.c */
#define VECTOR_FIRST    0x20u /* below: exceptions */
#define VECTOR_FLUSH    0xf1u /* another CPU wants this one's TLB flushed */
#define VECTOR_MACHINE  0xf2u /* the simulated machine's interrupt line (arch/common/machine) */
#define VECTOR_SPURIOUS 0xffu
void x86_trap(struct x86_trap_frame *frame);

/* context.c: which registers contexts have; of the calling CPU, the boot CPU first. */
void x86_fpu_init(bool boot_cpu);
/* context.c: the FPU is the running context's from now on. False: nothing runs that may use it. */
bool x86_fpu_take(void);

/* lapic.c: the CPU's own interrupt controller, as far as the port itself needs it. */
void x86_lapic_map(uint64_t physical); /* after the boot CPU's x86_lapic_reach() */
/* The calling CPU's registers can be reached from now on: in x2APIC mode where firmware left the boot
 * CPU in it (which comes first), else where x86_lapic_map() finds them. False: they cannot be. */
bool x86_lapic_reach(bool boot_cpu);
bool x86_lapic_is_x2(void);
void x86_lapic_enable(void); /* of the calling CPU */
uint32_t x86_lapic_id(void);
void x86_lapic_eoi(void);
/* Its timer counts down from the top without interrupts; what it shows. For calibration. */
void x86_lapic_timer_run(void);
uint32_t x86_lapic_timer_read(void);
/* `vector` to one CPU, or INIT and start-up (page: where the CPU begins, in pages). */
void x86_lapic_send(uint32_t apic_id, uint32_t vector);
void x86_lapic_send_nmi(uint32_t apic_id);
void x86_lapic_send_init(uint32_t apic_id);
void x86_lapic_send_startup(uint32_t apic_id, uint32_t page);

/* flush.c: VECTOR_FLUSH on this CPU. */
void x86_flush_asked(void);

/* The root of the kernel's tables; secondary CPUs load it. */
extern uint64_t x86_kernel_cr3;
