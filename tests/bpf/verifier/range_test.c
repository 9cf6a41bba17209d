/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ranges and scalars: exhaustive at small widths, by samples at 8 and 64 bits.
 *
 * At 2, 3 and 4 bits all abstract values there are get enumerated (each tnum with each unsigned and
 * each signed interval, deduced, duplicates dropped). Soundness: whatever two members give on the
 * machine, the result has it. */
#include "domain.h"

#include "scalar.h"

#include <axiom/bug.h>

#include <stdlib.h>
#include <string.h>

void panic_at(const char *file, int line, const char *format, ...)
{
    ck_abort_msg("panic at %s:%d: %s", file, line, format);
}

void warn_at(const char *file, int line, const char *text)
{
    ck_abort_msg("warning at %s:%d: %s", file, line, text);
}

struct range_list {
    struct range *at;
    uint32_t *members; /* bit v: v is possible */
    size_t count;
};

static uint32_t members_of(const struct range *r, unsigned bits)
{
    uint32_t members = 0;
    for (uint64_t v = 0; v <= machine_mask(bits); v++)
        if (range_contains(r, v, bits))
            members |= UINT32_C(1) << v;
    return members;
}

static bool same_range(const struct range *a, const struct range *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void append_new(struct range_list *list, const struct range *r, uint32_t members)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->members[i] == members && same_range(&list->at[i], r))
            return;
    list->at = realloc(list->at, (list->count + 1) * sizeof *list->at);
    list->members = realloc(list->members, (list->count + 1) * sizeof *list->members);
    list->at[list->count] = *r;
    list->members[list->count++] = members;
}

/* Checks that deduction keeps exactly the members, notices when there are none, and leaves tight
 * intervals. */
static void check_deduction(struct range raw, unsigned bits, struct range_list *list)
{
    uint32_t before = members_of(&raw, bits);
    struct range r = raw;
    bool possible = range_deduce(&r, bits);
    EXPECT((possible) == (before != 0));
    if (!possible)
        return;
    EXPECT((members_of(&r, bits)) == (before));
    EXPECT((r.umin) == ((uint64_t)__builtin_ctz(before)));
    EXPECT((r.umax) == ((uint64_t)(31 - __builtin_clz(before))));
    EXPECT(before >> ((uint64_t)r.smin & machine_mask(bits)) & 1);
    EXPECT(before >> ((uint64_t)r.smax & machine_mask(bits)) & 1);
    /* One turn finds all there is. */
    struct range again = r;
    EXPECT(range_deduce(&again, bits) && same_range(&again, &r));
    append_new(list, &r, before);
}

static struct range_list all_ranges(unsigned bits)
{
    struct range_list list = { 0 };
    uint64_t top = machine_mask(bits);
    int64_t high = (int64_t)(top >> 1), low = -high - 1;
    for (uint64_t mask = 0; mask <= top; mask++)
        for (uint64_t value = 0; value <= top; value++)
            for (uint64_t umin = 0; (value & mask) == 0 && umin <= top; umin++)
                for (uint64_t umax = umin; umax <= top; umax++)
                    for (int64_t smin = low; smin <= high; smin++)
                        for (int64_t smax = smin; smax <= high; smax++)
                            check_deduction(
                                (struct range){ { value, mask }, umin, umax, smin, smax }, bits,
                                &list);
    return list;
}

static void free_list(struct range_list *list)
{
    free(list->at);
    free(list->members);
}

static void check_alu_pair(const struct range_list *list, size_t i, size_t j, unsigned bits)
{
    bool power_of_two = (bits & (bits - 1)) == 0;
    for (int op = 0; op < ALU_OP_COUNT; op++) {
        if (op >= ALU_LSH && !power_of_two)
            continue;
        struct range got = range_alu((enum alu_op)op, &list->at[i], &list->at[j], bits);
        uint32_t allowed = members_of(&got, bits);
        for (uint64_t x = 0; x <= machine_mask(bits); x++)
            for (uint64_t y = 0; (list->members[i] >> x & 1) && y <= machine_mask(bits); y++)
                if (list->members[j] >> y & 1)
                    EXPECT_MSG(allowed >> machine_alu((enum alu_op)op, x, y, bits) & 1,
                               "op %d: %d op %d at %u bits", op, (int)x, (int)y, bits);
    }
}

static void check_assume_pair(const struct range_list *list, size_t i, size_t j, unsigned bits)
{
    for (int cond = 0; cond < COND_COUNT; cond++) {
        uint32_t want_a = 0, want_b = 0;
        for (uint64_t x = 0; x <= machine_mask(bits); x++)
            for (uint64_t y = 0; (list->members[i] >> x & 1) && y <= machine_mask(bits); y++)
                if ((list->members[j] >> y & 1) && machine_cond((enum jump_cond)cond, x, y, bits)) {
                    want_a |= UINT32_C(1) << x;
                    want_b |= UINT32_C(1) << y;
                }
        struct range a = list->at[i], b = list->at[j];
        bool possible = range_assume((enum jump_cond)cond, &a, &b, bits);
        EXPECT(possible || want_a == 0);
        if (!possible)
            continue;
        EXPECT((want_a & ~members_of(&a, bits)) == (0));
        EXPECT((want_b & ~members_of(&b, bits)) == (0));
        /* It never adds what was not there. */
        EXPECT((members_of(&a, bits) & ~list->members[i]) == (0));
        EXPECT((members_of(&b, bits) & ~list->members[j]) == (0));
    }
}

static void check_all_pairs(unsigned bits)
{
    struct range_list list = all_ranges(bits);
    for (size_t i = 0; i < list.count; i++)
        for (size_t j = 0; j < list.count; j++) {
            check_alu_pair(&list, i, j, bits);
            check_assume_pair(&list, i, j, bits);
        }
    free_list(&list);
}

START_TEST(every_pair_of_2_bits_is_sound)
{
    check_all_pairs(2);
}
END_TEST

START_TEST(every_pair_of_3_bits_is_sound)
{
    check_all_pairs(3);
}
END_TEST

START_TEST(random_pairs_of_4_bits_are_sound)
{
    uint64_t state = 4;
    struct range_list list = { 0 };
    while (list.count < 600) {
        uint64_t mask = machine_random(&state) & 15;
        uint64_t u = machine_random(&state) & 15, w = machine_random(&state) & 15;
        int64_t s = (int64_t)(machine_random(&state) & 15) - 8,
                z = (int64_t)(machine_random(&state) & 15) - 8;
        check_deduction((struct range){ { machine_random(&state) & 15 & ~mask, mask },
                                        u < w ? u : w,
                                        u < w ? w : u,
                                        s < z ? s : z,
                                        s < z ? z : s },
                        4, &list);
    }
    for (int n = 0; n < 40000; n++) {
        size_t i = machine_random(&state) % list.count, j = machine_random(&state) % list.count;
        check_alu_pair(&list, i, j, 4);
        check_assume_pair(&list, i, j, 4);
    }
    free_list(&list);
}
END_TEST

START_TEST(narrowing_and_widening_are_sound)
{
    struct range_list list = all_ranges(3);
    for (size_t i = 0; i < list.count; i++)
        for (unsigned to = 1; to <= 3; to++)
            for (uint64_t v = 0; v < 8; v++) {
                if (!(list.members[i] >> v & 1))
                    continue;
                struct range low = range_truncate(&list.at[i], 3, to);
                EXPECT(range_contains(&low, v & machine_mask(to), to));
                struct range wide = range_sext(&low, to, 6);
                EXPECT(range_contains(&wide, (uint64_t)machine_signed(v, to) & 63, 6));
                wide = range_zext(&low);
                EXPECT(range_contains(&wide, v & machine_mask(to), 6));
            }
    free_list(&list);
}
END_TEST

/* Scalars of 4 bits with a half of 2: random wholes with every half. */
struct scalar_list {
    struct scalar at[3000];
    uint32_t members[3000];
    size_t count;
};

static uint32_t scalar_members(const struct scalar *s)
{
    uint32_t members = 0;
    for (uint64_t v = 0; v < 16; v++)
        if (scalar_contains(s, v, 4))
            members |= UINT32_C(1) << v;
    return members;
}

static void make_scalars(struct scalar_list *list, uint64_t *state)
{
    struct range_list halves = all_ranges(2);
    while (list->count < 3000) {
        struct range whole = range_unknown(4);
        uint64_t u = machine_random(state) & 15, w = machine_random(state) & 15;
        int64_t s = (int64_t)(machine_random(state) & 15) - 8,
                z = (int64_t)(machine_random(state) & 15) - 8;
        whole.t.mask = (machine_random(state) | machine_random(state)) & 15;
        whole.t.value = machine_random(state) & ~whole.t.mask & 15;
        whole.umin = u < w ? u : w;
        whole.umax = u < w ? w : u;
        if (machine_random(state) & 1) {
            whole.smin = s < z ? s : z;
            whole.smax = s < z ? z : s;
        }
        const struct range *half = &halves.at[machine_random(state) % halves.count];
        uint32_t want = 0;
        for (uint64_t v = 0; v < 16; v++)
            if (range_contains(&whole, v, 4) && range_contains(half, v & 3, 2))
                want |= UINT32_C(1) << v;
        struct scalar out;
        bool possible = scalar_join_halves(&whole, half, 4, &out);
        EXPECT(possible || want == 0);
        if (!possible)
            continue;
        EXPECT((scalar_members(&out)) == (want));
        list->at[list->count] = out;
        list->members[list->count++] = want;
    }
    free_list(&halves);
}

static void check_scalar_alu(const struct scalar *a, const struct scalar *b, uint64_t x, uint64_t y,
                             unsigned bits)
{
    for (int op = 0; op < ALU_OP_COUNT; op++) {
        struct scalar got = scalar_alu((enum alu_op)op, a, b, bits);
        uint64_t want = machine_alu((enum alu_op)op, x, y, bits);
        EXPECT_MSG(scalar_contains(&got, want, bits), "op %d: %llx op %llx at %u bits", op,
                   (unsigned long long)x, (unsigned long long)y, bits);
        got = scalar_alu_half((enum alu_op)op, a, b, bits);
        uint64_t half = machine_mask(bits / 2);
        want = machine_alu((enum alu_op)op, x & half, y & half, bits / 2);
        EXPECT_MSG(scalar_contains(&got, want, bits), "half op %d: %llx op %llx at %u bits", op,
                   (unsigned long long)x, (unsigned long long)y, bits);
    }
}

static void check_scalar_assume(const struct scalar *a, const struct scalar *b, uint64_t x,
                                uint64_t y, unsigned bits)
{
    for (int half = 0; half < 2; half++)
        for (int cond = 0; cond < COND_COUNT; cond++) {
            unsigned width = half ? bits / 2 : bits;
            if (!machine_cond((enum jump_cond)cond, x & machine_mask(width),
                              y & machine_mask(width), width))
                continue;
            struct scalar kept_a = *a, kept_b = *b;
            EXPECT_MSG(scalar_assume((enum jump_cond)cond, &kept_a, &kept_b, half, bits),
                       "cond %d half %d: %llx, %llx at %u bits", cond, half, (unsigned long long)x,
                       (unsigned long long)y, bits);
            EXPECT(scalar_contains(&kept_a, x, bits));
            EXPECT(scalar_contains(&kept_b, y, bits));
        }
}

static void check_scalar_convert(const struct scalar *s, uint64_t x, unsigned bits)
{
    for (unsigned from = 1; from <= bits; from++) {
        struct scalar got = scalar_zext(s, from, bits);
        EXPECT(scalar_contains(&got, x & machine_mask(from), bits));
        got = scalar_sext(s, from, bits, bits);
        EXPECT(scalar_contains(&got, (uint64_t)machine_signed(x, from) & machine_mask(bits), bits));
        if (from > bits / 2)
            continue;
        got = scalar_sext(s, from, bits / 2, bits);
        EXPECT(scalar_contains(&got, (uint64_t)machine_signed(x, from) & machine_mask(bits / 2),
                               bits));
    }
}

START_TEST(scalars_of_4_bits_are_sound)
{
    uint64_t state = 44;
    static struct scalar_list list;
    make_scalars(&list, &state);
    for (int n = 0; n < 3000; n++) {
        size_t i = machine_random(&state) % list.count, j = machine_random(&state) % list.count;
        for (uint64_t x = 0; x < 16; x++) {
            if (!(list.members[i] >> x & 1))
                continue;
            check_scalar_convert(&list.at[i], x, 4);
            for (uint64_t y = 0; y < 16; y++)
                if (list.members[j] >> y & 1) {
                    check_scalar_alu(&list.at[i], &list.at[j], x, y, 4);
                    check_scalar_assume(&list.at[i], &list.at[j], x, y, 4);
                }
        }
        bool inside = (list.members[i] & ~list.members[j]) == 0;
        EXPECT(inside || !scalar_subset(&list.at[i], &list.at[j]));
    }
}
END_TEST

/* Some scalar around the value: each part as wide or narrow as the dice say. */
static struct scalar around(uint64_t value, unsigned bits, uint64_t *state)
{
    struct range whole = range_unknown(bits), low = range_unknown(bits / 2);
    uint64_t dice = machine_random(state), half = value & machine_mask(bits / 2);
    if (dice & 1) {
        whole.t.mask = machine_random(state) & (dice & 2 ? machine_random(state) : UINT64_MAX) &
                       machine_mask(bits);
        whole.t.value = value & ~whole.t.mask;
    }
    if (dice & 4) {
        uint64_t down = machine_random(state) >> (dice >> 8 & 63),
                 up = machine_random(state) >> (dice >> 14 & 63);
        whole.umin = value > down ? value - down : 0;
        whole.umax = machine_mask(bits) - value > up ? value + up : machine_mask(bits);
    }
    if (dice & 8) {
        int64_t s = machine_signed(value, bits);
        uint64_t down = machine_random(state) >> (dice >> 20 & 63),
                 up = machine_random(state) >> (dice >> 26 & 63);
        if ((uint64_t)s - (uint64_t)whole.smin > down)
            whole.smin = (int64_t)((uint64_t)s - down);
        if ((uint64_t)whole.smax - (uint64_t)s > up)
            whole.smax = (int64_t)((uint64_t)s + up);
    }
    if (dice & 16) {
        uint64_t span = machine_random(state) >> (32 + (dice >> 32 & 31));
        low.umin = half > span ? half - span : 0;
        low.umax = machine_mask(bits / 2) - half > span ? half + span : machine_mask(bits / 2);
    }
    if (dice & 32) {
        int64_t s = machine_signed(half, bits / 2),
                span = (int64_t)(machine_random(state) >> (33 + (dice >> 38 & 15)));
        low.smin = s - span > low.smin ? s - span : low.smin;
        low.smax = s + span < low.smax ? s + span : low.smax;
    }
    struct scalar out;
    EXPECT(scalar_join_halves(&whole, &low, bits, &out));
    EXPECT(scalar_contains(&out, value, bits));
    return out;
}

static void check_random(unsigned bits, int count, uint64_t seed)
{
    uint64_t state = seed;
    for (int n = 0; n < count; n++) {
        uint64_t x = machine_edge_number(&state, bits), y = machine_edge_number(&state, bits);
        if (machine_random(&state) % 4 == 0)
            y = x;
        struct scalar a = around(x, bits, &state), b = around(y, bits, &state);
        check_scalar_alu(&a, &b, x, y, bits);
        check_scalar_assume(&a, &b, x, y, bits);
        check_scalar_convert(&a, x, bits);
    }
}

START_TEST(scalars_of_8_bits_are_sound)
{
    check_random(8, 20000, 8);
}
END_TEST

START_TEST(scalars_of_64_bits_are_sound)
{
    check_random(64, 20000, 64);
}
END_TEST

START_TEST(byte_swaps_of_scalars_are_sound)
{
    uint64_t state = 5;
    for (int n = 0; n < 20000; n++) {
        uint64_t x = machine_edge_number(&state, 64);
        struct scalar a = around(x, 64, &state), got = scalar_bswap(&a, 8, 64);
        EXPECT(scalar_contains(&got, __builtin_bswap64(x), 64));
        got = scalar_bswap(&a, 2, 64);
        EXPECT(scalar_contains(&got, __builtin_bswap16((uint16_t)x), 64));
    }
}
END_TEST

/* Knowledge that programs of ordinary shape need; a sound verifier that loses it would refuse them.
 */
START_TEST(ordinary_knowledge_is_kept)
{
    struct scalar x = scalar_unknown(64), limit = scalar_const(7, 64), got;
    got = scalar_alu(ALU_AND, &x, &limit, 64);
    EXPECT((got.umax) == (7));
    EXPECT((got.smin) == (0));
    /* if ((int)x < 8 && (int)x >= 0): both bounds through the low half, then zero extended. */
    struct scalar low = scalar_unknown(64), eight = scalar_const(8, 64), zero = scalar_const(0, 64);
    EXPECT(scalar_assume(COND_SLT, &low, &eight, true, 64));
    EXPECT(scalar_assume(COND_SGE, &low, &zero, true, 64));
    got = scalar_zext(&low, 32, 64);
    EXPECT((got.umax) == (7));
    /* The shift pair that extends: x <<= 32; x >>= 32. */
    struct scalar thirty_two = scalar_const(32, 64);
    got = scalar_alu(ALU_LSH, &low, &thirty_two, 64);
    got = scalar_alu(ALU_RSH, &got, &thirty_two, 64);
    EXPECT((got.umax) == (7));
    /* A comparison that cannot hold. */
    struct scalar five = scalar_const(5, 64), small = scalar_between(0, 4, 64);
    EXPECT(!scalar_assume(COND_GT, &small, &five, false, 64));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf/verifier/range");
    TCase *cases = tcase_create("range");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, every_pair_of_2_bits_is_sound);
    tcase_add_test(cases, every_pair_of_3_bits_is_sound);
    tcase_add_test(cases, random_pairs_of_4_bits_are_sound);
    tcase_add_test(cases, narrowing_and_widening_are_sound);
    tcase_add_test(cases, scalars_of_4_bits_are_sound);
    tcase_add_test(cases, scalars_of_8_bits_are_sound);
    tcase_add_test(cases, scalars_of_64_bits_are_sound);
    tcase_add_test(cases, byte_swaps_of_scalars_are_sound);
    tcase_add_test(cases, ordinary_knowledge_is_kept);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
