/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* base/: formatted text against libc's printf, CRC-32 against its published check value, fixed point against the FPU. */
#include <axiom/crc32.h>
#include <axiom/decimal.h>
#include <axiom/errno.h>
#include <axiom/event.h>
#include <axiom/format.h>
#include <axiom/state_hash.h>
#include <axiom_host/crc32_vector.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tests/check_main.h>

#define AGREES(...)                                           \
    do {                                                      \
        char ours[128], theirs[128];                          \
        int a = format_text(ours, sizeof ours, __VA_ARGS__);  \
        int b = snprintf(theirs, sizeof theirs, __VA_ARGS__); \
        ck_assert_str_eq(ours, theirs);                       \
        ck_assert_int_eq(a, b);                               \
    } while (0)

START_TEST(format_agrees_with_libc)
{
    AGREES("plain");
    AGREES("%d %i %u", -5, 7, 3000000000u);
    AGREES("[%5d|%-5d|%05d|%+d|% d]", 42, 42, 42, 42, 42);
    AGREES("%x %X %#x %08x %o", 0xbeefu, 0xbeefu, 0xbeefu, 0xbeefu, 8u);
    AGREES("%" PRIu64 " %" PRId64 " %zu", UINT64_MAX, INT64_MIN, sizeof(int));
    AGREES("[%10s|%-10s|%.2s|%*s]", "abc", "abc", "abc", 6, "abc");
    AGREES("%c%%%hhu %hd", 'x', (unsigned char)0xff, (short)-32768);
    /* What is wider than its length says is cut, which compilers warn of. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
    AGREES("%hhu %hd", 0x1ff, 0x18000);
#pragma GCC diagnostic pop
    AGREES("%.3d %.0d", 5, 0);
}
END_TEST

START_TEST(format_cuts_and_terminates)
{
    char small[4];
    ck_assert_int_eq(format_text(small, sizeof small, "%s", "abcdef"), 6);
    ck_assert_str_eq(small, "abc");
}
END_TEST

START_TEST(crc32_has_the_published_check_value)
{
    ck_assert_uint_eq(crc32_update(0, "123456789", 9), 0xcbf43926u);
    const char *text = "The quick brown fox jumps over the lazy dog";
    ck_assert_uint_eq(crc32_update(0, text, strlen(text)), 0x414fa339u);
    for (size_t cut = 0; cut < strlen(text); cut++) {
        uint32_t first = crc32_update(0, text, cut);
        ck_assert_uint_eq(crc32_update(first, text + cut, strlen(text) - cut), 0x414fa339u);
    }
}
END_TEST

START_TEST(crc32_of_two_pieces_combines)
{
    uint8_t data[1000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37 + i / 7);
    uint32_t whole = crc32_update(0, data, sizeof data);
    for (size_t cut = 0; cut <= sizeof data; cut += 13) {
        uint32_t first = crc32_update(0, data, cut),
                 second = crc32_update(0, data + cut, sizeof data - cut);
        ck_assert_uint_eq(crc32_combine(first, second, sizeof data - cut), whole);
    }
}
END_TEST

START_TEST(crc32_by_vector_equals_crc32_by_table)
{
    uint8_t data[700];
    uint32_t by_table[sizeof data];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 101 + i / 3);
    for (size_t size = 0; size < sizeof data; size++)
        by_table[size] = crc32_update((uint32_t)size * 77, data + size % 3, size - size % 3);
    if (!crc32_use_vector()) {
        printf("skipped: this CPU has no carry-less multiplication\n");
        return;
    }
    for (size_t size = 0; size < sizeof data; size++)
        ck_assert_uint_eq(crc32_update((uint32_t)size * 77, data + size % 3, size - size % 3),
                          by_table[size]);
}
END_TEST

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

START_TEST(nano_becomes_the_nearest_double)
{
    /* Below 2^53 the int64 is exact as a double and one IEEE division rounds correctly: the FPU is the oracle. */
    uint64_t state = 12345;
    for (int i = 0; i < 200000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        int64_t nano = (int64_t)(state >> 12) >> (state % 48);
        if (state & 0x800)
            nano = -nano;
        ck_assert_uint_eq(double_bits_from_nano(nano), bits_of((double)nano / 1e9));
    }
    ck_assert_uint_eq(double_bits_from_nano(0), 0);
    ck_assert_uint_eq(double_bits_from_nano(9806650000), bits_of(9.80665));
    ck_assert_uint_eq(double_bits_from_nano(INT64_MIN), bits_of(-9223372036.854775808));
}
END_TEST

START_TEST(doubles_come_back_as_the_same_nano)
{
    for (int64_t nano = -3000000000; nano < 3000000000; nano += 7654321)
        ck_assert_int_eq(nano_from_double_bits(double_bits_from_nano(nano)), nano);
    ck_assert_int_eq(nano_from_double_bits(bits_of(1e300)), INT64_MAX);
    ck_assert_int_eq(nano_from_double_bits(bits_of(-1e300)), INT64_MIN);
    ck_assert_int_eq(nano_from_double_bits(bits_of(0.0 / 0.0)), 0);
    ck_assert_int_eq(nano_from_double_bits(bits_of(1e-300)), 0);
}
END_TEST

START_TEST(every_quantity_is_found_by_its_name)
{
    for (int quantity = 0; quantity < IIO_QUANTITY_COUNT; quantity++) {
        const char *name = iio_quantity_name((uint32_t)quantity);
        ck_assert_str_ne(name, "unknown");
        ck_assert_int_eq(iio_quantity_find(name), quantity);
    }
    ck_assert_int_eq(iio_quantity_find("unknown"), -ENOENT);
    ck_assert_str_eq(iio_quantity_name(IIO_QUANTITY_COUNT), "unknown");
}
END_TEST

/* More words than slots, in an order that makes them push each other out. */
START_TEST(state_hash_is_the_sum_of_what_words_hold)
{
    static uint64_t value[3000];
    uint64_t random = 1, expected = 0;
    state_hash_reset();
    memset(value, 0, sizeof value);
    for (uint32_t step = 0; step < 200000; step++) {
        random = state_hash_mix(random + step);
        uint64_t word = random % (step % 1000 < 500 ? 5 : ARRAY_SIZE(value));
        uint64_t key = (1 + word % 7) << 32 | word * 4, to = random >> 60;
        expected ^= state_hash_term(key, value[word]) ^ state_hash_term(key, to);
        state_hash_change(key, value[word], to);
        value[word] = to;
        if (step % 7001 == 0)
            ck_assert_uint_eq(state_hash_words(), expected);
    }
    ck_assert_uint_eq(state_hash_words(), expected);
    state_hash_reset();
    ck_assert_uint_eq(state_hash_words(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *cases = tcase_create("base");
    tcase_add_test(cases, format_agrees_with_libc);
    tcase_add_test(cases, format_cuts_and_terminates);
    tcase_add_test(cases, crc32_has_the_published_check_value);
    tcase_add_test(cases, crc32_of_two_pieces_combines);
    tcase_add_test(cases, crc32_by_vector_equals_crc32_by_table);
    tcase_add_test(cases, nano_becomes_the_nearest_double);
    tcase_add_test(cases, doubles_come_back_as_the_same_nano);
    tcase_add_test(cases, every_quantity_is_found_by_its_name);
    tcase_add_test(cases, state_hash_is_the_sum_of_what_words_hold);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
