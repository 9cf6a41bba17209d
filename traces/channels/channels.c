/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which channel an event belongs to, in both directions: from the event to its topic, and from a
 * file's channel back. */
#include "iio_shape.h"

#include <axiom/decimal.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <traces/channels.h>

static const char *const layer_name[] = { "machine", "kernel" };
static const char *const role_name[] = { "input", "output", "observation" };
static const char *const kind_name[EVENT_KIND_COUNT] = {
    [EVENT_GPIO] = "gpio",       [EVENT_PWM] = "pwm",         [EVENT_I2C] = "i2c",
    [EVENT_IIO] = "iio",         [EVENT_TIMER] = "timer",     [EVENT_BPF_RUN] = "bpf_run",
    [EVENT_BPF_MAP] = "bpf_map", [EVENT_BPF_PRINT] = "print", [EVENT_INTERLOCK] = "interlock",
    [EVENT_FAULT] = "fault",     [EVENT_SCHED] = "sched",     [EVENT_LOG] = "log",
    [EVENT_HASH] = "hash",
};

const char *event_layer_name(uint8_t layer)
{
    return layer < ARRAY_SIZE(layer_name) ? layer_name[layer] : "?";
}

const char *event_role_name(uint8_t role)
{
    return role < ARRAY_SIZE(role_name) ? role_name[role] : "?";
}

const char *event_kind_name(uint8_t kind)
{
    return kind < EVENT_KIND_COUNT && kind_name[kind] != NULL ? kind_name[kind] : "?";
}

/* --- from the event --- */

static const uint8_t form_of_kind[EVENT_KIND_COUNT] = {
    [EVENT_GPIO] = EVENT_FORM_GPIO,
    [EVENT_PWM] = EVENT_FORM_PWM,
    [EVENT_I2C] = EVENT_FORM_I2C,
    [EVENT_IIO] = EVENT_FORM_IIO_SCAN,
    [EVENT_TIMER] = EVENT_FORM_TIMER,
    [EVENT_BPF_RUN] = EVENT_FORM_BPF_RUN,
    [EVENT_BPF_MAP] = EVENT_FORM_BPF_MAP,
    [EVENT_BPF_PRINT] = EVENT_FORM_LOG,
    [EVENT_INTERLOCK] = EVENT_FORM_INTERLOCK,
    [EVENT_FAULT] = EVENT_FORM_FAULT,
    [EVENT_SCHED] = EVENT_FORM_SCHED,
    [EVENT_LOG] = EVENT_FORM_LOG,
    [EVENT_HASH] = EVENT_FORM_HASH,
};

const char *event_channel_name(const struct event *event)
{
    const char *name = "";
    if (event->kind == EVENT_IIO)
        name = event->iio.device;
    else if (event->kind == EVENT_BPF_MAP)
        name = event->bpf_map.map;
    return name != NULL ? name : "";
}

/* True if the scan's standard message alone gives the same event back. */
static bool scan_is_standard(const struct event *event, const struct iio_shape *shape)
{
    /* Below 2^23 a double's step is at most 2^-30, so rounding moves the value by less than half a
     * nano, and reading it gives the same nano back. */
    const int64_t exact = (INT64_C(1) << 23) * NANO;
    const struct event_iio *iio = &event->iio;
    if (event->layer != EVENT_LAYER_MACHINE || !shape->canonical || iio->dropped != 0)
        return false;
    for (uint8_t i = 0; i < iio->count; i++) {
        if (iio->raw[i] != 0 || iio->nano[i] > exact || iio->nano[i] < -exact)
            return false;
    }
    return true;
}

/* The standard messages that a scan fills: their forms; *covered is what they say of it. */
static size_t standard_forms(const struct iio_shape *shape, uint8_t *form, uint32_t *covered)
{
    size_t count = 0;
    uint32_t imu = (iio_shape_has(shape, QUANTITIES_ACCEL) ? QUANTITIES_ACCEL : 0) |
                   (iio_shape_has(shape, QUANTITIES_ANGL_VEL) ? QUANTITIES_ANGL_VEL : 0);
    *covered = imu | (shape->present & (1u << IIO_TEMP | 1u << IIO_HUMIDITYRELATIVE));
    if (imu != 0)
        form[count++] = EVENT_FORM_IMU;
    if (iio_shape_has(shape, 1u << IIO_TEMP))
        form[count++] = EVENT_FORM_TEMPERATURE;
    if (iio_shape_has(shape, 1u << IIO_HUMIDITYRELATIVE))
        form[count++] = EVENT_FORM_HUMIDITY;
    return count;
}

static uint32_t form_quantities(uint8_t form)
{
    if (form == EVENT_FORM_IMU)
        return QUANTITIES_ACCEL | QUANTITIES_ANGL_VEL;
    return form == EVENT_FORM_TEMPERATURE ? 1u << IIO_TEMP : 1u << IIO_HUMIDITYRELATIVE;
}

static size_t scan_channels(const struct event *event, struct event_channel *out)
{
    struct iio_shape shape = iio_shape_of(&event->iio);
    uint8_t form[EVENT_CHANNELS_MAX];
    uint32_t covered;
    size_t standard = standard_forms(&shape, form, &covered);
    if (standard == 1 && covered == shape.present && scan_is_standard(event, &shape)) {
        out[0].form = form[0];
        return 1;
    }
    size_t count = 1;
    for (size_t i = 0; i < standard; i++) {
        /* What a filter dropped altogether never got beyond it: nothing to plot. */
        uint32_t said = form_quantities(form[i]) & shape.present;
        if ((said & ~shape.dropped) == 0)
            continue;
        out[count] = out[0];
        out[count].form = form[i];
        out[count].derived = true;
        out[count].split = standard > 1;
        count++;
    }
    return count;
}

size_t event_channels_of(const struct event *event, struct event_channel *out)
{
    if (event->kind == 0 || event->kind >= EVENT_KIND_COUNT)
        return 0;
    out[0].kind = event->kind;
    out[0].layer = event->layer;
    out[0].role = event->role;
    out[0].form = form_of_kind[event->kind];
    out[0].derived = false;
    out[0].split = false;
    out[0].number = event_channel_number(event);
    return event->kind == EVENT_IIO ? scan_channels(event, out) : 1;
}

/* --- topics --- */

static const char *scan_suffix(const struct event_channel *channel)
{
    if (channel->form == EVENT_FORM_IIO_SCAN)
        return "/raw";
    if (!channel->split)
        return "";
    if (channel->form == EVENT_FORM_IMU)
        return "/imu";
    return channel->form == EVENT_FORM_TEMPERATURE ? "/temperature" : "/relative_humidity";
}

int event_channel_topic(const struct event_channel *channel, char *to, size_t size)
{
    const char *layer = channel->layer == EVENT_LAYER_KERNEL ? "/kernel" : "";
    uint32_t number = channel->number;
    switch (channel->kind) {
    case EVENT_GPIO:
        return format_text(to, size, "%s/gpio/chip%u/%u", layer, number >> 8, number & 0xff);
    case EVENT_PWM:
        return format_text(to, size, "%s/pwm/chip%u/%u", layer, number >> 8, number & 0xff);
    case EVENT_I2C:
        return format_text(to, size, "%s/i2c/%u", layer, number);
    case EVENT_IIO:
        return format_text(to, size, "%s/%s%s",
                           channel->layer == EVENT_LAYER_KERNEL ? "/iio" : "/sensor", channel->name,
                           scan_suffix(channel));
    case EVENT_TIMER:
        return format_text(to, size, "/timer/%u", number);
    case EVENT_BPF_RUN:
        return format_text(to, size, "/bpf/run");
    case EVENT_BPF_MAP:
        return format_text(to, size, "/bpf/map/%s", channel->name);
    case EVENT_BPF_PRINT:
        return format_text(to, size, "/bpf/print");
    case EVENT_INTERLOCK:
        return format_text(to, size, "/interlock");
    case EVENT_FAULT:
        return format_text(to, size, "/fault");
    case EVENT_SCHED:
        return format_text(to, size, "/sched/switch");
    case EVENT_LOG:
        return format_text(to, size, "/log");
    default:
        return format_text(to, size, "/hash");
    }
}

/* --- from a file's channel --- */

struct topic {
    const char *at;
    size_t left;
};

static bool topic_skip(struct topic *t, const char *prefix)
{
    size_t size = strlen(prefix);
    if (t->left < size || memcmp(t->at, prefix, size) != 0)
        return false;
    t->at += size;
    t->left -= size;
    return true;
}

/* A decimal number up to `max`, without leading zeros. */
static bool topic_number(struct topic *t, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    size_t digits = 0;
    while (digits < t->left && t->at[digits] >= '0' && t->at[digits] <= '9' && digits < 11)
        value = value * 10 + (uint64_t)(t->at[digits++] - '0');
    if (digits == 0 || value > max || (digits > 1 && t->at[0] == '0'))
        return false;
    t->at += digits;
    t->left -= digits;
    *out = (uint32_t)value;
    return true;
}

/* What is left, as the channel's name. */
static bool topic_name(const struct topic *t, struct event_channel *out)
{
    if (t->left >= sizeof out->name || memchr(t->at, '\0', t->left) != NULL)
        return false;
    memcpy(out->name, t->at, t->left);
    out->name[t->left] = '\0';
    return true;
}

static bool topic_cut_suffix(struct topic *t, const char *suffix)
{
    size_t size = strlen(suffix);
    if (t->left < size || memcmp(t->at + t->left - size, suffix, size) != 0)
        return false;
    t->left -= size;
    return true;
}

static bool topic_chip_and_line(struct topic *t, struct event_channel *out)
{
    uint32_t chip, line;
    if (!topic_number(t, UINT8_MAX, &chip) || !topic_skip(t, "/") ||
        !topic_number(t, UINT8_MAX, &line))
        return false;
    out->number = chip << 8 | line;
    return t->left == 0;
}

static bool scan_topic_parse(struct topic *t, struct event_channel *out)
{
    if (!topic_skip(t, out->layer == EVENT_LAYER_KERNEL ? "/iio/" : "/sensor/"))
        return false;
    out->split = false;
    if (out->form == EVENT_FORM_IIO_SCAN)
        return topic_cut_suffix(t, "/raw") && topic_name(t, out);
    if (out->derived) {
        out->split = true;
        out->split = topic_cut_suffix(t, scan_suffix(out));
    }
    return topic_name(t, out);
}

/* Fills in what the topic of a channel of kind out->kind says; false if it does not fit that kind.
 */
static bool topic_parse(struct topic t, struct event_channel *out)
{
    bool layered = out->kind == EVENT_GPIO || out->kind == EVENT_PWM || out->kind == EVENT_I2C;
    if (layered && out->layer == EVENT_LAYER_KERNEL && !topic_skip(&t, "/kernel"))
        return false;
    switch (out->kind) {
    case EVENT_GPIO:
        return topic_skip(&t, "/gpio/chip") && topic_chip_and_line(&t, out);
    case EVENT_PWM:
        return topic_skip(&t, "/pwm/chip") && topic_chip_and_line(&t, out);
    case EVENT_I2C:
        return topic_skip(&t, "/i2c/") && topic_number(&t, UINT8_MAX, &out->number) && t.left == 0;
    case EVENT_IIO:
        return scan_topic_parse(&t, out);
    case EVENT_TIMER:
        return topic_skip(&t, "/timer/") && topic_number(&t, UINT32_MAX, &out->number) &&
               t.left == 0;
    case EVENT_BPF_MAP:
        return topic_skip(&t, "/bpf/map/") && topic_name(&t, out);
    default: {
        char text[EVENT_TOPIC_MAX];
        event_channel_topic(out, text, sizeof text);
        return topic_skip(&t, text) && t.left == 0;
    }
    }
}

static bool name_find(struct mcap_text text, const char *const *name, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (name[i] != NULL && mcap_text_equal(text, name[i])) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool schema_form(const struct mcap_schema *schema, uint8_t *form)
{
    for (uint8_t i = 0; schema != NULL && i < EVENT_FORM_COUNT; i++) {
        if (mcap_text_equal(schema->name, event_form_schema(i)->name)) {
            *form = i;
            return true;
        }
    }
    return false;
}

static bool form_is_standard(uint8_t form)
{
    return form == EVENT_FORM_IMU || form == EVENT_FORM_TEMPERATURE || form == EVENT_FORM_HUMIDITY;
}

/* A sensor message that somebody else recorded: the topic without its first slash is the device's
 * name. */
static int foreign_parse(const struct mcap_channel *channel, struct event_channel *out)
{
    if (!form_is_standard(out->form) || !mcap_text_equal(channel->message_encoding, "cdr"))
        return -EOPNOTSUPP;
    struct topic t = { channel->topic.at, channel->topic.size };
    topic_skip(&t, "/sensor");
    topic_skip(&t, "/");
    if (t.left >= sizeof out->name)
        t.left = sizeof out->name - 1;
    out->kind = EVENT_IIO;
    out->layer = EVENT_LAYER_MACHINE;
    out->role = EVENT_ROLE_INPUT;
    return topic_name(&t, out) ? 0 : -EBADMSG;
}

int event_channel_parse(const struct mcap_channel *channel, const struct mcap_schema *schema,
                        struct event_channel *out)
{
    struct event_channel found = { 0 };
    struct mcap_text layer, role, kind, derived;
    if (!schema_form(schema, &found.form))
        return -EOPNOTSUPP;
    if (!mcap_map_find(channel->metadata, "kind", &kind)) {
        int err = foreign_parse(channel, &found);
        if (!err)
            *out = found;
        return err;
    }
    if (!mcap_map_find(channel->metadata, "layer", &layer) ||
        !mcap_map_find(channel->metadata, "role", &role) ||
        !name_find(layer, layer_name, ARRAY_SIZE(layer_name), &found.layer) ||
        !name_find(role, role_name, ARRAY_SIZE(role_name), &found.role) ||
        !name_find(kind, kind_name, ARRAY_SIZE(kind_name), &found.kind) ||
        !mcap_text_equal(channel->message_encoding, "cdr"))
        return -EBADMSG;
    found.derived = mcap_map_find(channel->metadata, "derived", &derived);
    bool fits = found.form == form_of_kind[found.kind] ||
                (found.kind == EVENT_IIO && form_is_standard(found.form));
    if (!fits || !topic_parse((struct topic){ channel->topic.at, channel->topic.size }, &found))
        return -EBADMSG;
    *out = found;
    return 0;
}
