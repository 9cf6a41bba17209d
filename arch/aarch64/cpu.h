/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the files of arch/aarch64 share: the per-CPU block, and registers of the CPU itself. */
#pragma once
#include <arch/context.h>
#include <axiom/types.h>

#define TRAP_STACK_SIZE 8192u

/* vectors.S builds it. */
struct arm_frame {
    uint64_t x[31], sp, pc, pstate;
    uint64_t record[2]; /* of x[29] and pc, for backtraces */
};
_Static_assert(sizeof(struct arm_frame) == 288, "vectors.S: FRAME");

struct arm_cpu {
    uint64_t mpidr; /* affinity fields only */
    bool started;   /* arch_cpu_start() was called and it is not parked yet */
    bool parked;
    struct arch_context *context;  /* that runs; NULL before the first switch */
    const struct arm_frame *fatal; /* the exception that ends in a panic */
    uint8_t trap_stack[TRAP_STACK_SIZE] __attribute__((aligned(16)));
};

extern struct arm_cpu arm_cpus[CPU_MAX];

struct arm_cpu *arm_this_cpu(void);

/* trap.c: index, vectors, exception stack, FPU off, no user addresses, W^X by WXN, of the calling
 * CPU. Boot tables map pages that are written and executed: the boot CPU is told to forbid that
 * once others stand. */
void arm_cpu_init(uint32_t id);
void arm_cpu_protect(void);

/* trap.c: true if a device register's word can be read at `at`; it is in *value. */
bool arm_readable(const void *at, uint32_t *value);

/* context.c: the FPU is the running context's from now on. False: nothing runs that may use it. */
bool arm_fpu_take(void);

#define ARM_MPIDR_AFFINITY UINT64_C(0xff00ffffff)

#define ARM_READ(name)                                    \
    ({                                                    \
        uint64_t value_;                                  \
        __asm__ volatile("mrs %0, " name : "=r"(value_)); \
        value_;                                           \
    })
#define ARM_WRITE(name, value) \
    __asm__ volatile("msr " name ", %0" ::"r"((uint64_t)(value)) : "memory")
#define ARM_ISB() __asm__ volatile("isb" ::: "memory")

/* GICv3's CPU interface by its encoding: assemblers do not know all names (IHI 0069, 12.2). */
#define ICC_PMR     "S3_0_C4_C6_0"
#define ICC_SGI1R   "S3_0_C12_C11_5"
#define ICC_IAR1    "S3_0_C12_C12_0"
#define ICC_EOIR1   "S3_0_C12_C12_1"
#define ICC_BPR1    "S3_0_C12_C12_3"
#define ICC_CTLR    "S3_0_C12_C12_4"
#define ICC_SRE     "S3_0_C12_C12_5"
#define ICC_IGRPEN1 "S3_0_C12_C12_7"

/* At least so long, by the system counter. */
void arm_delay_us(uint32_t us);

/* vectors.S, boot.S */
void arm_context_start(void);
_Noreturn void arm_run_on(void *stack_top, void (*entry)(void *), void *argument);
void arm_fpu_save(uint64_t *area);
void arm_fpu_load(const uint64_t *area);
void arm_fpu_clear(void);
uint32_t arm_probe(const void *at, bool *there);
extern const char arm_vectors[], arm_probe_load[];
