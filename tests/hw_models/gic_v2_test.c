/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GIC-400 against IHI 0048B and its TRM; offsets and values are written out. */
#include "suite.h"

enum { D = 0, C = 1 }; /* regions: distributor, CPU interface */
enum { IAR = 0x0c, EOIR = 0x10, RPR = 0x14, HPPIR = 0x18, DIR = 0x1000, PMR = 0x04, CTLR = 0x00 };

static void gic_on(uint32_t cpu)
{
    env_write(board.gic, D, 0x000, 1);
    env_write_cpu(board.gic, cpu, C, CTLR, 4, 1);
    env_write_cpu(board.gic, cpu, C, PMR, 4, 0xf0);
}

/* SPI number n (INTID 32 + n), enabled for CPU 0, edge or level, with a priority. */
static void spi_on(uint32_t intid, bool edge, uint32_t priority)
{
    uint32_t shift = 2 * (intid % 16);
    uint32_t icfgr = env_read(board.gic, D, 0xc00 + 4 * (intid / 16));
    env_write(board.gic, D, 0xc00 + 4 * (intid / 16),
              (icfgr & ~(2u << shift)) | (edge ? 2u << shift : 0));
    env_write_cpu(board.gic, 0, D, 0x400 + intid, 1, priority);
    env_write_cpu(board.gic, 0, D, 0x800 + intid, 1, 0x01);
    env_write(board.gic, D, 0x100 + 4 * (intid / 32), 1u << (intid % 32));
}

static void line(uint32_t intid, bool level)
{
    board.gic->ops->line_input(board.gic, intid, 0, level);
}

static uint32_t iar(uint32_t cpu)
{
    return env_read_cpu(board.gic, cpu, C, IAR, 4);
}

static void eoi(uint32_t cpu, uint32_t value)
{
    env_write_cpu(board.gic, cpu, C, EOIR, 4, value);
}

START_TEST(registers_have_reset_values_and_writable_bits)
{
    static const struct env_register distributor[] = {
        { "GICD_CTLR", 0x000, 0, 1 },
        { "GICD_IPRIORITYR0", 0x400, 0, 0xf0f0f0f0 },
        { "GICD_IPRIORITYR8", 0x420, 0, 0xf0f0f0f0 },
        { "GICD_IPRIORITYR87", 0x55c, 0, 0xf0f0f0f0 },
        { "GICD_ITARGETSR8", 0x820, 0, 0x0f0f0f0f },
        { "GICD_ICFGR2", 0xc08, 0x55555555, 0xaaaaaaaa },
        { "GICD_ICFGR21", 0xc54, 0x55555555, 0xaaaaaaaa },
    };
    static const struct env_register interface[] = {
        { "GICC_CTLR", 0x000, 0, 0x261 },
        { "GICC_PMR", 0x004, 0, 0xf0 },
        { "GICC_APR0", 0x0d0, 0, 0xffff },
    };
    env_check_registers(board.gic, D, distributor, ARRAY_SIZE(distributor));
    env_check_registers(board.gic, C, interface, ARRAY_SIZE(interface));
}
END_TEST

START_TEST(identification_and_fixed_registers)
{
    ck_assert_uint_eq(env_read(board.gic, D, 0x004), 0x6a); /* 352 INTIDs, 4 interfaces */
    ck_assert_uint_eq(env_read(board.gic, D, 0x008), 0x0200143b);
    ck_assert_uint_eq(env_read(board.gic, D, 0xfe8), 0x2b);
    ck_assert_uint_eq(env_read(board.gic, C, 0xfc), 0x0202143b);
    ck_assert_uint_eq(env_read(board.gic, D, 0xc00), 0xaaaaaaaa); /* SGIs: edge */
    ck_assert_uint_eq(env_read(board.gic, D, 0xc04), 0x55540000); /* PPIs: level */
    ck_assert_uint_eq(env_read(board.gic, D, 0x100), 0x0000ffff); /* SGIs enabled */
    env_write(board.gic, D, 0x180, 0xffffffff);
    ck_assert_uint_eq(env_read(board.gic, D, 0x100), 0x0000ffff);
    ck_assert_uint_eq(env_read(board.gic, D, 0x800), 0x01010101); /* my own CPU */
    ck_assert_uint_eq(env_read(board.gic, C, 0x08), 3);
    env_write(board.gic, C, 0x08, 0);
    ck_assert_uint_eq(env_read(board.gic, C, 0x08), 3);
    env_write(board.gic, C, 0x08, 6);
    ck_assert_uint_eq(env_read(board.gic, C, 0x08), 6);
    ck_assert_uint_eq(env_read(board.gic, C, RPR), 0xff);
    ck_assert_uint_eq(env_read(board.gic, C, IAR), 1023);
    ck_assert_uint_eq(env_read(board.gic, C, HPPIR), 1023);
    env_warnings();
    env_write(board.gic, D, 0x004, 1);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

START_TEST(set_and_clear_registers_pair_up)
{
    for (uint32_t word = 1; word < 11; word++) {
        static const uint32_t pairs[][2] = { { 0x100, 0x180 }, { 0x200, 0x280 }, { 0x300, 0x380 } };
        for (uint32_t i = 0; i < 3; i++) {
            uint32_t set = pairs[i][0] + 4 * word, clear = pairs[i][1] + 4 * word;
            env_write(board.gic, D, set, 0x80000101);
            env_write(board.gic, D, set, 0x00000010);
            ck_assert_uint_eq(env_read(board.gic, D, set), 0x80000111);
            ck_assert_uint_eq(env_read(board.gic, D, clear), 0x80000111);
            env_write(board.gic, D, clear, 0x00000101);
            ck_assert_uint_eq(env_read(board.gic, D, set), 0x80000010);
            env_write(board.gic, D, clear, 0xffffffff);
            ck_assert_uint_eq(env_read(board.gic, D, set), 0);
        }
    }
}
END_TEST

START_TEST(edge_is_latched_until_acknowledged)
{
    gic_on(0);
    spi_on(160, true, 0xa0);
    line(160, true);
    line(160, false);
    ck_assert(env_cpu_irq(0));
    ck_assert_uint_eq(env_read(board.gic, D, 0x200 + 4 * 5), 1);
    ck_assert_uint_eq(env_read(board.gic, C, HPPIR), 160);
    ck_assert_uint_eq(iar(0), 160);
    ck_assert(!env_cpu_irq(0));
    ck_assert_uint_eq(env_read(board.gic, D, 0x300 + 4 * 5), 1); /* active */
    ck_assert_uint_eq(env_read(board.gic, C, RPR), 0xa0);
    eoi(0, 160);
    ck_assert_uint_eq(env_read(board.gic, C, RPR), 0xff);
    ck_assert_uint_eq(env_read(board.gic, D, 0x300 + 4 * 5), 0);
    ck_assert_uint_eq(iar(0), 1023);
}
END_TEST

START_TEST(edge_during_handling_is_kept_as_active_and_pending)
{
    gic_on(0);
    spi_on(160, true, 0xa0);
    line(160, true);
    line(160, false);
    ck_assert_uint_eq(iar(0), 160);
    line(160, true);
    ck_assert(!env_cpu_irq(0));
    eoi(0, 160);
    ck_assert(env_cpu_irq(0));
    ck_assert_uint_eq(iar(0), 160);
}
END_TEST

START_TEST(level_is_pending_while_the_line_is_high)
{
    gic_on(0);
    spi_on(40, false, 0xa0);
    line(40, true);
    ck_assert(env_cpu_irq(0));
    line(40, false);
    ck_assert(!env_cpu_irq(0));
    line(40, true);
    ck_assert_uint_eq(iar(0), 40);
    eoi(0, 40); /* still high: comes again */
    ck_assert(env_cpu_irq(0));
    ck_assert_uint_eq(iar(0), 40);
    line(40, false);
    eoi(0, 40);
    ck_assert(!env_cpu_irq(0));
    ck_assert_uint_eq(env_read(board.gic, D, 0xd04), 0);
    line(40, true);
    ck_assert_uint_eq(env_read(board.gic, D, 0xd04), 1u << 8);
}
END_TEST

START_TEST(a_missing_eoi_blocks_the_next_interrupt)
{
    gic_on(0);
    spi_on(160, true, 0xa0);
    spi_on(161, true, 0xa0);
    line(160, true);
    ck_assert_uint_eq(iar(0), 160);
    line(161, true);
    ck_assert(!env_cpu_irq(0)); /* same priority as what runs */
    ck_assert_uint_eq(iar(0), 1023);
    eoi(0, 160);
    ck_assert(env_cpu_irq(0));
    ck_assert_uint_eq(iar(0), 161);
}
END_TEST

START_TEST(higher_priority_preempts_and_ends_in_reverse)
{
    gic_on(0);
    spi_on(160, true, 0xa0);
    spi_on(200, true, 0x40);
    line(160, true);
    ck_assert_uint_eq(iar(0), 160);
    line(200, true);
    ck_assert(env_cpu_irq(0));
    ck_assert_uint_eq(iar(0), 200);
    ck_assert_uint_eq(env_read(board.gic, C, RPR), 0x40);
    eoi(0, 200);
    ck_assert_uint_eq(env_read(board.gic, C, RPR), 0xa0);
    eoi(0, 160);
    ck_assert_uint_eq(env_read(board.gic, C, RPR), 0xff);
}
END_TEST

START_TEST(binary_point_keeps_one_group_from_preempting_itself)
{
    gic_on(0);
    env_write(board.gic, C, 0x08, 6); /* groups of bits 7:6 */
    spi_on(160, true, 0x90);
    spi_on(161, true, 0x80);
    line(160, true);
    ck_assert_uint_eq(iar(0), 160);
    line(161, true);
    ck_assert(!env_cpu_irq(0)); /* 0x80 and 0x90 are one group */
    eoi(0, 160);
    ck_assert_uint_eq(iar(0), 161);
}
END_TEST

START_TEST(priority_decides_then_the_lower_number)
{
    gic_on(0);
    spi_on(100, true, 0x80);
    spi_on(99, true, 0x80);
    spi_on(101, true, 0x30);
    line(100, true);
    line(99, true);
    line(101, true);
    static const uint32_t order[] = { 101, 99, 100 };
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(iar(0), order[i]);
        eoi(0, order[i]);
    }
}
END_TEST

START_TEST(nothing_passes_what_masks_it)
{
    gic_on(0);
    spi_on(160, true, 0xa0);
    line(160, true);
    ck_assert(env_cpu_irq(0));
    env_write(board.gic, C, PMR, 0xa0); /* not below the mask */
    ck_assert(!env_cpu_irq(0));
    env_write(board.gic, C, PMR, 0xf0);
    env_write(board.gic, C, CTLR, 0);
    ck_assert(!env_cpu_irq(0));
    env_write(board.gic, C, CTLR, 1);
    env_write(board.gic, D, 0x000, 0);
    ck_assert(!env_cpu_irq(0));
    ck_assert_uint_eq(iar(0), 1023);
    env_write(board.gic, D, 0x000, 1);
    env_write(board.gic, D, 0x180 + 4 * 5, 1); /* ICENABLER */
    ck_assert(!env_cpu_irq(0));
    env_write(board.gic, D, 0x100 + 4 * 5, 1);
    ck_assert(env_cpu_irq(0)); /* pending all the time */
    env_write_cpu(board.gic, 0, D, 0x800 + 160, 1, 0x02);
    ck_assert(!env_cpu_irq(0)); /* for another CPU */
    env_write_cpu(board.gic, 0, D, 0x800 + 160, 1, 0x01);
    env_write(board.gic, D, 0x280 + 4 * 5, 1); /* ICPENDR */
    ck_assert(!env_cpu_irq(0));
}
END_TEST

START_TEST(software_can_make_pending)
{
    gic_on(0);
    spi_on(40, false, 0xa0);
    env_write(board.gic, D, 0x200 + 4, 1u << 8);
    ck_assert(env_cpu_irq(0));
    ck_assert_uint_eq(iar(0), 40);
    eoi(0, 40);
    ck_assert(!env_cpu_irq(0));
}
END_TEST

START_TEST(split_eoi_deactivates_by_dir)
{
    gic_on(0);
    env_write(board.gic, C, CTLR, 0x201);
    spi_on(160, true, 0xa0);
    spi_on(161, true, 0xa0);
    line(160, true);
    ck_assert_uint_eq(iar(0), 160);
    line(160, false);
    line(160, true);
    line(161, true);
    eoi(0, 160);
    ck_assert_uint_eq(iar(0), 161); /* priority dropped; 160 is active and pending */
    eoi(0, 161);
    env_write(board.gic, C, DIR, 161);
    ck_assert_uint_eq(iar(0), 1023);
    env_write(board.gic, C, DIR, 160);
    ck_assert_uint_eq(iar(0), 160);
}
END_TEST

START_TEST(what_the_architecture_forbids_is_said)
{
    gic_on(0);
    env_warnings();
    eoi(0, 160);
    ck_assert_uint_eq(env_warnings(), 1);
    eoi(0, 1023); /* ending a spurious one is fine */
    ck_assert_uint_eq(env_warnings(), 0);
    env_write(board.gic, C, DIR, 160); /* with EOImode 0 */
    ck_assert_uint_eq(env_warnings(), 1);
    env_write(board.gic, D, 0xf00, 0x03000000);
    ck_assert_uint_eq(env_warnings(), 1);
    spi_on(160, true, 0xa0);
    env_warnings();
    env_write(board.gic, D, 0xc00 + 4 * 10, 0); /* type while enabled */
    ck_assert_uint_eq(env_warnings(), 1);
    env_read_cpu(board.gic, 0, C, IAR, 1);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

START_TEST(specifiers_translate)
{
    uint32_t out = 0;
    ck_assert_int_eq(board.gic->ops->translate(board.gic, (uint32_t[]){ 0, 128, 1 }, 3, &out), 0);
    ck_assert_uint_eq(out, 160);
    ck_assert_int_eq(board.gic->ops->translate(board.gic, (uint32_t[]){ 1, 11, 8 }, 3, &out), 0);
    ck_assert_uint_eq(out, 27);
    ck_assert_int_lt(board.gic->ops->translate(board.gic, (uint32_t[]){ 0, 320, 1 }, 3, &out), 0);
    ck_assert_int_lt(board.gic->ops->translate(board.gic, (uint32_t[]){ 1, 16, 1 }, 3, &out), 0);
    ck_assert_int_lt(board.gic->ops->translate(board.gic, (uint32_t[]){ 2, 0, 1 }, 3, &out), 0);
    ck_assert_int_lt(board.gic->ops->translate(board.gic, (uint32_t[]){ 0 }, 1, &out), 0);
}
END_TEST

/* --- four CPUs --- */

START_TEST(sgi_carries_its_sender_and_is_banked)
{
    for (uint32_t cpu = 0; cpu < 4; cpu++)
        gic_on(cpu);
    env_write_cpu(board.gic, 2, D, 0xf00, 4, 0x000a0000 | 5); /* CPU 2 to 1 and 3 */
    ck_assert(!env_cpu_irq(0) && env_cpu_irq(1) && !env_cpu_irq(2) && env_cpu_irq(3));
    env_write_cpu(board.gic, 0, D, 0xf00, 4, 0x00020000 | 5); /* CPU 0 to 1, the same SGI */
    ck_assert_uint_eq(env_read_cpu(board.gic, 1, D, 0xf20 + 5, 1), 0x05);
    ck_assert_uint_eq(env_read_cpu(board.gic, 1, D, 0x200, 4), 1u << 5);
    ck_assert_uint_eq(iar(1), 0x005); /* from 0 */
    eoi(1, 0x005);
    ck_assert_uint_eq(iar(1), 0x805); /* from 2 */
    eoi(1, 0x805);
    ck_assert_uint_eq(iar(1), 1023);
    ck_assert_uint_eq(iar(3), 0x805);
    eoi(3, 0x805);
    env_write_cpu(board.gic, 3, D, 0xf00, 4, 0x01000001); /* all but me */
    ck_assert(env_cpu_irq(0) && env_cpu_irq(1) && env_cpu_irq(2) && !env_cpu_irq(3));
    env_write_cpu(board.gic, 3, D, 0xf00, 4, 0x02000001); /* me */
    ck_assert(env_cpu_irq(3));
    env_write_cpu(board.gic, 3, D, 0xf10 + 1, 1, 0x08); /* CPENDSGIR */
    ck_assert(!env_cpu_irq(3));
}
END_TEST

START_TEST(ppi_is_banked_per_cpu)
{
    gic_on(0);
    gic_on(1);
    env_write_cpu(board.gic, 1, D, 0x100, 4, 1u << 27);
    board.gic->ops->line_input(board.gic, 27, 0, true);
    board.gic->ops->line_input(board.gic, 27, 1, true);
    ck_assert(!env_cpu_irq(0)); /* enabled on CPU 1 only */
    ck_assert(env_cpu_irq(1));
    ck_assert_uint_eq(env_read_cpu(board.gic, 1, D, 0xd00, 4), 1u << 11);
    ck_assert_uint_eq(iar(1), 27);
    ck_assert_uint_eq(env_read_cpu(board.gic, 0, D, 0x300, 4), 0);
    ck_assert_uint_eq(env_read_cpu(board.gic, 1, D, 0x300, 4), 1u << 27);
}
END_TEST

START_TEST(one_of_several_targets_takes_a_shared_interrupt)
{
    gic_on(0);
    gic_on(1);
    spi_on(160, true, 0xa0);
    env_write_cpu(board.gic, 0, D, 0x800 + 160, 1, 0x03);
    line(160, true);
    ck_assert(env_cpu_irq(0) && env_cpu_irq(1));
    ck_assert_uint_eq(iar(1), 160);
    ck_assert(!env_cpu_irq(0));
    ck_assert_uint_eq(iar(0), 1023);
}
END_TEST

START_TEST(banked_state_is_not_in_the_hash)
{
    uint64_t before = env_hash();
    gic_on(2);
    env_write_cpu(board.gic, 2, D, 0x000, 4, 0);
    env_write_cpu(board.gic, 2, D, 0x100, 4, 1u << 27);
    env_write_cpu(board.gic, 0, D, 0x800 + 160, 1, 0x04);
    ck_assert_uint_eq(env_hash(), before);
    env_write(board.gic, D, 0x100 + 4 * 5, 1);
    ck_assert_uint_ne(env_hash(), before);
    env_write(board.gic, D, 0x180 + 4 * 5, 1);
    ck_assert_uint_eq(env_hash(), before);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { registers_have_reset_values_and_writable_bits,
                                   identification_and_fixed_registers,
                                   set_and_clear_registers_pair_up,
                                   edge_is_latched_until_acknowledged,
                                   edge_during_handling_is_kept_as_active_and_pending,
                                   level_is_pending_while_the_line_is_high,
                                   a_missing_eoi_blocks_the_next_interrupt,
                                   higher_priority_preempts_and_ends_in_reverse,
                                   binary_point_keeps_one_group_from_preempting_itself,
                                   priority_decides_then_the_lower_number,
                                   nothing_passes_what_masks_it,
                                   software_can_make_pending,
                                   split_eoi_deactivates_by_dir,
                                   what_the_architecture_forbids_is_said,
                                   specifiers_translate };
    const TTest *const others[] = { sgi_carries_its_sender_and_is_banked, ppi_is_banked_per_cpu,
                                    one_of_several_targets_takes_a_shared_interrupt,
                                    banked_state_is_not_in_the_hash };
    return suite_run("gic_v2", board_setup, tests, ARRAY_SIZE(tests), board_setup_four_cpus, others,
                     ARRAY_SIZE(others));
}
