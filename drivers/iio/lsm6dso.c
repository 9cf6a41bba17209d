/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* ST LSM6DSO: accelerometer and gyroscope (datasheet DocID030760; application note AN5192).
 *
 * The sensor batches both into its FIFO at one rate. INT1 rises when the FIFO holds the watermark;
 * the interrupt handler notes the time and wakes a thread, which reads how many words there are and
 * then all of them in one burst. A word is a tag (which sensor, which time slot, parity) and three
 * values; a gyroscope and an accelerometer word of one time slot make a scan.
 *
 * INT1 is a level to the sensor and an edge to us: it falls when the FIFO is read below the
 * watermark. If so much came while we read that it did not fall, no edge follows; hence the thread
 * looks again when reading took long. When no interrupt comes for some time the thread looks by
 * itself, so a lost one costs time and a log line, not samples. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/iio.h>
#include <core/mm.h>
#include <core/ratelimit.h>
#include <core/thread.h>
#include <core/wait.h>
#include <drivers/freeze_watch.h>
#include <drivers/table.h>
#include <hw/device.h>
#include <hw/regs/lsm6dso.h>

#include "lsm6dso.h"

#define RATE_DEFAULT_HZ   833u
#define WATERMARK_DEFAULT 1u /* scans */
#define WATERMARK_MAX     (LSM6DSO_FIFO_WORD_COUNT / WORDS_A_SCAN / 2)
#define WORDS_A_SCAN      2u
#define WORD_SIZE         7u
#define BURST_WORDS       64u
#define THREAD_PRIORITY   70u
#define FROZEN_SCANS      100u
#define POLL_PERIODS      8u /* of the watermark: how long we wait before we look by ourselves */
#define POLL_MARGIN_NS    (5ull * NSEC_PER_MSEC)
#define POLL_MAX_NS       (1ull * NSEC_PER_SEC)
#define RESET_TRIES       20u
#define RESET_WAIT_NS     (1ull * NSEC_PER_MSEC)

struct range {
    uint32_t range, code;
    int64_t scale_pico;
};

/* §4.1, table 2: sensitivities, in 1e-12 SI units a count. 1 g is 9.80665 m/s^2; the gyroscope's
 * are 8.75, 17.5, 35 and 70 mdps. */
#define ACCEL_PICO_A_UG INT64_C(9806650) /* 1e-6 g in 1e-12 m/s^2 */
static const struct range accel_ranges[] = {
    { 2, LSM6DSO_FS_XL_2G, 61 * ACCEL_PICO_A_UG },
    { 4, LSM6DSO_FS_XL_4G, 122 * ACCEL_PICO_A_UG },
    { 8, LSM6DSO_FS_XL_8G, 244 * ACCEL_PICO_A_UG },
    { 16, LSM6DSO_FS_XL_16G, 488 * ACCEL_PICO_A_UG },
};
static const struct range gyro_ranges[] = {
    { 250, LSM6DSO_FS_G_250, 152716310 },
    { 500, LSM6DSO_FS_G_500, 305432619 },
    { 1000, LSM6DSO_FS_G_1000, 610865238 },
    { 2000, LSM6DSO_FS_G_2000, 1221730476 },
};

/* §9.13: output data rates. */
static const struct {
    uint32_t hz, code;
} rates[] = {
    { 12, LSM6DSO_ODR_12HZ5 },    { 26, LSM6DSO_ODR_26HZ },     { 52, LSM6DSO_ODR_52HZ },
    { 104, LSM6DSO_ODR_104HZ },   { 208, LSM6DSO_ODR_208HZ },   { 417, LSM6DSO_ODR_417HZ },
    { 833, LSM6DSO_ODR_833HZ },   { 1667, LSM6DSO_ODR_1667HZ }, { 3333, LSM6DSO_ODR_3333HZ },
    { 6667, LSM6DSO_ODR_6667HZ },
};

static const struct iio_channel channel_template[] = {
    { .quantity = IIO_ACCEL_X },    { .quantity = IIO_ACCEL_Y },    { .quantity = IIO_ACCEL_Z },
    { .quantity = IIO_ANGL_VEL_X }, { .quantity = IIO_ANGL_VEL_Y }, { .quantity = IIO_ANGL_VEL_Z },
};
#define CHANNEL_COUNT ARRAY_SIZE(channel_template)
#define GYRO_FIRST    3u /* place of the gyroscope's channels */

/* The scan that is being put together. */
struct scan {
    int32_t raw[CHANNEL_COUNT];
    bool has_accel, has_gyro;
    uint8_t slot; /* TAG_CNT of its words */
};

struct lsm6dso {
    struct iio_device iio;
    struct iio_channel channels[CHANNEL_COUNT];
    struct lsm6dso_port port;
    const char *name; /* the port's */
    struct irq *irq;  /* NULL: the tree names none, so we poll */
    struct thread *thread;
    struct ratelimit limit;
    /* Settings: */
    const struct range *accel, *gyro;
    uint32_t odr_code, watermark; /* scans */
    uint64_t period_ns;           /* of one scan */
    /* The interrupt handler's; irq_time_ns is valid while irq_pending: */
    struct wait_queue wake;
    uint64_t irq_time_ns;
    bool irq_pending;
    /* The thread's: */
    struct scan scan;
    struct freeze_watch freeze;
    uint64_t poll_ns;           /* how long to wait for an interrupt */
    uint64_t last_data_ns;      /* when the FIFO last had something; 0: never */
    uint64_t last_timestamp_ns; /* of a scan */
    bool said_silent;
    uint8_t burst[BURST_WORDS * WORD_SIZE];
};

/* --- the FIFO --- */

/* Where scans of one drain lie in time: scan `index` of it at reference + index * period. */
struct timeline {
    uint64_t reference_ns;
    uint32_t reference_index;
    uint32_t index;
};

/* Not in the future, and after the scan before. */
static uint64_t timestamp(const struct lsm6dso *sensor, const struct timeline *line)
{
    int64_t offset = ((int64_t)line->index - line->reference_index) * (int64_t)sensor->period_ns;
    int64_t time = (int64_t)line->reference_ns + offset;
    uint64_t time_ns = time > 0 ? (uint64_t)time : 0, now_ns = ktime_get_ns();
    if (time_ns > now_ns)
        time_ns = now_ns;
    if (time_ns <= sensor->last_timestamp_ns)
        time_ns = sensor->last_timestamp_ns + 1;
    return time_ns;
}

static void push_scan(struct lsm6dso *sensor, struct timeline *line)
{
    struct scan *scan = &sensor->scan;
    if (freeze_watch_scan(&sensor->freeze, scan->raw, CHANNEL_COUNT, FROZEN_SCANS))
        log_warning("%s: %u equal samples in a row: the sensor may be frozen; its values go on "
                    "unchanged",
                    sensor->name, FROZEN_SCANS);
    sensor->last_timestamp_ns = timestamp(sensor, line);
    iio_push(&sensor->iio, scan->raw, sensor->last_timestamp_ns);
    line->index++;
    scan->has_accel = scan->has_gyro = false;
}

static void take_values(struct scan *scan, uint32_t first, const uint8_t *values)
{
    for (uint32_t i = 0; i < 3; i++)
        scan->raw[first + i] = (int16_t)get_le16(values + 2 * i);
}

/* §9.84: the tag makes the number of ones even, so a flipped bit shows. */
static bool tag_is_good(struct lsm6dso *sensor, uint8_t tag)
{
    if (__builtin_popcount(tag) % 2 == 0)
        return true;
    if (ratelimit_allow(&sensor->limit, sensor->name))
        log_warning("%s: parity error in FIFO tag 0x%02x; the word is dropped", sensor->name, tag);
    return false;
}

static void take_word(struct lsm6dso *sensor, const uint8_t *word, struct timeline *line)
{
    struct scan *scan = &sensor->scan;
    if (!tag_is_good(sensor, word[0]))
        return;
    uint8_t slot = (uint8_t)field_get(LSM6DSO_TAG_CNT, word[0]);
    if ((scan->has_accel || scan->has_gyro) && slot != scan->slot) {
        if (ratelimit_allow(&sensor->limit, sensor->name))
            log_warning("%s: half a sample in the FIFO; dropped", sensor->name);
        scan->has_accel = scan->has_gyro = false;
    }
    scan->slot = slot;
    switch (field_get(LSM6DSO_TAG_SENSOR, word[0])) {
    case LSM6DSO_TAG_ACCEL:
        take_values(scan, 0, word + 1);
        scan->has_accel = true;
        break;
    case LSM6DSO_TAG_GYRO:
        take_values(scan, GYRO_FIRST, word + 1);
        scan->has_gyro = true;
        break;
    default:
        return; /* temperature, time stamps: not asked for */
    }
    if (scan->has_accel && scan->has_gyro)
        push_scan(sensor, line);
}

static int read_words(struct lsm6dso *sensor, uint32_t words, struct timeline *line)
{
    while (words != 0) {
        uint32_t now = words < BURST_WORDS ? words : BURST_WORDS;
        int err = lsm6dso_read(&sensor->port, LSM6DSO_FIFO_DATA_OUT_TAG, sensor->burst,
                               (uint16_t)(now * WORD_SIZE));
        if (err)
            return err;
        for (uint32_t i = 0; i < now; i++)
            take_word(sensor, sensor->burst + i * WORD_SIZE, line);
        words -= now;
    }
    return 0;
}

static int read_level(struct lsm6dso *sensor, uint32_t *words)
{
    uint8_t status[2];
    int err = lsm6dso_read(&sensor->port, LSM6DSO_FIFO_STATUS1, status, sizeof status);
    if (err)
        return err;
    *words = status[0] | field_get(LSM6DSO_FIFO_DIFF_HIGH, status[1]) << 8;
    if ((status[1] & (LSM6DSO_FIFO_OVR_IA | LSM6DSO_FIFO_OVR_LATCHED)) &&
        ratelimit_allow(&sensor->limit, sensor->name))
        log_warning("%s: FIFO overrun: the oldest samples were overwritten; the %u words that are "
                    "left are read, sampling goes on",
                    sensor->name, *words);
    return 0;
}

static void say_failed(struct lsm6dso *sensor, int err)
{
    if (ratelimit_allow(&sensor->limit, sensor->name))
        log_warning("%s: the FIFO could not be read (error %d); it is tried again within %llu ms",
                    sensor->name, -err, (unsigned long long)(sensor->poll_ns / NSEC_PER_MSEC) + 1);
}

static uint64_t watermark_ns(const struct lsm6dso *sensor)
{
    return sensor->watermark * sensor->period_ns;
}

static void have_data(struct lsm6dso *sensor)
{
    sensor->last_data_ns = ktime_get_ns();
    sensor->poll_ns = sensor->irq == NULL ? watermark_ns(sensor)
                                          : POLL_PERIODS * watermark_ns(sensor) + POLL_MARGIN_NS;
    sensor->said_silent = false;
}

/* INT1 rose at irq_time_ns: the scan that filled the FIFO up to the watermark is of that time. */
static void serve_interrupt(struct lsm6dso *sensor, uint64_t irq_time_ns)
{
    struct timeline line = { .reference_ns = irq_time_ns,
                             .reference_index = sensor->watermark - 1 };
    uint64_t looked_ns;
    bool first = true;
    do {
        uint32_t words;
        looked_ns = ktime_get_ns();
        int err = read_level(sensor, &words);
        if (err == 0 && first && words >= (2 * sensor->watermark + 1) * WORDS_A_SCAN &&
            ratelimit_allow(&sensor->limit, sensor->name))
            log_warning("%s: interrupt late: the FIFO holds %u words at a watermark of %u; all are "
                        "read, their times are estimates",
                        sensor->name, words, sensor->watermark * WORDS_A_SCAN);
        if (err == 0)
            err = read_words(sensor, words, &line);
        if (err) {
            say_failed(sensor, err);
            return;
        }
        first = false;
        have_data(sensor);
        /* INT1 has fallen in between, unless a watermark's worth came since we looked. */
    } while (ktime_get_ns() - looked_ns >= watermark_ns(sensor) * 3 / 4 && !thread_should_stop());
}

static void say_silent(struct lsm6dso *sensor)
{
    uint64_t silent_ns = ktime_get_ns() - sensor->last_data_ns;
    if (sensor->last_data_ns == 0 || sensor->said_silent || silent_ns < POLL_MAX_NS)
        return;
    sensor->said_silent = true;
    log_warning("%s: no sample for %llu ms: the sensor has stopped; it is looked at every %llu ms",
                sensor->name, (unsigned long long)(silent_ns / NSEC_PER_MSEC),
                (unsigned long long)(POLL_MAX_NS / NSEC_PER_MSEC));
}

/* No interrupt for poll_ns. Without data we look less and less often; below the watermark there is
 * none to expect. */
static void serve_timeout(struct lsm6dso *sensor)
{
    uint32_t words;
    uint64_t waited_ns = sensor->poll_ns;
    int err = read_level(sensor, &words);
    if (err == 0 && words < sensor->watermark * WORDS_A_SCAN) {
        say_silent(sensor);
        if (sensor->irq != NULL && sensor->poll_ns < POLL_MAX_NS)
            sensor->poll_ns *= 2;
        return;
    }
    if (err == 0 && sensor->irq != NULL) {
        if (ratelimit_allow(&sensor->limit, sensor->name))
            log_warning("%s: interrupt lost: none for %llu us while the FIFO holds %u words; read "
                        "by polling",
                        sensor->name, (unsigned long long)(waited_ns / NSEC_PER_USEC), words);
        irq_mask(sensor->irq);
        irq_unmask(sensor->irq);
    }
    struct timeline line = { .reference_ns = ktime_get_ns(),
                             .reference_index = err == 0 ? words / WORDS_A_SCAN - 1 : 0 };
    if (err == 0)
        err = read_words(sensor, words, &line);
    if (err) {
        say_failed(sensor, err);
        return;
    }
    have_data(sensor);
}

static void handle_interrupt(struct irq *irq, void *context)
{
    struct lsm6dso *sensor = context;
    (void)irq;
    if (!__atomic_load_n(&sensor->irq_pending, __ATOMIC_ACQUIRE)) {
        sensor->irq_time_ns = ktime_get_ns();
        __atomic_store_n(&sensor->irq_pending, true, __ATOMIC_RELEASE);
    }
    wait_queue_wake_all(&sensor->wake);
}

static int run(void *argument)
{
    struct lsm6dso *sensor = argument;
    while (!thread_should_stop()) {
        uint64_t deadline_ns = ktime_get_ns() + sensor->poll_ns;
        (void)wait_event_until(&sensor->wake,
                               __atomic_load_n(&sensor->irq_pending, __ATOMIC_ACQUIRE) ||
                                   thread_should_stop(),
                               deadline_ns);
        if (thread_should_stop())
            break;
        if (__atomic_load_n(&sensor->irq_pending, __ATOMIC_ACQUIRE)) {
            uint64_t irq_time_ns = sensor->irq_time_ns;
            __atomic_store_n(&sensor->irq_pending, false, __ATOMIC_RELEASE);
            serve_interrupt(sensor, irq_time_ns);
        } else {
            serve_timeout(sensor);
        }
    }
    return 0;
}

/* --- probe --- */

static const struct range *find_range(struct device *device, const char *property,
                                      const struct range *ranges, size_t count)
{
    uint32_t wanted;
    if (device_property_u32(device, property, 0, &wanted) != 0)
        return &ranges[count - 1];
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].range == wanted)
            return &ranges[i];
    }
    log_err("%s: %s: the sensor has no range of %u", device_name(device), property, wanted);
    return NULL;
}

/* The slowest rate that is not below what is asked for. */
static int find_rate(struct device *device, struct lsm6dso *sensor)
{
    uint32_t wanted;
    if (device_property_u32(device, "axiom,sample-rate-hz", 0, &wanted) != 0)
        wanted = RATE_DEFAULT_HZ;
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        if (rates[i].hz < wanted)
            continue;
        sensor->odr_code = rates[i].code;
        sensor->period_ns = rates[i].code == LSM6DSO_ODR_12HZ5 ? NSEC_PER_SEC * 2ull / 25
                                                               : NSEC_PER_SEC / rates[i].hz;
        return 0;
    }
    log_err("%s: axiom,sample-rate-hz %u is more than the sensor's %u", device_name(device), wanted,
            rates[ARRAY_SIZE(rates) - 1].hz);
    return -EINVAL;
}

static void fill_channels(struct lsm6dso *sensor)
{
    for (uint32_t i = 0; i < CHANNEL_COUNT; i++) {
        sensor->channels[i] = channel_template[i];
        sensor->channels[i].scale_pico =
            i < GYRO_FIRST ? sensor->accel->scale_pico : sensor->gyro->scale_pico;
    }
    sensor->iio.name = sensor->name;
    sensor->iio.channels = sensor->channels;
    sensor->iio.channel_count = CHANNEL_COUNT;
}

static int read_properties(struct device *device, struct lsm6dso *sensor)
{
    if (device_property_string(device, "label", 0, &sensor->name) != 0)
        sensor->name = device_name(device);
    sensor->accel =
        find_range(device, "axiom,accel-range-g", accel_ranges, ARRAY_SIZE(accel_ranges));
    sensor->gyro = find_range(device, "axiom,gyro-range-dps", gyro_ranges, ARRAY_SIZE(gyro_ranges));
    if (sensor->accel == NULL || sensor->gyro == NULL || find_rate(device, sensor) != 0)
        return -EINVAL;
    if (device_property_u32(device, "axiom,fifo-watermark", 0, &sensor->watermark) != 0)
        sensor->watermark = WATERMARK_DEFAULT;
    if (sensor->watermark == 0 || sensor->watermark > WATERMARK_MAX) {
        log_err("%s: axiom,fifo-watermark %u is not in 1..%u", sensor->name, sensor->watermark,
                WATERMARK_MAX);
        return -EINVAL;
    }
    sensor->port.name = sensor->name;
    fill_channels(sensor);
    int err = device_irq(device, 0, &sensor->irq);
    if (err == -ENOENT)
        log_info("%s: no interrupts property; the FIFO is polled", sensor->name);
    else if (err)
        return err;
    have_data(sensor);
    sensor->last_data_ns = 0;
    return i2c_client(device, &sensor->port.adapter, &sensor->port.address);
}

static int identify(struct lsm6dso *sensor)
{
    uint8_t id;
    int err = lsm6dso_read(&sensor->port, LSM6DSO_WHO_AM_I, &id, 1);
    if (err) {
        log_err("%s: no LSM6DSO answers at 0x%02x", sensor->name, sensor->port.address);
        return err == -ENXIO ? -ENODEV : err;
    }
    if (id != LSM6DSO_WHO_AM_I_VALUE) {
        log_err("%s: WHO_AM_I is 0x%02x, an LSM6DSO has 0x%02x", sensor->name, id,
                LSM6DSO_WHO_AM_I_VALUE);
        return -ENODEV;
    }
    return 0;
}

/* §9.14: SW_RESET reads 1 until it is done. */
static int reset(struct lsm6dso *sensor)
{
    int err = lsm6dso_write(&sensor->port, LSM6DSO_CTRL3_C,
                            LSM6DSO_CTRL3_SW_RESET | LSM6DSO_CTRL3_IF_INC);
    for (uint32_t tries = 0; err == 0 && tries < RESET_TRIES; tries++) {
        uint8_t value;
        lsm6dso_pause(RESET_WAIT_NS);
        err = lsm6dso_read(&sensor->port, LSM6DSO_CTRL3_C, &value, 1);
        if (err == 0 && (value & LSM6DSO_CTRL3_SW_RESET) == 0)
            return 0;
    }
    log_err("%s: the reset does not end", sensor->name);
    return err != 0 ? err : -ETIMEDOUT;
}

/* Everything but the FIFO's mode, which starts the flow. */
static int configure(struct lsm6dso *sensor)
{
    uint32_t words = sensor->watermark * WORDS_A_SCAN;
    const struct lsm6dso_setting settings[] = {
        { LSM6DSO_CTRL3_C, LSM6DSO_CTRL3_BDU | LSM6DSO_CTRL3_IF_INC },
        { LSM6DSO_FIFO_CTRL1, (uint8_t)words },
        { LSM6DSO_FIFO_CTRL2, (uint8_t)(words >> 8) },
        { LSM6DSO_FIFO_CTRL3, (uint8_t)(sensor->odr_code << 4 | sensor->odr_code) },
        { LSM6DSO_INT1_CTRL, LSM6DSO_INT1_FIFO_TH },
        { LSM6DSO_CTRL1_XL, (uint8_t)(sensor->odr_code << 4 | sensor->accel->code << 2) },
        { LSM6DSO_CTRL2_G, (uint8_t)(sensor->odr_code << 4 | sensor->gyro->code << 2) },
    };
    return lsm6dso_write_settings(&sensor->port, settings, ARRAY_SIZE(settings));
}

static void switch_off(struct lsm6dso *sensor)
{
    static const struct lsm6dso_setting settings[] = {
        { LSM6DSO_FIFO_CTRL4, LSM6DSO_FIFO_MODE_BYPASS },
        { LSM6DSO_CTRL1_XL, 0 },
        { LSM6DSO_CTRL2_G, 0 },
    };
    (void)lsm6dso_write_settings(&sensor->port, settings, ARRAY_SIZE(settings));
}

static int prepare(struct device *device, struct lsm6dso *sensor)
{
    int err = identify(sensor);
    if (err == 0)
        err = reset(sensor);
    if (err == 0 && device_property_present(device, "axiom,self-test"))
        err = lsm6dso_self_test(&sensor->port);
    if (err == 0)
        err = configure(sensor);
    return err;
}

static void stop_thread(struct lsm6dso *sensor)
{
    thread_stop(sensor->thread);
    (void)thread_join(sensor->thread);
}

static int start(struct lsm6dso *sensor)
{
    const struct thread_options options = {
        .name = sensor->name,
        .entry = run,
        .argument = sensor,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = THREAD_PRIORITY },
    };
    int err = iio_device_register(&sensor->iio);
    if (err)
        return err;
    err = thread_create(&options, &sensor->thread);
    if (err)
        goto unregister;
    if (sensor->irq != NULL) {
        err = irq_request(sensor->irq, handle_interrupt, sensor, sensor->name);
        if (err)
            goto stop_thread;
    }
    err = lsm6dso_write(&sensor->port, LSM6DSO_FIFO_CTRL4, LSM6DSO_FIFO_MODE_CONTINUOUS);
    if (err)
        goto free_irq;
    return 0;
free_irq:
    if (sensor->irq != NULL)
        irq_free(sensor->irq);
stop_thread:
    stop_thread(sensor);
unregister:
    iio_device_unregister(&sensor->iio);
    return err;
}

static int probe(struct device *device)
{
    struct lsm6dso *sensor = kzalloc(sizeof *sensor);
    if (sensor == NULL)
        return -ENOMEM;
    wait_queue_init(&sensor->wake);
    int err = read_properties(device, sensor);
    if (err == 0)
        err = prepare(device, sensor);
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
    struct lsm6dso *sensor = device_data(device);
    if (sensor->irq != NULL)
        irq_free(sensor->irq);
    stop_thread(sensor);
    switch_off(sensor);
    iio_device_unregister(&sensor->iio);
    kfree(sensor);
}

static const char *const compatible[] = { "st,lsm6dso", NULL };

const struct driver lsm6dso_driver = {
    .name = "lsm6dso",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
