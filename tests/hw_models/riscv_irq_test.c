/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PLIC and harts against their specifications; offsets and values are written out. Two harts, numbers 4 and
 * 7; contexts are machine and supervisor mode of each. */
#include "env.h"
#include <hw/regs/sysreg.h>
#include <tests/check_main.h>

enum { SSIP = 1 << 1, STIP = 1 << 5, SEIP = 1 << 9 };
enum { M0, S0, M1, S1 };

#define CLAIM(context)     (0x200004u + 0x1000u * (context))
#define THRESHOLD(context) (0x200000u + 0x1000u * (context))
#define ENABLE(context)    (0x2000u + 0x80u * (context))
#define PRIORITY(source)   (4u * (source))

static const struct env_property cpus_properties[] = {
    { .name = "timebase-frequency", .count = 1, .cells = { 10000000 } },
    { 0 },
};
static const struct env_property cpu_properties[2][2] = {
    { { .name = "reg", .count = 1, .cells = { 4 } } },
    { { .name = "reg", .count = 1, .cells = { 7 } } },
};
static const struct env_property plic_properties[] = {
    { .name = "riscv,ndev", .count = 1, .cells = { 40 } },
    { 0 },
};
static const struct model_node cpus_node = { .name = "cpus", .properties = cpus_properties };
static const struct model_node cpu_node[2] = {
    { .name = "cpu@4", .parent = &cpus_node, .properties = cpu_properties[0] },
    { .name = "cpu@7", .parent = &cpus_node, .properties = cpu_properties[1] },
};
static const struct env_property none[] = { { 0 } };
static const struct model_node intc_node[2] = {
    { .name = "interrupt-controller", .parent = &cpu_node[0], .properties = none },
    { .name = "interrupt-controller", .parent = &cpu_node[1], .properties = none },
};
static const struct model_node plic_node = { .name = "plic@c000000",
                                             .properties = plic_properties };

static struct model *intc[2], *plic;

static void setup(void)
{
    env_reset();
    env_cpus(2);
    intc[0] = env_add(&riscv_intc_model, &intc_node[0]);
    intc[1] = env_add(&riscv_intc_model, &intc_node[1]);
    plic = env_add(&plic_model, &plic_node);
    for (uint32_t context = 0; context < 4; context++)
        env_wire(plic, context, intc[context / 2], 1,
                 (const uint32_t[]){ context % 2 == 0 ? 11 : 9 });
    env_start();
}

static uint64_t reg(enum sysreg which, uint32_t cpu)
{
    return intc[0]->ops->sysreg_read(intc[0], which, cpu);
}

static void set(enum sysreg which, uint32_t cpu, uint64_t value)
{
    intc[0]->ops->sysreg_write(intc[0], which, cpu, value);
}

static void line(uint32_t source, bool level)
{
    plic->ops->line_input(plic, source, 0, level);
}

/* Source on for a context, at a priority. */
static void source_on(uint32_t source, uint32_t context, uint32_t priority)
{
    uint32_t at = ENABLE(context) + source / 32 * 4;
    env_write(plic, 0, PRIORITY(source), priority);
    env_write(plic, 0, at, env_read(plic, 0, at) | 1u << source % 32);
}

START_TEST(registers_have_reset_values_and_writable_bits)
{
    static const struct env_register table[] = {
        { "priority 0", 0x0, 0, 0 },
        { "priority 1", 0x4, 0, 7 },
        { "priority 40", 0xa0, 0, 7 },
        { "priority 41", 0xa4, 0, 0 },
        { "enable 0, M0", 0x2000, 0, 0xfffffffe },
        { "enable 1, M0", 0x2004, 0, 0x1ff },
        { "enable 2, M0", 0x2008, 0, 0 },
        { "enable 0, S1", 0x2180, 0, 0xfffffffe },
        { "threshold M0", 0x200000, 0, 7 },
        { "threshold S1", 0x203000, 0, 7 },
    };
    env_check_registers(plic, 0, table, ARRAY_SIZE(table));
    env_warnings();
    env_write(plic, 0, 0x1000, 1); /* pending is read only */
    ck_assert_uint_eq(env_warnings(), 1);
    ck_assert_uint_eq(env_read_cpu(plic, 0, 0, 0x4, 1), 0);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

START_TEST(a_level_is_claimed_once_until_it_is_completed)
{
    source_on(10, S0, 1);
    set(SYSREG_RISCV_SIE, 0, SEIP);
    ck_assert(!env_cpu_irq(0));
    line(10, true);
    ck_assert(env_cpu_irq(0));
    ck_assert(!env_cpu_irq(1));
    ck_assert_uint_eq(reg(SYSREG_RISCV_SIP, 0), SEIP);
    ck_assert_uint_eq(env_read(plic, 0, 0x1000), 1u << 10);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 10);
    ck_assert_uint_eq(env_read(plic, 0, 0x1000), 0);
    ck_assert(!env_cpu_irq(0));
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 0);
    env_write(plic, 0, CLAIM(S0), 10); /* still high: comes again */
    ck_assert(env_cpu_irq(0));
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 10);
    line(10, false);
    env_write(plic, 0, CLAIM(S0), 10);
    ck_assert(!env_cpu_irq(0));
    ck_assert_uint_eq(env_warnings(), 0);
}
END_TEST

START_TEST(a_request_stays_when_its_line_falls)
{
    source_on(3, S0, 1);
    line(3, true);
    line(3, false);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 3);
    env_write(plic, 0, CLAIM(S0), 3);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 0);
}
END_TEST

START_TEST(a_completion_of_what_is_not_enabled_is_ignored)
{
    source_on(3, S0, 1);
    line(3, true);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 3);
    env_write(plic, 0, ENABLE(S0), 0);
    env_warnings();
    env_write(plic, 0, CLAIM(S0), 3);
    ck_assert_uint_eq(env_warnings(), 1);
    env_write(plic, 0, ENABLE(S0), 8);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 0); /* the gateway is shut */
    env_write(plic, 0, CLAIM(S0), 3);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 3);
}
END_TEST

START_TEST(priorities_and_numbers_decide)
{
    source_on(5, S0, 2);
    source_on(6, S0, 3);
    source_on(7, S0, 3);
    source_on(8, S0, 0); /* never */
    line(5, true);
    line(7, true);
    line(6, true);
    line(8, true);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 6);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 7);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 5);
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 0);
}
END_TEST

START_TEST(the_threshold_masks_the_hart_but_not_the_claim)
{
    source_on(5, S0, 2);
    set(SYSREG_RISCV_SIE, 0, SEIP);
    env_write(plic, 0, THRESHOLD(S0), 2);
    line(5, true);
    ck_assert(!env_cpu_irq(0));
    env_write(plic, 0, THRESHOLD(S0), 1);
    ck_assert(env_cpu_irq(0));
    env_write(plic, 0, THRESHOLD(S0), 7);
    ck_assert(!env_cpu_irq(0));
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 5);
}
END_TEST

START_TEST(the_first_context_that_claims_has_it)
{
    source_on(9, S0, 1);
    source_on(9, S1, 1);
    source_on(9, M1, 1);
    set(SYSREG_RISCV_SIE, 0, SEIP);
    set(SYSREG_RISCV_SIE, 1, SEIP);
    line(9, true);
    ck_assert(env_cpu_irq(0) && env_cpu_irq(1));
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S1)), 9);
    ck_assert(!env_cpu_irq(0) && !env_cpu_irq(1));
    ck_assert_uint_eq(env_read(plic, 0, CLAIM(S0)), 0);
}
END_TEST

START_TEST(time_is_the_floor_of_virtual_time)
{
    static const uint64_t times[] = { 0, 99, 100, 1000000000, 123456789012345 };
    for (uint32_t i = 0; i < ARRAY_SIZE(times); i++) {
        env_run_until(times[i]);
        ck_assert_uint_eq(reg(SYSREG_RISCV_TIME, 0), times[i] / 100);
        ck_assert_uint_eq(reg(SYSREG_RISCV_TIME, 1), times[i] / 100);
    }
    ck_assert_uint_eq(reg(SYSREG_RISCV_BOOT_HART, 1), 4);
    env_warnings();
    set(SYSREG_RISCV_TIME, 0, 1);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

START_TEST(the_alarm_is_a_level_of_each_hart)
{
    set(SYSREG_RISCV_SIE, 0, STIP);
    set(SYSREG_RISCV_SIE, 1, STIP);
    set(SYSREG_RISCV_STIMECMP, 0, 50);
    set(SYSREG_RISCV_STIMECMP, 1, 70);
    env_run_until(4999);
    ck_assert(!env_cpu_irq(0) && !env_cpu_irq(1));
    env_run_until(5000);
    ck_assert(env_cpu_irq(0) && !env_cpu_irq(1));
    ck_assert_uint_eq(reg(SYSREG_RISCV_SIP, 0), STIP);
    set(SYSREG_RISCV_SIP, 0, 0); /* read only: stays */
    ck_assert(env_cpu_irq(0));
    set(SYSREG_RISCV_STIMECMP, 0, UINT64_MAX);
    ck_assert(!env_cpu_irq(0));
    env_run_until(7000);
    ck_assert(env_cpu_irq(1));
    set(SYSREG_RISCV_SIE, 1, 0);
    ck_assert(!env_cpu_irq(1));
    set(SYSREG_RISCV_STIMECMP, 0, 0); /* in the past: at once */
    ck_assert(env_cpu_irq(0));
}
END_TEST

START_TEST(software_interrupts_reach_the_harts_of_the_mask)
{
    set(SYSREG_RISCV_SIE, 0, SSIP);
    set(SYSREG_RISCV_SIE, 1, SSIP);
    set(SYSREG_RISCV_IPI, 0, 2);
    ck_assert(!env_cpu_irq(0) && env_cpu_irq(1));
    set(SYSREG_RISCV_SIP, 1, 0);
    ck_assert(!env_cpu_irq(1));
    set(SYSREG_RISCV_SIP, 0, SSIP); /* a hart its own */
    ck_assert(env_cpu_irq(0));
    env_warnings();
    set(SYSREG_RISCV_IPI, 0, 4);
    ck_assert_uint_eq(env_warnings(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("riscv_irq");
    TCase *cases = tcase_create("riscv_irq");
    tcase_add_checked_fixture(cases, setup, env_free);
    tcase_add_test(cases, registers_have_reset_values_and_writable_bits);
    tcase_add_test(cases, a_level_is_claimed_once_until_it_is_completed);
    tcase_add_test(cases, a_request_stays_when_its_line_falls);
    tcase_add_test(cases, a_completion_of_what_is_not_enabled_is_ignored);
    tcase_add_test(cases, priorities_and_numbers_decide);
    tcase_add_test(cases, the_threshold_masks_the_hart_but_not_the_claim);
    tcase_add_test(cases, the_first_context_that_claims_has_it);
    tcase_add_test(cases, time_is_the_floor_of_virtual_time);
    tcase_add_test(cases, the_alarm_is_a_level_of_each_hart);
    tcase_add_test(cases, software_interrupts_reach_the_harts_of_the_mask);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
