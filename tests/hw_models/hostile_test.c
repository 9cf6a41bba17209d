/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Software and the outside world do anything in any order: the models survive it (under the sanitizers) and do the
 * same again from the same seed. */
#include "suite.h"

static uint64_t state;

static uint32_t random32(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

/* Small numbers, single bits and ends of the range are what breaks things. */
static uint32_t random_value(void)
{
    switch (random32() % 4) {
    case 0:
        return 1u << random32() % 32;
    case 1:
        return random32() % 40;
    case 2:
        return 0u - random32() % 3;
    default:
        return random32();
    }
}

static void access_register(void)
{
    struct model *const models[] = { board.gic,  board.mip,  board.msix, board.clocks,
                                     board.pwm0, board.pwm1, board.i2c,  board.gpio };
    static const uint32_t sizes[] = { 0x2000, 0x100, 0x1000, 0x240, 0x64, 0x64, 0x100, 0xc000 };
    uint32_t which = random32() % ARRAY_SIZE(models), cpu = random32() % 4;
    uint32_t region = random32() % 4, offset = random32() % sizes[which] & ~3u;
    uint32_t size = random32() % 16 == 0 ? 1u << random32() % 4 : 4;
    if (random32() % 4 == 0)
        (void)env_read_cpu(models[which], cpu, region, offset, size);
    else
        env_write_cpu(models[which], cpu, region, offset, size, random_value());
}

static void drive_i2c(void)
{
    if (random32() % 8 == 0) {
        env_write(board.i2c, 0, 0x6c, 0);
        env_write(board.i2c, 0, 0x00, 0x60 | random32() % 0x400);
        env_write(board.i2c, 0, 0x04, random32() % 2 ? 0x6a : 0x44);
        env_write(board.i2c, 0, 0x6c, 1);
    }
    env_write(board.i2c, 0, 0x10, random32() % 0x800);
}

static void touch_from_outside(void)
{
    uint8_t quantity[6];
    int64_t nano[6];
    uint64_t mask = (uint64_t)random32() << 32 | random32();
    switch (random32() % 4) {
    case 0:
        board.gpio->ops->pins_input(board.gpio, mask, (uint64_t)random32() << 32 | random32());
        break;
    case 1:
        board.gpio->ops->pins_release(board.gpio, mask);
        break;
    case 2:
        for (uint32_t i = 0; i < 6; i++) {
            quantity[i] = (uint8_t)(random32() % 12);
            nano[i] = (int64_t)((uint64_t)random32() << 32 | random32()) >> random32() % 64;
        }
        (void)board.imu->ops->sensor_input(board.imu, quantity, nano, 6);
        (void)board.sht->ops->sensor_input(board.sht, quantity, nano, 6);
        break;
    default:
        board.timer->ops->sysreg_write(board.timer, random32() % 8, random32() % 4,
                                       (uint64_t)random_value() << random32() % 33);
        break;
    }
}

static uint64_t run(uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15u + 1;
    uint64_t digest = 0;
    for (uint32_t step = 0; step < 4000; step++) {
        uint32_t what = random32() % 8;
        if (what < 5)
            access_register();
        else if (what == 5)
            drive_i2c();
        else if (what == 6)
            touch_from_outside();
        else
            env_run_for(random32() % 20000);
        env_forget_events();
        digest = (digest ^ env_hash()) * 0x100000001b3u;
        for (uint32_t line = 0; line < 54; line += 7)
            digest += (uint32_t)board.gpio->ops->line_level(board.gpio, line) << line % 31;
    }
    return digest;
}

START_TEST(anything_goes_and_goes_the_same_way_again)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        uint64_t first = run(seed);
        board_teardown();
        board_setup_four_cpus();
        ck_assert_uint_eq(run(seed), first);
        board_teardown();
        board_setup_four_cpus();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { anything_goes_and_goes_the_same_way_again };
    return suite_run("hostile", board_setup_four_cpus, tests, ARRAY_SIZE(tests), NULL, NULL, 0);
}
