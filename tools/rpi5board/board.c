/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CPUs take turns on one host thread, TURN instructions each; all their time goes into the one clock. When all wait the
 * machine takes the next step. Same card, trace and seed: same run, bit for bit. */
#include "board.h"

#include "cpu.h"
#include "unicorn_private.h"

#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <sim/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define TURN 2000u

/* Power State Coordination Interface, Arm DEN0022F.b, section 5: functions of the SMC64 and SMC32 conventions have one
 * number and differ in bit 30. */
#define PSCI_SMC64         0x40000000u
#define PSCI_VERSION       0x84000000u
#define PSCI_CPU_OFF       0x84000002u
#define PSCI_CPU_ON        0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_SYSTEM_OFF    0x84000008u
#define PSCI_SYSTEM_RESET  0x84000009u
#define PSCI_FEATURES      0x8400000au

#define PSCI_1_0                (1 << 16)
#define PSCI_NOT_SUPPORTED      (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON         (-4)

/* The devices of BCM2712 and the PCIe window to RP1 (bcm2712.dtsi). */
static const struct cpu_window windows[BOARD_WINDOW_MAX] = {
    { 0x1000000000, 0x80000000 },
    { 0x1f00000000, 0x100000000 },
};

static const struct sdcard *card;
static uint64_t memory_size;
static void (*look)(void *context, const uint8_t *at, uint64_t size);
static void *look_context;

static struct cpu_memory ram;
static struct cpu cpus[CPU_MAX];
static uint32_t cpu_count;
static enum board_end ended;
static bool over;
static uint64_t executed;
static uint64_t quiet, quiet_max; /* instructions without progress */
static uint64_t last_unanswered;

void board_insert(const struct sdcard *new_card, uint64_t memory)
{
    card = new_card;
    memory_size = memory;
}

void board_watchdog(uint64_t instructions)
{
    quiet_max = instructions;
}

void board_progress(void)
{
    quiet = 0;
}

void board_look_into_ram(void (*new_look)(void *context, const uint8_t *at, uint64_t size),
                         void *context)
{
    look = new_look;
    look_context = context;
}

enum board_end board_ended(void)
{
    return ended;
}

uint64_t board_instructions(void)
{
    return executed;
}

/* --- what the firmware does for the kernel --- */

static struct cpu *cpu_by_affinity(uint64_t affinity)
{
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (cpu_affinity(i) == affinity)
            return &cpus[i];
    }
    return NULL;
}

static int64_t cpu_on(const uint64_t x[4])
{
    struct cpu *cpu = cpu_by_affinity(x[1]);
    if (cpu == NULL)
        return PSCI_INVALID_PARAMETERS;
    if (cpu->state != CPU_STATE_OFF)
        return PSCI_ALREADY_ON;
    cpu_start(cpu, x[2], (const uint64_t[4]){ x[3] });
    return 0;
}

/* Switching off takes the power chip a while: a UART sends what it still has. A guess. */
#define OFF_NS (10u * NSEC_PER_MSEC)

static void end(enum board_end how)
{
    (void)machine_charge(OFF_NS);
    ended = how;
    over = true;
    for (uint32_t i = 0; i < cpu_count; i++)
        cpus[i].leave = true;
}

static int64_t features(uint32_t function)
{
    switch (function & ~PSCI_SMC64) {
    case PSCI_VERSION:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON:
    case PSCI_AFFINITY_INFO:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
        return 0;
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

int64_t board_firmware_call(uint32_t cpu, const uint64_t x[4])
{
    struct cpu *other;
    switch ((uint32_t)x[0] & ~PSCI_SMC64) {
    case PSCI_VERSION:
        return PSCI_1_0;
    case PSCI_CPU_OFF:
        cpus[cpu].state = CPU_STATE_OFF;
        return 0;
    case PSCI_CPU_ON:
        return cpu_on(x);
    case PSCI_AFFINITY_INFO:
        other = cpu_by_affinity(x[1]);
        return other == NULL ? PSCI_INVALID_PARAMETERS : other->state == CPU_STATE_OFF;
    case PSCI_SYSTEM_OFF:
        end(BOARD_END_OFF);
        return 0;
    case PSCI_SYSTEM_RESET:
        end(BOARD_END_RESET);
        return 0;
    case PSCI_FEATURES:
        return features((uint32_t)x[1]);
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

/* --- what CPUs do to the board --- */

void board_forget(uint32_t by, bool code)
{
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (i != by && cpus[i].state != CPU_STATE_OFF)
            cpu_forget(&cpus[i], code);
    }
}

void board_no_device(uint64_t address, bool write)
{
    if (address >> 12 == last_unanswered)
        return;
    last_unanswered = address >> 12;
    fprintf(stderr, "rpi5board: nothing answers a %s at 0x%llx\n", write ? "write" : "read",
            (unsigned long long)address);
}

/* --- sim/port.h --- */

void port_begin(const struct sim_config *config)
{
    (void)config;
    sim_now = (struct sim_now){ 0 };
    cpu_count = 0;
    executed = 0;
    quiet = 0;
    last_unanswered = 0;
    ended = BOARD_END_POWER;
    over = false;
}

void port_end(struct sim_result *result)
{
    (void)result;
}

void *port_alloc(size_t size)
{
    return calloc(1, size);
}

void port_free(void *at)
{
    free(at);
}

void *port_dma(uint64_t address, uint32_t size)
{
    bool inside = size != 0 && address <= ram.size && size <= ram.size - address;
    return inside ? (char *)ram.base + address : NULL;
}

void port_before_access(void)
{
}

/* Unicorn looks at the line between blocks. */
void port_take_irqs(void)
{
}

void port_cpu_irq(uint32_t cpu, bool active)
{
    if (cpu < cpu_count)
        cpu_line(&cpus[cpu], active);
}

static bool all_wait(void)
{
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (cpus[i].state == CPU_STATE_RUNNING)
            return false;
    }
    return true;
}

static void step(void)
{
    switch (machine_step(TIME_NEVER)) {
    case MACHINE_EVENT:
        break;
    case MACHINE_STOP:
        over = true;
        break;
    case MACHINE_NOTHING:
        machine_end_with(-EDEADLK, "all CPUs wait for something that can never happen");
        over = true;
        break;
    }
}

/* A vector that faults itself is nothing but exceptions; the host needs a thousand instructions' time for one. */
#define EXCEPTION_WEIGHT 1000u

static uint64_t work_of(const struct cpu *cpu)
{
    return cpu->executed + cpu->exceptions * EXCEPTION_WEIGHT;
}

/* Its own work in this turn is on the account unless it made progress. */
static bool turn(struct cpu *cpu, char *reason)
{
    uint64_t before = work_of(cpu);
    if (!cpu_run(cpu, TURN, reason, SIM_REASON_MAX))
        return false;
    quiet += work_of(cpu) - before;
    if (quiet <= quiet_max)
        return true;
    format_text(reason, SIM_REASON_MAX,
                "watchdog: no device was touched and no CPU waited for %llu instructions; CPU %u "
                "is at 0x%llx",
                (unsigned long long)quiet_max, cpu->index, (unsigned long long)cpu->pc);
    return false;
}

static void run(void)
{
    char reason[SIM_REASON_MAX];
    while (!over) {
        for (uint32_t i = 0; i < cpu_count && !over; i++) {
            if (cpus[i].state != CPU_STATE_RUNNING)
                continue;
            sim_now.cpu = i;
            if (!turn(&cpus[i], reason)) {
                machine_end_with(quiet > quiet_max ? -EDEADLK : -EFAULT, reason);
                return;
            }
        }
        if (machine_stop_overdue())
            return;
        if (!over && all_wait())
            step();
    }
}

static bool create_cpus(const struct port_boot *boot)
{
    for (cpu_count = 0; cpu_count < boot->config->cpu_count; cpu_count++) {
        if (!cpu_create(&cpus[cpu_count], cpu_count, &ram, windows, BOARD_WINDOW_MAX,
                        boot->result->reason, sizeof boot->result->reason)) {
            cpu_destroy(&cpus[cpu_count]);
            return false;
        }
    }
    return true;
}

static int boot_from_card(const struct port_boot *boot)
{
    struct sdcard_loaded loaded;
    char reason[SDCARD_REASON_MAX];
    int err = sdcard_load(card, ram.base, ram.size, boot->config->fdt, boot->config->fdt_size,
                          &loaded, reason);
    if (err) {
        format_text(boot->result->reason, sizeof boot->result->reason, "%s", reason);
        return err;
    }
    if (!create_cpus(boot))
        return -ENOMEM;
    boot->result->booted = true;
    sdcard_firmware_leaves();
    cpu_start(&cpus[0], loaded.entry, (const uint64_t[4]){ loaded.tree });
    run();
    boot->result->powered_off = ended != BOARD_END_POWER;
    return 0;
}

int port_boot(const struct port_boot *boot)
{
    ram.size = memory_size;
    ram.base = mmap(NULL, ram.size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ram.base == MAP_FAILED) {
        format_text(boot->result->reason, sizeof boot->result->reason,
                    "the host has no memory for the board's RAM");
        return -ENOMEM;
    }
    int err = boot_from_card(boot);
    for (uint32_t i = 0; i < cpu_count; i++) {
        executed += cpus[i].executed;
        cpu_destroy(&cpus[i]);
    }
    cpu_count = 0;
    if (err == 0 && look != NULL)
        look(look_context, ram.base, ram.size);
    munmap(ram.base, ram.size);
    ram = (struct cpu_memory){ 0 };
    return err;
}
