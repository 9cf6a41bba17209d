/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Context switches: order, arguments, registers and deep stacks survive; under ASan as well. */
#include <arch/context.h>
#include <arch/irqflags.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

#define STACK_SIZE (256 * 1024)

static struct arch_context main_context, a, b;
static char order[64];
static size_t order_size;

static void note(char what)
{
    order[order_size++] = what;
}

static void reset(void)
{
    memset(order, 0, sizeof order);
    order_size = 0;
    memset(&main_context, 0, sizeof main_context);
    arch_irq_disable();
}

static void enter_a(void *argument)
{
    ck_assert_str_eq(argument, "a");
    ck_assert(arch_irqs_disabled());
    note('1');
    arch_context_switch(&a, &b);
    note('3');
    arch_context_exit(&a, &main_context);
}

static void enter_b(void *argument)
{
    ck_assert_str_eq(argument, "b");
    note('2');
    arch_context_switch(&b, &a);
    note('!');
    abort();
}

START_TEST(contexts_run_in_the_order_of_switches)
{
    reset();
    void *stack_a = malloc(STACK_SIZE), *stack_b = malloc(STACK_SIZE);
    arch_context_init(&a, stack_a, STACK_SIZE, enter_a, "a");
    arch_context_init(&b, stack_b, STACK_SIZE, enter_b, "b");
    arch_context_switch(&main_context, &a);
    note('4');
    ck_assert_str_eq(order, "1234");
    arch_context_destroy(&a);
    arch_context_destroy(&b);
    free(stack_a);
    free(stack_b);
}
END_TEST

/* Locals of every frame, written on the way down, are checked on the way up after a switch. */
static uint32_t dive(uint32_t depth)
{
    volatile uint32_t local[16];
    for (uint32_t i = 0; i < 16; i++)
        local[i] = depth * 31 + i;
    uint32_t below = 0;
    if (depth > 0)
        below = dive(depth - 1);
    else
        arch_context_switch(&a, &main_context);
    for (uint32_t i = 0; i < 16; i++)
        ck_assert_uint_eq(local[i], depth * 31 + i);
    return below + 1;
}

static void enter_deep(void *argument)
{
    uint32_t *depth = argument;
    *depth = dive(*depth);
    arch_context_exit(&a, &main_context);
}

START_TEST(deep_stacks_survive_a_switch_and_can_be_used_again)
{
    reset();
    char *stack = malloc(STACK_SIZE);
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t depth = 500;
        arch_context_init(&a, stack, STACK_SIZE, enter_deep, &depth);
        arch_context_switch(&main_context, &a);
        ck_assert_uint_eq(depth, 500);
        arch_context_switch(&main_context, &a);
        ck_assert_uint_eq(depth, 501);
        arch_context_destroy(&a);
        /* No poison of the dead frames is left. */
        memset(stack, (int)round, STACK_SIZE);
    }
    /* Left in the middle and thrown away: its frames never returned. */
    uint32_t depth = 500;
    arch_context_init(&a, stack, STACK_SIZE, enter_deep, &depth);
    arch_context_switch(&main_context, &a);
    arch_context_destroy(&a);
    memset(stack, 0, STACK_SIZE);
    free(stack);
}
END_TEST

static void enter_counter(void *argument)
{
    uint64_t *count = argument;
    for (;;) {
        ++*count;
        arch_context_switch(&a, &main_context);
    }
}

START_TEST(a_million_switches_keep_callee_saved_registers)
{
    reset();
    char *stack = malloc(STACK_SIZE);
    uint64_t count = 0;
    arch_context_init(&a, stack, STACK_SIZE, enter_counter, &count);
    uint64_t x = 1, y = 2, z = 3, u = 4, v = 5;
    for (uint64_t i = 0; i < 1000000; i++) {
        arch_context_switch(&main_context, &a);
        x += y ^ i;
        y += z;
        z ^= u + i;
        u += v;
        v ^= x;
    }
    ck_assert_uint_eq(count, 1000000);
    uint64_t p = 1, q = 2, r = 3, s = 4, t = 5;
    for (uint64_t i = 0; i < 1000000; i++) {
        p += q ^ i;
        q += r;
        r ^= s + i;
        s += t;
        t ^= p;
    }
    ck_assert(x == p && y == q && z == r && u == s && v == t);
    arch_context_destroy(&a);
    free(stack);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arch/context");
    TCase *cases = tcase_create("switch");
    tcase_add_test(cases, contexts_run_in_the_order_of_switches);
    tcase_add_test(cases, deep_stacks_survive_a_switch_and_can_be_used_again);
    tcase_add_test(cases, a_million_switches_keep_callee_saved_registers);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
