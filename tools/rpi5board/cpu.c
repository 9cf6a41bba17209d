/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cpu.h"

#include "board.h"
#include "unicorn_private.h"

#include <arch/work.h>
#include <axiom/format.h>
#include <hw/mmio.h>
#include <hw/regs/sysreg.h>
#include <hw/sysreg.h>
#include <sim/port.h>
#include <stdio.h>
#include <sys/mman.h>

/* The library compares *virtual* addresses with what is mapped before it translates them (2.0.1). So the ranges
 * that page tables show are made known when they are first touched, in steps of this size, as memory that
 * nothing ever reaches: the translation leads elsewhere. */
#define KNOWN_STEP  (1ull << 30)
#define KERNEL_HALF (1ull << 63)

/* Time is counted at the ends of blocks; devices see at most so much less. */
#define CHARGE_PS 100000u

#define PSTATE_MASKED 0x3c0u /* DAIF */
#define PSTATE_I      0x080u
#define PSTATE_EL2H   0x009u

/* --- devices --- */

struct window_context {
    struct cpu *cpu;
    uint64_t begin;
};
static struct window_context window_contexts[CPU_MAX][BOARD_WINDOW_MAX];

static void charge(struct cpu *cpu)
{
    uint64_t ns = cpu->uncharged_ps / 1000;
    cpu->uncharged_ps %= 1000;
    if (ns != 0)
        (void)machine_charge(ns);
}

/* What a register costs (sim/cpu_model.c): a loop that waits for a UART's character is run hundreds of times, not thousands. */
static void charge_access(struct cpu *cpu)
{
    board_progress();
    cpu->uncharged_ps += cpu_model_cost_ns(SIM_CPU_RPI5)[ARCH_WORK_MMIO] * UINT64_C(1000);
    charge(cpu);
}

/* False: nothing answers there; the bus of the board returns zero and goes on. */
static bool find(uint64_t address, unsigned size, struct mmio *region)
{
    struct phys_addr base = { address };
    return address % size == 0 && mmio_map(base, size, MMIO_MEMORY, region) == 0;
}

static uint64_t device_read(uc_engine *uc, uint64_t offset, unsigned size, void *context)
{
    const struct window_context *window = context;
    struct mmio region;
    (void)uc;
    charge_access(window->cpu);
    if (!find(window->begin + offset, size, &region)) {
        board_no_device(window->begin + offset, false);
        return 0;
    }
    switch (size) {
    case 1:
        return mmio_read8(&region, 0);
    case 2:
        return mmio_read16(&region, 0);
    case 4:
        return mmio_read32(&region, 0);
    default:
        return mmio_read64(&region, 0);
    }
}

static void device_write(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value,
                         void *context)
{
    const struct window_context *window = context;
    struct mmio region;
    (void)uc;
    charge_access(window->cpu);
    if (!find(window->begin + offset, size, &region)) {
        board_no_device(window->begin + offset, true);
        return;
    }
    switch (size) {
    case 1:
        mmio_write8(&region, 0, (uint8_t)value);
        break;
    case 2:
        mmio_write16(&region, 0, (uint16_t)value);
        break;
    case 4:
        mmio_write32(&region, 0, (uint32_t)value);
        break;
    default:
        mmio_write64(&region, 0, value);
    }
}

/* --- system registers --- */

static bool is(const uc_arm64_cp_reg *reg, uint32_t op1, uint32_t crn, uint32_t crm, uint32_t op2)
{
    return reg->op0 == 3 && reg->op1 == op1 && reg->crn == crn && reg->crm == crm &&
           reg->op2 == op2;
}

/* The generic timer's registers of EL0 (Arm ARM D17.11): op1 3, CRn 14. */
static bool timer_register(const uc_arm64_cp_reg *reg, enum sysreg *out)
{
    static const struct {
        uint8_t crm, op2;
        enum sysreg reg;
    } rows[] = {
        { 0, 0, SYSREG_CNTFRQ_EL0 },   { 0, 1, SYSREG_CNTPCT_EL0 },
        { 0, 2, SYSREG_CNTVCT_EL0 },   { 0, 5, SYSREG_CNTPCT_EL0 },
        { 0, 6, SYSREG_CNTVCT_EL0 }, /* the self-synchronised views */
        { 2, 1, SYSREG_CNTP_CTL_EL0 }, { 2, 2, SYSREG_CNTP_CVAL_EL0 },
        { 3, 1, SYSREG_CNTV_CTL_EL0 }, { 3, 2, SYSREG_CNTV_CVAL_EL0 },
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++) {
        *out = rows[i].reg;
        if (is(reg, 3, 14, rows[i].crm, rows[i].op2))
            return true;
    }
    return false;
}

/* TVAL is a view of CVAL: the distance to the count, 32 bits, signed. */
static bool timer_value_register(const uc_arm64_cp_reg *reg, enum sysreg *count,
                                 enum sysreg *compare)
{
    *count = is(reg, 3, 14, 2, 0) ? SYSREG_CNTPCT_EL0 : SYSREG_CNTVCT_EL0;
    *compare = is(reg, 3, 14, 2, 0) ? SYSREG_CNTP_CVAL_EL0 : SYSREG_CNTV_CVAL_EL0;
    return is(reg, 3, 14, 2, 0) || is(reg, 3, 14, 3, 0);
}

static bool known_value(struct cpu *cpu, const uc_arm64_cp_reg *reg, uint64_t *value)
{
    enum sysreg which, compare;
    if (is(reg, 0, 0, 0, 0)) { /* MIDR_EL1: Cortex-A76 r4p1 */
        *value = 0x414fd0b1;
        return true;
    }
    if (is(reg, 0, 0, 0, 5)) { /* MPIDR_EL1: bit 31 is 1, MT because Aff0 is a thread */
        *value = 0x81000000u | cpu_affinity(cpu->index);
        return true;
    }
    if (timer_register(reg, &which)) {
        charge(cpu);
        *value = sysreg_read(which);
        return true;
    }
    if (timer_value_register(reg, &which, &compare)) {
        charge(cpu);
        *value = (uint32_t)(sysreg_read(compare) - sysreg_read(which));
        return true;
    }
    return false;
}

/* Hooks of instructions return 1 for "done". */
static uint32_t on_mrs(uc_engine *uc, uc_arm64_reg to, const uc_arm64_cp_reg *reg, void *context)
{
    uint64_t value;
    if (!known_value(context, reg, &value))
        return 0;
    uc_reg_write(uc, (int)to, &value);
    return 1;
}

/* The library hands the stack pointer for xzr, and a register number that is none. */
static uint64_t written(uc_arm64_reg from, const uc_arm64_cp_reg *reg)
{
    bool general = (from >= UC_ARM64_REG_X0 && from <= UC_ARM64_REG_X28) ||
                   from == UC_ARM64_REG_X29 || from == UC_ARM64_REG_X30;
    return general ? reg->val : 0;
}

static uint32_t on_msr(uc_engine *uc, uc_arm64_reg from, const uc_arm64_cp_reg *reg, void *context)
{
    struct cpu *cpu = context;
    enum sysreg which, compare;
    (void)uc;
    uint64_t value = written(from, reg);
    if (timer_register(reg, &which)) {
        charge(cpu);
        sysreg_write(which, value);
        return 1;
    }
    if (timer_value_register(reg, &which, &compare)) {
        charge(cpu);
        sysreg_write(compare, sysreg_read(which) + (uint64_t)(int64_t)(int32_t)value);
        return 1;
    }
    if (is(reg, 0, 1, 0, 2))
        fp_trap_cpacr(&cpu->fp, value);
    return 0;
}

/* IC and TLBI reach all CPUs (inner shareable); this one's own is done by the library. */
static uint32_t on_sys(uc_engine *uc, uc_arm64_reg from, const uc_arm64_cp_reg *reg, void *context)
{
    struct cpu *cpu = context;
    (void)uc;
    (void)from;
    bool code = reg->crn == 7 && (reg->crm == 1 || reg->crm == 5);
    if (code || reg->crn == 8) {
        fp_trap_forget(&cpu->fp);
        board_forget(cpu->index, code);
    }
    return 0;
}

/* --- blocks, exceptions --- */

static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *context)
{
    struct cpu *cpu = context;
    uint32_t instructions = size / 4;
    if (fp_trap_due(&cpu->fp, uc, address, size)) {
        cpu->trap = true;
        uc_emu_stop(uc);
        return;
    }
    cpu->executed += instructions;
    cpu->uncharged_ps += (uint64_t)instructions * CPU_INSTRUCTION_PS;
    cpu->budget -= instructions < cpu->budget ? instructions : cpu->budget;
    if (cpu->uncharged_ps >= CHARGE_PS)
        charge(cpu);
    if (cpu->line) {
        uint64_t pstate = PSTATE_I;
        uc_reg_read(uc, UC_ARM64_REG_PSTATE, &pstate);
        if ((pstate & PSTATE_I) == 0)
            unicorn_interrupt(uc);
    }
    if (cpu->budget == 0 || cpu->leave)
        uc_emu_stop(uc);
}

static void on_exception(uc_engine *uc, uint32_t number, void *context)
{
    struct cpu *cpu = context;
    cpu->exceptions++;
    cpu->budget -= cpu->budget != 0; /* a vector that cannot be fetched has no blocks */
    if (number != UNICORN_EXCEPTION_SMC) {
        unicorn_take_exception(uc);
        if (cpu->budget == 0)
            uc_emu_stop(uc);
        return;
    }
    uint64_t x[4];
    static const int names[4] = { UC_ARM64_REG_X0, UC_ARM64_REG_X1, UC_ARM64_REG_X2,
                                  UC_ARM64_REG_X3 };
    for (uint32_t i = 0; i < 4; i++)
        uc_reg_read(uc, names[i], &x[i]);
    uint64_t result = (uint64_t)board_firmware_call(cpu->index, x);
    uc_reg_write(uc, UC_ARM64_REG_X0, &result);
    if (cpu->state == CPU_STATE_OFF || cpu->leave)
        uc_emu_stop(uc);
}

static bool make_known(struct cpu *cpu, uint64_t address)
{
    void *nothing =
        mmap(NULL, KNOWN_STEP, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return nothing != MAP_FAILED && uc_mem_map_ptr(cpu->uc, address & ~(KNOWN_STEP - 1), KNOWN_STEP,
                                                   UC_PROT_ALL, nothing) == UC_ERR_OK;
}

/* After a fetch the library would go on with an entry of its TLB that the mapping has dropped: the run
 * ends there, and begins again at the same place. */
static bool on_unknown_address(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
                               int64_t value, void *context)
{
    struct cpu *cpu = context;
    (void)uc;
    (void)size;
    (void)value;
    if (address < KERNEL_HALF || !make_known(cpu, address))
        return false;
    cpu->again = type == UC_MEM_FETCH_UNMAPPED;
    return !cpu->again;
}

/* --- life --- */

static uc_err add_hooks(struct cpu *cpu)
{
    static const struct {
        int type;
        void *function;
        int instruction;
    } hooks[] = {
        { UC_HOOK_BLOCK, (void *)on_block, 0 },
        { UC_HOOK_INTR, (void *)on_exception, 0 },
        { UC_HOOK_MEM_UNMAPPED, (void *)on_unknown_address, 0 },
        { UC_HOOK_INSN, (void *)on_mrs, UC_ARM64_INS_MRS },
        { UC_HOOK_INSN, (void *)on_msr, UC_ARM64_INS_MSR },
        { UC_HOOK_INSN, (void *)on_sys, UC_ARM64_INS_SYS },
    };
    uc_hook hook;
    for (uint32_t i = 0; i < ARRAY_SIZE(hooks); i++) {
        uc_err err = uc_hook_add(cpu->uc, &hook, hooks[i].type, hooks[i].function, cpu, 1, 0,
                                 hooks[i].instruction);
        if (err != UC_ERR_OK)
            return err;
    }
    return UC_ERR_OK;
}

static uc_err map_windows(struct cpu *cpu, const struct cpu_window *windows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct window_context *context = &window_contexts[cpu->index][i];
        *context = (struct window_context){ cpu, windows[i].begin };
        uc_err err = uc_mmio_map(cpu->uc, windows[i].begin, windows[i].size, device_read, context,
                                 device_write, context);
        if (err != UC_ERR_OK)
            return err;
    }
    return UC_ERR_OK;
}

bool cpu_create(struct cpu *cpu, uint32_t index, const struct cpu_memory *memory,
                const struct cpu_window *windows, uint32_t window_count, char *reason, size_t size)
{
    *cpu = (struct cpu){ .index = index, .state = CPU_STATE_OFF };
    fp_trap_init(&cpu->fp, memory->base, memory->size);
    uc_err err = uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &cpu->uc);
    if (err == UC_ERR_OK)
        err = uc_ctl_set_cpu_model(cpu->uc, UC_CPU_ARM64_MAX);
    if (err == UC_ERR_OK)
        err = uc_mem_map_ptr(cpu->uc, 0, memory->size, UC_PROT_ALL, memory->base);
    if (err == UC_ERR_OK)
        err = map_windows(cpu, windows, window_count);
    if (err == UC_ERR_OK)
        err = add_hooks(cpu);
    if (err == UC_ERR_OK)
        err = unicorn_set_up_el3(cpu->uc);
    if (err != UC_ERR_OK)
        snprintf(reason, size, "CPU %u: Unicorn: %s", index, uc_strerror(err));
    return err == UC_ERR_OK;
}

void cpu_destroy(struct cpu *cpu)
{
    if (cpu->uc != NULL)
        uc_close(cpu->uc);
    cpu->uc = NULL;
}

void cpu_start(struct cpu *cpu, uint64_t entry, const uint64_t x[4])
{
    static const int names[4] = { UC_ARM64_REG_X0, UC_ARM64_REG_X1, UC_ARM64_REG_X2,
                                  UC_ARM64_REG_X3 };
    uint64_t pstate = PSTATE_MASKED | PSTATE_EL2H;
    uc_reg_write(cpu->uc, UC_ARM64_REG_PSTATE, &pstate);
    unicorn_level_changed(cpu->uc, 2);
    for (uint32_t i = 0; i < 4; i++)
        uc_reg_write(cpu->uc, names[i], &x[i]);
    cpu->pc = entry;
    cpu->state = CPU_STATE_RUNNING;
}

/* At the beginning of a turn: what the others did in theirs counts once. */
static void forget(struct cpu *cpu)
{
    if (cpu->stale_code || cpu->stale_tables)
        fp_trap_forget(&cpu->fp);
    if (cpu->stale_code)
        unicorn_forget_code(cpu->uc, cpu->fp.ram_size);
    if (cpu->stale_tables)
        unicorn_forget_page_tables(cpu->uc);
    cpu->stale_code = cpu->stale_tables = false;
}

bool cpu_run(struct cpu *cpu, uint64_t instructions, char *reason, size_t size)
{
    forget(cpu);
    cpu->budget = instructions;
    cpu->leave = false;
    uc_err err;
    do {
        cpu->again = cpu->trap = false;
        err = uc_emu_start(cpu->uc, cpu->pc, UINT64_MAX - 3, 0, 0);
        uc_reg_read(cpu->uc, UC_ARM64_REG_PC, &cpu->pc);
        if (cpu->trap)
            fp_trap_take(cpu->uc, &cpu->pc);
    } while (cpu->again || cpu->trap);
    charge(cpu);
    if (err != UC_ERR_OK) {
        snprintf(reason, size, "CPU %u stopped at 0x%llx: %s", cpu->index,
                 (unsigned long long)cpu->pc, uc_strerror(err));
        return false;
    }
    if (unicorn_waits(cpu->uc) && cpu->state == CPU_STATE_RUNNING && !cpu->line) {
        cpu->state = CPU_STATE_WAITING;
        board_progress();
    }
    return true;
}

void cpu_line(struct cpu *cpu, bool active)
{
    cpu->line = active;
    unicorn_irq_line(cpu->uc, active);
    if (active && cpu->state == CPU_STATE_WAITING)
        cpu->state = CPU_STATE_RUNNING;
}

void cpu_forget(struct cpu *cpu, bool code)
{
    cpu->stale_code |= code;
    cpu->stale_tables |= !code;
}
