/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* LSM6DSO: register access, and the self-test (AN5192 §6): with the self-test force on, the averaged
 * output of each axis must move by an amount that the datasheet bounds (table 2 and 3, ST). */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/thread.h>
#include <core/time.h>
#include <hw/regs/lsm6dso.h>

#include "lsm6dso.h"

int lsm6dso_read(const struct lsm6dso_port *port, uint8_t reg, uint8_t *to, uint16_t size)
{
    return i2c_write_read(port->adapter, port->address, &reg, 1, to, size);
}

int lsm6dso_write(const struct lsm6dso_port *port, uint8_t reg, uint32_t value)
{
    const uint8_t bytes[2] = { reg, (uint8_t)value };
    return i2c_write_read(port->adapter, port->address, bytes, sizeof bytes, NULL, 0);
}

int lsm6dso_write_settings(const struct lsm6dso_port *port, const struct lsm6dso_setting *settings,
                           size_t count)
{
    int err = 0;
    for (size_t i = 0; i < count && err == 0; i++)
        err = lsm6dso_write(port, settings[i].reg, settings[i].value);
    return err;
}

void lsm6dso_pause(uint64_t duration_ns)
{
    if (thread_sleep_for(duration_ns) != 0)
        delay_ns(duration_ns);
}

#define SELF_TEST_SAMPLES   5
#define SELF_TEST_SETTLE_NS (100ull * NSEC_PER_MSEC)

static int average(const struct lsm6dso_port *port, uint8_t first_reg, uint64_t period_ns,
                   int32_t *out)
{
    int32_t sum[3] = { 0 };
    uint8_t bytes[6];
    lsm6dso_pause(SELF_TEST_SETTLE_NS);
    for (int i = 0; i < SELF_TEST_SAMPLES; i++) {
        int err = lsm6dso_read(port, first_reg, bytes, sizeof bytes);
        if (err)
            return err;
        for (uint32_t axis = 0; axis < 3; axis++)
            sum[axis] += (int16_t)get_le16(bytes + 2 * axis);
        lsm6dso_pause(period_ns);
    }
    for (uint32_t axis = 0; axis < 3; axis++)
        out[axis] = sum[axis] / SELF_TEST_SAMPLES;
    return 0;
}

/* The output must move by min..max counts on every axis while the self-test force is on. */
struct self_test {
    const char *what;
    struct lsm6dso_setting start, force;
    uint8_t first_reg;
    uint64_t period_ns;
    int32_t min, max;
};

// clang-format off
static const struct self_test self_tests[] = {
    /* 52 Hz, 4 g: 50..1700 mg at 0.122 mg. */
    { "accelerometer", { LSM6DSO_CTRL1_XL, LSM6DSO_ODR_52HZ << 4 | LSM6DSO_FS_XL_4G << 2 },
      { LSM6DSO_CTRL5_C, 0x01 }, LSM6DSO_OUTX_L_A, 19230770, 410, 13934 },
    /* 208 Hz, 2000 dps: 150..700 dps at 70 mdps. */
    { "gyroscope", { LSM6DSO_CTRL2_G, LSM6DSO_ODR_208HZ << 4 | LSM6DSO_FS_G_2000 << 2 },
      { LSM6DSO_CTRL5_C, 0x04 }, LSM6DSO_OUTX_L_G, 4807693, 2143, 10000 },
};
// clang-format on

static int self_test_one(const struct lsm6dso_port *port, const struct self_test *test)
{
    int32_t at_rest[3], forced[3];
    int err = lsm6dso_write_settings(port, &test->start, 1);
    if (err == 0)
        err = average(port, test->first_reg, test->period_ns, at_rest);
    if (err == 0)
        err = lsm6dso_write_settings(port, &test->force, 1);
    if (err == 0)
        err = average(port, test->first_reg, test->period_ns, forced);
    if (err == 0)
        err = lsm6dso_write(port, LSM6DSO_CTRL5_C, 0);
    if (err == 0)
        err = lsm6dso_write(port, test->start.reg, 0);
    if (err)
        return err;
    for (uint32_t axis = 0; axis < 3; axis++) {
        int32_t moved = forced[axis] - at_rest[axis];
        moved = moved < 0 ? -moved : moved;
        if (moved < test->min || moved > test->max) {
            log_err("%s: self-test of the %s failed: axis %c moved by %d counts, %d..%d expected",
                    port->name, test->what, (int)('x' + axis), moved, test->min, test->max);
            return -EIO;
        }
    }
    return 0;
}

int lsm6dso_self_test(const struct lsm6dso_port *port)
{
    for (size_t i = 0; i < ARRAY_SIZE(self_tests); i++) {
        int err = self_test_one(port, &self_tests[i]);
        if (err)
            return err;
    }
    log_info("%s: self-test passed", port->name);
    return 0;
}
