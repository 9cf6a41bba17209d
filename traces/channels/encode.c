/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Events to payloads. Each form's function writes the fields in its schema's order (schemas.c). */
#include "cdr.h"
#include "gpio_form.h"
#include "iio_shape.h"

#include <axiom/decimal.h>
#include <axiom/log.h>
#include <traces/channels.h>

#define MINUS_ONE    UINT64_C(0xbff0000000000000) /* bits of the double */
#define NOT_A_NUMBER UINT64_C(0x7ff8000000000000) /* bits of the double */

/* What a payload of each form takes at most, its texts and byte sequences aside. */
static const uint16_t fixed_size[EVENT_FORM_COUNT] = {
    [EVENT_FORM_GPIO] = GPIO_FORM_SIZE,
    [EVENT_FORM_PWM] = 4 + 18,
    [EVENT_FORM_I2C] = 4 + 4 + 4 + 4 + 4,
    [EVENT_FORM_IIO_SCAN] = 4 + 8 + EVENT_IIO_CHANNEL_MAX * (8 + 4 + 1) + 4 + 4 + 4,
    [EVENT_FORM_IMU] = 4 + 8 + 4 + 8 + 37 * 8,
    [EVENT_FORM_TEMPERATURE] = 4 + 8 + 4 + 8 + 16,
    [EVENT_FORM_HUMIDITY] = 4 + 8 + 4 + 8 + 16,
    [EVENT_FORM_TIMER] = 4 + 16,
    [EVENT_FORM_BPF_RUN] = 4 + 36 + 2 * 8,
    [EVENT_FORM_BPF_MAP] = 4 + 2 * 8,
    [EVENT_FORM_LOG] = 4 + 12 + 4 * 8 + 16 + 4,
    [EVENT_FORM_INTERLOCK] = 4 + 4 + 2 * 8,
    [EVENT_FORM_FAULT] = 4 + 8 + 2 * 8,
    [EVENT_FORM_SCHED] = 4 + 4 + 2 * 8,
    [EVENT_FORM_HASH] = 4 + 8,
};

/* A text with its zero byte; NULL is "". */
static size_t text_size(const char *text)
{
    return text != NULL ? strnlen(text, EVENT_TEXT_MAX) + 1 : 1;
}

static void put_text(struct cdr_out *c, const char *text)
{
    cdr_text(c, text != NULL ? text : "", EVENT_TEXT_MAX);
}

static size_t variable_size(const struct event *event, uint8_t form)
{
    switch (form) {
    case EVENT_FORM_I2C:
        return (size_t)event->i2c.write_size + event->i2c.read_size;
    case EVENT_FORM_IMU:
    case EVENT_FORM_TEMPERATURE:
    case EVENT_FORM_HUMIDITY:
        return text_size(event->iio.device);
    case EVENT_FORM_BPF_RUN:
        return text_size(event->bpf_run.program) + text_size(event->bpf_run.attach_point);
    case EVENT_FORM_BPF_MAP:
        return (size_t)event->bpf_map.key_size + event->bpf_map.value_size;
    case EVENT_FORM_LOG:
        return text_size(event->text.text) + text_size(event->text.source) + 2;
    case EVENT_FORM_INTERLOCK:
        return text_size(event->interlock.origin) + text_size(event->interlock.target);
    case EVENT_FORM_FAULT:
        return text_size(event->fault.what) + text_size(event->fault.target);
    case EVENT_FORM_SCHED:
        return text_size(event->sched.previous) + text_size(event->sched.next);
    default:
        return 0;
    }
}

size_t event_encoded_size_max(const struct event *event, uint8_t form)
{
    return fixed_size[form] + variable_size(event, form);
}

/* --- sensor messages --- */

static void put_stamp(struct cdr_out *c, uint64_t time_ns)
{
    cdr_u32(c, (uint32_t)(time_ns / NSEC_PER_SEC));
    cdr_u32(c, (uint32_t)(time_ns % NSEC_PER_SEC));
}

static void put_header(struct cdr_out *c, const struct event *event)
{
    put_stamp(c, event->source_ns);
    put_text(c, event->iio.device);
}

/* The double of one quantity; one that was dropped never arrived, and is not a number. */
static void put_quantity(struct cdr_out *c, const struct event_iio *iio,
                         const struct iio_shape *shape, uint8_t quantity)
{
    uint64_t bits = NOT_A_NUMBER;
    if (!(shape->dropped & (1u << quantity)))
        bits = double_bits_from_nano(iio->nano[shape->index[quantity]]);
    cdr_u64(c, bits);
}

/* Nine doubles: 0 is "unknown", and -1 in the first is "there is no such measurement"
 * (sensor_msgs/Imu). */
static void put_covariance(struct cdr_out *c, bool measured)
{
    cdr_u64(c, measured ? 0 : MINUS_ONE);
    memset(c->at, 0, 8 * 8);
    c->at += 8 * 8;
}

static void put_vector(struct cdr_out *c, const struct event_iio *iio,
                       const struct iio_shape *shape, uint8_t first)
{
    bool measured = iio_shape_has(shape, 7u << first);
    for (uint8_t axis = 0; axis < 3; axis++) {
        if (measured)
            put_quantity(c, iio, shape, (uint8_t)(first + axis));
        else
            cdr_u64(c, 0);
    }
    put_covariance(c, measured);
}

static void put_imu(struct cdr_out *c, const struct event *event)
{
    struct iio_shape shape = iio_shape_of(&event->iio);
    put_header(c, event);
    cdr_align(c, 8);
    memset(c->at, 0, 3 * 8);
    c->at += 3 * 8;
    cdr_u64(c, double_bits_from_nano(NANO)); /* w of no rotation */
    put_covariance(c, false);
    put_vector(c, &event->iio, &shape, IIO_ANGL_VEL_X);
    put_vector(c, &event->iio, &shape, IIO_ACCEL_X);
}

static void put_scalar(struct cdr_out *c, const struct event *event, uint8_t quantity)
{
    struct iio_shape shape = iio_shape_of(&event->iio);
    put_header(c, event);
    put_quantity(c, &event->iio, &shape, quantity);
    cdr_u64(c, 0); /* variance unknown */
}

static void put_scan(struct cdr_out *c, const struct event_iio *iio)
{
    uint8_t count = iio->count < EVENT_IIO_CHANNEL_MAX ? iio->count : EVENT_IIO_CHANNEL_MAX;
    cdr_u32(c, count);
    for (uint8_t i = 0; i < count; i++)
        cdr_u64(c, (uint64_t)iio->nano[i]);
    cdr_u32(c, count);
    for (uint8_t i = 0; i < count; i++)
        cdr_u32(c, (uint32_t)iio->raw[i]);
    cdr_bytes(c, iio->quantity, count);
    cdr_u8(c, iio->dropped);
}

/* --- the rest --- */

/* rcl_interfaces/Log has fewer levels than syslog; `function` says which one it was. */
static void put_log(struct cdr_out *c, const struct event *event)
{
    static const uint8_t ros_level[] = { 50, 50, 50, 40, 30, 20, 20, 10 };
    uint8_t level = event->text.level < ARRAY_SIZE(ros_level) ? event->text.level : LOG_DEBUG;
    static const char digit[] = "0123456789";
    const char syslog_level[2] = { digit[level], '\0' };
    put_stamp(c, event->time_ns);
    cdr_u8(c, ros_level[level]);
    put_text(c, event->text.source);
    put_text(c, event->text.text);
    put_text(c, "");
    put_text(c, syslog_level);
    cdr_u32(c, 0);
}

/* By offset, as gpio_form.h: it comes with every edge. */
static void put_bpf_run(struct cdr_out *c, const struct event_bpf_run *run)
{
    put_le64(c->start, run->context_digest);
    put_le64(c->start + 8, run->return_value);
    put_le64(c->start + 16, run->insn_count);
    put_le64(c->start + 24, run->duration_ns);
    put_le32(c->start + 32, (uint32_t)run->error);
    c->at = c->start + 36;
    put_text(c, run->program);
    put_text(c, run->attach_point);
}

size_t event_encode(const struct event *event, uint8_t form, uint8_t *to)
{
    struct cdr_out out = cdr_begin(to);
    struct cdr_out *c = &out;
    switch (form) {
    case EVENT_FORM_GPIO:
        gpio_form_put(to, &event->gpio);
        return GPIO_FORM_SIZE;
    case EVENT_FORM_PWM:
        cdr_u64(c, event->pwm.period_ns);
        cdr_u64(c, event->pwm.duty_ns);
        cdr_u8(c, event->pwm.enabled);
        cdr_u8(c, event->pwm.inverted);
        break;
    case EVENT_FORM_I2C:
        cdr_u16(c, (uint16_t)event->i2c.error);
        cdr_u8(c, event->i2c.address);
        cdr_bytes(c, event->i2c.write_data, event->i2c.write_size);
        cdr_bytes(c, event->i2c.read_data, event->i2c.read_size);
        break;
    case EVENT_FORM_IIO_SCAN:
        put_scan(c, &event->iio);
        break;
    case EVENT_FORM_IMU:
        put_imu(c, event);
        break;
    case EVENT_FORM_TEMPERATURE:
        put_scalar(c, event, IIO_TEMP);
        break;
    case EVENT_FORM_HUMIDITY:
        put_scalar(c, event, IIO_HUMIDITYRELATIVE);
        break;
    case EVENT_FORM_TIMER:
        cdr_u64(c, event->timer.scheduled_ns);
        cdr_u64(c, event->time_ns - event->timer.scheduled_ns);
        break;
    case EVENT_FORM_BPF_RUN:
        put_bpf_run(c, &event->bpf_run);
        break;
    case EVENT_FORM_BPF_MAP:
        cdr_bytes(c, event->bpf_map.key, event->bpf_map.key_size);
        cdr_bytes(c, event->bpf_map.value, event->bpf_map.value_size);
        break;
    case EVENT_FORM_LOG:
        put_log(c, event);
        break;
    case EVENT_FORM_INTERLOCK:
        cdr_u8(c, event->interlock.action);
        put_text(c, event->interlock.origin);
        put_text(c, event->interlock.target);
        break;
    case EVENT_FORM_FAULT:
        cdr_u64(c, event->fault.parameter);
        put_text(c, event->fault.what);
        put_text(c, event->fault.target);
        break;
    case EVENT_FORM_SCHED:
        cdr_u8(c, event->sched.cpu);
        put_text(c, event->sched.previous);
        put_text(c, event->sched.next);
        break;
    case EVENT_FORM_HASH:
        cdr_u64(c, event->hash.hash);
        break;
    default:
        break;
    }
    return cdr_size(c);
}
