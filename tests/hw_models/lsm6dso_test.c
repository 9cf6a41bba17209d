/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* LSM6DSO against its datasheet, byte by byte through the model's bus side. Addresses and values
 * are written out. */
#include "suite.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <tests/shared.h>

static struct model *imu(void)
{
    return board.imu;
}

static void read_at(uint8_t address, uint8_t *bytes, uint32_t size)
{
    const struct model_i2c_ops *ops = imu()->ops->i2c;
    ck_assert(ops->start(imu(), false) && ops->write(imu(), address) && ops->start(imu(), true));
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = ops->read(imu(), i + 1 == size);
    ops->stop(imu());
}

static uint8_t rd(uint8_t address)
{
    uint8_t byte;
    read_at(address, &byte, 1);
    return byte;
}

static void wr(uint8_t address, uint8_t value)
{
    const struct model_i2c_ops *ops = imu()->ops->i2c;
    ck_assert(ops->start(imu(), false) && ops->write(imu(), address) && ops->write(imu(), value));
    ops->stop(imu());
}

static void input6(const int64_t *nano)
{
    static const uint8_t quantity[] = { IIO_ACCEL_X,    IIO_ACCEL_Y,    IIO_ACCEL_Z,
                                        IIO_ANGL_VEL_X, IIO_ANGL_VEL_Y, IIO_ANGL_VEL_Z };
    ck_assert(imu()->ops->sensor_input(imu(), quantity, nano, 6));
}

static void input_accel(int64_t x, int64_t y, int64_t z)
{
    static const uint8_t quantity[] = { IIO_ACCEL_X, IIO_ACCEL_Y, IIO_ACCEL_Z };
    ck_assert(imu()->ops->sensor_input(imu(), quantity, (const int64_t[]){ x, y, z }, 3));
}

static int16_t at16(const uint8_t *bytes)
{
    return (int16_t)(uint16_t)(bytes[0] | bytes[1] << 8);
}

static int16_t accel_x(void)
{
    uint8_t bytes[2];
    read_at(0x28, bytes, 2);
    return at16(bytes);
}

static int16_t gyro_x(void)
{
    uint8_t bytes[2];
    read_at(0x22, bytes, 2);
    return at16(bytes);
}

static int64_t from_mg(double mg)
{
    return llround(mg * 9.80665e6);
}

static int64_t from_dps(double dps)
{
    return llround(dps * M_PI / 180 * 1e9);
}

START_TEST(every_register)
{
    static const struct {
        uint8_t address, reset, writable;
    } table[] = { { 0x01, 0x00, 0xc0 }, { 0x02, 0x3f, 0xc0 }, { 0x07, 0x00, 0xff },
                  { 0x08, 0x00, 0xd7 }, { 0x09, 0x00, 0xff }, { 0x0a, 0x00, 0xf7 },
                  { 0x0b, 0x00, 0xa7 }, { 0x0c, 0x00, 0xff }, { 0x0d, 0x00, 0xff },
                  { 0x0e, 0x00, 0x7f }, { 0x10, 0x00, 0xfe }, { 0x11, 0x00, 0xfe },
                  { 0x13, 0x00, 0x6e }, { 0x14, 0x00, 0xef }, { 0x15, 0x00, 0xff },
                  { 0x16, 0x00, 0xf3 }, { 0x17, 0x00, 0xfb }, { 0x18, 0xe0, 0xfe },
                  { 0x19, 0x00, 0x20 } };
    for (uint32_t i = 0; i < ARRAY_SIZE(table); i++) {
        uint8_t fixed = table[i].reset & (uint8_t)~table[i].writable;
        ck_assert_msg(rd(table[i].address) == table[i].reset, "%#x after reset", table[i].address);
        wr(table[i].address, 0xff);
        ck_assert_msg(rd(table[i].address) == (fixed | table[i].writable), "%#x: ones",
                      table[i].address);
        wr(table[i].address, 0);
        ck_assert_msg(rd(table[i].address) == fixed, "%#x: zeros", table[i].address);
        wr(table[i].address, table[i].reset);
    }
    ck_assert_uint_eq(rd(0x0f), 0x6c);
    ck_assert_uint_eq(rd(0x12), 0x04);
    wr(0x12, 0x7c);
    ck_assert_uint_eq(rd(0x12), 0x7c);
    env_warnings();
    wr(0x0f, 1);
    ck_assert_uint_eq(env_warnings(), 1);
    ck_assert_uint_eq(rd(0x0f), 0x6c);
    wr(0x12, 0x01); /* SW_RESET */
    ck_assert_uint_eq(rd(0x12), 0x04);
    ck_assert_uint_eq(rd(0x18), 0xe0);
}
END_TEST

START_TEST(address_counts_up_while_if_inc_is_set)
{
    uint8_t bytes[3];
    wr(0x10, 0x60);
    wr(0x11, 0x50);
    read_at(0x0f, bytes, 3);
    ck_assert(bytes[0] == 0x6c && bytes[1] == 0x60 && bytes[2] == 0x50);
    wr(0x12, 0x00);
    read_at(0x0f, bytes, 3);
    ck_assert(bytes[0] == 0x6c && bytes[1] == 0x6c && bytes[2] == 0x6c);
}
END_TEST

START_TEST(off_sensors_take_no_samples)
{
    input6((const int64_t[]){ 9806650000, 0, 0, 1000000000, 0, 0 });
    ck_assert_uint_eq(rd(0x1e), 0);
    ck_assert_int_eq(accel_x(), 0);
    wr(0x10, 0x60);
    input6((const int64_t[]){ 9806650000, 0, 0, 1000000000, 0, 0 });
    ck_assert_uint_eq(rd(0x1e), 0x01);
    ck_assert_int_eq(gyro_x(), 0);
    ck_assert_int_eq(accel_x(), 16393); /* 1 g / 0.061 mg */
}
END_TEST

START_TEST(ranges_have_the_datasheets_counts)
{
    static const struct {
        uint8_t code;
        double mg;
    } accel[] = { { 0, 0.061 }, { 2, 0.122 }, { 3, 0.244 }, { 1, 0.488 } };
    static const struct {
        uint8_t code; /* CTRL2_G 3:1 */
        double mdps;
    } gyro[] = { { 1, 4.375 }, { 0, 8.75 }, { 2, 17.5 }, { 4, 35 }, { 6, 70 } };
    for (uint32_t i = 0; i < 4; i++) {
        wr(0x10, (uint8_t)(0x60 | accel[i].code << 2));
        for (int32_t count = -32768; count <= 32767; count += 127) {
            input_accel(from_mg(count * accel[i].mg), 0, 0);
            ck_assert_int_eq(accel_x(), count);
        }
    }
    for (uint32_t i = 0; i < 5; i++) {
        wr(0x11, (uint8_t)(0x60 | gyro[i].code << 1));
        for (int32_t count = -32768; count <= 32767; count += 127) {
            input6((const int64_t[]){ 0, 0, 0, from_dps(count * gyro[i].mdps / 1000), 0, 0 });
            ck_assert_int_eq(gyro_x(), count);
        }
    }
}
END_TEST

START_TEST(values_round_to_the_nearest_and_saturate)
{
    wr(0x10, 0x60);
    input_accel(6281159, -6281159, 0); /* 10.4999995 counts of 598205.65 */
    uint8_t b[6];
    read_at(0x28, b, 6);
    ck_assert(at16(b) == 10 && at16(b + 2) == -10);
    input_accel(6281160, -6281160, 0); /* a little more than half */
    read_at(0x28, b, 6);
    ck_assert(at16(b) == 11 && at16(b + 2) == -11);
    input_accel(from_mg(2500), from_mg(-2500), 0);
    read_at(0x28, b, 6);
    ck_assert(at16(b) == 32767 && at16(b + 2) == -32768);
    input_accel(INT64_MAX, INT64_MIN, 0);
    read_at(0x28, b, 6);
    ck_assert(at16(b) == 32767 && at16(b + 2) == -32768);
}
END_TEST

START_TEST(temperature_is_256_counts_a_degree)
{
    static const uint8_t quantity[] = { IIO_TEMP };
    wr(0x10, 0x60);
    ck_assert(imu()->ops->sensor_input(imu(), quantity, (const int64_t[]){ 31500000000 }, 1));
    ck_assert_uint_eq(rd(0x1e), 0x04);
    uint8_t b[2];
    read_at(0x20, b, 2);
    ck_assert_int_eq(at16(b), 1664); /* 6.5 * 256 */
    ck_assert_uint_eq(rd(0x1e), 0);
}
END_TEST

START_TEST(sensors_of_one_rate_sample_together)
{
    wr(0x10, 0x60); /* the accelerometer alone */
    input_accel(from_mg(100), 0, 0);
    ck_assert_uint_eq(rd(0x1e), 0x01);
    wr(0x11, 0x60); /* and the gyroscope at the same rate: it comes along */
    input_accel(from_mg(200), 0, 0);
    ck_assert_uint_eq(rd(0x1e), 0x03);
    (void)accel_x();
    (void)gyro_x();
    wr(0x11, 0x50); /* at another: it does not */
    input_accel(from_mg(300), 0, 0);
    ck_assert_uint_eq(rd(0x1e), 0x01);
}
END_TEST

START_TEST(data_ready_is_a_level_that_reading_ends)
{
    wr(0x10, 0x60);
    wr(0x0d, 0x01);
    ck_assert_int_eq(board.gpio->ops->line_level(board.gpio, 22), 0);
    input_accel(1, 2, 3);
    ck_assert(env_line(imu(), 0));
    ck_assert_int_eq(board.gpio->ops->line_level(board.gpio, 22), 1); /* INT1 is wired to GPIO 22 */
    (void)rd(0x28);                                                   /* a low byte: not yet */
    ck_assert_uint_eq(rd(0x1e), 1);
    (void)rd(0x29);
    ck_assert_uint_eq(rd(0x1e), 0);
    ck_assert(!env_line(imu(), 0));
    wr(0x12, 0x24); /* H_LACTIVE */
    ck_assert(env_line(imu(), 0));
    input_accel(1, 2, 3);
    ck_assert(!env_line(imu(), 0));
}
END_TEST

START_TEST(block_data_update_keeps_a_pair_together)
{
    wr(0x10, 0x60);
    for (uint32_t bdu = 0; bdu < 2; bdu++) {
        wr(0x12, bdu ? 0x44 : 0x04);
        input_accel(from_mg(0x0fff * 0.061), 0, 0);
        ck_assert_uint_eq(rd(0x28), 0xff);
        input_accel(from_mg(0x1000 * 0.061), 0, 0); /* between low and high byte */
        ck_assert_uint_eq(rd(0x29), bdu ? 0x0f : 0x10);
        ck_assert_int_eq(accel_x(), 0x1000);
    }
}
END_TEST

START_TEST(self_test_changes_the_output_within_its_limits)
{
    wr(0x10, 0x60 | 2 << 2); /* 4 g: 0.122 mg */
    wr(0x11, 0x60 | 6 << 1); /* 2000 dps: 70 mdps */
    static const int64_t still[6] = { 0, 0, 0, 0, 0, 0 };
    static const struct {
        uint8_t ctrl5;
        int accel, gyro; /* signs */
    } modes[] = { { 0x00, 0, 0 }, { 0x01, 1, 0 },  { 0x02, -1, 0 },
                  { 0x04, 0, 1 }, { 0x0c, 0, -1 }, { 0x05, 1, 1 } };
    for (uint32_t i = 0; i < ARRAY_SIZE(modes); i++) {
        wr(0x14, modes[i].ctrl5);
        input6(still);
        double mg = accel_x() * 0.122 * modes[i].accel, dps = gyro_x() * 0.070 * modes[i].gyro;
        if (modes[i].accel != 0)
            ck_assert(mg >= 50 && mg <= 1700);
        else
            ck_assert_int_eq(accel_x(), 0);
        if (modes[i].gyro != 0)
            ck_assert(dps >= 150 && dps <= 700);
        else
            ck_assert_int_eq(gyro_x(), 0);
    }
    wr(0x11, 0x60); /* 250 dps */
    wr(0x14, 0x04);
    input6(still);
    ck_assert(gyro_x() * 0.00875 >= 20 && gyro_x() * 0.00875 <= 80);
}
END_TEST

static uint32_t fifo_level(void)
{
    return rd(0x3a) | (uint32_t)(rd(0x3b) & 3) << 8;
}

static void fifo_on(uint32_t watermark, uint8_t mode)
{
    wr(0x10, 0x60 | 1 << 2);
    wr(0x11, 0x60 | 6 << 1);
    wr(0x09, 0x66); /* batch both */
    wr(0x07, (uint8_t)watermark);
    wr(0x08, (uint8_t)(watermark >> 8));
    wr(0x0a, mode);
}

START_TEST(fifo_words_carry_tag_slot_and_parity)
{
    fifo_on(0, 6);
    for (int64_t i = 1; i <= 5; i++)
        input6((const int64_t[]){ from_mg(0.488 * (double)i), 0, from_mg(-0.488),
                                  from_dps(0.070 * (double)i), 0, 0 });
    ck_assert_uint_eq(fifo_level(), 10);
    uint8_t bytes[70];
    read_at(0x78, bytes, 70); /* one burst goes round the seven registers */
    uint32_t first_slot = bytes[0] >> 1 & 3;
    for (uint32_t i = 0; i < 10; i++) {
        const uint8_t *word = &bytes[7 * i];
        ck_assert_uint_eq(word[0] >> 3, i % 2 == 0 ? 1 : 2); /* gyroscope, accelerometer */
        ck_assert_uint_eq(word[0] >> 1 & 3, (first_slot + i / 2) % 4);
        ck_assert_int_eq(__builtin_parity(word[0]), 0);
        ck_assert_int_eq(at16(word + 1), (int)(i / 2 + 1));
        ck_assert_int_eq(at16(word + 5), i % 2 == 0 ? 0 : -1);
    }
    ck_assert_uint_eq(fifo_level(), 0);
    ck_assert_uint_eq(rd(0x78), 0); /* empty */
}
END_TEST

START_TEST(watermark_raises_int1_until_drained)
{
    fifo_on(6, 6);
    wr(0x0d, 0x08);
    for (uint32_t i = 0; i < 2; i++)
        input6((const int64_t[6]){ 0 });
    ck_assert(!env_line(imu(), 0));
    ck_assert_uint_eq(rd(0x3b) & 0x80, 0);
    input6((const int64_t[6]){ 0 });
    ck_assert(env_line(imu(), 0));
    ck_assert_uint_eq(rd(0x3b) & 0x80, 0x80);
    uint8_t word[7];
    read_at(0x78, word, 7);
    ck_assert(!env_line(imu(), 0)); /* five left */
    ck_assert_uint_eq(fifo_level(), 5);
}
END_TEST

START_TEST(fifo_overruns_by_its_mode)
{
    uint8_t word[7];
    fifo_on(0, 6); /* continuous: the oldest go */
    for (int64_t i = 0; i < 300; i++)
        input6((const int64_t[]){ from_mg(0.488 * (double)i), 0, 0, 0, 0, 0 });
    ck_assert_uint_eq(fifo_level(), 512);
    input6((const int64_t[6]){ 0 });
    uint8_t flags = rd(0x3b);
    ck_assert_uint_eq(flags & 0x68, 0x68);    /* overrun, full, latched */
    ck_assert_uint_eq(rd(0x3b) & 0x48, 0x40); /* the latch is gone by reading */
    read_at(0x78, word, 7);
    read_at(0x78, word, 7);
    ck_assert_int_eq(at16(word + 1), 45); /* 301 samples, 256 kept */
    wr(0x0a, 0);                          /* bypass empties */
    ck_assert_uint_eq(fifo_level(), 0);
    fifo_on(0, 1); /* FIFO mode: the newest are lost */
    for (int64_t i = 0; i < 300; i++)
        input6((const int64_t[]){ from_mg(0.488 * (double)i), 0, 0, 0, 0, 0 });
    ck_assert_uint_eq(fifo_level(), 512);
    read_at(0x78, word, 7);
    read_at(0x78, word, 7);
    ck_assert_int_eq(at16(word + 1), 0);
    wr(0x0a, 0);
    fifo_on(10, 1);
    wr(0x08, 0x80); /* STOP_ON_WTM */
    for (uint32_t i = 0; i < 20; i++)
        input6((const int64_t[6]){ 0 });
    ck_assert_uint_eq(fifo_level(), 10);
}
END_TEST

START_TEST(full_is_said_one_slot_ahead)
{
    fifo_on(0, 6);
    for (uint32_t i = 0; i < 254; i++)
        input6((const int64_t[6]){ 0 });
    ck_assert_uint_eq(rd(0x3b) & 0x60, 0); /* 508 words, two more slots */
    input6((const int64_t[6]){ 0 });
    ck_assert_uint_eq(rd(0x3b) & 0x60, 0x20); /* the next slot fills it */
    input6((const int64_t[6]){ 0 });
    ck_assert_uint_eq(rd(0x3b) & 0x60, 0x60);
}
END_TEST

START_TEST(state_hash_follows_the_outputs)
{
    wr(0x10, 0x60);
    input_accel(0, 0, 0);
    uint64_t zero = env_hash();
    for (uint32_t axis = 0; axis < 3; axis++) {
        int64_t nano[3] = { 0, 0, 0 };
        nano[axis] = from_mg(61);
        input_accel(nano[0], nano[1], nano[2]);
        ck_assert_uint_ne(env_hash(), zero);
        input_accel(0, 0, 0);
        ck_assert_uint_eq(env_hash(), zero);
    }
}
END_TEST

START_TEST(watermark_has_nine_bits)
{
    fifo_on(0x1f0, 6);
    for (uint32_t i = 0; i < 247; i++)
        input6((const int64_t[6]){ 0 });
    ck_assert_uint_eq(rd(0x3b) & 0x80, 0); /* 494 of 496 */
    input6((const int64_t[6]){ 0 });
    ck_assert_uint_eq(rd(0x3b) & 0x80, 0x80);
}
END_TEST

START_TEST(temperature_and_timestamp_are_batched)
{
    wr(0x10, 0x60);
    wr(0x19, 0x20); /* timestamp on */
    wr(0x0a, 0x76); /* every slot, temperature, continuous */
    static const uint8_t quantity[] = { IIO_TEMP };
    env_run_for(2500000);
    ck_assert_uint_eq(rd(0x40), 100); /* 25 us a count */
    ck_assert(imu()->ops->sensor_input(imu(), quantity, (const int64_t[]){ 26000000000 }, 1));
    uint8_t bytes[14];
    ck_assert_uint_eq(fifo_level(), 2);
    read_at(0x78, bytes, 14);
    ck_assert(bytes[0] >> 3 == 3 && at16(bytes + 1) == 256);
    ck_assert(bytes[7] >> 3 == 4 && at16(bytes + 8) == 100);
    wr(0x42, 0xaa);
    ck_assert_uint_eq(rd(0x40), 0);
}
END_TEST

START_TEST(batch_counter_reaches_its_threshold)
{
    fifo_on(0, 6);
    wr(0x0c, 3);
    wr(0x0d, 0x40);
    input6((const int64_t[6]){ 0 });
    input6((const int64_t[6]){ 0 });
    ck_assert(!env_line(imu(), 0));
    input6((const int64_t[6]){ 0 });
    ck_assert(env_line(imu(), 0));
    ck_assert_uint_eq(rd(0x3b) & 0x10, 0x10);
    ck_assert(!env_line(imu(), 0));
}
END_TEST

START_TEST(what_is_not_modelled_is_said)
{
    static const struct {
        uint8_t address, value;
    } writes[] = { { 0x01, 0x80 }, { 0x08, 0x40 }, { 0x0a, 0x03 }, { 0x0b, 0x80 }, { 0x10, 0xc0 } };
    env_warnings();
    for (uint32_t i = 0; i < ARRAY_SIZE(writes); i++) {
        wr(writes[i].address, writes[i].value);
        ck_assert_uint_eq(env_warnings(), 1);
        wr(writes[i].address, 0);
    }
    wr(0x07, 0xff); /* what is modelled is not */
    wr(0x08, 0x80);
    wr(0x0a, 0x06);
    wr(0x10, 0xa0);
    ck_assert_uint_eq(env_warnings(), 0);
}
END_TEST

START_TEST(faults_show_as_on_the_device)
{
    fifo_on(0, 6);
    input6((const int64_t[]){ from_mg(0.488), 0, 0, 0, 0, 0 });
    env_fault(imu(), FAULT_FIFO_OVERRUN, 0, 1);
    input6((const int64_t[]){ from_mg(0.976), 0, 0, 0, 0, 0 });
    ck_assert_uint_eq(fifo_level() & 0x3ff, 2); /* not taken; reading STATUS2 took the flag */
    env_fault(imu(), FAULT_FIFO_OVERRUN, 0, 1);
    input6((const int64_t[6]){ 0 });
    ck_assert_uint_eq(rd(0x3b) & 0x48, 0x48);
    ck_assert_uint_eq(rd(0x3b) & 0x48, 0);
    env_fault(imu(), FAULT_SENSOR_FREEZE, 0, 2);
    int16_t before = accel_x();
    for (uint32_t i = 0; i < 2; i++) {
        input6((const int64_t[]){ from_mg(1000), 0, 0, 0, 0, 0 });
        ck_assert_int_eq(accel_x(), before);
    }
    input6((const int64_t[]){ from_mg(1000), 0, 0, 0, 0, 0 });
    ck_assert_int_ne(accel_x(), before);
}
END_TEST

/* Every recorded sample arrives once, in order, as the integer it was on the device. */
START_TEST(a_recorded_serve_comes_through_the_fifo)
{
    char path[512], line[512];
    if (!shared_path("traces/st_lsm6dsv320x_serve/serve.csv", path, sizeof path))
        return;
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    wr(0x12, 0x44);
    fifo_on(2, 6);
    uint32_t samples = 0, wrong = 0; /* one assertion an axis would take longer than the test */
    while (fgets(line, sizeof line, file) != NULL) {
        double v[6];
        if (sscanf(line, "%lf%*[,;\t ]%lf%*[,;\t ]%lf%*[,;\t ]%lf%*[,;\t ]%lf%*[,;\t ]%lf", &v[0],
                   &v[1], &v[2], &v[3], &v[4], &v[5]) != 6)
            continue;
        const int64_t nano[] = { from_mg(v[0]),  from_mg(v[1]),  from_mg(v[2]),
                                 from_dps(v[3]), from_dps(v[4]), from_dps(v[5]) };
        input6(nano);
        wrong += fifo_level() != 2;
        uint8_t b[14];
        read_at(0x78, b, 14);
        for (uint32_t axis = 0; axis < 3; axis++) {
            wrong += at16(b + 8 + 2 * axis) != lround(v[axis] / 0.488);
            wrong += at16(b + 1 + 2 * axis) != lround(v[3 + axis] / 0.070);
        }
        samples++;
    }
    fclose(file);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_gt(samples, 36000); /* 76.7 s at 480 Hz */
}
END_TEST

START_TEST(own_rate_samples_at_exact_instants)
{
    wr(0x10, 0x60); /* 416.7 Hz: 6667 / 16 */
    wr(0x09, 0x06);
    wr(0x0a, 6);
    input_accel(from_mg(61), 0, 0); /* holds */
    uint64_t t0 = env_now();
    ck_assert_uint_eq(rd(0x1e), 0);
    for (uint32_t k = 1; k <= 100; k++) {
        uint64_t due = t0 + (uint64_t)k * 16 * 1000000000 / 6667;
        env_run_until(due - 1);
        ck_assert_uint_eq(rd(0x3a), k - 1);
        env_run_until(due);
        ck_assert_uint_eq(rd(0x3a), k);
    }
    ck_assert_int_eq(accel_x(), 1000);
    ck_assert_uint_eq(rd(0x1e), 0x04); /* temperature is sampled beside it */
    wr(0x11, 0x40);                    /* 104 Hz beside 416: every fourth slot */
    wr(0x09, 0x66);
    wr(0x0a, 0);
    wr(0x0a, 6);
    env_run_for(900000000); /* 6000 base ticks of 1/6667 s */
    ck_assert_uint_eq(fifo_level(), 6000 / 16 + 6000 / 64);
    wr(0x10, 0);
    wr(0x11, 0);
    env_run_for(1000000000);
    ck_assert_uint_eq(fifo_level(), 6000 / 16 + 6000 / 64); /* off */
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { every_register,
                                   address_counts_up_while_if_inc_is_set,
                                   off_sensors_take_no_samples,
                                   ranges_have_the_datasheets_counts,
                                   values_round_to_the_nearest_and_saturate,
                                   temperature_is_256_counts_a_degree,
                                   data_ready_is_a_level_that_reading_ends,
                                   sensors_of_one_rate_sample_together,
                                   block_data_update_keeps_a_pair_together,
                                   self_test_changes_the_output_within_its_limits,
                                   fifo_words_carry_tag_slot_and_parity,
                                   watermark_raises_int1_until_drained,
                                   fifo_overruns_by_its_mode,
                                   full_is_said_one_slot_ahead,
                                   state_hash_follows_the_outputs,
                                   watermark_has_nine_bits,
                                   temperature_and_timestamp_are_batched,
                                   batch_counter_reaches_its_threshold,
                                   what_is_not_modelled_is_said,
                                   faults_show_as_on_the_device,
                                   a_recorded_serve_comes_through_the_fifo };
    const TTest *const others[] = { own_rate_samples_at_exact_instants };
    return suite_run("lsm6dso", board_setup, tests, ARRAY_SIZE(tests), board_setup_own_rate, others,
                     ARRAY_SIZE(others));
}
