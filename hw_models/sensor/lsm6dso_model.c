/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* LSM6DSO, accelerometer and gyroscope (datasheet DocID030760; AN5192).
 *
 * What a sample is. By default every sensor_input() that brings a sensor's quantity is one sample
 * of that sensor while its output data rate is on: recorded samples arrive once each, at their
 * recorded times, whatever rate the driver chose. Sensors of equal rates sample in one time slot,
 * so a recording that has only one of them brings the other's last value with it. With `axiom,sampling = "odr"` in the node the
 * model samples at its own rate instead, sample k of a rate at floor(k * 1e9 * 512 / 2^(code-1) /
 * 6667) ns after it was set (AN5192 §6.4: rates are 6667 Hz over powers of two), and the last input
 * holds.
 *
 * A value is rounded to the nearest count, ties away from zero, and saturates at the range. INT1
 * shows the data-ready and FIFO flags that INT1_CTRL enables; it is a level, gone when the flags
 * are.
 *
 * Assumed: inside a time slot the gyroscope's word comes first, then accelerometer, temperature,
 * timestamp; COUNTER_BDR_IA is cleared by reading FIFO_STATUS2. Not modelled, with a warning: the
 * embedded functions and sensor hub pages, triggered FIFO modes, compression, pulsed data-ready. */
#include "lsm6dso_fifo.h"
#include <axiom/errno.h>
#include <axiom/string.h>
#include <hw_models/scale.h>

#define REGISTER_COUNT 128u
#define BASE_RATE_HZ   6667u
#define ODR_CODE_MAX   11u

/* Counts in 1e-15 SI units: 61 ug * 9.80665 m/s^2 for +-2 g, 4.375 mdps for +-125 dps. */
#define ACCEL_LSB_FEMTO INT64_C(598205650000)
#define GYRO_LSB_FEMTO  INT64_C(76358154775)
/* Self-test output change: within 50..1700 mg, 150..700 dps at 2000 dps, 20..80 at 250 (table 2).
 */
#define ACCEL_SELF_TEST_NANO      INT64_C(4903325000) /* 500 mg */
#define GYRO_SELF_TEST_NANO       INT64_C(6981317008) /* 400 dps */
#define GYRO_SELF_TEST_SMALL_NANO INT64_C(872664626)  /* 50 dps */
#define INT_TYPE_ACTIVE_LOW       10u /* falling edge 2 or low level 8, of a specifier's second cell */
#define INPUT_LIMIT_NANO          INT64_C(1000000000000) /* far above every range */

struct lsm6dso {
    struct model model;
    bool own_rate;
    bool tree_active_low; /* the tree says how the board reads INT1, CTRL3_C how the chip drives it
                           */
    uint32_t reg[REGISTER_COUNT]; /* as written */
    int64_t accel_nano[3], gyro_nano[3], temperature_nano;
    uint16_t out[7];  /* temperature, gyroscope, accelerometer: OUT_TEMP_L on */
    uint16_t held[7]; /* BDU: of these a low byte has been read */
    uint32_t held_mask;
    uint32_t out_hashed[4];
    uint32_t status; /* STATUS_REG */
    struct imu_fifo fifo;
    uint32_t batch_count; /* COUNTER_BDR */
    uint32_t batch_reached;
    uint32_t timestamp_slots;
    uint64_t timestamp_base_ns;
    bool int1;
    /* The bus. */
    uint32_t pointer;
    bool addressed; /* the next byte written is a register's address */
    /* Own rate. */
    uint64_t rate_epoch_ns, rate_tick;
    struct model_timer rate_timer;
};

static struct lsm6dso *imu_of(struct model *model)
{
    return CONTAINER_OF(model, struct lsm6dso, model);
}

static const struct {
    uint8_t address, writable, reset;
} registers[] = {
    { LSM6DSO_FUNC_CFG_ACCESS, 0xc0, 0x00 },  { LSM6DSO_PIN_CTRL, 0xc0, 0x3f },
    { LSM6DSO_FIFO_CTRL1, 0xff, 0x00 },       { LSM6DSO_FIFO_CTRL2, 0xd7, 0x00 },
    { LSM6DSO_FIFO_CTRL3, 0xff, 0x00 },       { LSM6DSO_FIFO_CTRL4, 0xf7, 0x00 },
    { LSM6DSO_COUNTER_BDR_REG1, 0xa7, 0x00 }, { LSM6DSO_COUNTER_BDR_REG2, 0xff, 0x00 },
    { LSM6DSO_INT1_CTRL, 0xff, 0x00 },        { LSM6DSO_INT2_CTRL, 0x7f, 0x00 },
    { LSM6DSO_CTRL1_XL, 0xfe, 0x00 },         { LSM6DSO_CTRL2_G, 0xfe, 0x00 },
    { LSM6DSO_CTRL3_C, 0x7c, 0x04 },          { LSM6DSO_CTRL4_C, 0x6e, 0x00 },
    { LSM6DSO_CTRL5_C, 0xef, 0x00 },          { LSM6DSO_CTRL6_C, 0xff, 0x00 },
    { LSM6DSO_CTRL7_G, 0xf3, 0x00 },          { LSM6DSO_CTRL8_XL, 0xfb, 0x00 },
    { LSM6DSO_CTRL9_XL, 0xfe, 0xe0 },         { LSM6DSO_CTRL10_C, 0x20, 0x00 },
};

#define COUNTER_RESET  BIT(6) /* COUNTER_BDR_REG1 */
#define COUNTER_GYRO   BIT(5)
#define XL_FS_MODE_NEW BIT(1) /* CTRL8_XL: range code 1 is +-2 g */

static void set_register(struct lsm6dso *imu, uint32_t address, uint32_t value)
{
    model_reg_set(&imu->model, &imu->reg[address], value);
}

/* --- the FIFO's and the interrupt's view --- */

static struct imu_fifo_config fifo_config(const struct lsm6dso *imu)
{
    uint32_t ctrl2 = imu->reg[LSM6DSO_FIFO_CTRL2];
    uint32_t mode = field_get(LSM6DSO_FIFO_CTRL4_MODE, imu->reg[LSM6DSO_FIFO_CTRL4]);
    if (mode != LSM6DSO_FIFO_MODE_BYPASS && mode != LSM6DSO_FIFO_MODE_FIFO)
        mode = LSM6DSO_FIFO_MODE_CONTINUOUS;
    return (struct imu_fifo_config){
        .mode = mode,
        .watermark = imu->reg[LSM6DSO_FIFO_CTRL1] | (ctrl2 & LSM6DSO_FIFO_CTRL2_WTM8) << 8,
        .stop_on_watermark = (ctrl2 & LSM6DSO_FIFO_CTRL2_STOP_ON_WTM) != 0,
    };
}

static uint32_t fifo_status2(const struct lsm6dso *imu)
{
    struct imu_fifo_config config = fifo_config(imu);
    return imu_fifo_flags(&imu->fifo, &config) |
           (imu->batch_reached != 0 ? LSM6DSO_COUNTER_BDR_IA : 0) | imu->fifo.count >> 8;
}

static void update_int1(struct lsm6dso *imu)
{
    uint32_t enabled = imu->reg[LSM6DSO_INT1_CTRL], fifo = fifo_status2(imu), flags = 0;
    flags |= (imu->status & LSM6DSO_STATUS_XLDA) != 0 ? LSM6DSO_INT1_DRDY_XL : 0;
    flags |= (imu->status & LSM6DSO_STATUS_GDA) != 0 ? LSM6DSO_INT1_DRDY_G : 0;
    flags |= (fifo & LSM6DSO_FIFO_WTM_IA) != 0 ? LSM6DSO_INT1_FIFO_TH : 0;
    flags |= (fifo & LSM6DSO_FIFO_OVR_IA) != 0 ? LSM6DSO_INT1_FIFO_OVR : 0;
    flags |= (fifo & LSM6DSO_FIFO_FULL_IA) != 0 ? LSM6DSO_INT1_FIFO_FULL : 0;
    flags |= (fifo & LSM6DSO_COUNTER_BDR_IA) != 0 ? LSM6DSO_INT1_CNT_BDR : 0;
    bool active_low = (imu->reg[LSM6DSO_CTRL3_C] & LSM6DSO_CTRL3_H_LACTIVE) != 0;
    bool pin = ((flags & enabled) != 0) != active_low;
    if (pin == imu->int1)
        return;
    imu->int1 = pin;
    model_line_set(&imu->model, 0, 0, pin != imu->tree_active_low);
}

/* --- conversion --- */

static int64_t divide_nearest(int64_t value, int64_t by)
{
    return value < 0 ? -((-value + by / 2) / by) : (value + by / 2) / by;
}

static uint16_t to_count(int64_t nano, int64_t lsb_femto)
{
    if (nano > INPUT_LIMIT_NANO)
        nano = INPUT_LIMIT_NANO;
    if (nano < -INPUT_LIMIT_NANO)
        nano = -INPUT_LIMIT_NANO;
    int64_t count = divide_nearest(nano * 1000000, lsb_femto);
    return (uint16_t)(int16_t)(count > INT16_MAX   ? INT16_MAX
                               : count < INT16_MIN ? INT16_MIN
                                                   : count);
}

static int64_t accel_lsb_femto(const struct lsm6dso *imu)
{
    static const uint8_t multiple[4] = { 1, 8, 2, 4 };
    uint32_t code = field_get(LSM6DSO_CTRL1_FS_XL, imu->reg[LSM6DSO_CTRL1_XL]);
    if (code == LSM6DSO_FS_XL_16G && (imu->reg[LSM6DSO_CTRL8_XL] & XL_FS_MODE_NEW) != 0)
        code = LSM6DSO_FS_XL_2G;
    return ACCEL_LSB_FEMTO * multiple[code];
}

static bool gyro_is_125(const struct lsm6dso *imu)
{
    return (imu->reg[LSM6DSO_CTRL2_G] & LSM6DSO_CTRL2_FS_125) != 0;
}

static int64_t gyro_lsb_femto(const struct lsm6dso *imu)
{
    uint32_t code = field_get(LSM6DSO_CTRL2_FS_G, imu->reg[LSM6DSO_CTRL2_G]);
    return gyro_is_125(imu) ? GYRO_LSB_FEMTO : GYRO_LSB_FEMTO << (code + 1);
}

static int64_t accel_self_test(const struct lsm6dso *imu)
{
    uint32_t mode = field_get(LSM6DSO_CTRL5_ST_XL, imu->reg[LSM6DSO_CTRL5_C]);
    return mode == 1 ? ACCEL_SELF_TEST_NANO : mode == 2 ? -ACCEL_SELF_TEST_NANO : 0;
}

static int64_t gyro_self_test(const struct lsm6dso *imu)
{
    uint32_t mode = field_get(LSM6DSO_CTRL5_ST_G, imu->reg[LSM6DSO_CTRL5_C]);
    uint32_t range = field_get(LSM6DSO_CTRL2_FS_G, imu->reg[LSM6DSO_CTRL2_G]);
    bool wide = range == LSM6DSO_FS_G_2000 && !gyro_is_125(imu);
    int64_t change = wide ? GYRO_SELF_TEST_NANO : GYRO_SELF_TEST_SMALL_NANO;
    return mode == 1 ? change : mode == 3 ? -change : 0;
}

/* --- samples --- */

static uint32_t odr_accel(const struct lsm6dso *imu)
{
    return field_get(LSM6DSO_CTRL1_ODR_XL, imu->reg[LSM6DSO_CTRL1_XL]);
}

static uint32_t odr_gyro(const struct lsm6dso *imu)
{
    return field_get(LSM6DSO_CTRL2_ODR_G, imu->reg[LSM6DSO_CTRL2_G]);
}

static void convert(struct lsm6dso *imu, bool accel, bool gyro, bool temperature)
{
    for (uint32_t axis = 0; accel && axis < 3; axis++)
        imu->out[4 + axis] =
            to_count(imu->accel_nano[axis] + accel_self_test(imu), accel_lsb_femto(imu));
    for (uint32_t axis = 0; gyro && axis < 3; axis++)
        imu->out[1 + axis] =
            to_count(imu->gyro_nano[axis] + gyro_self_test(imu), gyro_lsb_femto(imu));
    if (temperature) /* 256 counts a degree from 25 degrees */
        imu->out[0] = to_count(imu->temperature_nano - 25 * INT64_C(1000000000),
                               INT64_C(1000000000000000) / 256);
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t high = 2 * i + 1 < 7 ? imu->out[2 * i + 1] : 0;
        model_reg_set(&imu->model, &imu->out_hashed[i], imu->out[2 * i] | high << 16);
    }
}

static uint32_t timestamp(const struct lsm6dso *imu)
{
    if ((imu->reg[LSM6DSO_CTRL10_C] & LSM6DSO_CTRL10_TIMESTAMP_EN) == 0)
        return 0;
    return (uint32_t)((model_time_ns(&imu->model) - imu->timestamp_base_ns) /
                      LSM6DSO_TIMESTAMP_LSB_NS);
}

static void count_batch(struct lsm6dso *imu, bool accel, bool gyro)
{
    uint32_t reg1 = imu->reg[LSM6DSO_COUNTER_BDR_REG1];
    uint32_t threshold = (reg1 & 7) << 8 | imu->reg[LSM6DSO_COUNTER_BDR_REG2];
    if (threshold == 0 || ((reg1 & COUNTER_GYRO) != 0 ? !gyro : !accel))
        return;
    uint32_t count = imu->batch_count + 1;
    if (count >= threshold) {
        model_reg_set(&imu->model, &imu->batch_reached, 1);
        count = 0;
    }
    model_reg_set(&imu->model, &imu->batch_count, count);
}

/* Every 1, 8 or 32 slots (DEC_TS_BATCH). */
static bool timestamp_due(struct lsm6dso *imu)
{
    static const uint8_t every[4] = { 0, 1, 8, 32 };
    uint32_t slots = every[imu->reg[LSM6DSO_FIFO_CTRL4] >> 6 & 3];
    if (slots == 0 || (imu->reg[LSM6DSO_CTRL10_C] & LSM6DSO_CTRL10_TIMESTAMP_EN) == 0)
        return false;
    model_reg_set(&imu->model, &imu->timestamp_slots, imu->timestamp_slots + 1);
    return (imu->timestamp_slots - 1) % slots == 0;
}

static void batch(struct lsm6dso *imu, bool accel, bool gyro, bool temperature)
{
    struct imu_fifo_config config = fifo_config(imu);
    uint32_t ctrl3 = imu->reg[LSM6DSO_FIFO_CTRL3];
    uint64_t none = 0;
    accel = accel && field_get(LSM6DSO_FIFO_CTRL3_BDR_XL, ctrl3) != 0;
    gyro = gyro && field_get(LSM6DSO_FIFO_CTRL3_BDR_GY, ctrl3) != 0;
    temperature =
        temperature && field_get(LSM6DSO_FIFO_CTRL4_ODR_T, imu->reg[LSM6DSO_FIFO_CTRL4]) != 0;
    if (config.mode == LSM6DSO_FIFO_MODE_BYPASS || !(accel || gyro || temperature))
        return;
    if (model_fault(&imu->model, FAULT_FIFO_OVERRUN, &none)) {
        model_reg_set(&imu->model, &imu->fifo.refused, 1);
        return;
    }
    struct model *model = &imu->model;
    imu_fifo_slot(model, &imu->fifo);
    if (gyro)
        imu_fifo_push(model, &imu->fifo, &config, LSM6DSO_TAG_GYRO, &imu->out[1]);
    if (accel)
        imu_fifo_push(model, &imu->fifo, &config, LSM6DSO_TAG_ACCEL, &imu->out[4]);
    if (temperature)
        imu_fifo_push(model, &imu->fifo, &config, LSM6DSO_TAG_TEMPERATURE,
                      (const uint16_t[3]){ imu->out[0], 0, 0 });
    if (timestamp_due(imu)) {
        uint32_t stamp = timestamp(imu);
        imu_fifo_push(model, &imu->fifo, &config, LSM6DSO_TAG_TIMESTAMP,
                      (const uint16_t[3]){ (uint16_t)stamp, (uint16_t)(stamp >> 16), 0 });
    }
    count_batch(imu, accel, gyro);
}

/* One time slot in which these sensors took a sample. */
static void sample(struct lsm6dso *imu, bool accel, bool gyro, bool temperature)
{
    uint64_t none = 0;
    if (!accel && !gyro && !temperature)
        return;
    if (!model_fault(&imu->model, FAULT_SENSOR_FREEZE, &none))
        convert(imu, accel, gyro, temperature);
    uint32_t fresh = (accel ? LSM6DSO_STATUS_XLDA : 0) | (gyro ? LSM6DSO_STATUS_GDA : 0) |
                     (temperature ? LSM6DSO_STATUS_TDA : 0);
    model_reg_set(&imu->model, &imu->status, imu->status | fresh);
    batch(imu, accel, gyro, temperature);
    update_int1(imu);
}

static bool imu_sensor_input(struct model *model, const uint8_t *quantity, const int64_t *nano,
                             uint32_t count)
{
    struct lsm6dso *imu = imu_of(model);
    bool accel = false, gyro = false, temperature = false;
    for (uint32_t i = 0; i < count; i++) {
        if (quantity[i] <= IIO_ACCEL_Z) {
            imu->accel_nano[quantity[i] - IIO_ACCEL_X] = nano[i];
            accel = true;
        } else if (quantity[i] <= IIO_ANGL_VEL_Z) {
            imu->gyro_nano[quantity[i] - IIO_ANGL_VEL_X] = nano[i];
            gyro = true;
        } else if (quantity[i] == IIO_TEMP) {
            imu->temperature_nano = nano[i];
            temperature = true;
        }
    }
    bool known = accel || gyro || temperature;
    bool on_accel = odr_accel(imu) != LSM6DSO_ODR_OFF, on_gyro = odr_gyro(imu) != LSM6DSO_ODR_OFF;
    if (odr_accel(imu) == odr_gyro(imu))
        accel = gyro = accel || gyro;
    if (!imu->own_rate)
        sample(imu, accel && on_accel, gyro && on_gyro, temperature && (on_accel || on_gyro));
    return known;
}

/* --- own rate --- */

/* Base ticks of 1/6667 s between samples; 0: off. */
static uint32_t rate_divider(uint32_t code)
{
    if (code == LSM6DSO_ODR_OFF || code > ODR_CODE_MAX)
        return 0;
    return code == ODR_CODE_MAX ? 4096 : 512u >> (code - 1); /* 11: 1.6 Hz, low power */
}

static uint32_t fastest_divider(const struct lsm6dso *imu)
{
    uint32_t accel = rate_divider(odr_accel(imu)), gyro = rate_divider(odr_gyro(imu));
    return accel == 0 || (gyro != 0 && gyro < accel) ? gyro : accel;
}

static void rate_fired(struct model *model, struct model_timer *timer);

static void rate_arm(struct lsm6dso *imu)
{
    uint32_t divider = fastest_divider(imu);
    if (!imu->own_rate || divider == 0) {
        model_timer_cancel(&imu->model, &imu->rate_timer);
        return;
    }
    uint64_t after_ns = scale_floor((imu->rate_tick + 1) * divider, NSEC_PER_SEC, BASE_RATE_HZ);
    model_timer_set(&imu->model, &imu->rate_timer, imu->rate_epoch_ns + after_ns, rate_fired);
}

static bool rate_hits(uint64_t base_ticks, uint32_t code)
{
    uint32_t divider = rate_divider(code);
    return divider != 0 && base_ticks % divider == 0;
}

static void rate_fired(struct model *model, struct model_timer *timer)
{
    (void)timer;
    struct lsm6dso *imu = imu_of(model);
    uint64_t base_ticks = ++imu->rate_tick * fastest_divider(imu);
    bool accel = rate_hits(base_ticks, odr_accel(imu)), gyro = rate_hits(base_ticks, odr_gyro(imu));
    rate_arm(imu);
    sample(imu, accel, gyro, true);
}

static void rate_restart(struct lsm6dso *imu)
{
    imu->rate_epoch_ns = model_time_ns(&imu->model);
    imu->rate_tick = 0;
    if (odr_accel(imu) > ODR_CODE_MAX || odr_gyro(imu) >= ODR_CODE_MAX)
        model_warn(&imu->model, "output data rate code %u/%u is reserved", odr_accel(imu),
                   odr_gyro(imu));
    rate_arm(imu);
}

/* --- registers --- */

static void reset_registers(struct lsm6dso *imu)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(registers); i++)
        set_register(imu, registers[i].address, registers[i].reset);
    imu_fifo_clear(&imu->model, &imu->fifo);
    model_reg_set(&imu->model, &imu->status, 0);
    model_reg_set(&imu->model, &imu->batch_count, 0);
    model_reg_set(&imu->model, &imu->batch_reached, 0);
}

static void warn_unmodelled(struct lsm6dso *imu, uint32_t address, uint32_t value)
{
    uint32_t mode = value & LSM6DSO_FIFO_CTRL4_MODE;
    if (address == LSM6DSO_FUNC_CFG_ACCESS && (value & 0xc0) != 0)
        model_warn(&imu->model, "embedded functions and sensor hub pages are not modelled");
    if (address == LSM6DSO_FIFO_CTRL2 && (value & BIT(6)) != 0)
        model_warn(&imu->model, "FIFO compression is not modelled");
    if (address == LSM6DSO_FIFO_CTRL4 && mode != LSM6DSO_FIFO_MODE_BYPASS &&
        mode != LSM6DSO_FIFO_MODE_FIFO && mode != LSM6DSO_FIFO_MODE_CONTINUOUS)
        model_warn(&imu->model, "FIFO mode %u waits for triggers that are not modelled", mode);
    if (address == LSM6DSO_COUNTER_BDR_REG1 && (value & BIT(7)) != 0)
        model_warn(&imu->model, "pulsed data-ready is not modelled: it is a level");
}

static void written(struct lsm6dso *imu, uint32_t address, uint32_t value)
{
    switch (address) {
    case LSM6DSO_CTRL3_C:
        if ((value & LSM6DSO_CTRL3_SW_RESET) != 0) {
            reset_registers(imu);
            rate_restart(imu);
        }
        break;
    case LSM6DSO_CTRL1_XL:
    case LSM6DSO_CTRL2_G:
        rate_restart(imu);
        break;
    case LSM6DSO_FIFO_CTRL4:
        if (fifo_config(imu).mode == LSM6DSO_FIFO_MODE_BYPASS)
            imu_fifo_clear(&imu->model, &imu->fifo);
        break;
    case LSM6DSO_COUNTER_BDR_REG1:
        if ((value & COUNTER_RESET) != 0)
            model_reg_set(&imu->model, &imu->batch_count, 0);
        break;
    case LSM6DSO_CTRL10_C:
        imu->timestamp_base_ns = model_time_ns(&imu->model);
        break;
    default:
        break;
    }
    update_int1(imu);
}

static void write_register(struct lsm6dso *imu, uint32_t address, uint32_t value)
{
    if (address == LSM6DSO_TIMESTAMP2 && value == 0xaa) {
        imu->timestamp_base_ns = model_time_ns(&imu->model);
        return;
    }
    for (uint32_t i = 0; i < ARRAY_SIZE(registers); i++) {
        if (registers[i].address != address)
            continue;
        uint32_t mask = registers[i].writable;
        bool rate = (address == LSM6DSO_CTRL1_XL || address == LSM6DSO_CTRL2_G) &&
                    ((imu->reg[address] ^ value) & LSM6DSO_CTRL1_ODR_XL) == 0;
        warn_unmodelled(imu, address, value);
        set_register(imu, address,
                     (imu->reg[address] & ~mask & registers[i].reset) | (value & mask));
        if (!rate) /* a new range does not restart the rate */
            written(imu, address, value);
        return;
    }
    model_warn(&imu->model, "write of %#x to read-only or reserved register %#x", value, address);
}

/* A byte of OUT_TEMP_L..OUTZ_H_A. With BDU the pair stays together until its high byte is read. */
static uint8_t read_output(struct lsm6dso *imu, uint32_t offset)
{
    uint32_t pair = offset / 2;
    bool high = offset % 2 != 0, bdu = (imu->reg[LSM6DSO_CTRL3_C] & LSM6DSO_CTRL3_BDU) != 0;
    uint16_t value = (imu->held_mask & BIT(pair)) != 0 ? imu->held[pair] : imu->out[pair];
    if (!high) {
        if (bdu) {
            imu->held[pair] = imu->out[pair];
            imu->held_mask |= BIT(pair);
        }
        return (uint8_t)imu->out[pair];
    }
    imu->held_mask &= ~BIT(pair);
    uint32_t read = pair == 0  ? LSM6DSO_STATUS_TDA
                    : pair < 4 ? LSM6DSO_STATUS_GDA
                               : LSM6DSO_STATUS_XLDA;
    model_reg_set(&imu->model, &imu->status, imu->status & ~read);
    return (uint8_t)(value >> 8);
}

static uint8_t read_register(struct lsm6dso *imu, uint32_t address)
{
    if (address >= LSM6DSO_OUT_TEMP_L && address < LSM6DSO_OUTX_L_A + 6)
        return read_output(imu, address - LSM6DSO_OUT_TEMP_L);
    if (address >= LSM6DSO_FIFO_DATA_OUT_TAG && address <= LSM6DSO_FIFO_DATA_OUT_Z_H)
        return imu_fifo_read(&imu->model, &imu->fifo, address - LSM6DSO_FIFO_DATA_OUT_TAG);
    if (address >= LSM6DSO_TIMESTAMP0 && address < LSM6DSO_TIMESTAMP0 + 4)
        return (uint8_t)(timestamp(imu) >> (8 * (address - LSM6DSO_TIMESTAMP0)));
    switch (address) {
    case LSM6DSO_WHO_AM_I:
        return LSM6DSO_WHO_AM_I_VALUE;
    case LSM6DSO_STATUS_REG:
        return (uint8_t)imu->status;
    case LSM6DSO_FIFO_STATUS1:
        return (uint8_t)imu->fifo.count;
    case LSM6DSO_FIFO_STATUS2: {
        uint8_t value = (uint8_t)fifo_status2(imu);
        model_reg_set(&imu->model, &imu->fifo.latched, 0);
        model_reg_set(&imu->model, &imu->fifo.refused, 0);
        model_reg_set(&imu->model, &imu->batch_reached, 0);
        return value;
    }
    default:
        return (uint8_t)imu->reg[address];
    }
}

/* --- the bus --- */

static void advance(struct lsm6dso *imu)
{
    if ((imu->reg[LSM6DSO_CTRL3_C] & LSM6DSO_CTRL3_IF_INC) == 0)
        return;
    /* A burst over the FIFO's output goes round: one word after the other, §9.85. */
    imu->pointer = imu->pointer == LSM6DSO_FIFO_DATA_OUT_Z_H ? LSM6DSO_FIFO_DATA_OUT_TAG
                                                             : (imu->pointer + 1) % REGISTER_COUNT;
}

static bool imu_start(struct model *model, bool read)
{
    imu_of(model)->addressed = !read;
    return true;
}

static bool imu_write(struct model *model, uint8_t byte)
{
    struct lsm6dso *imu = imu_of(model);
    if (imu->addressed) {
        imu->addressed = false;
        imu->pointer = byte % REGISTER_COUNT;
        return true;
    }
    write_register(imu, imu->pointer, byte);
    advance(imu);
    return true;
}

static uint8_t imu_read(struct model *model, bool last)
{
    struct lsm6dso *imu = imu_of(model);
    (void)last;
    uint8_t byte = read_register(imu, imu->pointer);
    advance(imu);
    update_int1(imu);
    return byte;
}

static void imu_stop(struct model *model)
{
    (void)model;
}

static int imu_init(struct model *model, const struct model_node *node)
{
    struct lsm6dso *imu = imu_of(model);
    const char *sampling = "input";
    (void)model_node_string(node, "axiom,sampling", &sampling);
    imu->own_rate = strcmp(sampling, "odr") == 0;
    if (!imu->own_rate && strcmp(sampling, "input") != 0) {
        model_warn(model, "axiom,sampling is \"%s\", not \"input\" or \"odr\"", sampling);
        return -EINVAL;
    }
    for (uint32_t i = 0; i < ARRAY_SIZE(registers); i++)
        imu->reg[registers[i].address] = registers[i].reset;
    imu->temperature_nano = 25 * INT64_C(1000000000);
    /* The pin idles low; the machine takes an idle output for its inactive level. */
    uint32_t type = 0;
    (void)model_node_u32(node, "interrupts", 1, &type);
    imu->tree_active_low = (type & INT_TYPE_ACTIVE_LOW) != 0;
    if (imu->tree_active_low)
        model_line_set(model, 0, 0, true);
    return 0;
}

static const char *const imu_compatible[] = { "st,lsm6dso", NULL };

static const struct model_i2c_ops imu_i2c = {
    .start = imu_start,
    .write = imu_write,
    .read = imu_read,
    .stop = imu_stop,
};

const struct model_ops lsm6dso_model = {
    .name = "lsm6dso",
    .compatible = imu_compatible,
    .size = sizeof(struct lsm6dso),
    .init = imu_init,
    .sensor_input = imu_sensor_input,
    .i2c = &imu_i2c,
};
