/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A recording as the description of a run: its inputs, the board's tree, programs, faults, seed and
 * end, as `axiom replay` takes them (tools/axiom/cmd_replay.c). The file is not trusted.
 *
 * It is walked from front to back, twice: once for targets and attachments, once while it runs.
 * Recordings of ours are not compressed and in order of time; others are not taken here. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <mcap/record.h>
#include <sim/port.h>
#include <traces/channels.h>

#include "machine_port.h"

#define CHANNELS_MAX 1024u
#define TARGETS_MAX  128u
#define TARGET_SIZE  64u
#define SETTLE_NS    (100ull * NSEC_PER_MSEC)

/* A place in the file. */
struct walk {
    struct mcap_cursor file, chunk; /* chunk.size 0: not inside one */
};

static struct {
    struct walk walk;
    struct event_channel channels[CHANNELS_MAX];
    bool known[CHANNELS_MAX];
    struct {
        uint16_t id;
        struct mcap_schema schema;
    } schemas[64];
    uint32_t schema_count;
    char target_text[TARGETS_MAX][TARGET_SIZE];
    const char *targets[TARGETS_MAX];
    uint32_t target_count;
    struct sim_module modules[BOOT_MODULE_MAX];
    uint64_t position;
} file;

static int refuse(struct recording *recording, int error, const char *why)
{
    string_copy(recording->reason, sizeof recording->reason, why);
    return error;
}

/* --- walking --- */

static int walk_begin(const void *bytes, size_t size, struct walk *out)
{
    if (size < 2 * MCAP_MAGIC_SIZE || memcmp(bytes, mcap_magic, MCAP_MAGIC_SIZE) != 0)
        return -EINVAL;
    *out = (struct walk){ .file = { bytes, size, MCAP_MAGIC_SIZE } };
    return 0;
}

/* The next record, in a chunk or outside; 1, 0 at the data's end, or an error. */
static int walk_next(struct walk *walk, struct mcap_record *record)
{
    for (;;) {
        if (walk->chunk.size != 0) {
            int err = mcap_record_next(&walk->chunk, record);
            if (err != -ENODATA)
                return err ? err : 1;
            walk->chunk.size = 0;
        }
        int err = mcap_record_next(&walk->file, record);
        if (err)
            return err == -ENODATA ? 0 : err;
        if (record->opcode == MCAP_DATA_END)
            return 0;
        if (record->opcode != MCAP_CHUNK)
            return 1;
        struct mcap_chunk chunk;
        err = mcap_parse_chunk(record->body, &chunk);
        if (err)
            return err;
        if (chunk.compression.size != 0)
            return -EOPNOTSUPP;
        walk->chunk = (struct mcap_cursor){ chunk.records.at, chunk.records.size, 0 };
    }
}

/* --- definitions --- */

static void take_schema(const struct mcap_record *record)
{
    struct mcap_schema schema;
    if (file.schema_count == ARRAY_SIZE(file.schemas) ||
        mcap_parse_schema(record->body, &schema) != 0)
        return;
    file.schemas[file.schema_count].id = schema.id;
    file.schemas[file.schema_count++].schema = schema;
}

static void take_channel(const struct mcap_record *record)
{
    struct mcap_channel channel;
    const struct mcap_schema *schema = NULL;
    if (mcap_parse_channel(record->body, &channel) != 0 || channel.id >= CHANNELS_MAX)
        return;
    for (uint32_t i = 0; i < file.schema_count; i++) {
        if (file.schemas[i].id == channel.schema_id)
            schema = &file.schemas[i].schema;
    }
    file.known[channel.id] =
        event_channel_parse(&channel, schema, &file.channels[channel.id]) == 0 &&
        !file.channels[channel.id].derived;
}

static bool take_definition(const struct mcap_record *record)
{
    if (record->opcode == MCAP_SCHEMA)
        take_schema(record);
    else if (record->opcode == MCAP_CHANNEL)
        take_channel(record);
    else
        return false;
    return true;
}

/* An input of the machine's, out of a message; false: something else. */
static bool input_event(const struct mcap_record *record, struct event *event)
{
    struct mcap_message message;
    if (record->opcode != MCAP_MESSAGE || mcap_parse_message(record->body, &message) != 0 ||
        message.channel_id >= CHANNELS_MAX || !file.known[message.channel_id])
        return false;
    const struct event_channel *channel = &file.channels[message.channel_id];
    return channel->role == EVENT_ROLE_INPUT && event_decode(channel, &message, event) == 0;
}

/* --- targets and inputs --- */

static int64_t target_of(const struct event *event, bool add)
{
    char path[TARGET_SIZE];
    if (event->kind == EVENT_GPIO)
        format_text(path, sizeof path, "gpio/chip%u/%u", event->gpio.chip, event->gpio.line);
    else if (event->kind == EVENT_IIO)
        format_text(path, sizeof path, "iio/%s", event->iio.device);
    else if (event->kind == EVENT_I2C)
        format_text(path, sizeof path, "i2c/%u/0x%02x", event->i2c.bus, event->i2c.address);
    else
        return -1;
    for (uint32_t i = 0; i < file.target_count; i++) {
        if (strcmp(file.target_text[i], path) == 0)
            return i;
    }
    if (!add || file.target_count == TARGETS_MAX)
        return -1;
    string_copy(file.target_text[file.target_count], TARGET_SIZE, path);
    file.targets[file.target_count] = file.target_text[file.target_count];
    return file.target_count++;
}

static void input_fill(const struct event *event, uint32_t target, struct sim_input *out)
{
    *out = (struct sim_input){
        .time_ns = event->time_ns,
        .source_ns = event->source_ns,
        .position = file.position,
        .target = target,
    };
    if (event->kind == EVENT_GPIO) {
        out->kind = SIM_INPUT_LINE;
        out->level = event->gpio.level != 0;
    } else if (event->kind == EVENT_IIO) {
        out->kind = SIM_INPUT_SENSOR;
        out->count = event->iio.count;
        memcpy(out->quantity, event->iio.quantity, sizeof out->quantity);
        memcpy(out->nano, event->iio.nano, sizeof out->nano);
    } else {
        out->kind = SIM_INPUT_ANSWER;
        out->bytes = event->i2c.read_data;
        out->size = event->i2c.read_size;
        out->request = event->i2c.write_data;
        out->request_size = event->i2c.write_size;
    }
}

static int next_input(void *context, struct sim_input *out)
{
    (void)context;
    struct mcap_record record;
    struct event event;
    int got;
    while ((got = walk_next(&file.walk, &record)) == 1) {
        file.position++;
        if (take_definition(&record) || !input_event(&record, &event))
            continue;
        int64_t target = target_of(&event, false);
        if (target < 0)
            continue;
        input_fill(&event, (uint32_t)target, out);
        return 1;
    }
    return got;
}

/* --- what the run was --- */

static uint64_t number_of(struct mcap_text text, uint64_t otherwise)
{
    uint64_t value = 0;
    if (text.size == 0 || text.size > 19)
        return otherwise;
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return otherwise;
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    return value;
}

static uint64_t metadata_number(const struct mcap_metadata *metadata, const char *key,
                                uint64_t otherwise)
{
    struct mcap_text value;
    return mcap_map_find(metadata->map, key, &value) ? number_of(value, otherwise) : otherwise;
}

static int take_metadata(const struct mcap_record *record, struct recording *out)
{
    struct mcap_metadata metadata;
    struct mcap_text text;
    if (mcap_parse_metadata(record->body, &metadata) != 0)
        return 0;
    if (mcap_text_equal(metadata.name, "axiom")) {
        out->config.seed = metadata_number(&metadata, "seed", 1);
        if (mcap_map_find(metadata.map, "board", &text))
            mcap_text_copy(out->board, sizeof out->board, text);
        if (mcap_map_find(metadata.map, "clock", &text) && mcap_text_equal(text, "board"))
            return refuse(out, -EOPNOTSUPP,
                          "recorded on a board's own time: axiom replay takes it");
        if (mcap_map_find(metadata.map, "cpu_model", &text) && mcap_text_equal(text, "rpi5"))
            return refuse(out, -EOPNOTSUPP, "recorded with a CPU model: only sim has one");
    } else if (mcap_text_equal(metadata.name, "axiom.end")) {
        out->config.end_time_ns = metadata_number(&metadata, "stop_ns", out->config.end_time_ns);
    }
    return 0;
}

/* The number in run.txt's line "name value"; 0: there is none. */
static uint64_t run_number(struct mcap_bytes text, const char *name)
{
    size_t length = strlen(name);
    for (size_t at = 0; at + length < text.size; at++) {
        if ((at != 0 && text.at[at - 1] != '\n') || memcmp(text.at + at, name, length) != 0)
            continue;
        struct mcap_text value = { (const char *)text.at + at + length, 0 };
        while (at + length + value.size < text.size && value.at[value.size] != '\n')
            value.size++;
        return number_of(value, 0);
    }
    return 0;
}

/* Aligned, and with a zero behind. */
static char *copy_of(struct mcap_bytes bytes)
{
    char *copy = port_alloc(bytes.size + 1);
    if (copy != NULL)
        memcpy(copy, bytes.at, bytes.size);
    return copy;
}

static int take_attachment(const struct mcap_record *record, struct recording *out)
{
    struct mcap_attachment attachment;
    struct sim_config *config = &out->config;
    char name[EVENT_NAME_MAX * 2];
    if (mcap_parse_attachment(record->body, &attachment) != 0)
        return 0;
    mcap_text_copy(name, sizeof name, attachment.name);
    if (strcmp(name, "run.txt") == 0) {
        config->end_time_ns = run_number(attachment.data, "end_time_ns ");
        config->hash_interval_ns = run_number(attachment.data, "hash_interval_ns ");
        out->start_ns = run_number(attachment.data, "start_ns ");
        out->ignores_budget = run_number(attachment.data, "ignore_budget ");
        return run_number(attachment.data, "fail_allocation ") == 0
                   ? 0
                   : refuse(out, -EOPNOTSUPP,
                            "recorded with a failing allocation: only sim has them");
    }
    bool tree = strcmp(name, "board.dtb") == 0, faults = strcmp(name, "faults.txt") == 0;
    bool program = string_starts_with(name, "bpf/");
    if (!tree && !faults && !program)
        return 0;
    char *copy = copy_of(attachment.data);
    if (copy == NULL)
        return refuse(out, -ENOMEM, "too little memory for the recording's attachments");
    if (tree) {
        config->fdt = copy;
        config->fdt_size = attachment.data.size;
    } else if (faults) {
        config->fault_script = copy;
    } else if (config->module_count < BOOT_MODULE_MAX) {
        char *own = copy_of((struct mcap_bytes){ (const uint8_t *)name, strlen(name) });
        if (own == NULL)
            return -ENOMEM;
        file.modules[config->module_count++] =
            (struct sim_module){ own + 4, copy, attachment.data.size };
    }
    return 0;
}

/* As `axiom replay` has it (tools/axiom/session.c). */
static void make_command_line(struct recording *out)
{
    char start[40] = "";
    if (out->start_ns != 0)
        format_text(start, sizeof start, " bpf.start_ns=%llu", (unsigned long long)out->start_ns);
    format_text(out->command_line, sizeof out->command_line, "bpf.required%s%s", start,
                out->ignores_budget != 0 ? " bpf.ignore_budget" : "");
    out->config.command_line = out->command_line;
}

int recording_open(const void *bytes, size_t size, struct recording *out)
{
    *out = (struct recording){ 0 };
    memset(&file, 0, sizeof file);
    struct mcap_record record;
    struct event event;
    int got = walk_begin(bytes, size, &file.walk), err = 0;
    if (got)
        return refuse(out, got, "no MCAP file");
    while ((got = walk_next(&file.walk, &record)) == 1 && err == 0) {
        if (record.opcode == MCAP_METADATA)
            err = take_metadata(&record, out);
        else if (record.opcode == MCAP_ATTACHMENT)
            err = take_attachment(&record, out);
        else if (!take_definition(&record) && input_event(&record, &event))
            target_of(&event, true);
    }
    if (err)
        return err;
    if (got < 0)
        return refuse(out, got, got == -EOPNOTSUPP ? "its chunks are compressed" : "it is damaged");
    if (out->config.fdt == NULL)
        return refuse(out, -EINVAL, "it has no attachment board.dtb");
    walk_begin(bytes, size, &file.walk);
    make_command_line(out);
    out->config.cpu_count = 1;
    out->config.modules = file.modules;
    out->config.next_input = next_input;
    out->config.targets = file.targets;
    out->config.target_count = file.target_count;
    out->config.end = out->config.end_time_ns != 0 ? SIM_END_HOLD : SIM_END_STOP;
    out->config.settle_ns = out->config.end_time_ns != 0 ? out->config.end_time_ns : SETTLE_NS;
    return 0;
}
