/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "event_field.h"

#include <axiom/bits.h>
#include <axiom/decimal.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum field_type { FIELD_U8, FIELD_S16, FIELD_U16, FIELD_S32, FIELD_U32, FIELD_U64, FIELD_TEXT };

struct field {
    enum event_kind kind;
    const char *name;
    enum field_type type;
    size_t offset;
};

#define FIELD(kind, member, name, type)                        \
    {                                                          \
        kind, #name, type, offsetof(struct event, member.name) \
    }

// clang-format off
static const struct field fields[] = {
    FIELD(EVENT_GPIO, gpio, chip, FIELD_U8),
    FIELD(EVENT_GPIO, gpio, line, FIELD_U8),
    FIELD(EVENT_GPIO, gpio, level, FIELD_U8),
    FIELD(EVENT_GPIO, gpio, driven, FIELD_U8),
    FIELD(EVENT_GPIO, gpio, bank_level, FIELD_U64),
    FIELD(EVENT_PWM, pwm, chip, FIELD_U8),
    FIELD(EVENT_PWM, pwm, channel, FIELD_U8),
    FIELD(EVENT_PWM, pwm, enabled, FIELD_U8),
    FIELD(EVENT_PWM, pwm, inverted, FIELD_U8),
    FIELD(EVENT_PWM, pwm, period_ns, FIELD_U64),
    FIELD(EVENT_PWM, pwm, duty_ns, FIELD_U64),
    FIELD(EVENT_I2C, i2c, bus, FIELD_U8),
    FIELD(EVENT_I2C, i2c, address, FIELD_U8),
    FIELD(EVENT_I2C, i2c, error, FIELD_S16),
    FIELD(EVENT_I2C, i2c, write_size, FIELD_U16),
    FIELD(EVENT_I2C, i2c, read_size, FIELD_U16),
    FIELD(EVENT_IIO, iio, device, FIELD_TEXT),
    FIELD(EVENT_IIO, iio, count, FIELD_U8),
    FIELD(EVENT_IIO, iio, dropped, FIELD_U8),
    FIELD(EVENT_TIMER, timer, timer, FIELD_U32),
    FIELD(EVENT_TIMER, timer, scheduled_ns, FIELD_U64),
    FIELD(EVENT_BPF_RUN, bpf_run, program, FIELD_TEXT),
    FIELD(EVENT_BPF_RUN, bpf_run, attach_point, FIELD_TEXT),
    FIELD(EVENT_BPF_RUN, bpf_run, context_digest, FIELD_U64),
    FIELD(EVENT_BPF_RUN, bpf_run, return_value, FIELD_U64),
    FIELD(EVENT_BPF_RUN, bpf_run, insn_count, FIELD_U64),
    FIELD(EVENT_BPF_RUN, bpf_run, duration_ns, FIELD_U64),
    FIELD(EVENT_BPF_RUN, bpf_run, error, FIELD_S32),
    FIELD(EVENT_BPF_MAP, bpf_map, map, FIELD_TEXT),
    FIELD(EVENT_BPF_MAP, bpf_map, key_size, FIELD_U32),
    FIELD(EVENT_BPF_MAP, bpf_map, value_size, FIELD_U32),
    FIELD(EVENT_BPF_PRINT, text, text, FIELD_TEXT),
    FIELD(EVENT_BPF_PRINT, text, source, FIELD_TEXT),
    FIELD(EVENT_LOG, text, text, FIELD_TEXT),
    FIELD(EVENT_LOG, text, level, FIELD_U8),
    FIELD(EVENT_INTERLOCK, interlock, origin, FIELD_TEXT),
    FIELD(EVENT_INTERLOCK, interlock, target, FIELD_TEXT),
    FIELD(EVENT_FAULT, fault, what, FIELD_TEXT),
    FIELD(EVENT_FAULT, fault, target, FIELD_TEXT),
    FIELD(EVENT_FAULT, fault, parameter, FIELD_U64),
    FIELD(EVENT_SCHED, sched, cpu, FIELD_U8),
    FIELD(EVENT_SCHED, sched, previous, FIELD_TEXT),
    FIELD(EVENT_SCHED, sched, next, FIELD_TEXT),
    FIELD(EVENT_HASH, hash, hash, FIELD_U64),
};
// clang-format on

static const char *const action_names[] = {
    [INTERLOCK_STOP] = "stop",
    [INTERLOCK_REFUSED] = "refused",
    [INTERLOCK_REARM] = "rearm",
};

static bool number(struct event_value *out, int64_t value)
{
    *out = (struct event_value){ .number = value };
    return true;
}

/* accel_x: nano SI units; raw.accel_x: as read. */
static bool iio_field(const struct event_iio *iio, const char *name, struct event_value *out)
{
    bool raw = strncmp(name, "raw.", 4) == 0;
    if (raw)
        name += 4;
    int quantity = iio_quantity_find(name);
    for (uint32_t i = 0; i < iio->count && i < EVENT_IIO_CHANNEL_MAX; i++) {
        if (iio->quantity[i] == quantity)
            return number(out, raw ? iio->raw[i] : iio->nano[i]);
    }
    return false;
}

/* Little-endian numbers of 1, 2, 4 or 8 bytes; sizes other than that have no number. */
static bool bytes_number(const uint8_t *at, uint32_t size, struct event_value *out)
{
    switch (size) {
    case 1:
        return number(out, at[0]);
    case 2:
        return number(out, get_le16(at));
    case 4:
        return number(out, get_le32(at));
    case 8:
        return number(out, (int64_t)get_le64(at));
    default:
        return false;
    }
}

/* key; u8[N] s32[N] u32[N] s64[N] u64[N]: the Nth such number of the value. */
static bool map_field(const struct event_bpf_map *map, const char *name, struct event_value *out)
{
    if (strcmp(name, "key") == 0)
        return bytes_number(map->key, map->key_size, out);
    char sign;
    unsigned bits, index;
    if (sscanf(name, "%c%u[%u]", &sign, &bits, &index) != 3 || (sign != 's' && sign != 'u'))
        return false;
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
        return false;
    uint32_t size = bits / 8;
    if (index >= map->value_size / size ||
        !bytes_number(map->value + (size_t)index * size, size, out))
        return false;
    if (sign == 's' && bits < 64) {
        unsigned shift = 64 - bits;
        out->number = (int64_t)((uint64_t)out->number << shift) >> shift;
    }
    return true;
}

static bool table_field(const struct event *event, const struct field *field,
                        struct event_value *out)
{
    const void *at = (const char *)event + field->offset;
    switch (field->type) {
    case FIELD_U8:
        return number(out, *(const uint8_t *)at);
    case FIELD_S16:
        return number(out, *(const int16_t *)at);
    case FIELD_U16:
        return number(out, *(const uint16_t *)at);
    case FIELD_S32:
        return number(out, *(const int32_t *)at);
    case FIELD_U32:
        return number(out, *(const uint32_t *)at);
    case FIELD_U64:
        return number(out, (int64_t) * (const uint64_t *)at);
    case FIELD_TEXT:
        *out = (struct event_value){ .is_text = true, .text = *(const char *const *)at };
        if (out->text == NULL)
            out->text = "";
        return true;
    }
    return false;
}

bool event_field(const struct event *event, const char *name, struct event_value *out)
{
    if (strcmp(name, "time_ns") == 0)
        return number(out, (int64_t)event->time_ns);
    if (strcmp(name, "source_ns") == 0)
        return number(out, (int64_t)event->source_ns);
    if (strcmp(name, "sequence") == 0)
        return number(out, (int64_t)event->sequence);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (fields[i].kind == event->kind && strcmp(fields[i].name, name) == 0)
            return table_field(event, &fields[i], out);
    }
    switch (event->kind) {
    case EVENT_IIO:
        return iio_field(&event->iio, name, out);
    case EVENT_BPF_MAP:
        return map_field(&event->bpf_map, name, out);
    case EVENT_INTERLOCK:
        if (strcmp(name, "action") != 0 || event->interlock.action >= ARRAY_SIZE(action_names))
            return false;
        *out =
            (struct event_value){ .is_text = true, .text = action_names[event->interlock.action] };
        return true;
    default:
        return false;
    }
}

const char *event_field_names(enum event_kind kind)
{
    static char names[512];
    size_t used = (size_t)snprintf(names, sizeof names, "time_ns source_ns sequence");
    for (size_t i = 0; i < ARRAY_SIZE(fields) && used < sizeof names; i++) {
        if (fields[i].kind == kind)
            used += (size_t)snprintf(names + used, sizeof names - used, " %s", fields[i].name);
    }
    const char *more = kind == EVENT_IIO ? " accel_x.. anglvel_x.. temp humidityrelative raw.NAME"
                       : kind == EVENT_BPF_MAP   ? " key u8[N] s32[N] u32[N] s64[N] u64[N]"
                       : kind == EVENT_INTERLOCK ? " action"
                                                 : "";
    if (used < sizeof names)
        snprintf(names + used, sizeof names - used, "%s", more);
    return names;
}

static void describe_iio(const struct event_iio *iio, char *to, size_t size)
{
    size_t used = 0;
    for (uint32_t i = 0; i < iio->count && i < EVENT_IIO_CHANNEL_MAX && used < size; i++) {
        int64_t nano = iio->nano[i];
        used += (size_t)snprintf(to + used, size - used, "%s%s%s %s%" PRId64 ".%06" PRId64,
                                 i ? ", " : "", iio_quantity_name(iio->quantity[i]),
                                 iio->dropped >> i & 1 ? " (dropped)" : "", nano < 0 ? "-" : "",
                                 (nano < 0 ? -nano : nano) / NANO,
                                 (nano < 0 ? -nano : nano) % NANO / 1000);
    }
}

static size_t describe_bytes(const uint8_t *bytes, uint32_t count, char *to, size_t size)
{
    size_t used = 0;
    for (uint32_t i = 0; i < count && i < 16 && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%02x", i ? " " : "", bytes[i]);
    if (count > 16 && used < size)
        used += (size_t)snprintf(to + used, size - used, " ... (%u bytes)", count);
    return used < size ? used : size - 1;
}

/* A map's value: most are structs of 64-bit numbers, and a person reads those better than bytes. */
static void describe_value(const uint8_t *bytes, uint32_t count, char *to, size_t size)
{
    if (count == 0 || count % 8 != 0 || count > 96) {
        describe_bytes(bytes, count, to, size);
        return;
    }
    size_t used = 0;
    for (uint32_t i = 0; i < count && used < size; i += 8)
        used += (size_t)snprintf(to + used, size - used, " %" PRId64, (int64_t)get_le64(bytes + i));
}

static void describe_i2c(const struct event_i2c *i2c, char *to, size_t size)
{
    size_t used = (size_t)snprintf(to, size, "0x%02x", i2c->address);
    if (i2c->write_size > 0 && used < size) {
        used += (size_t)snprintf(to + used, size - used, " write ");
        used += describe_bytes(i2c->write_data, i2c->write_size, to + used, size - used);
    }
    if (i2c->read_size > 0 && used < size) {
        used += (size_t)snprintf(to + used, size - used, " read ");
        used += describe_bytes(i2c->read_data, i2c->read_size, to + used, size - used);
    }
    if (i2c->error != 0 && used < size)
        snprintf(to + used, size - used, " error %d", i2c->error);
}

static void describe_map(const struct event_bpf_map *map, char *to, size_t size)
{
    size_t used = (size_t)snprintf(to, size, "[");
    used += describe_bytes(map->key, map->key_size, to + used, size - used);
    used += (size_t)snprintf(to + used, size - used, "] =");
    if (used < size)
        describe_value(map->value, map->value_size, to + used, size - used);
}

void event_describe(const struct event *event, char *to, size_t size)
{
    to[0] = '\0';
    switch (event->kind) {
    case EVENT_GPIO:
        snprintf(to, size, "level %u%s", event->gpio.level,
                 event->gpio.driven ? ", driven by the chip" : "");
        break;
    case EVENT_PWM:
        snprintf(to, size, "%s, duty %" PRIu64 " of %" PRIu64 " ns%s",
                 event->pwm.enabled ? "on" : "off", event->pwm.duty_ns, event->pwm.period_ns,
                 event->pwm.inverted ? ", inverted" : "");
        break;
    case EVENT_I2C:
        describe_i2c(&event->i2c, to, size);
        break;
    case EVENT_IIO:
        describe_iio(&event->iio, to, size);
        break;
    case EVENT_TIMER:
        snprintf(to, size, "scheduled at %" PRIu64 " ns", event->timer.scheduled_ns);
        break;
    case EVENT_BPF_RUN:
        snprintf(to, size, "%s at %s returned %" PRId64 ", %" PRIu64 " instruction%s%s",
                 event->bpf_run.program, event->bpf_run.attach_point,
                 (int64_t)event->bpf_run.return_value, event->bpf_run.insn_count,
                 event->bpf_run.insn_count == 1 ? "" : "s",
                 event->bpf_run.error ? ", ended early" : "");
        break;
    case EVENT_BPF_MAP:
        describe_map(&event->bpf_map, to, size);
        break;
    case EVENT_BPF_PRINT:
        snprintf(to, size, "%s: %s", event->text.source, event->text.text);
        break;
    case EVENT_LOG:
        snprintf(to, size, "%s", event->text.text);
        break;
    case EVENT_INTERLOCK:
        snprintf(to, size, "%s by %s %s",
                 event->interlock.action < ARRAY_SIZE(action_names)
                     ? action_names[event->interlock.action]
                     : "?",
                 event->interlock.origin, event->interlock.target);
        break;
    case EVENT_FAULT:
        snprintf(to, size, "%s on %s (%" PRIu64 ")", event->fault.what, event->fault.target,
                 event->fault.parameter);
        break;
    case EVENT_SCHED:
        snprintf(to, size, "CPU %u: %s -> %s", event->sched.cpu, event->sched.previous,
                 event->sched.next);
        break;
    case EVENT_HASH:
        snprintf(to, size, "%016" PRIx64, event->hash.hash);
        break;
    default:
        break;
    }
}
