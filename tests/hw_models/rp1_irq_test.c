/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* MSIX_CFG, MIP, and the whole way of an edge: pin, bank, MSI-X, MIP, GIC. Offsets are written out.
 */
#include "suite.h"

enum { APBS = 1 };

static uint32_t cfg(uint32_t irq)
{
    return 0x08 + 4 * irq;
}

static void source(uint32_t irq, bool level)
{
    board.msix->ops->line_input(board.msix, irq, 0, level);
}

/* As facts: unmasked for the host, masked for the VPU, edge. */
static void mip_on(void)
{
    env_write(board.mip, 0, 0x40, 0);
    env_write(board.mip, 0, 0x50, 0);
    env_write(board.mip, 0, 0x60, 0xffffffff);
    env_write(board.mip, 0, 0x70, 0xffffffff);
    env_write(board.mip, 0, 0x20, 0xffffffff);
    env_write(board.mip, 0, 0x30, 0xffffffff);
}

static void gic_on(uint32_t intid)
{
    uint32_t shift = 2 * (intid % 16), icfgr = 0xc00 + 4 * (intid / 16);
    env_write(board.gic, 0, icfgr, env_read(board.gic, 0, icfgr) | 2u << shift);
    env_write_cpu(board.gic, 0, 0, 0x400 + intid, 1, 0xa0);
    env_write_cpu(board.gic, 0, 0, 0x800 + intid, 1, 1);
    env_write(board.gic, 0, 0x100 + 4 * (intid / 32), 1u << (intid % 32));
    env_write(board.gic, 0, 0, 1);
    env_write(board.gic, 1, 0x04, 0xf0);
    env_write(board.gic, 1, 0x00, 1);
}

/* What the CPU takes: acknowledge and end; 1023 if nothing. */
static uint32_t take(void)
{
    uint32_t intid = env_read(board.gic, 1, 0x0c);
    if (intid != 1023)
        env_write(board.gic, 1, 0x10, intid);
    return intid;
}

START_TEST(mip_registers)
{
    static const struct env_register table[] = {
        { "CFGL_HOST", 0x20, 0, 0xffffffff },
        { "CFGH_HOST", 0x30, 0, 0xffffffff },
        { "MASKL_HOST", 0x40, 0xffffffff, 0xffffffff },
        { "MASKH_HOST", 0x50, 0xffffffff, 0xffffffff },
        { "MASKL_VPU", 0x60, 0xffffffff, 0xffffffff },
        { "MASKH_VPU", 0x70, 0xffffffff, 0xffffffff },
        { "STATUSL_HOST", 0x80, 0, 0 },
        { "STATUSH_HOST", 0x90, 0, 0 },
        { "STATUSL_VPU", 0xa0, 0, 0 },
        { "STATUSH_VPU", 0xb0, 0, 0 },
    };
    env_check_registers(board.mip, 0, table, ARRAY_SIZE(table));
}
END_TEST

START_TEST(mip_raise_delivers_and_a_masked_one_waits)
{
    mip_on();
    gic_on(160 + 3);
    env_write(board.mip, 0, 0x00, 1u << 3);
    ck_assert_uint_eq(take(), 163);
    ck_assert_uint_eq(env_read(board.mip, 0, 0x80), 0); /* an edge does not stay */
    env_write(board.mip, 0, 0x40, 1u << 3);
    env_write(board.mip, 0, 0x00, 1u << 3);
    ck_assert_uint_eq(take(), 1023);
    ck_assert_uint_eq(env_read(board.mip, 0, 0x00), 1u << 3);
    env_write(board.mip, 0, 0x40, 0);
    ck_assert_uint_eq(take(), 163);
    env_write(board.mip, 0, 0x40, 1u << 3);
    env_write(board.mip, 0, 0x00, 1u << 3);
    env_write(board.mip, 0, 0x10, 1u << 3); /* CLEARED */
    env_write(board.mip, 0, 0x40, 0);
    ck_assert_uint_eq(take(), 1023);
}
END_TEST

START_TEST(mip_level_vector_holds_its_interrupt_until_cleared)
{
    mip_on();
    env_write(board.mip, 0, 0x20, 0);
    env_write(board.mip, 0, 0x00, 1u << 5);
    ck_assert_uint_eq(env_read(board.mip, 0, 0x80), 1u << 5);
    ck_assert_uint_eq(env_read(board.gic, 0, 0xd04 + 4 * 4), 1u << 5); /* SPI 133 */
    env_write(board.mip, 0, 0x10, 1u << 5);
    ck_assert_uint_eq(env_read(board.gic, 0, 0xd04 + 4 * 4), 0);
}
END_TEST

START_TEST(every_msix_cfg_register)
{
    for (uint32_t irq = 0; irq < 61; irq++) {
        const struct env_register r = { "MSIX_CFG", cfg(irq), 0, 0x0b }; /* IACK reads zero */
        env_check_registers(board.msix, APBS, &r, 1);
        env_write(board.msix, APBS, 0x800 + cfg(irq), 0x8);
        env_write(board.msix, APBS, 0x800 + cfg(irq), 0x1);
        ck_assert_uint_eq(env_read(board.msix, APBS, cfg(irq)), 0x9);
        env_write(board.msix, APBS, 0xc00 + cfg(irq), 0x8);
        ck_assert_uint_eq(env_read(board.msix, APBS, cfg(irq)), 0x1);
        ck_assert_uint_eq(env_read(board.msix, APBS, 0xc00 + cfg(irq)), 0x1);
        env_write(board.msix, APBS, cfg(irq), 0);
    }
    ck_assert_uint_eq(env_read(board.msix, APBS, 0x108), 0);
    source(7, true);
    source(33, true);
    ck_assert_uint_eq(env_read(board.msix, APBS, 0x108), 1u << 7);
    ck_assert_uint_eq(env_read(board.msix, APBS, 0x10c), 1u << 1);
    env_warnings();
    env_write(board.msix, APBS, 0x108, 1);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

START_TEST(every_source_reaches_its_own_gic_interrupt)
{
    mip_on();
    for (uint32_t irq = 0; irq < 61; irq++) {
        gic_on(160 + irq);
        source(irq, true);
        ck_assert_uint_eq(take(), 1023); /* not enabled */
        source(irq, false);
        env_write(board.msix, APBS, 0x800 + cfg(irq), 1);
        source(irq, true);
        ck_assert_uint_eq(take(), 160 + irq);
        source(irq, false);
        ck_assert_uint_eq(take(), 1023);
    }
}
END_TEST

START_TEST(a_message_that_the_mip_masks_waits_there)
{
    mip_on();
    gic_on(160 + 33);
    env_write(board.mip, 0, 0x50, 1u << 1);
    env_write(board.msix, APBS, 0x800 + cfg(33), 1);
    source(33, true);
    ck_assert_uint_eq(take(), 1023);
    ck_assert_uint_eq(env_read(board.mip, 0, 0x90), 0);
    env_write(board.mip, 0, 0x70, 0); /* the VPU sees it */
    ck_assert_uint_eq(env_read(board.mip, 0, 0xb0), 1u << 1);
    env_write(board.mip, 0, 0x50, 0);
    ck_assert_uint_eq(take(), 160 + 33);
    ck_assert_uint_eq(env_read(board.mip, 0, 0xb0), 0);
}
END_TEST

START_TEST(an_enabled_source_that_is_high_sends)
{
    mip_on();
    gic_on(160);
    source(0, true);
    env_write(board.msix, APBS, 0x800 + cfg(0), 1);
    ck_assert_uint_eq(take(), 160);
    ck_assert_uint_eq(take(), 1023);
}
END_TEST

START_TEST(test_bit_sends_a_message)
{
    mip_on();
    gic_on(164);
    env_write(board.msix, APBS, 0x800 + cfg(4), 1);
    env_write(board.msix, APBS, 0x800 + cfg(4), 2);
    ck_assert_uint_eq(take(), 164);
    ck_assert_uint_eq(take(), 1023);
}
END_TEST

START_TEST(without_iack_a_level_interrupt_is_lost)
{
    mip_on();
    gic_on(160);
    env_write(board.msix, APBS, 0x800 + cfg(0), 0x9); /* ENABLE, IACK_EN */
    source(0, true);
    ck_assert_uint_eq(take(), 160);
    source(0, false);
    source(0, true); /* nobody wrote IACK */
    ck_assert_uint_eq(take(), 1023);
    env_write(board.msix, APBS, 0x800 + cfg(0), 0x4);
    ck_assert_uint_eq(take(), 160); /* still high at IACK: sent again */
    env_write(board.msix, APBS, 0x800 + cfg(0), 0x4);
    ck_assert_uint_eq(take(), 160);
    source(0, false);
    env_write(board.msix, APBS, 0x800 + cfg(0), 0x4);
    ck_assert_uint_eq(take(), 1023);
    source(0, true);
    ck_assert_uint_eq(take(), 160);
}
END_TEST

START_TEST(only_sixty_one_sources_exist)
{
    uint32_t line = 99;
    ck_assert_int_eq(board.msix->ops->translate(board.msix, (const uint32_t[]){ 60, 4 }, 2, &line),
                     0);
    ck_assert_uint_eq(line, 60);
    ck_assert_int_lt(board.msix->ops->translate(board.msix, (const uint32_t[]){ 61, 4 }, 2, &line),
                     0);
    ck_assert_int_lt(board.msix->ops->translate(board.msix, NULL, 0, &line), 0);
    uint64_t before = env_hash();
    source(61, true);
    source(1000, true);
    ck_assert_uint_eq(env_hash(), before);
}
END_TEST

/* --- the root complex and RP1's function --- */

enum { BRIDGE = 0, SYSINFO = 2, TABLE = 3 };
enum { BAR3_LO = 0x403c, BAR3_HI = 0x4040, REMAP3_LO = 0x40bc, REMAP3_HI = 0x40c0 };
enum { CONFIG_INDEX = 0x9000, CONFIG_COMMAND = 0x8004, CONFIG_MSIX = 0x80b0 };

START_TEST(registers_of_the_root_complex)
{
    /* RC_BAR1 to 3 and 4 to 10, and their remaps: pcie-brcmstb.c's offsets. */
    static const uint32_t windows[] = { 0x402c, 0x4034, 0x403c, 0x40d4, 0x40dc,
                                        0x40e4, 0x40ec, 0x40f4, 0x40fc, 0x4104 };
    static const uint32_t remaps[] = { 0x40ac, 0x40b4, 0x40bc, 0x410c, 0x4114,
                                       0x411c, 0x4124, 0x412c, 0x4134, 0x413c };
    for (uint32_t i = 0; i < ARRAY_SIZE(windows); i++) {
        const struct env_register r[] = {
            { "RC_BAR LO", windows[i], 0, 0xffffffff },
            { "RC_BAR HI", windows[i] + 4, 0, 0xffffffff },
            { "REMAP LO", remaps[i], 0, 0xffffffff },
            { "REMAP HI", remaps[i] + 4, 0, 0xffffffff },
        };
        env_check_registers(board.msix, BRIDGE, r, ARRAY_SIZE(r));
    }
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x4068), 0xb0); /* port, data link, PHY */
    ck_assert_uint_eq(env_read(board.msix, SYSINFO, 0), 0x20001927);
    env_warnings();
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x4008), 0);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

START_TEST(configuration_space_shows_rp1_on_bus_1_only)
{
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x8000), 0xffffffff); /* bus 0 */
    env_write(board.msix, BRIDGE, CONFIG_INDEX, 1u << 20 | 1u << 15);    /* device 1 */
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x8000), 0xffffffff);
    env_write(board.msix, BRIDGE, CONFIG_INDEX, 1u << 20);
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x8000), 0x00011de4);
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, CONFIG_COMMAND), 0x00100002);
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x8034), 0xb0);
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, CONFIG_MSIX), 0x003c0011); /* 61 entries */
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x80b4), 0);               /* BAR0, offset 0 */
    ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x80b8), 0x2000);
    static const uint32_t places[] = { 0x00410000, 0, 0x00400000 };
    static const uint32_t masks[] = { 0xffffc000, 0xffc00000, 0xffff0000 };
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x8010 + 4 * i), places[i]);
        env_write(board.msix, BRIDGE, 0x8010 + 4 * i, 0xffffffff);
        ck_assert_uint_eq(env_read(board.msix, BRIDGE, 0x8010 + 4 * i), masks[i]);
        env_write(board.msix, BRIDGE, 0x8010 + 4 * i, places[i]);
    }
    ck_assert_uint_eq(env_warnings(), 0);
    env_write(board.msix, BRIDGE, 0x8010, 0x00500000);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

/* Whether an edge of source 4 is taken; what was lost is told of so many times. */
static bool arrives(uint32_t warnings)
{
    env_warnings();
    source(4, true);
    source(4, false);
    ck_assert_uint_eq(env_warnings(), warnings);
    return take() == 164;
}

START_TEST(a_message_needs_every_part_of_its_way)
{
    static const struct {
        const char *part;
        uint32_t region, offset, broken;
    } parts[] = {
        { "size of the window", BRIDGE, BAR3_LO, 0xfffff000 },
        { "place of the window", BRIDGE, BAR3_LO, 0xffffe01c },
        { "high part of its place", BRIDGE, BAR3_HI, 0xfe },
        { "ACCESS_EN", BRIDGE, REMAP3_LO, 0x00130000 },
        { "what it leads to", BRIDGE, REMAP3_LO, 0x00131001 },
        { "high part of that", BRIDGE, REMAP3_HI, 0x11 },
        { "bus master", BRIDGE, CONFIG_COMMAND, 2 },
        { "MSI-X enable", BRIDGE, CONFIG_MSIX, 0 },
        { "address", TABLE, 16 * 4, 0xfffff010 },
        { "high address", TABLE, 16 * 4 + 4, 0xfe },
        { "a window of 4 KiB", TABLE, 16 * 4, 0xffffe000 },
    };
    mip_on();
    gic_on(164);
    env_write(board.msix, APBS, 0x800 + cfg(4), 1);
    ck_assert(arrives(0));
    for (uint32_t i = 0; i < ARRAY_SIZE(parts); i++) {
        uint32_t good = env_read(board.msix, parts[i].region, parts[i].offset);
        env_write(board.msix, parts[i].region, parts[i].offset, parts[i].broken);
        ck_assert_msg(!arrives(1), "a message passed with another %s", parts[i].part);
        env_write(board.msix, parts[i].region, parts[i].offset, good);
        ck_assert_msg(arrives(0), "no message after %s was mended", parts[i].part);
    }
}
END_TEST

START_TEST(a_masked_message_is_pending_and_comes_later)
{
    mip_on();
    gic_on(164);
    env_write(board.msix, APBS, 0x800 + cfg(4), 1);
    static const struct {
        uint32_t region, offset, mask, unmask;
    } masks[] = { { TABLE, 16 * 4 + 12, 1, 0 }, { BRIDGE, CONFIG_MSIX, 0xc0000000, 0x80000000 } };
    for (uint32_t i = 0; i < ARRAY_SIZE(masks); i++) {
        env_write(board.msix, masks[i].region, masks[i].offset, masks[i].mask);
        ck_assert(!arrives(0));
        ck_assert_uint_eq(env_read(board.msix, TABLE, 0x2000), 1u << 4);
        env_write(board.msix, masks[i].region, masks[i].offset, masks[i].unmask);
        ck_assert_uint_eq(env_read(board.msix, TABLE, 0x2000), 0);
        ck_assert_uint_eq(take(), 164);
        ck_assert_uint_eq(take(), 1023);
    }
}
END_TEST

START_TEST(the_data_is_the_vector)
{
    mip_on();
    gic_on(164);
    gic_on(165);
    env_write(board.msix, APBS, 0x800 + cfg(4), 1);
    env_write(board.msix, TABLE, 16 * 4 + 8, 5);
    source(4, true);
    ck_assert_uint_eq(take(), 165);
    ck_assert_uint_eq(take(), 1023);
}
END_TEST

START_TEST(nothing_arrives_as_the_firmware_leaves_it)
{
    mip_on();
    gic_on(164);
    env_write(board.msix, APBS, 0x800 + cfg(4), 1);
    ck_assert(!arrives(1)); /* MSI-X is off */
    ck_assert_uint_eq(env_read(board.msix, TABLE, 12), 1);
}
END_TEST

/* --- the whole way --- */

static void path_on(void)
{
    mip_on();
    gic_on(160);
    env_write(board.msix, APBS, 0x800 + cfg(0), 0x9);
    board_pins(1u << 17, 0);
    board_input(17);
    env_write(board.gpio, 0, io_ctrl(17) + ALIAS_SET, 1u << 21); /* rising */
    env_write(board.gpio, 0, 0x11c + ALIAS_SET, 1u << 17);       /* PCIE_INTE */
}

/* The ack order of a driver: IRQRESET, IACK, EOI. */
static uint32_t handle(void)
{
    uint32_t intid = env_read(board.gic, 1, 0x0c);
    if (intid == 1023)
        return intid;
    env_write(board.gpio, 0, io_ctrl(17) + ALIAS_SET, 1u << 28);
    env_write(board.msix, APBS, 0x800 + cfg(0), 0x4);
    env_write(board.gic, 1, 0x10, intid);
    return intid;
}

static bool edge_arrives(void)
{
    board_pins(1u << 17, 0);
    board_pins(1u << 17, 1u << 17);
    bool arrived = env_cpu_irq(0) && handle() == 160;
    return arrived;
}

START_TEST(an_edge_goes_all_the_way_and_again)
{
    path_on();
    for (uint32_t i = 0; i < 5; i++)
        ck_assert(edge_arrives());
    ck_assert(!env_cpu_irq(0));
}
END_TEST

START_TEST(breaking_any_stage_loses_the_edge)
{
    path_on();
    static const struct {
        const char *stage;
        uint32_t which, region, break_offset, mend_offset, value;
    } stages[] = {
        { "CTRL event enable", 0, 0, 8 * 17 + 4 + ALIAS_CLR, 8 * 17 + 4 + ALIAS_SET, 1u << 21 },
        { "PCIE_INTE", 0, 0, 0x11c + ALIAS_CLR, 0x11c + ALIAS_SET, 1u << 17 },
        { "FUNCSEL", 0, 0, 8 * 17 + 4 + ALIAS_SET, 8 * 17 + 4 + ALIAS_CLR, 0x1a }, /* 5 <-> 31 */
        { "pad input enable", 0, 2, 4 + 4 * 17 + ALIAS_CLR, 4 + 4 * 17 + ALIAS_SET, 1u << 6 },
        { "MSIX ENABLE", 1, APBS, 0xc00 + 0x08, 0x800 + 0x08, 1 },
        { "GIC enable", 3, 0, 0x180 + 4 * 5, 0x100 + 4 * 5, 1 },
    };
    struct model *const models[] = { board.gpio, board.msix, board.mip, board.gic };
    for (uint32_t i = 0; i < ARRAY_SIZE(stages); i++) {
        struct model *model = models[stages[i].which];
        env_write(model, stages[i].region, stages[i].break_offset, stages[i].value);
        ck_assert_msg(!edge_arrives(), "an edge passed without %s", stages[i].stage);
        board_pins(1u << 17, 0);
        env_write(board.gpio, 0, io_ctrl(17) + ALIAS_SET, 1u << 28);
        env_write(model, stages[i].region, stages[i].mend_offset, stages[i].value);
        env_write(board.gpio, 0, io_ctrl(17) + ALIAS_SET, 1u << 28);
        while (handle() != 1023)
            ;
        ck_assert_msg(edge_arrives(), "no edge after %s was mended", stages[i].stage);
    }
    env_write(board.mip, 0, 0x40, 1);
    ck_assert(!edge_arrives());
}
END_TEST

START_TEST(a_missing_eoi_holds_the_next_edge_back)
{
    path_on();
    board_pins(1u << 17, 1u << 17);
    ck_assert_uint_eq(env_read(board.gic, 1, 0x0c), 160);
    env_write(board.gpio, 0, io_ctrl(17) + ALIAS_SET, 1u << 28);
    env_write(board.msix, APBS, 0x800 + cfg(0), 0x4);
    board_pins(1u << 17, 0);
    board_pins(1u << 17, 1u << 17);
    ck_assert(!env_cpu_irq(0));
}
END_TEST

START_TEST(an_edge_while_handling_is_not_lost)
{
    path_on();
    board_pins(1u << 17, 1u << 17);
    uint32_t intid = env_read(board.gic, 1, 0x0c);
    env_write(board.gpio, 0, io_ctrl(17) + ALIAS_SET, 1u << 28);
    board_pins(1u << 17, 0);
    board_pins(1u << 17, 1u << 17); /* between IRQRESET and IACK */
    env_write(board.msix, APBS, 0x800 + cfg(0), 0x4);
    env_write(board.gic, 1, 0x10, intid);
    ck_assert(env_cpu_irq(0));
    ck_assert_uint_eq(handle(), 160);
    ck_assert_uint_eq(handle(), 1023);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { mip_registers,
                                   mip_raise_delivers_and_a_masked_one_waits,
                                   mip_level_vector_holds_its_interrupt_until_cleared,
                                   every_msix_cfg_register,
                                   every_source_reaches_its_own_gic_interrupt,
                                   a_message_that_the_mip_masks_waits_there,
                                   an_enabled_source_that_is_high_sends,
                                   test_bit_sends_a_message,
                                   without_iack_a_level_interrupt_is_lost,
                                   only_sixty_one_sources_exist,
                                   a_message_needs_every_part_of_its_way,
                                   a_masked_message_is_pending_and_comes_later,
                                   the_data_is_the_vector,
                                   an_edge_goes_all_the_way_and_again,
                                   breaking_any_stage_loses_the_edge,
                                   a_missing_eoi_holds_the_next_edge_back,
                                   an_edge_while_handling_is_not_lost };
    const TTest *const closed[] = { registers_of_the_root_complex,
                                    configuration_space_shows_rp1_on_bus_1_only,
                                    nothing_arrives_as_the_firmware_leaves_it };
    return suite_run("rp1_irq", board_setup, tests, ARRAY_SIZE(tests), board_setup_closed, closed,
                     ARRAY_SIZE(closed));
}
