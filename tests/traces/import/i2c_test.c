/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The I2C decoder on buses drawn by hand: each case is what happens on the wires, bit by bit. */
#include "source_check.h"
#include <traces/i2c_decode.h>

#include <stdlib.h>
#include <tests/check_main.h>

/* A bus that a test moves; each line change is one call of the decoder, unless `together`. */
struct bus {
    struct i2c_decoder decoder;
    uint8_t *memory;
    uint64_t now;
    bool together; /* SDA moves in the very sample in which SCL rises */
    char got[1024];
};

static void setup(struct bus *bus)
{
    bus->memory = malloc(4 * (size_t)I2C_DECODE_BYTES);
    bus->now = 0;
    bus->together = false;
    bus->got[0] = '\0';
    i2c_decoder_init(&bus->decoder, 1, 1, bus->memory);
}

static void print(struct bus *bus, const struct trace_i2c *t)
{
    char *at = bus->got + strlen(bus->got);
    at += sprintf(at, "%02x%s", t->address, t->address_nack ? "!" : "");
    if (t->has_write)
        at += sprintf(at, " w");
    for (uint32_t i = 0; i < t->write_size; i++)
        at += sprintf(at, "%02x", t->write_data[i]);
    if (t->write_nack)
        at += sprintf(at, "!");
    if (t->has_read)
        at += sprintf(at, " r");
    for (uint32_t i = 0; i < t->read_size; i++)
        at += sprintf(at, "%02x", t->read_data[i]);
    sprintf(at, "%s;", t->stopped ? "" : " open");
}

static void lines(struct bus *bus, uint8_t scl, uint8_t sda)
{
    struct trace_i2c transaction;
    if (i2c_decode(&bus->decoder, ++bus->now, scl, sda, &transaction))
        print(bus, &transaction);
}

static void start(struct bus *bus) /* also a repeated one */
{
    lines(bus, 0, bus->decoder.sda);
    lines(bus, 0, 1);
    lines(bus, 1, 1);
    lines(bus, 1, 0);
}

static void first_start(struct bus *bus)
{
    lines(bus, 1, 0);
}

static void stop(struct bus *bus)
{
    lines(bus, 0, bus->decoder.sda);
    lines(bus, 0, 0);
    lines(bus, 1, 0);
    lines(bus, 1, 1);
}

static void bit(struct bus *bus, uint8_t sda)
{
    lines(bus, 0, bus->decoder.sda);
    if (!bus->together)
        lines(bus, 0, sda);
    lines(bus, 1, sda);
}

static void byte(struct bus *bus, uint8_t value, uint8_t nack)
{
    for (int i = 7; i >= 0; i--)
        bit(bus, value >> i & 1);
    bit(bus, nack);
}

static void expect(struct bus *bus, const char *text)
{
    struct trace_i2c transaction;
    if (i2c_decode_finish(&bus->decoder, &transaction))
        print(bus, &transaction);
    ck_assert_str_eq(bus->got, text);
    free(bus->memory);
}

START_TEST(a_write_and_a_read_are_one_transaction)
{
    struct bus bus;
    setup(&bus);
    first_start(&bus);
    byte(&bus, 0x45 << 1, 0);
    byte(&bus, 0x24, 0);
    byte(&bus, 0x00, 0);
    start(&bus);
    byte(&bus, 0x45 << 1 | 1, 0);
    byte(&bus, 0xbe, 0);
    byte(&bus, 0xef, 1); /* the master's NACK ends the read */
    stop(&bus);
    first_start(&bus);
    byte(&bus, 0x45 << 1, 0);
    stop(&bus);
    expect(&bus, "45 w2400 rbeef;45 w;");
}
END_TEST

START_TEST(missing_acknowledges_are_seen)
{
    struct bus bus;
    setup(&bus);
    first_start(&bus);
    byte(&bus, 0x20 << 1, 1);
    stop(&bus);
    first_start(&bus);
    byte(&bus, 0x20 << 1, 0);
    byte(&bus, 0x55, 1);
    stop(&bus);
    expect(&bus, "20! w;20 w55!;");
}
END_TEST

START_TEST(what_does_not_fit_the_shape_is_split)
{
    struct bus bus;
    setup(&bus);
    first_start(&bus);
    byte(&bus, 0x20 << 1, 0);
    byte(&bus, 0x01, 0);
    start(&bus);
    byte(&bus, 0x21 << 1, 0); /* another address */
    byte(&bus, 0x02, 0);
    start(&bus);
    byte(&bus, 0x21 << 1, 0); /* a second write */
    byte(&bus, 0x03, 0);
    start(&bus);
    byte(&bus, 0x21 << 1 | 1, 0);
    byte(&bus, 0x04, 1);
    start(&bus);
    byte(&bus, 0x21 << 1 | 1, 0); /* a second read */
    byte(&bus, 0x05, 1);
    stop(&bus);
    expect(&bus, "20 w01 open;21 w02 open;21 w03 r04 open;21 r05;");
}
END_TEST

START_TEST(a_bit_that_comes_with_its_clock_is_a_bit)
{
    struct bus bus;
    setup(&bus);
    first_start(&bus);
    bus.together = true;
    byte(&bus, 0x2a << 1, 0);
    byte(&bus, 0xa5, 0);
    bus.together = false;
    stop(&bus);
    expect(&bus, "2a wa5;");
}
END_TEST

START_TEST(half_a_byte_is_dropped_and_an_end_is_marked)
{
    struct bus bus;
    setup(&bus);
    first_start(&bus);
    byte(&bus, 0x10 << 1, 0);
    byte(&bus, 0x77, 0);
    bit(&bus, 1);
    bit(&bus, 0);
    stop(&bus);
    first_start(&bus);
    byte(&bus, 0x11 << 1, 0);
    byte(&bus, 0x78, 0);
    bit(&bus, 1); /* and the recording ends */
    expect(&bus, "10 w77;11 w78 open;");
}
END_TEST

START_TEST(a_recording_may_begin_within_a_transaction)
{
    struct bus bus;
    setup(&bus);
    i2c_decoder_init(&bus.decoder, 0, 0, bus.memory);
    for (int i = 0; i < 5; i++)
        bit(&bus, i & 1);
    stop(&bus);
    first_start(&bus);
    byte(&bus, 0x12 << 1, 0);
    stop(&bus);
    expect(&bus, "12 w;");
}
END_TEST

START_TEST(an_endless_write_is_kept_to_its_limit)
{
    struct bus bus;
    setup(&bus);
    first_start(&bus);
    byte(&bus, 0x10 << 1, 0);
    for (unsigned i = 0; i < I2C_DECODE_BYTES + 10; i++)
        byte(&bus, (uint8_t)i, 0);
    struct trace_i2c transaction;
    ck_assert(i2c_decode_finish(&bus.decoder, &transaction));
    ck_assert(transaction.truncated);
    ck_assert_uint_eq(transaction.write_size, I2C_DECODE_BYTES);
    ck_assert_uint_eq(transaction.write_data[I2C_DECODE_BYTES - 1],
                      (uint8_t)(I2C_DECODE_BYTES - 1));
    free(bus.memory);
}
END_TEST

/* The same through a source: edges of equal time are one sample, and the transaction stands behind
 * them. */
START_TEST(a_source_has_the_bus_as_one_more_channel)
{
    char text[8192] = "time_ns,scl,sda\n0,1,1\n";
    unsigned now = 10;
    strcat(text, "10,1,0\n");
    uint8_t bytes[] = { 0x30 << 1, 0x99 };
    for (size_t b = 0; b < sizeof bytes; b++)
        for (int i = 8; i >= 0; i--) {
            int sda = i > 0 ? bytes[b] >> (i - 1) & 1 : 0;
            sprintf(text + strlen(text), "%u,0,%d\n%u,1,%d\n", now + 1, sda, now + 2, sda);
            now += 2;
        }
    sprintf(text + strlen(text), "%u,0,0\n%u,1,0\n%u,1,1\n", now + 1, now + 2, now + 3);
    struct trace_source *source = opened(text, strlen(text), "i2c:scl=scl,sda=sda,name=bus0");
    int64_t bus = trace_channel_find(source, "bus0");
    ck_assert_int_eq((int)bus, 2);
    for (int pass = 0; pass < 2; pass++) {
        struct trace_record record, last = { 0 };
        unsigned transactions = 0;
        struct trace_error error;
        while (next(source, &record)) {
            last = record;
            if (record.channel != 2)
                continue;
            transactions++;
            ck_assert_uint_eq(record.time_ns, now + 3);
            ck_assert_uint_eq(record.i2c.start_ns, 10);
            ck_assert_uint_eq(record.i2c.address, 0x30);
            ck_assert_uint_eq(record.i2c.write_size, 1);
            ck_assert_uint_eq(record.i2c.write_data[0], 0x99);
            ck_assert(record.i2c.stopped && !record.i2c.write_nack);
        }
        ck_assert_uint_eq(transactions, 1);
        ck_assert_uint_eq(last.channel, 2);
        ck_assert_int_eq(trace_rewind(source, &error), 0);
    }
    trace_close(source);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("i2c");
    TCase *tests = tcase_create("i2c");
    tcase_add_test(tests, a_write_and_a_read_are_one_transaction);
    tcase_add_test(tests, missing_acknowledges_are_seen);
    tcase_add_test(tests, what_does_not_fit_the_shape_is_split);
    tcase_add_test(tests, a_bit_that_comes_with_its_clock_is_a_bit);
    tcase_add_test(tests, half_a_byte_is_dropped_and_an_end_is_marked);
    tcase_add_test(tests, a_recording_may_begin_within_a_transaction);
    tcase_add_test(tests, an_endless_write_is_kept_to_its_limit);
    tcase_add_test(tests, a_source_has_the_bus_as_one_more_channel);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
