/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sensirion SHT3x humidity and temperature sensors (datasheet SHT3x-DIS, version 7).
 *
 * A thread asks for a single measurement of high repeatability without clock stretching every
 * axiom,sample-period-ms of the clock, sleeps for as long as one takes, and reads two words, temperature and
 * humidity, each with its CRC (§4.3, §4.12). Until it has measured the sensor does not acknowledge
 * a read, so a few more reads are tried. What fails is said on the log and its sample left out; the
 * next period starts anew. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/i2c.h>
#include <core/iio.h>
#include <core/mm.h>
#include <core/ratelimit.h>
#include <core/thread.h>
#include <core/wait.h>
#include <drivers/freeze_watch.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/regs/sht3x.h>

#define PERIOD_DEFAULT_MS 1000u
#define PERIOD_MIN_MS     20u
#define MEASURE_NS        ((uint64_t)SHT3X_MEASURE_HIGH_US * NSEC_PER_USEC)
#define READ_TRIES        4u
#define READ_RETRY_NS     (2ull * NSEC_PER_MSEC)
#define FROZEN_SCANS      16u
#define THREAD_PRIORITY   60u
#define ANSWER_SIZE       6u

struct sht3x {
    struct iio_device iio;
    const char *name;
    struct i2c_adapter *adapter;
    uint16_t address;
    uint64_t period_ns;
    struct thread *thread;
    struct wait_queue stopping;
    struct ratelimit limit;
    struct freeze_watch freeze;
};

/* §4.13: T = -45 + 175 * raw / 65535 degrees, RH = raw / 65535. */
static const struct iio_channel channels[] = {
    { .quantity = IIO_TEMP,
      .scale_pico = INT64_C(175000000000000) / 65535,
      .offset_nano = INT64_C(-45000000000) },
    { .quantity = IIO_HUMIDITYRELATIVE, .scale_pico = INT64_C(1000000000000) / 65535 },
};

/* §4.12: polynomial x^8 + x^5 + x^4 + 1, initial 0xff; 0xbeef gives 0x92. */
static uint8_t crc8(const uint8_t *data, size_t size)
{
    uint32_t crc = SHT3X_CRC_INIT;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1 ^ ((crc & 0x80u) != 0 ? SHT3X_CRC_POLYNOMIAL : 0u)) & 0xffu;
    }
    return (uint8_t)crc;
}

static bool word_is_good(struct sht3x *sensor, const uint8_t *word, const char *what)
{
    uint8_t expected = crc8(word, 2);
    if (word[2] == expected)
        return true;
    if (ratelimit_allow(&sensor->limit, sensor->name))
        log_warning("%s: CRC error in the %s word 0x%02x%02x: 0x%02x came, 0x%02x was expected; "
                    "this measurement is dropped",
                    sensor->name, what, word[0], word[1], word[2], expected);
    return false;
}

static int command(struct sht3x *sensor, uint16_t code)
{
    const uint8_t bytes[2] = { (uint8_t)(code >> 8), (uint8_t)code };
    return i2c_write_read(sensor->adapter, sensor->address, bytes, sizeof bytes, NULL, 0);
}

/* True: the thread was asked to end. */
static bool sleep_until(struct sht3x *sensor, uint64_t time_ns)
{
    return wait_event_until(&sensor->stopping, thread_should_stop(), time_ns) == 0;
}

/* Not acknowledged means not measured yet (§4.3). */
static int read_answer(struct sht3x *sensor, uint8_t *answer)
{
    int err = -EIO;
    for (uint32_t tries = 0; tries < READ_TRIES; tries++) {
        err = i2c_write_read(sensor->adapter, sensor->address, NULL, 0, answer, ANSWER_SIZE);
        if (err != -ENXIO || sleep_until(sensor, ktime_get_ns() + READ_RETRY_NS))
            return err;
    }
    return err;
}

static void push(struct sht3x *sensor, const uint8_t *answer, uint64_t time_ns)
{
    int32_t raw[2] = { answer[0] << 8 | answer[1], answer[3] << 8 | answer[4] };
    if (freeze_watch_scan(&sensor->freeze, raw, ARRAY_SIZE(raw), FROZEN_SCANS))
        log_warning(
            "%s: %u equal measurements in a row: the sensor may be frozen; its values go on "
            "unchanged",
            sensor->name, FROZEN_SCANS);
    iio_push(&sensor->iio, raw, time_ns);
}

static void measure(struct sht3x *sensor)
{
    uint8_t answer[ANSWER_SIZE];
    int err = command(sensor, SHT3X_CMD_SINGLE_HIGH);
    uint64_t time_ns = ktime_get_ns() + MEASURE_NS;
    if (err == 0 && sleep_until(sensor, time_ns))
        return;
    if (err == 0)
        err = read_answer(sensor, answer);
    if (err) {
        if (ratelimit_allow(&sensor->limit, sensor->name))
            log_warning("%s: no measurement (error %d); the next one is tried in %llu ms",
                        sensor->name, -err,
                        (unsigned long long)(sensor->period_ns / NSEC_PER_MSEC));
        return;
    }
    bool temperature_good = word_is_good(sensor, answer, "temperature");
    if (word_is_good(sensor, answer + 3, "humidity") && temperature_good)
        push(sensor, answer, time_ns);
}

static int run(void *argument)
{
    struct sht3x *sensor = argument;
    uint64_t next_ns;
    do {
        measure(sensor);
        /* At multiples of the period, whenever the driver came up: a replay of what another machine did measures
         * when that did. What is overdue is left out, not made up for. */
        next_ns = (ktime_get_ns() / sensor->period_ns + 1) * sensor->period_ns;
    } while (!sleep_until(sensor, next_ns));
    return 0;
}

static int read_properties(struct device *device, struct sht3x *sensor)
{
    if (device_property_string(device, "label", 0, &sensor->name) != 0)
        sensor->name = device_name(device);
    uint32_t period_ms;
    if (device_property_u32(device, "axiom,sample-period-ms", 0, &period_ms) != 0)
        period_ms = PERIOD_DEFAULT_MS;
    if (period_ms < PERIOD_MIN_MS) {
        log_err("%s: axiom,sample-period-ms %u is below %u", sensor->name, period_ms,
                PERIOD_MIN_MS);
        return -EINVAL;
    }
    sensor->period_ns = (uint64_t)period_ms * NSEC_PER_MSEC;
    return i2c_client(device, &sensor->adapter, &sensor->address);
}

/* The status register answers at once, so it shows whether the sensor is there (§4.11). */
static int check_presence(struct sht3x *sensor)
{
    const uint8_t bytes[2] = { SHT3X_CMD_READ_STATUS >> 8, SHT3X_CMD_READ_STATUS & 0xff };
    uint8_t status[3];
    int err = i2c_write_read(sensor->adapter, sensor->address, bytes, sizeof bytes, status,
                             sizeof status);
    if (err) {
        log_err("%s: no SHT3x answers at 0x%02x", sensor->name, sensor->address);
        return err == -ENXIO ? -ENODEV : err;
    }
    (void)word_is_good(sensor, status, "status");
    return 0;
}

static int start(struct sht3x *sensor)
{
    const struct thread_options options = {
        .name = sensor->name,
        .entry = run,
        .argument = sensor,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = THREAD_PRIORITY },
    };
    sensor->iio.name = sensor->name;
    sensor->iio.channels = channels;
    sensor->iio.channel_count = ARRAY_SIZE(channels);
    int err = iio_device_register(&sensor->iio);
    if (err)
        return err;
    err = thread_create(&options, &sensor->thread);
    if (err)
        iio_device_unregister(&sensor->iio);
    return err;
}

static int probe(struct device *device)
{
    struct sht3x *sensor = kzalloc(sizeof *sensor);
    if (sensor == NULL)
        return -ENOMEM;
    wait_queue_init(&sensor->stopping);
    int err = read_properties(device, sensor);
    if (err == 0)
        err = check_presence(sensor);
    if (err == 0)
        err = start(sensor);
    if (err) {
        kfree(sensor);
        return err;
    }
    device_set_data(device, sensor);
    return 0;
}

static void remove(struct device *device)
{
    struct sht3x *sensor = device_data(device);
    thread_stop(sensor->thread);
    (void)thread_join(sensor->thread);
    iio_device_unregister(&sensor->iio);
    kfree(sensor);
}

static const char *const compatible[] = { "sensirion,sht3x", "sensirion,sht31", "sensirion,sht30",
                                          "sensirion,sht35", NULL };

const struct driver sht3x_driver = {
    .name = "sht3x",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
