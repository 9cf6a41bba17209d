/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* SHT3x against its datasheet, byte by byte through the model's bus side. */
#include "suite.h"
#include <string.h>

static struct model *sht(void)
{
    return board.sht;
}

static bool command(uint16_t code)
{
    const struct model_i2c_ops *ops = sht()->ops->i2c;
    bool ok = ops->start(sht(), false) && ops->write(sht(), (uint8_t)(code >> 8)) &&
              ops->write(sht(), (uint8_t)code);
    ops->stop(sht());
    return ok;
}

/* False: the address was not acknowledged. */
static bool answer(uint8_t *bytes, uint32_t size)
{
    const struct model_i2c_ops *ops = sht()->ops->i2c;
    bool ok = ops->start(sht(), true);
    for (uint32_t i = 0; ok && i < size; i++)
        bytes[i] = ops->read(sht(), i + 1 == size);
    ops->stop(sht());
    return ok;
}

static void input(int64_t temperature_nano, int64_t humidity_nano)
{
    static const uint8_t quantity[] = { IIO_TEMP, IIO_HUMIDITYRELATIVE };
    const int64_t nano[] = { temperature_nano, humidity_nano };
    ck_assert(sht()->ops->sensor_input(sht(), quantity, nano, 2));
}

/* Bit by bit as in §4.12, not as the model computes it. */
static uint8_t crc(const uint8_t *bytes, uint32_t size)
{
    uint8_t crc = 0xff;
    for (uint32_t i = 0; i < 8 * size; i++) {
        uint8_t in = bytes[i / 8] >> (7 - i % 8) & 1, top = crc >> 7;
        crc = (uint8_t)(crc << 1);
        if (in != top)
            crc ^= 0x31;
    }
    return crc;
}

static uint32_t word(const uint8_t *at)
{
    ck_assert_uint_eq(at[2], crc(at, 2));
    return (uint32_t)at[0] << 8 | at[1];
}

START_TEST(checksum_has_the_datasheets_example)
{
    ck_assert_uint_eq(crc((const uint8_t[]){ 0xbe, 0xef }, 2), 0x92);
}
END_TEST

START_TEST(measurement_is_converted_by_the_formula)
{
    static const struct {
        int64_t temperature, humidity;
        uint32_t raw_t, raw_h;
    } cases[] = {
        { -45000000000, 0, 0, 0 },
        { 130000000000, 1000000000, 65535, 65535 },
        { 25000000000, 500000000, 26214, 32768 }, /* 70/175 and 1/2 of 65535, to the nearest */
        { -100000000000, -5, 0, 0 },
        { INT64_MAX, INT64_MAX, 65535, 65535 },
        { INT64_MIN, INT64_MIN, 0, 0 },
        { 21370000000, 123456789, 24855, 8091 },
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t bytes[6];
        input(cases[i].temperature, cases[i].humidity);
        ck_assert(command(0x2400));
        env_run_for(15000000);
        ck_assert(answer(bytes, 6));
        ck_assert_uint_eq(word(bytes), cases[i].raw_t);
        ck_assert_uint_eq(word(bytes + 3), cases[i].raw_h);
    }
}
END_TEST

START_TEST(reads_are_refused_until_it_has_measured)
{
    static const struct {
        uint16_t code;
        uint64_t ns;
    } commands[] = { { 0x2400, 15000000 }, { 0x240b, 6000000 }, { 0x2416, 4000000 } };
    uint8_t bytes[6];
    ck_assert(!answer(bytes, 6)); /* before any command */
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert(command(commands[i].code));
        env_run_for(commands[i].ns - 1);
        ck_assert(!answer(bytes, 6));
        ck_assert(!command(0x2400)); /* takes no command either */
        env_run_for(1);
        ck_assert(answer(bytes, 6));
        ck_assert(!answer(bytes, 6)); /* once */
    }
}
END_TEST

START_TEST(stretching_commands_hold_the_clock)
{
    static const struct {
        uint16_t code;
        uint64_t ns;
    } commands[] = { { 0x2c06, 15000000 }, { 0x2c0d, 6000000 }, { 0x2c10, 4000000 } };
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert(command(commands[i].code));
        env_run_for(1000000);
        ck_assert(sht()->ops->i2c->start(sht(), true));
        ck_assert_uint_eq(sht()->ops->i2c->stretch_ns(sht()), commands[i].ns - 1000000);
        env_run_for(commands[i].ns - 1000000);
        ck_assert_uint_eq(sht()->ops->i2c->stretch_ns(sht()), 0);
        (void)sht()->ops->i2c->read(sht(), true);
        sht()->ops->i2c->stop(sht());
    }
}
END_TEST

START_TEST(status_register_tells_reset_heater_and_bad_commands)
{
    uint8_t bytes[3];
    ck_assert(command(0xf32d) && answer(bytes, 3));
    ck_assert_uint_eq(word(bytes), 0x8010);
    ck_assert(command(0x3041));
    ck_assert(command(0xf32d) && answer(bytes, 3));
    ck_assert_uint_eq(word(bytes), 0);
    ck_assert(command(0x306d));
    ck_assert(command(0xf32d) && answer(bytes, 3));
    ck_assert_uint_eq(word(bytes), 0x2000);
    ck_assert(command(0x3066));
    env_warnings();
    ck_assert(!command(0x2130)); /* periodic: not modelled, refused and said */
    ck_assert_uint_eq(env_warnings(), 1);
    ck_assert(command(0x30a2)); /* soft reset */
    ck_assert(!command(0xf32d));
    env_run_for(1000000);
    ck_assert(command(0xf32d) && answer(bytes, 3));
    ck_assert_uint_eq(word(bytes), 0x8010);
}
END_TEST

START_TEST(reads_past_the_answer_find_nobody_driving)
{
    uint8_t bytes[8];
    ck_assert(command(0x3093)); /* break, with nothing to break */
    ck_assert(command(0xf32d) && answer(bytes, 5));
    ck_assert(bytes[3] == 0xff && bytes[4] == 0xff);
    ck_assert(command(0x2416));
    env_run_for(4000000);
    ck_assert(answer(bytes, 8));
    word(bytes + 3);
    ck_assert(bytes[6] == 0xff && bytes[7] == 0xff);
}
END_TEST

START_TEST(nth_measurement_serves_the_nth_recorded_answer)
{
    uint8_t bytes[6], recorded[6] = { 1, 2, 3, 4, 5, 6 }; /* checksums are wrong, and stay so */
    for (uint8_t i = 0; i < 200; i++) {
        recorded[0] = i;
        ck_assert(sht()->ops->queue_answer(sht(), recorded, 6));
    }
    ck_assert(!sht()->ops->queue_answer(sht(), recorded, 5));
    for (uint8_t i = 0; i < 200; i++) {
        ck_assert(command(i % 2 == 0 ? 0x2400 : 0x2416));
        env_run_for(20000000);
        ck_assert(answer(bytes, 6));
        recorded[0] = i;
        ck_assert(memcmp(bytes, recorded, 6) == 0);
    }
    ck_assert(command(0x2400));
    env_run_for(20000000);
    ck_assert(answer(bytes, 6));
    word(bytes); /* measures itself again */
    uint32_t queued = 0;
    while (sht()->ops->queue_answer(sht(), recorded, 6))
        queued++;
    ck_assert_uint_eq(queued, 256);
}
END_TEST

START_TEST(a_frozen_sensor_repeats_itself)
{
    uint8_t first[6], second[6], third[6];
    input(20000000000, 300000000);
    ck_assert(command(0x2416));
    env_run_for(4000000);
    ck_assert(answer(first, 6));
    input(30000000000, 400000000);
    env_fault(sht(), FAULT_SENSOR_FREEZE, 0, 1);
    ck_assert(command(0x2416));
    env_run_for(4000000);
    ck_assert(answer(second, 6));
    ck_assert(memcmp(first, second, 6) == 0);
    ck_assert(command(0x2416));
    env_run_for(4000000);
    ck_assert(answer(third, 6));
    ck_assert(memcmp(first, third, 6) != 0);
}
END_TEST

START_TEST(it_measures_only_its_quantities)
{
    static const uint8_t accel[] = { IIO_ACCEL_X };
    ck_assert(!sht()->ops->sensor_input(sht(), accel, (const int64_t[]){ 1 }, 1));
}
END_TEST

START_TEST(through_the_bus_with_stretching)
{
    env_write(board.i2c, 0, 0x00, 0x63);
    env_write(board.i2c, 0, 0x04, 0x44);
    env_write(board.i2c, 0, 0x6c, 1);
    env_write(board.i2c, 0, 0x10, 0x2c);
    env_write(board.i2c, 0, 0x10, 0x06);
    for (uint32_t i = 0; i < 6; i++)
        env_write(board.i2c, 0, 0x10, 0x100 | (i == 0 ? 0x400 : 0) | (i == 5 ? 0x200 : 0));
    env_run_for(14000000);
    ck_assert_uint_eq(env_read(board.i2c, 0, 0x78), 0);
    env_run_for(3000000);
    ck_assert_uint_eq(env_read(board.i2c, 0, 0x78), 6);
    uint8_t bytes[6];
    for (uint32_t i = 0; i < 6; i++)
        bytes[i] = (uint8_t)env_read(board.i2c, 0, 0x10);
    ck_assert_uint_eq(word(bytes), 26214);
    ck_assert_uint_eq(word(bytes + 3), 32768);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { checksum_has_the_datasheets_example,
                                   measurement_is_converted_by_the_formula,
                                   reads_are_refused_until_it_has_measured,
                                   stretching_commands_hold_the_clock,
                                   status_register_tells_reset_heater_and_bad_commands,
                                   nth_measurement_serves_the_nth_recorded_answer,
                                   reads_past_the_answer_find_nobody_driving,
                                   a_frozen_sensor_repeats_itself,
                                   it_measures_only_its_quantities,
                                   through_the_bus_with_stretching };
    return suite_run("sht3x", board_setup, tests, ARRAY_SIZE(tests), NULL, NULL, 0);
}
