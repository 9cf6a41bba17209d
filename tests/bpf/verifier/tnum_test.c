/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Tnums: every operation on every pair of tnums of 5 bits, against every pair of their members. */
#include "domain.h"

#include "tnum.h"

enum { WIDTH = 5, TNUM_COUNT = 243, VALUES = 1 << WIDTH };
static struct tnum all[TNUM_COUNT];

static void make_all(void)
{
    int count = 0;
    for (uint64_t mask = 0; mask < VALUES; mask++)
        for (uint64_t value = 0; value < VALUES; value++)
            if ((value & mask) == 0)
                all[count++] = (struct tnum){ value, mask };
    EXPECT((count) == (TNUM_COUNT));
}

/* The smallest tnum with the given set of values. */
static struct tnum best(uint32_t members)
{
    uint64_t ones = VALUES - 1, zeros = VALUES - 1;
    for (uint64_t v = 0; v < VALUES; v++)
        if (members >> v & 1) {
            ones &= v;
            zeros &= ~v;
        }
    return (struct tnum){ ones, (VALUES - 1) & ~ones & ~zeros };
}

static uint32_t members_of(struct tnum t)
{
    uint32_t members = 0;
    for (uint64_t v = 0; v < VALUES; v++)
        if (tnum_contains(t, v))
            members |= UINT32_C(1) << v;
    return members;
}

static uint32_t image(enum alu_op op, uint32_t a, uint32_t b)
{
    uint32_t out = 0;
    for (uint64_t x = 0; x < VALUES; x++)
        for (uint64_t y = 0; (a >> x & 1) && y < VALUES; y++)
            if (b >> y & 1)
                out |= UINT32_C(1) << machine_alu(op, x, y, WIDTH);
    return out;
}

static void check_pairs(enum alu_op op, struct tnum (*apply)(struct tnum, struct tnum),
                        bool optimal)
{
    make_all();
    for (int i = 0; i < TNUM_COUNT; i++)
        for (int j = 0; j < TNUM_COUNT; j++) {
            struct tnum got = tnum_cast(apply(all[i], all[j]), WIDTH);
            EXPECT((got.value & got.mask) == (0));
            uint32_t want = image(op, members_of(all[i]), members_of(all[j]));
            EXPECT((want & ~members_of(got)) == (0));
            struct tnum smallest = best(want);
            if (optimal)
                EXPECT(got.value == smallest.value && got.mask == smallest.mask);
        }
}

START_TEST(addition_is_sound_and_optimal)
{
    check_pairs(ALU_ADD, tnum_add, true);
}
END_TEST

START_TEST(subtraction_is_sound_and_optimal)
{
    check_pairs(ALU_SUB, tnum_sub, true);
}
END_TEST

START_TEST(multiplication_is_sound)
{
    check_pairs(ALU_MUL, tnum_mul, false);
}
END_TEST

START_TEST(bitwise_operations_are_sound_and_optimal)
{
    check_pairs(ALU_AND, tnum_and, true);
    check_pairs(ALU_OR, tnum_or, true);
    check_pairs(ALU_XOR, tnum_xor, true);
}
END_TEST

START_TEST(shifts_are_sound_and_optimal)
{
    make_all();
    for (int i = 0; i < TNUM_COUNT; i++)
        for (unsigned amount = 0; amount < WIDTH; amount++) {
            uint32_t left = 0, right = 0, arithmetic = 0;
            for (uint64_t x = 0; x < VALUES; x++) {
                if (!tnum_contains(all[i], x))
                    continue;
                left |= UINT32_C(1) << ((x << amount) & (VALUES - 1));
                right |= UINT32_C(1) << (x >> amount);
                arithmetic |= UINT32_C(1)
                              << ((uint64_t)(machine_signed(x, WIDTH) >> amount) & (VALUES - 1));
            }
            EXPECT((members_of(tnum_lsh(all[i], amount, WIDTH))) == (members_of(best(left))));
            EXPECT((members_of(tnum_rsh(all[i], amount))) == (members_of(best(right))));
            EXPECT((members_of(tnum_arsh(all[i], amount, WIDTH))) ==
                   (members_of(best(arithmetic))));
        }
}
END_TEST

START_TEST(meet_and_join_are_exact_and_smallest)
{
    make_all();
    for (int i = 0; i < TNUM_COUNT; i++)
        for (int j = 0; j < TNUM_COUNT; j++) {
            uint32_t a = members_of(all[i]), b = members_of(all[j]);
            struct tnum meet;
            bool possible = tnum_intersect(all[i], all[j], &meet);
            EXPECT((possible) == ((a & b) != 0));
            if (possible)
                EXPECT((members_of(meet)) == (a & b));
            EXPECT((members_of(tnum_union(all[i], all[j]))) == (members_of(best(a | b))));
            EXPECT((tnum_subset(all[i], all[j])) == ((a & ~b) == 0));
        }
}
END_TEST

START_TEST(intervals_become_the_smallest_tnum)
{
    for (uint64_t min = 0; min < VALUES; min++)
        for (uint64_t max = min; max < VALUES; max++) {
            uint32_t members = 0;
            for (uint64_t v = min; v <= max; v++)
                members |= UINT32_C(1) << v;
            EXPECT((members_of(tnum_range(min, max))) == (members_of(best(members))));
        }
    EXPECT((tnum_range(0, UINT64_MAX).mask) == (UINT64_MAX));
}
END_TEST

START_TEST(nearest_members_are_found)
{
    make_all();
    for (int i = 0; i < TNUM_COUNT; i++)
        for (uint64_t bound = 0; bound < VALUES; bound++) {
            uint64_t least = VALUES, greatest = VALUES, got = 0;
            for (uint64_t v = 0; v < VALUES; v++) {
                if (!tnum_contains(all[i], v))
                    continue;
                if (v >= bound && least == VALUES)
                    least = v;
                if (v <= bound)
                    greatest = v;
            }
            EXPECT((tnum_least_from(all[i], bound, &got)) == (least != VALUES));
            if (least != VALUES)
                EXPECT((got) == (least));
            EXPECT((tnum_greatest_to(all[i], bound, WIDTH, &got)) == (greatest != VALUES));
            if (greatest != VALUES)
                EXPECT((got) == (greatest));
        }
}
END_TEST

START_TEST(extension_and_byte_order_work_on_members)
{
    uint64_t state = 7;
    for (int i = 0; i < 200000; i++) {
        uint64_t mask = machine_random(&state) & machine_random(&state) & machine_random(&state);
        struct tnum t = { machine_random(&state) & ~mask, mask };
        uint64_t member = t.value | (machine_random(&state) & mask);
        EXPECT(tnum_contains(tnum_sext(t, 8, 64), (uint64_t)(int64_t)(int8_t)member));
        EXPECT(tnum_contains(tnum_sext(t, 32, 64), (uint64_t)(int64_t)(int32_t)member));
        EXPECT(
            tnum_contains(tnum_sext(t, 16, 32), (uint64_t)(int64_t)(int16_t)member & UINT32_MAX));
        EXPECT(tnum_contains(tnum_bswap(t, 8), __builtin_bswap64(member)));
        EXPECT(tnum_contains(tnum_bswap(t, 4), __builtin_bswap32((uint32_t)member)));
        EXPECT(tnum_contains(tnum_bswap(t, 2), __builtin_bswap16((uint16_t)member)));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf/verifier/tnum");
    TCase *cases = tcase_create("tnum");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, addition_is_sound_and_optimal);
    tcase_add_test(cases, subtraction_is_sound_and_optimal);
    tcase_add_test(cases, multiplication_is_sound);
    tcase_add_test(cases, bitwise_operations_are_sound_and_optimal);
    tcase_add_test(cases, shifts_are_sound_and_optimal);
    tcase_add_test(cases, meet_and_join_are_exact_and_smallest);
    tcase_add_test(cases, intervals_become_the_smallest_tnum);
    tcase_add_test(cases, nearest_members_are_found);
    tcase_add_test(cases, extension_and_byte_order_work_on_members);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
