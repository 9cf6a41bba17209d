/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CPUs: which one this is, waiting, starting others, stopping the image. */
#pragma once
#include <axiom/types.h>

/* This CPU's index, 0 is the boot CPU. Stable while interrupts or preemption are off. */
static inline uint32_t arch_cpu_id(void);

/* A named point: where the simulated machine may run another CPU first, as the seed says. Costs and
 * does nothing on hardware. Locks, waits and register accesses contain one; code that wants its
 * races explored adds its own. */
static inline void arch_point(void);

#define ARCH_IMPL_ALLOWED
#include <arch_impl/cpu.h>
#undef ARCH_IMPL_ALLOWED

/* In a loop that polls for something: lets the other hardware thread, CPU, or virtual time go on.
 * `deadline_ns` is when the caller gives up or its delay ends (ktime), TIME_NEVER if never: in sim,
 * time advances to the earlier of it and the next event. Interrupts may be masked. */
void arch_cpu_relax(uint64_t deadline_ns);

/* Waits until an interrupt is pending. Called and returns with interrupts masked; the pending one is
 * taken inside (a CPU that waits only unmasked) or when the caller unmasks. The caller has looked for
 * work after masking, so no wake-up is lost. */
void arch_cpu_idle(void);

/* CPUs that could be started (device tree or machine), at most CPU_MAX. */
uint32_t arch_cpu_count(void);
/* Starts CPU `cpu` on the stack; it calls kernel_secondary_main(). -ENODEV, -ENOSYS, -ETIMEDOUT.
 */
int arch_cpu_start(uint32_t cpu, void *stack_base, size_t stack_size);
/* True once a started CPU's kernel_secondary_main() has returned and the port uses its stack no
 * more. */
bool arch_cpu_parked(uint32_t cpu);

/* The machine's end: power off, or reboot. In sim both return control to the host. */
_Noreturn void arch_power_off(void);
_Noreturn void arch_reboot(void);

/* The last words: text to the earliest console that exists; callable in any state. */
void arch_console_write(const char *text, size_t size);
/* Between these two nothing of another CPU's arch_console_write() reaches the console's registers:
 * for the driver of the same UART. Interrupts masked; no arch_console_write() in between. Whoever
 * dies in between does not silence the others: the lock is waited for only so long. `taken` is what
 * the first one said. */
bool arch_console_lock(void);
void arch_console_unlock(bool taken);
/* Registers and backtrace with symbols of this CPU to the console, then the end of the image (in
 * sim: seed, virtual time, event number, trace position, then abort()). */
_Noreturn void arch_panic(void);
