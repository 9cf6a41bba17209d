/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What Axiom's events look like in an MCAP file: the one place that knows topics, schemas and
 * payloads.
 *
 *   event                     topic (machine / kernel layer)                 schema
 *   EVENT_GPIO                /gpio/chip0/17, /kernel/gpio/chip0/17 axiom_msgs/msg/GpioLevel
 *   EVENT_PWM                 /pwm/chip0/0, /kernel/pwm/chip0/0 axiom_msgs/msg/PwmState EVENT_I2C
 * /i2c/1, /kernel/i2c/1                          axiom_msgs/msg/I2cTransaction EVENT_IIO
 * /sensor/NAME, /iio/NAME                        sensor_msgs/msg/..., see below EVENT_TIMER
 * /timer/0                                       axiom_msgs/msg/TimerRun EVENT_BPF_RUN, _MAP
 * /bpf/run, /bpf/map/NAME                        axiom_msgs/msg/BpfRun, BpfMapEntry
 *   EVENT_BPF_PRINT, _LOG     /bpf/print, /log                               rcl_interfaces/msg/Log
 *   EVENT_INTERLOCK, _FAULT   /interlock, /fault axiom_msgs/msg/Interlock, Fault EVENT_SCHED, _HASH
 * /sched/switch, /hash                           axiom_msgs/msg/SchedSwitch, StateHash
 *
 * Payloads are CDR (OMG formal/02-06-51 §15.3, little endian, as ROS 2 writes it) with `ros2msg`
 * schemas, so that Foxglove and PlotJuggler plot them without a plug-in. log_time is the event's
 * time, publish_time its source_ns, sequence the low 32 bits of its sequence. A channel's metadata
 * says layer and role; a topic whose events have different roles has one channel a role.
 *
 * A scan of an IIO device has a message that says everything, axiom_msgs/msg/IioScan at TOPIC/raw,
 * and beside it what fits of sensor_msgs Imu, Temperature and RelativeHumidity, to be plotted: at
 * TOPIC if it is one, else at TOPIC/imu and so on. These are marked `derived` and are no events of
 * their own. Only where the standard message loses nothing (physical quantities on the machine
 * layer, in its own order) does it stand alone: so an input recorded by ROS 2 is an input here.
 *
 * Freestanding, no allocation, no floating point; any context. */
#pragma once
#include <axiom/event.h>
#include <mcap/record.h>

/* How a payload is laid out; each has one schema. */
enum event_form {
    EVENT_FORM_GPIO,
    EVENT_FORM_PWM,
    EVENT_FORM_I2C,
    EVENT_FORM_IIO_SCAN,
    EVENT_FORM_IMU,
    EVENT_FORM_TEMPERATURE,
    EVENT_FORM_HUMIDITY,
    EVENT_FORM_TIMER,
    EVENT_FORM_BPF_RUN,
    EVENT_FORM_BPF_MAP,
    EVENT_FORM_LOG,
    EVENT_FORM_INTERLOCK,
    EVENT_FORM_FAULT,
    EVENT_FORM_SCHED,
    EVENT_FORM_HASH,
    EVENT_FORM_COUNT
};

/* Which channel an event belongs to. */
struct event_channel {
    uint8_t kind;              /* enum event_kind */
    uint8_t layer;             /* enum event_layer */
    uint8_t role;              /* enum event_role */
    uint8_t form;              /* enum event_form */
    bool derived;              /* repeats what another channel says; no event of its own */
    bool split;                /* derived, and one of several: the topic says which */
    uint32_t number;           /* GPIO, PWM: chip << 8 | line or channel; I2C: bus; timer */
    char name[EVENT_NAME_MAX]; /* IIO device, BPF map; a longer name is cut */
};

/* The channels that an event is recorded on, the authoritative one first: at most
 * EVENT_CHANNELS_MAX. Their names are not filled in, since that is work which only a new channel
 * needs: event_channel_name() gives the text. 0 for a kind that does not exist. */
#define EVENT_CHANNELS_MAX 4u
size_t event_channels_of(const struct event *event, struct event_channel *out);
/* The name that tells channels of one kind apart (IIO device, BPF map), or "". */
const char *event_channel_name(const struct event *event);
/* The number that does (event_channel.number), or 0. */
static inline uint32_t event_channel_number(const struct event *event)
{
    switch (event->kind) {
    case EVENT_GPIO:
        return (uint32_t)event->gpio.chip << 8 | event->gpio.line;
    case EVENT_PWM:
        return (uint32_t)event->pwm.chip << 8 | event->pwm.channel;
    case EVENT_I2C:
        return event->i2c.bus;
    case EVENT_TIMER:
        return event->timer.timer;
    default:
        return 0;
    }
}

/* The topic; as snprintf, its length. */
#define EVENT_TOPIC_MAX (EVENT_NAME_MAX + 32u)
int event_channel_topic(const struct event_channel *channel, char *to, size_t size);

/* Names as metadata and reports say them: "machine", "input", "gpio". */
const char *event_layer_name(uint8_t layer);
const char *event_role_name(uint8_t role);
const char *event_kind_name(uint8_t kind);

struct event_schema {
    const char *name; /* "sensor_msgs/msg/Imu" */
    const char *text; /* ros2msg, with the definitions it depends on */
};
const struct event_schema *event_form_schema(uint8_t form);

/* A payload. event_encode() writes at most event_encoded_size_max() bytes and gives their number.
 * Texts longer than EVENT_TEXT_MAX are cut. */
#define EVENT_TEXT_MAX 1023u
size_t event_encoded_size_max(const struct event *event, uint8_t form);
size_t event_encode(const struct event *event, uint8_t form, uint8_t *to);

/* Which events a channel of a file holds: 0; -EOPNOTSUPP if none that Axiom knows; -EBADMSG if it
 * says it is one of ours and its topic, schema or metadata does not fit. Channels without Axiom's
 * metadata whose schema is a standard sensor message are taken as machine layer inputs of a device
 * that has the topic's name. */
int event_channel_parse(const struct mcap_channel *channel, const struct mcap_schema *schema,
                        struct event_channel *out);

/* The event in a message. Texts and data point into the message's payload and into `channel`. 0;
 * -EBADMSG if the payload is not what the channel's schema says; -EOPNOTSUPP for CDR in big endian.
 * The sequence is the message's 32 bits. */
int event_decode(const struct event_channel *channel, const struct mcap_message *message,
                 struct event *out);
