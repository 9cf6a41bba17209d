/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Payloads to events. The payload is hostile: every field goes through cdr_in, and what an event's
 * type cannot hold is refused. Bytes behind the last field are ignored, as CDR readers do: a later
 * version may have more fields. */
#include "cdr.h"
#include "gpio_form.h"
#include "iio_shape.h"

#include <axiom/decimal.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <traces/channels.h>

static void take_quantity(struct cdr_in *c, struct event_iio *iio, uint8_t quantity, bool measured)
{
    int64_t nano = nano_from_double_bits(cdr_take_u64(c));
    if (!measured)
        return;
    iio->quantity[iio->count] = quantity;
    iio->nano[iio->count] = nano;
    iio->count++;
}

/* Nine doubles; true unless the first is -1. */
static bool take_covariance(struct cdr_in *c)
{
    const uint8_t *at = cdr_take(c, 8, 9 * 8);
    return at != NULL && get_le64(at) != UINT64_C(0xbff0000000000000);
}

/* Skips to behind `size` bytes of doubles, and back: whether a vector was measured stands behind
 * it. */
static bool vector_measured(const struct cdr_in *c)
{
    struct cdr_in ahead = *c;
    cdr_take(&ahead, 8, 3 * 8);
    return take_covariance(&ahead);
}

static void take_vector(struct cdr_in *c, struct event_iio *iio, uint8_t first, bool measured)
{
    for (uint8_t axis = 0; axis < 3; axis++)
        take_quantity(c, iio, (uint8_t)(first + axis), measured);
    cdr_take(c, 8, 9 * 8);
}

static void skip_header(struct cdr_in *c)
{
    cdr_take(c, 4, 8);
    cdr_take_text(c);
}

/* The scan's order is the enum's, acceleration first; the message has the angular velocity first.
 */
static void take_imu(struct cdr_in *c, struct event_iio *iio)
{
    skip_header(c);
    cdr_take(c, 8, 13 * 8); /* orientation and its covariance */
    struct cdr_in angular = *c;
    cdr_take(c, 8, 12 * 8);
    take_vector(c, iio, IIO_ACCEL_X, vector_measured(c));
    take_vector(&angular, iio, IIO_ANGL_VEL_X, vector_measured(&angular));
    c->bad |= angular.bad;
}

static void take_scalar(struct cdr_in *c, struct event_iio *iio, uint8_t quantity)
{
    skip_header(c);
    take_quantity(c, iio, quantity, true);
    cdr_take_u64(c);
}

static void take_scan(struct cdr_in *c, struct event_iio *iio)
{
    uint32_t nanos, raws, quantities;
    const uint8_t *nano = cdr_take_sequence(c, 8, &nanos);
    const uint8_t *raw = cdr_take_sequence(c, 4, &raws);
    const uint8_t *quantity = cdr_take_sequence(c, 1, &quantities);
    iio->dropped = cdr_take_u8(c);
    if (nanos > EVENT_IIO_CHANNEL_MAX || nanos != raws || nanos != quantities) {
        c->bad = true;
        return;
    }
    iio->count = (uint8_t)nanos;
    for (uint32_t i = 0; i < nanos; i++) {
        iio->nano[i] = (int64_t)get_le64(nano + 8 * i);
        iio->raw[i] = (int32_t)get_le32(raw + 4 * i);
        iio->quantity[i] = quantity[i];
        c->bad |= quantity[i] >= IIO_QUANTITY_COUNT;
    }
}

static uint16_t take_i2c_data(struct cdr_in *c, const uint8_t **data)
{
    uint32_t size;
    *data = cdr_take_sequence(c, 1, &size);
    c->bad |= size > UINT16_MAX;
    return (uint16_t)size;
}

static void take_i2c(struct cdr_in *c, struct event_i2c *i2c)
{
    i2c->error = (int16_t)cdr_take_u16(c);
    i2c->address = cdr_take_u8(c);
    i2c->write_size = take_i2c_data(c, &i2c->write_data);
    i2c->read_size = take_i2c_data(c, &i2c->read_data);
}

static void take_bpf_run(struct cdr_in *c, struct event_bpf_run *run)
{
    run->context_digest = cdr_take_u64(c);
    run->return_value = cdr_take_u64(c);
    run->insn_count = cdr_take_u64(c);
    run->duration_ns = cdr_take_u64(c);
    run->error = (int32_t)cdr_take_u32(c);
    run->program = cdr_take_text(c);
    run->attach_point = cdr_take_text(c);
}

static void take_bpf_map(struct cdr_in *c, const struct event_channel *channel,
                         struct event_bpf_map *map)
{
    map->map = channel->name;
    map->key = cdr_take_sequence(c, 1, &map->key_size);
    map->value = cdr_take_sequence(c, 1, &map->value_size);
}

static void take_log(struct cdr_in *c, struct event_text *text)
{
    cdr_take(c, 4, 8);
    uint8_t ros_level = cdr_take_u8(c);
    text->source = cdr_take_text(c);
    text->text = cdr_take_text(c);
    cdr_take_text(c);
    const char *syslog_level = cdr_take_text(c);
    if (syslog_level[0] >= '0' && syslog_level[0] <= '7' && syslog_level[1] == '\0')
        text->level = (uint8_t)(syslog_level[0] - '0');
    else /* somebody else's: the nearest of ours */
        text->level = ros_level >= 40   ? LOG_ERR
                      : ros_level >= 30 ? LOG_WARNING
                      : ros_level >= 20 ? LOG_INFO
                                        : LOG_DEBUG;
}

static void take_payload(struct cdr_in *c, const struct event_channel *channel, struct event *out)
{
    switch (channel->form) {
    case EVENT_FORM_PWM:
        out->pwm.chip = (uint8_t)(channel->number >> 8);
        out->pwm.channel = (uint8_t)channel->number;
        out->pwm.period_ns = cdr_take_u64(c);
        out->pwm.duty_ns = cdr_take_u64(c);
        out->pwm.enabled = cdr_take_u8(c);
        out->pwm.inverted = cdr_take_u8(c);
        break;
    case EVENT_FORM_I2C:
        out->i2c.bus = (uint8_t)channel->number;
        take_i2c(c, &out->i2c);
        break;
    case EVENT_FORM_IIO_SCAN:
        take_scan(c, &out->iio);
        break;
    case EVENT_FORM_IMU:
        take_imu(c, &out->iio);
        break;
    case EVENT_FORM_TEMPERATURE:
        take_scalar(c, &out->iio, IIO_TEMP);
        break;
    case EVENT_FORM_HUMIDITY:
        take_scalar(c, &out->iio, IIO_HUMIDITYRELATIVE);
        break;
    case EVENT_FORM_TIMER:
        out->timer.timer = channel->number;
        out->timer.scheduled_ns = cdr_take_u64(c);
        break;
    case EVENT_FORM_BPF_RUN:
        take_bpf_run(c, &out->bpf_run);
        break;
    case EVENT_FORM_BPF_MAP:
        take_bpf_map(c, channel, &out->bpf_map);
        break;
    case EVENT_FORM_LOG:
        take_log(c, &out->text);
        break;
    case EVENT_FORM_INTERLOCK:
        out->interlock.action = cdr_take_u8(c);
        out->interlock.origin = cdr_take_text(c);
        out->interlock.target = cdr_take_text(c);
        break;
    case EVENT_FORM_FAULT:
        out->fault.parameter = cdr_take_u64(c);
        out->fault.what = cdr_take_text(c);
        out->fault.target = cdr_take_text(c);
        break;
    case EVENT_FORM_SCHED:
        out->sched.cpu = cdr_take_u8(c);
        out->sched.previous = cdr_take_text(c);
        out->sched.next = cdr_take_text(c);
        break;
    default:
        out->hash.hash = cdr_take_u64(c);
        break;
    }
}

static struct event head(const struct event_channel *channel, const struct mcap_message *message)
{
    return (struct event){
        .time_ns = message->log_time,
        .source_ns = message->publish_time,
        .sequence = message->sequence,
        .kind = channel->kind,
        .layer = channel->layer,
        .role = channel->role,
    };
}

static int decode_by_field(const struct event_channel *channel, const struct mcap_message *message,
                           struct event *out)
{
    struct event event = head(channel, message);
    if (channel->kind == EVENT_IIO)
        event.iio.device = channel->name;
    struct cdr_in in = { message->data.at + CDR_HEADER_SIZE,
                         (size_t)message->data.size - CDR_HEADER_SIZE, 0, false };
    take_payload(&in, channel, &event);
    if (in.bad)
        return -EBADMSG;
    *out = event;
    return 0;
}

int event_decode(const struct event_channel *channel, const struct mcap_message *message,
                 struct event *out)
{
    const uint8_t *data = message->data.at;
    if (message->data.size < CDR_HEADER_SIZE || data[0] != 0)
        return -EBADMSG;
    if (data[1] != 1) /* 0: big endian; 2 and more: parameter lists, XCDR2 */
        return data[1] < 12 ? -EOPNOTSUPP : -EBADMSG;
    if (channel->form != EVENT_FORM_GPIO)
        return decode_by_field(channel, message, out);
    if (message->data.size < GPIO_FORM_SIZE)
        return -EBADMSG;
    *out = head(channel, message);
    out->gpio = gpio_form_take(data, channel->number);
    return 0;
}
