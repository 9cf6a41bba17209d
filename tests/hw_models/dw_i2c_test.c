/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* DesignWare I2C master against its databook (as in RP2040 datasheet §4.3). Offsets and bits are
 * written out. */
#include "suite.h"
#include <axiom/errno.h>
#include <string.h>

enum {
    CON = 0x00,
    TAR = 0x04,
    DATA_CMD = 0x10,
    SS_HCNT = 0x14,
    SS_LCNT = 0x18,
    INTR_STAT = 0x2c,
    INTR_MASK = 0x30,
    RAW = 0x34,
    RX_TL = 0x38,
    TX_TL = 0x3c,
    CLR_INTR = 0x40,
    CLR_RX_UNDER = 0x44,
    CLR_RX_OVER = 0x48,
    CLR_TX_OVER = 0x4c,
    CLR_TX_ABRT = 0x54,
    CLR_ACTIVITY = 0x5c,
    CLR_STOP_DET = 0x60,
    CLR_START_DET = 0x64,
    ENABLE = 0x6c,
    STATUS = 0x70,
    TXFLR = 0x74,
    RXFLR = 0x78,
    ABRT_SOURCE = 0x80,
    ENABLE_STATUS = 0x9c
};
enum { RD = 1 << 8, STOP = 1 << 9, RESTART = 1 << 10 };
enum {
    RX_UNDER = 1,
    RX_OVER = 2,
    RX_FULL = 4,
    TX_OVER = 8,
    TX_EMPTY = 0x10,
    TX_ABRT = 0x40,
    ACTIVITY = 0x100,
    STOP_DET = 0x200,
    START_DET = 0x400
};

static void wr(uint32_t offset, uint32_t value)
{
    env_write(board.i2c, 0, offset, value);
}

static uint32_t rd(uint32_t offset)
{
    return env_read(board.i2c, 0, offset);
}

static void on(uint32_t address)
{
    wr(ENABLE, 0);
    wr(CON, 0x63); /* master, standard, RESTART_EN, SLAVE_DISABLE */
    wr(SS_HCNT, 800);
    wr(SS_LCNT, 940);
    wr(TAR, address);
    wr(INTR_MASK, 0);
    wr(ENABLE, 1);
}

/* (800 + 7 + 7 + 940 + 1) * 5 ns + 65 ns rise */
#define PERIOD 8840u

static void run(void)
{
    env_run_for(200 * 1000 * 1000);
}

START_TEST(every_register)
{
    static const struct env_register table[] = {
        { "CON", 0x00, 0x65, 0 },
        { "TAR", 0x04, 0x55, 0xfff },
        { "SAR", 0x08, 0x55, 0x3ff },
        { "INTR_MASK", 0x30, 0x8ff, 0x1fff },
        { "INTR_STAT", 0x2c, 0, 0 },
        { "RAW_INTR_STAT", 0x34, 0, 0 },
        { "ENABLE_STATUS", 0x9c, 0, 0 },
        { "STATUS", 0x70, 0x6, 0 },
        { "TXFLR", 0x74, 0, 0 },
        { "RXFLR", 0x78, 0, 0 },
        { "TX_ABRT_SOURCE", 0x80, 0, 0 },
        { "SDA_HOLD", 0x7c, 1, 0xffffff },
        { "DMA_CR", 0x88, 0, 3 },
        { "DMA_TDLR", 0x8c, 0, 0xf },
        { "DMA_RDLR", 0x90, 0, 0xf },
        { "SDA_SETUP", 0x94, 0x64, 0xff },
        { "ACK_GENERAL_CALL", 0x98, 1, 1 },
        { "CLR_INTR", 0x40, 0, 0 },
        { "CLR_RD_REQ", 0x50, 0, 0 },
        { "CLR_RX_DONE", 0x58, 0, 0 },
        { "CLR_GEN_CALL", 0x68, 0, 0 },
        { "COMP_PARAM_1", 0xf4, 0x000f0fb6, 0 },
        { "COMP_VERSION", 0xf8, 0x3230312a, 0 },
        { "COMP_TYPE", 0xfc, 0x44570140, 0 },
    };
    env_check_registers(board.i2c, 0, &table[1], ARRAY_SIZE(table) - 1);
    ck_assert_uint_eq(rd(CON), 0x65);
    static const uint32_t counts[][2] = {
        { 0x14, 800 }, { 0x18, 940 }, { 0x1c, 120 }, { 0x20, 260 }
    };
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(rd(counts[i][0]), counts[i][1]);
        wr(counts[i][0], 0xffffffff);
        ck_assert_uint_eq(rd(counts[i][0]), 0xffff);
        wr(counts[i][0], 0);
        ck_assert_uint_eq(rd(counts[i][0]), i % 2 == 0 ? 6 : 8); /* the least that works */
    }
    wr(CON, 0xffffffff);
    ck_assert_uint_eq(rd(CON), 0x3fd); /* speed 3 is taken as the fastest there is */
    wr(CON, 0);
    ck_assert_uint_eq(rd(CON), 4);
    wr(RX_TL, 0xff);
    ck_assert_uint_eq(rd(RX_TL), 15);
    wr(TX_TL, 0xff);
    ck_assert_uint_eq(rd(TX_TL), 16);
    wr(ENABLE, 0xffffffff);
    ck_assert_uint_eq(rd(ENABLE), 5); /* ABORT with nothing to abort clears itself */
    ck_assert_uint_eq(rd(ENABLE_STATUS), 1);
}
END_TEST

START_TEST(configuration_is_locked_while_enabled)
{
    on(0x6a);
    env_warnings();
    static const uint32_t locked[] = { 0x00, 0x04, 0x08, 0x14, 0x18, 0x1c, 0x20, 0x7c };
    for (uint32_t i = 0; i < ARRAY_SIZE(locked); i++) {
        uint32_t before = rd(locked[i]);
        wr(locked[i], before ^ 0x10);
        ck_assert_uint_eq(rd(locked[i]), before);
    }
    ck_assert_uint_eq(env_warnings(), ARRAY_SIZE(locked));
    wr(ENABLE, 0);
    wr(TAR, 0x44);
    ck_assert_uint_eq(rd(TAR), 0x44);
    wr(DATA_CMD, 0);
    ck_assert_uint_eq(env_warnings(), 1); /* a command while disabled is lost */
    ck_assert_uint_eq(rd(TXFLR), 0);
}
END_TEST

START_TEST(write_then_read_with_repeated_start)
{
    on(0x6a);
    wr(DATA_CMD, 0x0f); /* WHO_AM_I */
    wr(DATA_CMD, RD | RESTART | STOP);
    run();
    ck_assert_uint_eq(rd(RXFLR), 1);
    ck_assert_uint_eq(rd(DATA_CMD), 0x6c);
    ck_assert_uint_eq(rd(RXFLR), 0);
    ck_assert_uint_eq(rd(RAW) & (START_DET | STOP_DET | ACTIVITY | TX_ABRT),
                      START_DET | STOP_DET | ACTIVITY);
    ck_assert_uint_eq(rd(STATUS), 0x6);
    const struct env_event *event = env_last(EVENT_I2C);
    ck_assert_uint_eq(env_count(EVENT_I2C), 1);
    ck_assert(event->event.i2c.bus == 1 && event->event.i2c.address == 0x6a &&
              event->event.i2c.error == 0);
    ck_assert(event->event.i2c.write_size == 1 && event->write_data[0] == 0x0f);
    ck_assert(event->event.i2c.read_size == 1 && event->read_data[0] == 0x6c);
}
END_TEST

START_TEST(bytes_take_the_time_of_the_counts)
{
    on(0x6a);
    uint64_t t0 = env_now();
    wr(DATA_CMD, 0x10);
    wr(DATA_CMD, 0x00 | STOP);
    /* START and address 10 periods, two bytes of 9, STOP 1 */
    env_run_until(t0 + 29 * PERIOD - 1);
    ck_assert_uint_eq(rd(RAW) & STOP_DET, 0);
    ck_assert_uint_ne(rd(STATUS) & 0x21, 0);
    env_run_until(t0 + 29 * PERIOD);
    ck_assert_uint_eq(rd(RAW) & STOP_DET, STOP_DET);
    ck_assert_uint_eq(rd(STATUS) & 0x21, 0);
    ck_assert_uint_eq(env_last(EVENT_I2C)->event.time_ns, t0 + 29 * PERIOD);
}
END_TEST

START_TEST(fast_mode_uses_its_own_counts)
{
    wr(ENABLE, 0);
    wr(CON, 0x65);
    wr(0x1c, 120);
    wr(0x20, 260);
    wr(TAR, 0x6a);
    wr(ENABLE, 1);
    uint64_t t0 = env_now(), period = (120 + 7 + 7 + 260 + 1) * 5 + 65;
    wr(DATA_CMD, 0x10 | STOP);
    env_run_until(t0 + 20 * period - 1);
    ck_assert_uint_eq(rd(RAW) & STOP_DET, 0);
    env_run_until(t0 + 20 * period);
    ck_assert_uint_eq(rd(RAW) & STOP_DET, STOP_DET);
}
END_TEST

START_TEST(the_bus_is_held_until_the_next_command)
{
    on(0x6a);
    wr(DATA_CMD, 0x0f);
    run();
    ck_assert_uint_eq(rd(RAW) & STOP_DET, 0);
    ck_assert_uint_ne(rd(STATUS) & 0x20, 0);
    wr(DATA_CMD, RD | STOP); /* direction changes: a repeated START by itself */
    run();
    ck_assert_uint_eq(rd(DATA_CMD), 0x6c);
    ck_assert_uint_eq(env_count(EVENT_I2C), 1);
}
END_TEST

START_TEST(without_restart_enable_a_stop_comes_between)
{
    on(0x6a);
    wr(ENABLE, 0);
    wr(CON, 0x43);
    wr(ENABLE, 1);
    wr(DATA_CMD, 0x0f);
    wr(DATA_CMD, RD | STOP);
    run();
    ck_assert_uint_eq(env_count(EVENT_I2C), 2);
    ck_assert_uint_eq(rd(DATA_CMD), 0x6c);
}
END_TEST

START_TEST(missing_address_acknowledge_aborts)
{
    on(0x13); /* nobody */
    wr(DATA_CMD, 0x01);
    wr(DATA_CMD, 0x02);
    wr(DATA_CMD, 0x03 | STOP);
    run();
    ck_assert_uint_eq(rd(RAW) & (TX_ABRT | STOP_DET), TX_ABRT | STOP_DET);
    ck_assert_uint_eq(rd(ABRT_SOURCE),
                      0x00000001 | 2u << 23); /* 7B_ADDR_NOACK, two commands flushed */
    ck_assert_uint_eq(rd(TXFLR), 0);
    wr(DATA_CMD, 0x04); /* held in flush */
    ck_assert_uint_eq(rd(TXFLR), 0);
    ck_assert_uint_eq(rd(CLR_TX_ABRT), 1);
    ck_assert_uint_eq(rd(CLR_TX_ABRT), 0);
    ck_assert_uint_eq(rd(ABRT_SOURCE), 0);
    ck_assert_uint_eq(rd(RAW) & TX_ABRT, 0);
    ck_assert_int_eq(env_last(EVENT_I2C)->event.i2c.error, -ENXIO);
}
END_TEST

START_TEST(missing_data_acknowledge_aborts)
{
    on(0x6a);
    env_fault(board.i2c, FAULT_NACK, 2, 1);
    wr(DATA_CMD, 0x10);
    wr(DATA_CMD, 0x40);
    wr(DATA_CMD, 0x40 | STOP);
    run();
    ck_assert_uint_eq(rd(ABRT_SOURCE), 0x8 | 1u << 23); /* TXDATA_NOACK */
    ck_assert_int_eq(env_last(EVENT_I2C)->event.i2c.error, -EIO);
    ck_assert_uint_eq(env_last(EVENT_I2C)->event.i2c.write_size, 2);
    rd(CLR_TX_ABRT);
    wr(DATA_CMD, 0x10);
    wr(DATA_CMD, 0x40 | STOP); /* the fault was once */
    run();
    ck_assert_uint_eq(rd(ABRT_SOURCE), 0);
    ck_assert_int_eq(env_last(EVENT_I2C)->event.i2c.error, 0);
}
END_TEST

START_TEST(faults_of_the_device_count_too)
{
    on(0x6a);
    env_fault(board.imu, FAULT_NACK, 0, 1);
    wr(DATA_CMD, 0x0f | STOP);
    run();
    ck_assert_uint_eq(rd(ABRT_SOURCE), 1);
    rd(CLR_TX_ABRT);
    env_fault(board.imu, FAULT_BIT_FLIP, 3, 1);
    for (uint32_t i = 0; i < 2; i++) {
        wr(DATA_CMD, 0x0f);
        wr(DATA_CMD, RD | RESTART | STOP);
        run();
        ck_assert_uint_eq(rd(DATA_CMD), i == 0 ? 0x64 : 0x6c);
    }
}
END_TEST

START_TEST(stuck_sda_stops_everything_until_disabled)
{
    on(0x6a);
    env_fault(board.i2c, FAULT_STUCK_LINE, 0, 1);
    wr(DATA_CMD, 0x0f | STOP);
    run();
    ck_assert_uint_eq(rd(RAW) & (STOP_DET | START_DET | TX_ABRT), 0);
    ck_assert_uint_ne(rd(STATUS) & 1, 0);
    wr(ENABLE, 0);
    ck_assert_uint_eq(rd(ENABLE_STATUS), 0);
    wr(ENABLE, 1);
    wr(DATA_CMD, 0x0f | STOP);
    run();
    ck_assert_uint_ne(rd(RAW) & STOP_DET, 0);
}
END_TEST

START_TEST(lost_arbitration_aborts_without_stop)
{
    on(0x6a);
    env_fault(board.i2c, FAULT_ARB_LOST, 0, 1);
    wr(DATA_CMD, 0x0f | STOP);
    run();
    ck_assert_uint_eq(rd(ABRT_SOURCE), 1u << 12);
    ck_assert_uint_eq(rd(RAW) & (TX_ABRT | STOP_DET), TX_ABRT);
    ck_assert_int_eq(env_last(EVENT_I2C)->event.i2c.error, -EAGAIN);
    ck_assert_uint_eq(rd(STATUS) & 1, 0);
}
END_TEST

START_TEST(clock_stretching_takes_its_time)
{
    on(0x6a);
    env_fault(board.i2c, FAULT_CLOCK_STRETCH, 500000, 1);
    uint64_t t0 = env_now();
    wr(DATA_CMD, 0x0f | STOP);
    env_run_until(t0 + 20 * PERIOD + 499999);
    ck_assert_uint_eq(rd(RAW) & STOP_DET, 0);
    env_run_until(t0 + 20 * PERIOD + 500000);
    ck_assert_uint_ne(rd(RAW) & STOP_DET, 0);
}
END_TEST

START_TEST(abort_ends_after_the_byte)
{
    on(0x6a);
    uint64_t t0 = env_now();
    for (uint32_t i = 0; i < 8; i++)
        wr(DATA_CMD, 0x02);
    env_run_until(t0 + 12 * PERIOD); /* in the first data byte */
    wr(ENABLE, 3);
    ck_assert_uint_eq(rd(ENABLE), 3);
    env_run_until(t0 + 20 * PERIOD);
    ck_assert_uint_eq(rd(ENABLE), 1);
    ck_assert_uint_eq(rd(ABRT_SOURCE), 1u << 16 | 7u << 23); /* USER_ABRT */
    ck_assert_uint_ne(rd(RAW) & STOP_DET, 0);
    ck_assert_int_eq(env_last(EVENT_I2C)->event.i2c.error, -ECANCELED);
}
END_TEST

START_TEST(disabling_ends_after_the_byte_and_erases_the_fifos)
{
    on(0x6a);
    uint64_t t0 = env_now();
    wr(DATA_CMD, 0x0f);
    for (uint32_t i = 0; i < 4; i++)
        wr(DATA_CMD, RD);
    env_run_until(t0 + 40 * PERIOD);
    ck_assert_uint_eq(rd(RXFLR), 1);
    wr(ENABLE, 0);
    ck_assert_uint_eq(rd(ENABLE_STATUS), 1); /* still working */
    run();
    ck_assert_uint_eq(rd(ENABLE_STATUS), 0);
    ck_assert_uint_eq(rd(RXFLR), 0);
    ck_assert_uint_eq(rd(TXFLR), 0);
    ck_assert_uint_eq(rd(RAW) & TX_EMPTY, 0);
}
END_TEST

START_TEST(fifo_levels_and_their_interrupts)
{
    on(0x6a);
    wr(TX_TL, 2);
    wr(RX_TL, 3);
    ck_assert_uint_eq(rd(RAW) & (TX_EMPTY | RX_FULL), TX_EMPTY);
    wr(ENABLE, 5); /* TX_CMD_BLOCK: let the FIFO fill */
    wr(DATA_CMD, 0x0f);
    for (uint32_t i = 1; i < 16; i++)
        wr(DATA_CMD, RD | (i == 15 ? STOP : 0));
    ck_assert_uint_eq(rd(TXFLR), 16);
    ck_assert_uint_eq(rd(STATUS) & 6, 0); /* neither not-full nor empty */
    ck_assert_uint_eq(rd(RAW) & (TX_EMPTY | TX_OVER), 0);
    wr(DATA_CMD, RD);
    ck_assert_uint_eq(rd(RAW) & TX_OVER, TX_OVER);
    ck_assert_uint_eq(rd(CLR_TX_OVER), 1);
    ck_assert_uint_eq(rd(RAW) & TX_OVER, 0);
    wr(INTR_MASK, TX_EMPTY);
    ck_assert(!env_line(board.i2c, 0));
    wr(ENABLE, 1);
    run();
    ck_assert(env_line(board.i2c, 0));
    ck_assert_uint_eq(rd(INTR_STAT), TX_EMPTY);
    wr(INTR_MASK, RX_FULL);
    ck_assert_uint_eq(rd(RXFLR), 15);
    for (uint32_t left = 15; left > 0; left--) {
        ck_assert_uint_eq(rd(RXFLR), left);
        ck_assert_uint_eq(env_line(board.i2c, 0), left > 3);
        rd(DATA_CMD);
    }
    ck_assert_uint_eq(rd(RAW) & RX_UNDER, 0);
    rd(DATA_CMD);
    ck_assert_uint_eq(rd(RAW) & RX_UNDER, RX_UNDER);
    ck_assert_uint_eq(rd(CLR_RX_UNDER), 1);
}
END_TEST

START_TEST(a_full_rx_fifo_overruns_or_holds)
{
    for (uint32_t hold = 0; hold < 2; hold++) {
        on(0x6a);
        wr(ENABLE, 0);
        wr(CON, 0x63 | hold << 9);
        wr(ENABLE, 1);
        wr(DATA_CMD, 0x0f);
        for (uint32_t i = 0; i < 18; i++) {
            wr(DATA_CMD, RD | (i == 17 ? STOP : 0));
            run();
        }
        ck_assert_uint_eq(rd(RXFLR), 16);
        ck_assert_uint_eq(rd(STATUS) & 0x18, 0x18); /* RFNE, RFF */
        ck_assert_uint_eq(rd(RAW) & RX_OVER, hold ? 0 : RX_OVER);
        ck_assert_uint_eq(rd(CLR_RX_OVER), hold ? 0 : 1);
        uint32_t count = 0;
        for (; rd(RXFLR) != 0; count++) {
            rd(DATA_CMD);
            run();
        }
        ck_assert_uint_eq(count, hold ? 18 : 16);
        rd(CLR_INTR);
    }
}
END_TEST

START_TEST(clear_registers_clear_their_own)
{
    on(0x6a);
    wr(DATA_CMD, 0x0f | STOP);
    run();
    ck_assert_uint_eq(rd(CLR_START_DET), 1);
    ck_assert_uint_eq(rd(RAW) & (START_DET | STOP_DET | ACTIVITY), STOP_DET | ACTIVITY);
    ck_assert_uint_eq(rd(CLR_STOP_DET), 1);
    ck_assert_uint_eq(rd(CLR_ACTIVITY), 1);
    ck_assert_uint_eq(rd(RAW) & ~(uint32_t)TX_EMPTY, 0);
    wr(DATA_CMD, 0x0f);
    run();
    ck_assert_uint_eq(rd(CLR_ACTIVITY), 1); /* busy: not cleared */
    ck_assert_uint_ne(rd(RAW) & ACTIVITY, 0);
    wr(DATA_CMD, 0x0f | STOP);
    run();
    ck_assert_uint_eq(rd(CLR_INTR), 1);
    ck_assert_uint_eq(rd(RAW), TX_EMPTY);
}
END_TEST

START_TEST(master_must_be_enabled)
{
    on(0x6a);
    wr(ENABLE, 0);
    wr(CON, 0x62);
    wr(ENABLE, 1);
    wr(DATA_CMD, 0x0f | STOP);
    run();
    ck_assert_uint_eq(rd(ABRT_SOURCE) & 0x1ffff, 1u << 11); /* MASTER_DIS */
    ck_assert_uint_eq(rd(RAW) & (TX_ABRT | START_DET), TX_ABRT);
}
END_TEST

START_TEST(general_call_finds_nobody)
{
    wr(ENABLE, 0);
    wr(CON, 0x63);
    wr(TAR, 0x800);
    wr(ENABLE, 1);
    wr(DATA_CMD, 0x06 | STOP);
    run();
    ck_assert_uint_eq(rd(ABRT_SOURCE), 1u << 4);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { every_register,
                                   configuration_is_locked_while_enabled,
                                   write_then_read_with_repeated_start,
                                   bytes_take_the_time_of_the_counts,
                                   fast_mode_uses_its_own_counts,
                                   the_bus_is_held_until_the_next_command,
                                   without_restart_enable_a_stop_comes_between,
                                   missing_address_acknowledge_aborts,
                                   missing_data_acknowledge_aborts,
                                   faults_of_the_device_count_too,
                                   stuck_sda_stops_everything_until_disabled,
                                   lost_arbitration_aborts_without_stop,
                                   clock_stretching_takes_its_time,
                                   abort_ends_after_the_byte,
                                   disabling_ends_after_the_byte_and_erases_the_fifos,
                                   fifo_levels_and_their_interrupts,
                                   a_full_rx_fifo_overruns_or_holds,
                                   clear_registers_clear_their_own,
                                   master_must_be_enabled,
                                   general_call_finds_nobody };
    return suite_run("dw_i2c", board_setup, tests, ARRAY_SIZE(tests), NULL, NULL, 0);
}
