/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "load_inside.h"

#include <axiom/errno.h>
#include <traces/channels.h>
#include <traces/host/reader.h>
#include <traces/source.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BOARD_SIZE_MAX (1u << 20)
#define TRIM_EVENTS    65536u

/* --- channels --- */

struct event_channel *load_channel_of(struct mcap_reader_channel *channel)
{
    if (channel->user != NULL)
        return channel->user;
    struct event_channel *parsed = calloc(1, sizeof *parsed);
    if (parsed != NULL && (channel->schema == NULL ||
                           event_channel_parse(&channel->channel, channel->schema, parsed) != 0))
        parsed->kind = 0; /* not ours */
    channel->user = parsed;
    return parsed;
}

static void reader_close(struct mcap_reader *reader)
{
    struct mcap_reader_channel *channel;
    if (reader == NULL)
        return;
    for (uint32_t id = 0;
         id <= UINT16_MAX && (channel = mcap_reader_channel_from(reader, id)) != NULL;
         id = channel->channel.id + 1u) {
        free(channel->user);
        channel->user = NULL;
    }
    mcap_reader_close(reader);
}

/* --- opening --- */

static void take_bindings(struct load *load)
{
    struct mcap_metadata bindings;
    struct mcap_text key, value;
    char channel[MODEL_NAME_MAX], device[MODEL_NAME_MAX];
    if (!mcap_reader_metadata(load->reader, "axiom.bindings", &bindings))
        return;
    while (mcap_map_next(&bindings.map, &key, &value)) {
        if (mcap_text_copy(channel, sizeof channel, key) &&
            mcap_text_copy(device, sizeof device, value))
            model_bind_name(load->model, channel, device);
    }
}

static void take_about(struct load *load)
{
    static const char *const keys[] = { "board", "trace",     "seed",
                                        "cpus",  "cpu_model", "source_commit" };
    struct mcap_metadata axiom;
    struct mcap_text value;
    char raw[160];
    size_t used = 0;
    if (!mcap_reader_metadata(load->reader, "axiom", &axiom))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(keys) && used < sizeof raw; i++) {
        if (mcap_map_find(axiom.map, keys[i], &value) && value.size > 0 && value.size < 40)
            used += (size_t)snprintf(raw + used, sizeof raw - used, "%s%s %.*s",
                                     used > 0 ? "  ·  " : "", keys[i], (int)value.size, value.at);
    }
    if (used > 0)
        printable(load->model->about, sizeof load->model->about, raw);
}

static void take_board(struct load *load, const struct mcap_info *info)
{
    struct mcap_error error;
    for (size_t i = 0; i < info->attachment_count; i++) {
        uint8_t *data;
        size_t size;
        if (!mcap_text_equal(info->attachment[i].name, "board.dtb") ||
            info->attachment[i].data_size > BOARD_SIZE_MAX)
            continue;
        if (mcap_reader_attachment(load->reader, i, &data, &size, &error) != 0)
            continue;
        model_set_board(load->model, data, size);
        free(data);
    }
}

static int fail(int code, const char *text, struct load_error *error)
{
    snprintf(error->text, sizeof error->text, "%s", text);
    return code;
}

/* Before the first event: what lanes are called depends on it. */
static int begin_mcap(struct load *load, struct load_error *error)
{
    struct mcap_error why;
    const struct mcap_info *info;
    int err = mcap_reader_info(load->reader, &info, &why);
    if (err != 0)
        return fail(err, why.text, error);
    take_board(load, info);
    take_bindings(load);
    take_about(load);
    if (load->again != NULL && info->has_index) {
        load->pager.load = load_page_in;
        load->pager.prefetch = load_prefetch;
    }
    load->state = 1;
    return 0;
}

static const struct mcap_reader_options reader_options = { .order = MCAP_ORDER_TIME,
                                                           .recover = true };

static int open_mcap(struct load *load, const char *path, struct load_error *error)
{
    struct mcap_error why;
    int err = mcap_reader_open(path, &reader_options, &load->reader, &why);
    if (err != 0)
        return fail(err, why.text, error);
    if (mcap_reader_open(path, &reader_options, &load->again, &why) != 0)
        load->again = NULL;
    return begin_mcap(load, error);
}

static int open_trace(struct load *load, const char *path, const struct trace_options *words,
                      struct load_error *error)
{
    struct trace_error why;
    int err = trace_open(path, words, &load->source, &why);
    if (err != 0)
        return fail(err, why.text, error);
    uint32_t count = trace_channel_count(load->source);
    load->source_lanes = calloc(count + 1u, sizeof(struct model_lane *));
    if (load->source_lanes == NULL)
        return fail(-ENOMEM, "no memory", error);
    snprintf(load->model->about, sizeof load->model->about, "%s", trace_format(load->source));
    load->state = 1;
    return 0;
}

static bool is_mcap(const char *path)
{
    uint8_t magic[MCAP_MAGIC_SIZE] = { 0 };
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return true; /* its error says what is the matter */
    size_t got = fread(magic, 1, sizeof magic, file);
    fclose(file);
    return got == sizeof magic && memcmp(magic, mcap_magic, sizeof magic) == 0;
}

static struct load *load_new(struct model *model, uint64_t memory_max)
{
    struct load *load = calloc(1, sizeof *load);
    if (load == NULL)
        return NULL;
    load->model = model;
    load->pager.bytes_max = memory_max != 0 ? memory_max : LOAD_MEMORY_DEFAULT;
    model->pager = &load->pager;
    return load;
}

int load_open(const char *path, const struct trace_options *words, uint64_t memory_max,
              struct model *model, struct load **out, struct load_error *error)
{
    struct load *load = load_new(model, memory_max);
    if (load == NULL)
        return fail(-ENOMEM, "no memory", error);
    const char *slash = strrchr(path, '/');
    printable(model->title, sizeof model->title, slash != NULL ? slash + 1 : path);
    bool mcap = (words == NULL || words->count == 0) && is_mcap(path);
    int err = mcap ? open_mcap(load, path, error) : open_trace(load, path, words, error);
    if (err != 0) {
        load_close(load);
        return err;
    }
    *out = load;
    return 0;
}

int load_open_memory(const void *data, size_t size, uint64_t memory_max, struct model *model,
                     struct load **out, struct load_error *error)
{
    struct mcap_error why;
    struct load *load = load_new(model, memory_max);
    if (load == NULL)
        return fail(-ENOMEM, "no memory", error);
    int err = mcap_reader_open_memory(data, size, "memory", &reader_options, &load->reader, &why);
    if (err != 0)
        fail(err, why.text, error);
    else if (mcap_reader_open_memory(data, size, "memory", &reader_options, &load->again, &why) !=
             0)
        load->again = NULL;
    if (err == 0)
        err = begin_mcap(load, error);
    if (err != 0) {
        load_close(load);
        return err;
    }
    *out = load;
    return 0;
}

void load_close(struct load *load)
{
    if (load == NULL)
        return;
    /* The lanes give their bytes back to the pager when they go. */
    for (uint32_t i = 0; i < load->model->lane_count; i++)
        load->model->lanes[i]->lane.pager = NULL;
    load->model->pager = NULL;
    reader_close(load->reader);
    reader_close(load->again);
    if (load->source != NULL)
        trace_close(load->source);
    free(load->source_lanes);
    free(load);
}

/* --- reading --- */

static int next_mcap(struct load *load, struct load_error *error)
{
    struct mcap_error why;
    struct mcap_item item;
    struct event event;
    int got = mcap_reader_next(load->reader, &item, &why);
    if (got != 1)
        return got == 0 ? 0 : fail(got, why.text, error);
    struct event_channel *channel = load_channel_of(item.channel);
    if (channel == NULL)
        return fail(-ENOMEM, "no memory", error);
    if (channel->kind == 0)
        load->foreign++;
    else if (!channel->derived && event_decode(channel, &item.message, &event) != 0)
        load->broken++;
    else if (!channel->derived && model_add_event(load->model, &event) != 0)
        return fail(-ENOMEM, "no memory for more events", error);
    return 1;
}

static struct model_lane *source_lane(struct load *load, uint32_t index, uint8_t quantity)
{
    const struct trace_channel *channel = trace_channel_at(load->source, index);
    static const enum lane_kind kinds[] = {
        [TRACE_LEVEL] = LANE_EDGE, [TRACE_SCALAR] = LANE_ANALOG, [TRACE_SCAN] = LANE_ANALOG,
        [TRACE_I2C] = LANE_BUS,    [TRACE_SPI] = LANE_BUS,       [TRACE_UART] = LANE_BUS,
        [TRACE_CAN] = LANE_BUS
    };
    if (channel->kind != TRACE_SCAN && load->source_lanes[index] != NULL)
        return load->source_lanes[index];
    bool scan = channel->kind == TRACE_SCAN;
    struct model_lane *lane = model_lane(load->model, scan ? EVENT_IIO : 0, 0, index, quantity,
                                         channel->name, kinds[channel->kind]);
    if (lane == NULL)
        return NULL;
    if (!scan) {
        load->source_lanes[index] = lane;
        lane->group = channel->kind == TRACE_SCALAR  ? MODEL_SENSORS
                      : channel->kind == TRACE_LEVEL ? MODEL_LINES
                                                     : MODEL_BUSES;
        printable(lane->unit, sizeof lane->unit, channel->unit);
        /* "actuator_outputs.output[3]": the field is what tells rows apart. */
        const char *dot = strchr(channel->name, '.');
        if (channel->kind == TRACE_SCALAR && dot != NULL && dot[1] != '\0') {
            printable(lane->name, sizeof lane->name, dot + 1);
            snprintf(lane->note, sizeof lane->note, "%.*s",
                     (int)(dot - channel->name < 60 ? dot - channel->name : 60), channel->name);
            char clean[MODEL_NAME_MAX];
            printable(clean, sizeof clean, lane->note);
            memcpy(lane->note, clean, sizeof lane->note);
        }
    }
    return lane;
}

static void put_point(struct load *load, uint64_t time_ns, struct model_lane *lane, int64_t value)
{
    if (lane != NULL)
        lane_add(&lane->lane, time_ns, value, NULL, 0);
    else
        load->model->not_shown++;
}

/* A transaction stands where it began; how long it took goes with it. */
static void put_bus(struct load *load, const struct trace_record *record, uint64_t start_ns,
                    struct lane_bus bus, const uint8_t *written, const uint8_t *read)
{
    struct model_lane *lane = source_lane(load, record->channel, 0);
    uint8_t extra[MODEL_BUS_EXTRA_MAX];
    if (lane == NULL) {
        load->model->not_shown++;
        return;
    }
    uint64_t took = record->time_ns > start_ns ? record->time_ns - start_ns : 0;
    bus.duration_ns = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
    size_t size = model_bus_extra(bus, written, read, extra);
    lane_add(&lane->lane, start_ns < record->time_ns ? start_ns : record->time_ns,
             bus.error != 0 ? LANE_FLAG_ERROR : 0, extra, size);
}

static uint16_t size16(uint32_t size)
{
    return size < UINT16_MAX ? (uint16_t)size : UINT16_MAX;
}

static void put_transaction(struct load *load, const struct trace_record *r, enum trace_kind kind)
{
    struct lane_bus bus = { 0 };
    switch (kind) {
    case TRACE_I2C:
        bus.address = r->i2c.address;
        bus.error = r->i2c.address_nack || r->i2c.write_nack ? -ENXIO : 0;
        bus.write_size = size16(r->i2c.write_size);
        bus.read_size = size16(r->i2c.read_size);
        put_bus(load, r, r->i2c.start_ns, bus, r->i2c.write_data, r->i2c.read_data);
        break;
    case TRACE_SPI:
        bus.protocol = LANE_SPI;
        bus.error = r->spi.partial_bits != 0 ? -EBADMSG : 0;
        bus.write_size = r->spi.has_mosi ? size16(r->spi.size) : 0;
        bus.read_size = r->spi.has_miso ? size16(r->spi.size) : 0;
        put_bus(load, r, r->spi.start_ns, bus, r->spi.mosi_data, r->spi.miso_data);
        break;
    case TRACE_UART:
        bus.protocol = LANE_UART;
        bus.address = r->uart.value;
        bus.error = r->uart.parity_error || r->uart.framing_error ? -EBADMSG : 0;
        put_bus(load, r, r->uart.start_ns, bus, NULL, NULL);
        break;
    default:
        bus.protocol = LANE_CAN;
        bus.address = r->can.id;
        bus.extended = r->can.extended;
        bus.error = r->can.error || r->can.damaged || r->can.unacknowledged ? -EBADMSG : 0;
        bus.write_size = r->can.remote ? 0 : r->can.size;
        put_bus(load, r, r->can.start_ns, bus, r->can.data, NULL);
        break;
    }
}

static void put_record(struct load *load, const struct trace_record *record)
{
    const struct trace_channel *channel = trace_channel_at(load->source, record->channel);
    struct model *model = load->model;
    if (channel->kind == TRACE_SCAN) {
        for (uint32_t i = 0; i < channel->scan_count; i++)
            put_point(load, record->time_ns,
                      source_lane(load, record->channel, channel->quantity[i]), record->scan[i]);
    } else if (channel->kind == TRACE_LEVEL || channel->kind == TRACE_SCALAR) {
        put_point(load, record->time_ns, source_lane(load, record->channel, 0),
                  channel->kind == TRACE_LEVEL ? record->level : record->nano);
    } else {
        put_transaction(load, record, channel->kind);
    }
    model->event_count++;
    if (record->time_ns < model->start_ns)
        model->start_ns = record->time_ns;
    if (record->time_ns > model->end_ns)
        model->end_ns = record->time_ns;
}

/* The levels that a capture begins with are points at time 0. */
static void put_initial(struct load *load)
{
    for (uint32_t i = 0; i < trace_channel_count(load->source); i++) {
        const struct trace_channel *channel = trace_channel_at(load->source, i);
        if (channel->kind == TRACE_LEVEL && channel->initial_level >= 0) {
            put_point(load, 0, source_lane(load, i, 0), channel->initial_level);
            load->model->start_ns = 0;
        }
    }
}

static int next_trace(struct load *load, struct load_error *error)
{
    struct trace_error why;
    struct trace_record record;
    if (load->events == 0)
        put_initial(load);
    int got = trace_next(load->source, &record, &why);
    if (got != 1)
        return got == 0 ? 0 : fail(got, why.text, error);
    if (record.type == TRACE_RECORD_VALUE)
        put_record(load, &record);
    return 1;
}

static void finish(struct load *load)
{
    struct model *model = load->model;
    uint64_t disordered = 0;
    size_t used = 0, size = sizeof load->warning;
    char *to = load->warning;
    for (uint32_t i = 0; i < model->lane_count; i++)
        disordered += model->lanes[i]->lane.disordered;
    if (load->foreign > 0)
        used += (size_t)snprintf(to + used, size - used, "messages of other kinds: %" PRIu64 "; ",
                                 load->foreign);
    if (load->broken > 0)
        used += (size_t)snprintf(to + used, size - used, "damaged messages: %" PRIu64 "; ",
                                 load->broken);
    if (disordered > 0)
        used += (size_t)snprintf(to + used, size - used, "events out of order: %" PRIu64 "; ",
                                 disordered);
    if (model->not_shown > 0)
        used += (size_t)snprintf(to + used, size - used, "events without a lane: %" PRIu64 "; ",
                                 model->not_shown);
    if (load->reader != NULL && mcap_reader_loss(load->reader)->text[0] != '\0')
        used += (size_t)snprintf(to + used, size - used, "%.160s; ",
                                 mcap_reader_loss(load->reader)->text);
    if (load->source != NULL && trace_warning(load->source)[0] != '\0')
        used += (size_t)snprintf(to + used, size - used, "%.160s; ", trace_warning(load->source));
    if (used >= 2 && used < size)
        to[used - 2] = '\0';
    if (load->source != NULL && trace_end_ns(load->source) > model->end_ns)
        model->end_ns = trace_end_ns(load->source);
}

int load_step(struct load *load, uint32_t events, struct load_error *error)
{
    for (uint32_t i = 0; i < events && load->state == 1; i++) {
        load->state = load->reader != NULL ? next_mcap(load, error) : next_trace(load, error);
        if (++load->events % TRIM_EVENTS == 0)
            model_trim(load->model);
        if (load->state != 1)
            finish(load);
    }
    return load->state;
}

int load_all(struct load *load, struct load_error *error)
{
    int got;
    while ((got = load_step(load, TRIM_EVENTS, error)) == 1)
        ;
    return got;
}

uint32_t load_progress(const struct load *load)
{
    if (load->state != 1)
        return 1000;
    return load->reader != NULL ? mcap_reader_progress(load->reader) : trace_progress(load->source);
}

const char *load_warning(const struct load *load)
{
    return load->warning;
}
