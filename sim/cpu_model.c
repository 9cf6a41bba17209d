/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What work costs on a CPU, in ns. A model of order, not a measurement: it makes load visible
 * (latencies, overruns, missed deadlines) in virtual time, the same on every host.
 *
 * rpi5: Cortex-A76 at 2.4 GHz.
 *  - A BPF instruction: about one A64 instruction after the JIT, at about 1 instruction a cycle
 *    (0.42 ns), rounded up to 1.
 *  - A register access: a read of an RP1 register crosses PCIe 2.0 x4 and back, near a microsecond
 *    (writes are posted, but RP1's drivers read back); GIC and timer are on the SoC. One figure for
 *    all: 300.
 *  - Interrupt entry and exit, system call, context switch: register save and restore plus cache
 *    misses, 200, 100, 150. */
#include <axiom/types.h>
#include <sim/port.h>

static const uint32_t rpi5_cost_ns[] = {
    1,   /* ARCH_WORK_BPF_INSN */
    20,  /* ARCH_WORK_BPF_ENTRY */
    200, /* ARCH_WORK_INTERRUPT */
    100, /* ARCH_WORK_SYSCALL */
    150, /* ARCH_WORK_SWITCH */
    300, /* ARCH_WORK_MMIO */
};

const uint32_t *cpu_model_cost_ns(enum sim_cpu_model model)
{
    return model == SIM_CPU_RPI5 ? rpi5_cost_ns : NULL;
}
