/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Offsets were read off the library of Debian 12 (libunicorn2 2.0.1.post1): struct uc_struct's cpu from
 * uc_emu_stop(), struct CPUState's members from helper_wfi_aarch64() and
 * arm_cpu_do_interrupt_aarch64(), which libunicorn exports. */
#include "unicorn_private.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define CPU_OF_ENGINE     0x180u  /* struct uc_struct: CPUState *cpu */
#define INTERRUPT_REQUEST 0x1cu   /* struct CPUState: uint32_t interrupt_request */
#define ENVIRONMENT       0x128u  /* void *env_ptr */
#define COUNTDOWN         0x130u  /* IcountDecr *icount_decr_ptr: its high half ends a block */
#define HALTED            0x8198u /* uint32_t halted */
#define ENVIRONMENT_X0    0x40u   /* CPUARMState: xregs, behind the 16 AArch32 ones */

#define INTERRUPT_HARD 2u
#define VERSION        UC_MAKE_VERSION(2, 0)

/* Exported, but in no header. */
extern void arm_cpu_do_interrupt_aarch64(void *cpu);
extern void tb_invalidate_phys_range_aarch64(uc_engine *uc, uint64_t begin, uint64_t end);
extern void tlb_flush_aarch64(void *cpu);
extern void helper_rebuild_hflags_a64_aarch64(void *environment, int level);

static char *cpu_of(uc_engine *uc)
{
    return *(char **)((char *)uc + CPU_OF_ENGINE);
}

static uint32_t *word(uc_engine *uc, uint32_t offset)
{
    return (uint32_t *)(void *)(cpu_of(uc) + offset);
}

static void *pointer(uc_engine *uc, uint32_t offset)
{
    return *(void **)(void *)(cpu_of(uc) + offset);
}

void unicorn_take_exception(uc_engine *uc)
{
    arm_cpu_do_interrupt_aarch64(cpu_of(uc));
}

void unicorn_irq_line(uc_engine *uc, bool active)
{
    if (active)
        *word(uc, INTERRUPT_REQUEST) |= INTERRUPT_HARD;
    else
        *word(uc, INTERRUPT_REQUEST) &= ~INTERRUPT_HARD;
}

void unicorn_interrupt(uc_engine *uc)
{
    int16_t *countdown = pointer(uc, COUNTDOWN);
    countdown[1] = -1;
}

bool unicorn_waits(uc_engine *uc)
{
    bool waits = *word(uc, HALTED) != 0;
    *word(uc, HALTED) = 0;
    return waits;
}

void unicorn_level_changed(uc_engine *uc, unsigned level)
{
    helper_rebuild_hflags_a64_aarch64(pointer(uc, ENVIRONMENT), (int)level);
}

/* tb_flush_aarch64() would clear the library's whole buffer of code, a gigabyte, each time. */
void unicorn_forget_code(uc_engine *uc, uint64_t size)
{
    tb_invalidate_phys_range_aarch64(uc, 0, size);
}

void unicorn_forget_page_tables(uc_engine *uc)
{
    tlb_flush_aarch64(cpu_of(uc));
}

uc_err unicorn_set_up_el3(uc_engine *uc)
{
    /* SCR_EL3: EL2 and below non-secure (0), HVC (8), AArch64 (10). HCR_EL2.RW: EL1 is AArch64. */
    uc_arm64_cp_reg scr = { .op0 = 3, .op1 = 6, .crn = 1, .crm = 1, .op2 = 0, .val = 0x501 };
    uc_arm64_cp_reg hcr = { .op0 = 3, .op1 = 4, .crn = 1, .crm = 1, .op2 = 0, .val = 1u << 31 };
    uc_err err = uc_reg_write(uc, UC_ARM64_REG_CP_REG, &scr);
    return err != UC_ERR_OK ? err : uc_reg_write(uc, UC_ARM64_REG_CP_REG, &hcr);
}

/* --- the check --- */

#define CODE_AT 0x10000u
#define STEPS   100000u /* blocks that the program may take; it needs some twenty */

/* At CODE_AT: svc #0, wfi, then a loop until x6 is set. Vectors behind it, where synchronous exceptions count
 * in x5 and interrupts set x6; both return. */
static const uint32_t program[] = {
    0xd2800005, /* mov x5, #0 */
    0xd2800006, /* mov x6, #0 */
    0xd4000001, /* svc #0 */
    0xd503207f, /* wfi */
    0xd50342ff, /* msr daifclr, #2 */
    0x14000001, /* b .+4 */
    0xb4ffffe6, /* cbz x6, .-4 */
    0xd503207f, /* wfi */
};
#define VECTORS_AT 0x11000u
#define MEMORY     0x2000u
static const uint32_t on_exception[] = { 0x910004a5, 0xd69f03e0 }; /* add x5, x5, #1; eret */
static const uint32_t on_interrupt[] = { 0xd2800026, 0xd69f03e0 }; /* mov x6, #1; eret */

/* In the program's place, behind the library's back. */
static const uint32_t other[] = { 0xd28000e5, 0xd503207f }; /* mov x5, #7; wfi */

struct check {
    void *memory;
    uint32_t blocks, raise_at;
    bool line;
};

static void on_intr(uc_engine *uc, uint32_t number, void *context)
{
    (void)number;
    (void)context;
    unicorn_take_exception(uc);
}

static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *context)
{
    struct check *check = context;
    uint64_t pstate = 0;
    (void)size;
    if (++check->blocks == check->raise_at) {
        check->line = true;
        unicorn_irq_line(uc, true);
    }
    if (address >= VECTORS_AT) {
        check->line = false;
        unicorn_irq_line(uc, false);
    }
    uc_reg_read(uc, UC_ARM64_REG_PSTATE, &pstate);
    if (check->line && (pstate & 0x80) == 0)
        unicorn_interrupt(uc);
    if (check->blocks > STEPS)
        uc_emu_stop(uc);
}

static bool fail(char *reason, size_t size, const char *what)
{
    unsigned major, minor;
    uc_version(&major, &minor);
    snprintf(reason, size,
             "this libunicorn (%u.%u) is not the 2.0.1 whose inside the board knows: %s", major,
             minor, what);
    return false;
}

static bool prepare(uc_engine *uc, struct check *check)
{
    uc_hook hook;
    uint64_t pstate = 0x3c5, vectors = VECTORS_AT; /* EL1h, masked */
    uc_arm64_cp_reg vbar = { .op0 = 3, .op1 = 0, .crn = 12, .crm = 0, .op2 = 0, .val = vectors };
    return uc_mem_map_ptr(uc, CODE_AT, MEMORY, UC_PROT_ALL, check->memory) == UC_ERR_OK &&
           uc_mem_write(uc, CODE_AT, program, sizeof program) == UC_ERR_OK &&
           uc_mem_write(uc, VECTORS_AT + 0x200, on_exception, sizeof on_exception) == UC_ERR_OK &&
           uc_mem_write(uc, VECTORS_AT + 0x280, on_interrupt, sizeof on_interrupt) == UC_ERR_OK &&
           uc_hook_add(uc, &hook, UC_HOOK_INTR, (void *)on_intr, NULL, 1, 0) == UC_ERR_OK &&
           uc_hook_add(uc, &hook, UC_HOOK_BLOCK, (void *)on_block, check, 1, 0) == UC_ERR_OK &&
           unicorn_set_up_el3(uc) == UC_ERR_OK &&
           uc_reg_write(uc, UC_ARM64_REG_PSTATE, &pstate) == UC_ERR_OK &&
           uc_reg_write(uc, UC_ARM64_REG_CP_REG, &vbar) == UC_ERR_OK;
}

/* Runs to the next wfi; false: it ended otherwise. */
static bool run_to_wfi(uc_engine *uc, uint64_t *pc, uint32_t instruction)
{
    return uc_emu_start(uc, *pc, UINT64_MAX - 3, 0, 0) == UC_ERR_OK &&
           uc_reg_read(uc, UC_ARM64_REG_PC, pc) == UC_ERR_OK && unicorn_waits(uc) &&
           *pc == CODE_AT + 4u * instruction;
}

static bool check_engine(uc_engine *uc, void *memory, char *reason, size_t size)
{
    struct check check = { .memory = memory };
    uint64_t x0 = 0xfeedfacecafebeef, x5 = 0, x6 = 0, pc = CODE_AT;
    if (!prepare(uc, &check))
        return fail(reason, size, "it cannot be set up");
    uc_reg_write(uc, UC_ARM64_REG_X0, &x0);
    if (pointer(uc, ENVIRONMENT) < (void *)cpu_of(uc) ||
        memcmp((char *)pointer(uc, ENVIRONMENT) + ENVIRONMENT_X0, &x0, sizeof x0) != 0)
        return fail(reason, size, "x0 is elsewhere in the CPU's state");
    unicorn_level_changed(uc, 1);
    if (!run_to_wfi(uc, &pc, 4))
        return fail(reason, size, "no end of the first wait");
    uc_reg_read(uc, UC_ARM64_REG_X5, &x5);
    if (x5 != 1)
        return fail(reason, size, "svc took no exception");
    check.raise_at = check.blocks + 1000;
    if (!run_to_wfi(uc, &pc, 8))
        return fail(reason, size, "no end of the second wait");
    uc_reg_read(uc, UC_ARM64_REG_X6, &x6);
    if (x6 != 1 || check.blocks < 1000 || check.blocks > 1010)
        return fail(reason, size, "an interrupt did not end a loop");
    memcpy(memory, other, sizeof other);
    unicorn_forget_code(uc, MEMORY);
    pc = CODE_AT;
    bool ended = run_to_wfi(uc, &pc, 2);
    uc_reg_read(uc, UC_ARM64_REG_X5, &x5);
    if (!ended || x5 != 7)
        return fail(reason, size, "code that was written over is still run");
    return true;
}

bool unicorn_private_check(char *reason, size_t size)
{
    uc_engine *uc;
    unsigned major, minor;
    uint32_t version = uc_version(&major, &minor);
    if (UC_MAKE_VERSION(major, minor) != VERSION || (version >> 8 & 0xff) > 1)
        return fail(reason, size, "another version");
    if (uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &uc) != UC_ERR_OK)
        return fail(reason, size, "no AArch64");
    (void)uc_ctl_set_cpu_model(uc, UC_CPU_ARM64_MAX);
    void *memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool good = memory != MAP_FAILED ? check_engine(uc, memory, reason, size)
                                     : fail(reason, size, "there is no memory to try it");
    uc_close(uc);
    if (memory != MAP_FAILED)
        munmap(memory, MEMORY);
    return good;
}
