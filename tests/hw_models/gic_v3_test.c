/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GICv3 against IHI 0069G; offsets and values are written out. */
#include "env.h"

#include <hw/regs/sysreg.h>
#include <tests/check_main.h>

enum { D = 0, R = 1 }; /* regions: distributor, redistributors */
enum { SGI = 0x10000, FRAME = 0x20000 };

static const struct env_property no_properties[] = { { 0 } };
static const struct model_node node = { "gic", "gic", 1, 0, NULL, no_properties };
static struct model *gic;

static void setup(void)
{
    env_reset();
    env_cpus(4);
    gic = env_add(&gic_v3_model, &node);
    env_start();
}

static void teardown(void)
{
    env_free();
}

static uint64_t icc(enum sysreg which, uint32_t cpu)
{
    return gic->ops->sysreg_read(gic, which, cpu);
}

static void set_icc(enum sysreg which, uint32_t cpu, uint64_t value)
{
    gic->ops->sysreg_write(gic, which, cpu, value);
}

static void write64(uint32_t offset, uint64_t value)
{
    const struct model_access access = { .region = D, .size = 8, .offset = offset };
    gic->ops->write(gic, &access, value);
}

static uint64_t read64(uint32_t region, uint32_t offset)
{
    const struct model_access access = { .region = region, .size = 8, .offset = offset };
    return gic->ops->read(gic, &access);
}

static void open(uint32_t cpu)
{
    env_write(gic, R, cpu * FRAME + 0x14, 0); /* WAKER */
    env_write(gic, R, cpu * FRAME + SGI + 0x080, 0xffffffff);
    env_write(gic, R, cpu * FRAME + SGI + 0x400, 0xa0a0a0a0);
    env_write(gic, R, cpu * FRAME + SGI + 0x100, 1);
    set_icc(SYSREG_ICC_PMR_EL1, cpu, 0xf0);
    set_icc(SYSREG_ICC_IGRPEN1_EL1, cpu, 1);
}

/* SPI 64 of group 1, an edge, to the CPU of this affinity. */
static void spi_on(uint64_t affinity)
{
    env_write(gic, D, 0x000, 0x12); /* ARE, EnableGrp1 */
    env_write(gic, D, 0x088, 1);    /* IGROUPR2 */
    env_write(gic, D, 0x440, 0xa0);
    env_write(gic, D, 0xc10, 2); /* ICFGR4 */
    write64(0x6000 + 8 * 64, affinity);
    env_write(gic, D, 0x108, 1);
}

static void line(uint32_t intid, uint32_t cpu, bool level)
{
    gic->ops->line_input(gic, intid, cpu, level);
}

START_TEST(identification_and_frames)
{
    ck_assert_uint_eq(env_read(gic, D, 0x004) & 0x1f, 10); /* 352 interrupts */
    ck_assert_uint_eq(env_read(gic, D, 0xffe8) & 0xf0, 0x30);
    ck_assert_uint_eq(env_read(gic, D, 0x000), 0x40); /* one security state, all off */
    for (uint32_t cpu = 0; cpu < 4; cpu++) {
        uint64_t last = cpu == 3 ? 0x10 : 0;
        ck_assert_uint_eq(read64(R, cpu * FRAME + 8),
                          (uint64_t)cpu << 40 | (uint64_t)cpu << 8 | last);
        ck_assert_uint_eq(env_read(gic, R, cpu * FRAME + 12), cpu << 8);
        ck_assert_uint_eq(icc(SYSREG_MPIDR_EL1, cpu), cpu << 8);
        ck_assert_uint_eq(env_read(gic, R, cpu * FRAME + 0x14), 6); /* asleep */
    }
    ck_assert_uint_eq(icc(SYSREG_ICC_SRE_EL1, 0) & 1, 1);
    ck_assert_uint_eq(icc(SYSREG_ICC_IAR1_EL1, 0), 1023);
}
END_TEST

START_TEST(a_shared_interrupt_goes_where_its_router_says)
{
    for (uint32_t cpu = 0; cpu < 4; cpu++)
        open(cpu);
    spi_on(0x200);
    line(64, 0, true);
    for (uint32_t cpu = 0; cpu < 4; cpu++)
        ck_assert_int_eq(env_cpu_irq(cpu), cpu == 2);
    ck_assert_uint_eq(icc(SYSREG_ICC_IAR1_EL1, 0), 1023);
    ck_assert_uint_eq(icc(SYSREG_ICC_IAR1_EL1, 2), 64);
    ck_assert(!env_cpu_irq(2));
    line(64, 0, false);
    line(64, 0, true); /* again while active: kept */
    ck_assert(!env_cpu_irq(2));
    set_icc(SYSREG_ICC_EOIR1_EL1, 2, 64);
    ck_assert(env_cpu_irq(2));
    ck_assert_uint_eq(env_warnings(), 0);
    write64(0x6000 + 8 * 64, 0x999);
    ck_assert_uint_eq(env_warnings(), 1); /* routed to nobody */
    ck_assert(!env_cpu_irq(2));
}
END_TEST

START_TEST(private_interrupts_are_in_frames)
{
    open(1);
    env_write(gic, D, 0x000, 0x12);
    env_write(gic, R, FRAME + SGI + 0x418, 0xa0000000); /* of 27 */
    env_write(gic, R, FRAME + SGI + 0x100, 1u << 27);
    line(27, 0, true);
    ck_assert(!env_cpu_irq(1));
    line(27, 1, true);
    ck_assert(env_cpu_irq(1) && !env_cpu_irq(0));
    ck_assert_uint_eq(env_read(gic, R, FRAME + SGI + 0x200), 1u << 27);
    ck_assert_uint_eq(env_read(gic, R, SGI + 0x100), 0);
    ck_assert_uint_eq(icc(SYSREG_ICC_IAR1_EL1, 1), 27);
    line(27, 1, false);
    set_icc(SYSREG_ICC_EOIR1_EL1, 1, 27);
    ck_assert(!env_cpu_irq(1));
    /* The distributor has nothing to say about them. */
    env_write(gic, D, 0x100, 0xffffffff);
    ck_assert_uint_eq(env_read(gic, D, 0x100), 0);
}
END_TEST

START_TEST(software_interrupts_go_to_a_cluster)
{
    for (uint32_t cpu = 0; cpu < 4; cpu++)
        open(cpu);
    env_write(gic, D, 0x000, 0x12);
    set_icc(SYSREG_ICC_SGI1R_EL1, 0, UINT64_C(3) << 16 | 1); /* Aff1 3, Aff0 0 */
    ck_assert(env_cpu_irq(3) && !env_cpu_irq(0) && !env_cpu_irq(1) && !env_cpu_irq(2));
    ck_assert_uint_eq(icc(SYSREG_ICC_IAR1_EL1, 3), 0);
    set_icc(SYSREG_ICC_EOIR1_EL1, 3, 0);
    ck_assert(!env_cpu_irq(3));
    set_icc(SYSREG_ICC_SGI1R_EL1, 0, UINT64_C(3) << 16 | 2); /* Aff0 1: no such CPU */
    set_icc(SYSREG_ICC_SGI1R_EL1, 0, UINT64_C(1) << 44 | 1); /* Aff0 16 */
    set_icc(SYSREG_ICC_SGI1R_EL1, 0, UINT64_C(1) << 48 | 1); /* Aff3 1 */
    for (uint32_t cpu = 0; cpu < 4; cpu++)
        ck_assert(!env_cpu_irq(cpu));
}
END_TEST

START_TEST(nothing_passes_what_holds_it_back)
{
    static const struct {
        uint32_t region, offset, bad, good;
    } gates[] = {
        { D, 0x000, 0x10, 0x12 }, /* EnableGrp1 */
        { D, 0x000, 0x02, 0x12 }, /* ARE */
        { R, 0x14, 2, 0 },        /* asleep */
        { D, 0x440, 0xf0, 0xa0 }, /* priority against PMR */
    };
    open(0);
    spi_on(0);
    line(64, 0, true);
    ck_assert(env_cpu_irq(0));
    for (uint32_t i = 0; i < sizeof gates / sizeof gates[0]; i++) {
        env_write(gic, gates[i].region, gates[i].offset, gates[i].bad);
        ck_assert_msg(!env_cpu_irq(0), "gate %u", i);
        env_write(gic, gates[i].region, gates[i].offset, gates[i].good);
        ck_assert_msg(env_cpu_irq(0), "gate %u", i);
    }
    set_icc(SYSREG_ICC_IGRPEN1_EL1, 0, 0);
    ck_assert(!env_cpu_irq(0));
}
END_TEST

START_TEST(group_0_is_told_and_not_delivered)
{
    open(0);
    spi_on(0);
    env_write(gic, D, 0x188, 1);
    env_write(gic, D, 0x088, 0);
    env_warnings();
    env_write(gic, D, 0x108, 1);
    ck_assert_uint_eq(env_warnings(), 1);
    line(64, 0, true);
    ck_assert(!env_cpu_irq(0));
    ck_assert_uint_eq(env_read(gic, D, 0x108), 1); /* enabled all the same */
}
END_TEST

START_TEST(any_access_is_survived)
{
    uint32_t state = 1;
    for (uint32_t i = 0; i < 200000; i++) {
        state = state * 1664525u + 1013904223u;
        const struct model_access access = { .region = state >> 30,
                                             .size = 1u << (state >> 28 & 3),
                                             .offset = state >> 9 & 0x7ffff,
                                             .cpu = state >> 4 & 7 };
        uint32_t reg = SYSREG_ICC_IAR1_EL1 + state % 10;
        uint64_t value = (uint64_t)state * 0x9e3779b97f4a7c15u;
        if ((state >> 8 & 1) != 0)
            gic->ops->write(gic, &access, value);
        else
            (void)gic->ops->read(gic, &access);
        if (reg < SYSREG_COUNT && (state >> 7 & 1) != 0)
            set_icc((enum sysreg)reg, access.cpu, value);
        else if (reg < SYSREG_COUNT)
            (void)icc((enum sysreg)reg, access.cpu);
        line(state >> 13 & 0x3ff, state & 7, (state >> 3 & 1) != 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gic_v3");
    TCase *cases = tcase_create("gic_v3");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, identification_and_frames);
    tcase_add_test(cases, a_shared_interrupt_goes_where_its_router_says);
    tcase_add_test(cases, private_interrupts_are_in_frames);
    tcase_add_test(cases, software_interrupts_go_to_a_cluster);
    tcase_add_test(cases, nothing_passes_what_holds_it_back);
    tcase_add_test(cases, group_0_is_told_and_not_delivered);
    tcase_add_test(cases, any_access_is_survived);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
