/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The sink: the file, the channel table, the order of calls. The formats only print. */
#include "sink_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct trace_error *error, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct trace_error *error, int err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return err;
}

static const struct sink_operations *const formats[] = {
    [TRACE_SINK_VCD] = &sink_vcd,
    [TRACE_SINK_CSV] = &sink_csv,
    [TRACE_SINK_CANDUMP] = &sink_candump,
};

int trace_sink_create(const char *path, enum trace_sink_format format, struct trace_sink **out,
                      struct trace_error *error)
{
    struct trace_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL)
        return fail(error, -ENOMEM, "%s: out of memory", path);
    sink->operations = formats[format];
    sink->path = strdup(path);
    sink->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (sink->path == NULL || sink->file == NULL) {
        int err = sink->path == NULL ? ENOMEM : errno;
        fail(error, -err, "%s: cannot be created: %s", path, strerror(err));
        if (sink->file != NULL && sink->file != stdout)
            fclose(sink->file);
        free(sink->path);
        free(sink);
        return -err;
    }
    *out = sink;
    return 0;
}

static int grow(struct trace_sink *sink)
{
    if (sink->channel_count < sink->channel_capacity)
        return 0;
    uint32_t capacity = sink->channel_capacity == 0 ? 16 : 2 * sink->channel_capacity;
    if (capacity > SINK_CHANNEL_MAX)
        return -E2BIG;
    struct sink_channel *grown = realloc(sink->channel, capacity * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    sink->channel = grown;
    sink->channel_capacity = capacity;
    return 0;
}

int trace_sink_channel(struct trace_sink *sink, const struct trace_channel *channel,
                       uint32_t *index, struct trace_error *error)
{
    if (sink->begun)
        return fail(error, -EBUSY, "%s: channel \"%.60s\" comes after the first record", sink->path,
                    channel->name);
    int err = grow(sink);
    if (err != 0)
        return fail(error, err, "%s: more than %d channels, or out of memory", sink->path,
                    SINK_CHANNEL_MAX);
    struct sink_channel *at = &sink->channel[sink->channel_count];
    *at = (struct sink_channel){
        .name = strdup(channel->name),
        .kind = channel->kind,
        .scan_count = channel->scan_count,
        .initial_level = channel->initial_level,
    };
    memcpy(at->quantity, channel->quantity, sizeof at->quantity);
    if (at->name == NULL)
        return fail(error, -ENOMEM, "%s: out of memory", sink->path);
    *index = sink->channel_count++;
    return 0;
}

static void begin(struct trace_sink *sink)
{
    if (!sink->begun)
        sink->operations->begin(sink);
    sink->begun = true;
}

int trace_sink_put(struct trace_sink *sink, const struct trace_record *record,
                   struct trace_error *error)
{
    begin(sink);
    if (record->time_ns < sink->last_ns)
        return fail(error, -EINVAL, "%s: a record at %" PRIu64 " ns behind one at %" PRIu64 " ns",
                    sink->path, record->time_ns, sink->last_ns);
    if (record->type == TRACE_RECORD_GAP)
        sink->operations->gap(sink, record);
    else if (record->channel >= sink->channel_count)
        return fail(error, -EINVAL, "%s: a record of channel %u of %u", sink->path, record->channel,
                    sink->channel_count);
    else
        sink->operations->put(sink, &sink->channel[record->channel], record);
    sink->last_ns = record->time_ns;
    if (ferror(sink->file))
        return fail(error, -EIO, "%s: cannot be written: %s", sink->path, strerror(errno));
    return 0;
}

uint64_t trace_sink_left_out(const struct trace_sink *sink)
{
    return sink->left_out;
}

int trace_sink_close(struct trace_sink *sink, uint64_t end_ns, struct trace_error *error)
{
    begin(sink);
    sink->operations->end(sink, end_ns > sink->last_ns ? end_ns : sink->last_ns);
    errno = 0;
    bool failed = fflush(sink->file) != 0 || ferror(sink->file);
    int err = failed ? (errno != 0 ? errno : EIO) : 0;
    if (sink->file != stdout && fclose(sink->file) != 0 && err == 0)
        err = errno;
    if (err != 0)
        fail(error, -err, "%s: cannot be written: %s; what is in it is cut short", sink->path,
             strerror(err));
    for (uint32_t i = 0; i < sink->channel_count; i++)
        free(sink->channel[i].name);
    free(sink->channel);
    free(sink->path);
    free(sink);
    return -err;
}

int trace_export(struct trace_source *source, struct trace_sink *sink, uint64_t *records,
                 struct trace_error *error)
{
    uint64_t count = 0;
    uint32_t index;
    struct trace_record record = { 0 };
    int err = trace_rewind(source, error);
    for (uint32_t i = 0; i < trace_channel_count(source) && err == 0; i++)
        err = trace_sink_channel(sink, trace_channel_at(source, i), &index, error);
    while (err == 0 && (err = trace_next(source, &record, error)) == 1) {
        err = trace_sink_put(sink, &record, error);
        count++;
    }
    if (records != NULL)
        *records = count;
    struct trace_error closing;
    int closed = trace_sink_close(sink, trace_end_ns(source), err == 0 ? error : &closing);
    return err != 0 ? err : closed;
}

/* --- text --- */

void sink_decimal(int64_t nano, char *text)
{
    uint64_t magnitude = nano < 0 ? -(uint64_t)nano : (uint64_t)nano;
    int length = sprintf(text, "%s%" PRIu64 ".%09" PRIu64, nano < 0 ? "-" : "",
                         magnitude / NSEC_PER_SEC, magnitude % NSEC_PER_SEC);
    while (text[length - 1] == '0')
        length--;
    if (text[length - 1] == '.')
        length--;
    text[length] = '\0';
}

static void print_bytes(FILE *file, const char *direction, const uint8_t *bytes, uint32_t size)
{
    fputs(direction, file);
    for (uint32_t i = 0; i < size; i++)
        fprintf(file, "%02x", bytes[i]);
}

static void print_i2c(FILE *file, const struct trace_i2c *t, char separator)
{
    fprintf(file, "0x%02x%s", t->address, t->address_nack ? "!" : "");
    if (t->has_write) {
        fputc(separator, file);
        print_bytes(file, "w", t->write_data, t->write_size);
        if (t->write_nack)
            fputc('!', file);
    }
    if (t->has_read) {
        fputc(separator, file);
        print_bytes(file, "r", t->read_data, t->read_size);
    }
}

static void print_spi(FILE *file, const struct trace_spi *t, char separator)
{
    if (t->has_mosi)
        print_bytes(file, "mosi", t->mosi_data, t->size);
    if (t->has_mosi && t->has_miso)
        fputc(separator, file);
    if (t->has_miso)
        print_bytes(file, "miso", t->miso_data, t->size);
    if (t->partial_bits > 0)
        fprintf(file, "+%u", t->partial_bits);
}

/* As can-utils' lib.c writes it. */
void sink_can(FILE *file, const struct trace_can *can)
{
    uint32_t id = can->id | (can->error ? UINT32_C(0x20000000) : 0);
    fprintf(file, can->extended || can->error ? "%08X#" : "%03X#", id);
    if (can->fd)
        fprintf(file, "#%X",
                (can->bit_rate_switch ? 1u : 0) | (can->error_state ? 2u : 0) |
                    (can->fd_marker ? 4u : 0));
    if (can->remote)
        fputc('R', file);
    if (can->remote && can->dlc > 0)
        fprintf(file, "%u", can->dlc < 8 ? can->dlc : 8);
    for (uint8_t i = 0; i < can->size && !can->remote; i++)
        fprintf(file, "%02X", can->data[i]);
    if (!can->fd && can->dlc > 8)
        fprintf(file, "_%X", can->dlc);
}

void sink_transaction(FILE *file, enum trace_kind kind, const struct trace_record *record,
                      char separator)
{
    switch (kind) {
    case TRACE_I2C:
        print_i2c(file, &record->i2c, separator);
        break;
    case TRACE_SPI:
        print_spi(file, &record->spi, separator);
        break;
    case TRACE_UART:
        fprintf(file, "%02x%s%s", record->uart.value, record->uart.framing_error ? "!" : "",
                record->uart.parity_error ? "p" : "");
        break;
    case TRACE_CAN:
        sink_can(file, &record->can);
        if (record->can.damaged)
            fputc('!', file);
        break;
    default:
        break;
    }
}
