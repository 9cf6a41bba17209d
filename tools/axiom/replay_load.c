/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a recording was made from: its metadata and attachments become a session again, its recorded inputs the
 * session's inputs. */
#include "replay.h"

#include "cli.h"

#include <axiom/errno.h>

#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Root of the tree that arch/x86_64 makes: a PC's interrupts and clocks have no models. */
#define PC_COMPATIBLE "axiom,pc"

static bool metadata_text(const struct mcap_metadata *metadata, const char *key, char *to,
                          size_t size)
{
    struct mcap_text value;
    to[0] = '\0';
    return mcap_map_find(metadata->map, key, &value) && mcap_text_copy(to, size, value);
}

static uint64_t metadata_number(const struct mcap_metadata *metadata, const char *key,
                                uint64_t otherwise)
{
    char text[32], *end;
    if (!metadata_text(metadata, key, text, sizeof text))
        return otherwise;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    return *end == '\0' && end != text && errno == 0 ? value : otherwise;
}

/* run.txt: one "name value" a line. */
static void take_run_text(struct session *s, const char *text)
{
    const struct {
        const char *name;
        uint64_t *to;
    } rows[] = {
        { "end_time_ns ", &s->end_time_ns },
        { "hash_interval_ns ", &s->hash_interval_ns },
        { "fail_allocation ", &s->allocation_to_fail },
        { "ignore_budget ", &s->ignore_budget },
        { "start_ns ", &s->start_ns },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *at = strstr(text, rows[i].name);
        if (at != NULL)
            *rows[i].to = strtoull(at + strlen(rows[i].name), NULL, 10);
    }
    if (strstr(text, "engine jit") != NULL && s->engine == SESSION_ENGINE_BEST)
        s->engine = SESSION_ENGINE_JIT;
}

static char *to_text(const uint8_t *data, size_t size)
{
    return strndup((const char *)data, size);
}

static int take_attachment(struct replay *r, const char *name, uint8_t *data, size_t size)
{
    struct session *s = &r->session;
    if (strcmp(name, "board.dtb") == 0) {
        free(s->fdt);
        s->fdt = malloc(size > 0 ? size : 1);
        if (s->fdt == NULL)
            return complain(EXIT_IO, "no memory");
        memcpy(s->fdt, data, size);
        s->fdt_size = size;
    } else if (strncmp(name, "bpf/", 4) == 0 && r->object_count == 0) {
        return session_add_object(s, name + 4, data, size);
    } else if (strcmp(name, "faults.txt") == 0) {
        s->fault_script = to_text(data, size);
    } else if (strcmp(name, "expect.txt") == 0) {
        s->expect_text = to_text(data, size);
    } else if (strcmp(name, "run.txt") == 0) {
        char *text = to_text(data, size);
        if (text != NULL)
            take_run_text(s, text);
        free(text);
    }
    return EXIT_OK;
}

/* What a real board did: when its programs began, and what its kernel saw of the outside. */
static int load_board(struct replay *r, const char *path)
{
    struct session *s = &r->session;
    if (s->fdt_size >= sizeof(struct fdt_header) && fdt_check_full(s->fdt, s->fdt_size) == 0 &&
        fdt_node_check_compatible(s->fdt, 0, PC_COMPATIBLE) == 0) {
        free(s->fdt);
        s->fdt = NULL;
        int code = session_load_board(s, NULL);
        if (code != EXIT_OK)
            return code;
    }
    int code = board_inputs_open(&r->board, path, s->fdt, s->fdt_size);
    s->start_ns = r->board.start_ns;
    s->end_time_ns = r->board.end_ns + NSEC_PER_SEC; /* it ends with the last run */
    return code;
}

int replay_load(struct replay *r, const char *path)
{
    struct session *s = &r->session;
    const struct mcap_info *info;
    struct mcap_error error;
    struct mcap_metadata run, end;
    if (mcap_reader_info(r->inputs.reader, &info, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    if (!mcap_reader_metadata(r->inputs.reader, "axiom", &run))
        return complain(EXIT_INPUT,
                        "%s is no recording of Axiom's: it has no metadata 'axiom'. To drive the "
                        "board with it: axiom "
                        "run %s --bind ...",
                        path, path);
    char text[256];
    s->seed = metadata_number(&run, "seed", 1);
    s->cpu_count = (uint32_t)metadata_number(&run, "cpus", 1);
    if (s->cpu_count < 1 || s->cpu_count > CPU_MAX)
        return complain(EXIT_INPUT, "%s: metadata 'axiom': cpus is not 1 to %u", path, CPU_MAX);
    metadata_text(&run, "clock", text, sizeof text);
    r->on_board = strcmp(text, "board") == 0;
    metadata_text(&run, "cpu_model", text, sizeof text);
    s->cpu_model = strcmp(text, "rpi5") == 0 ? SIM_CPU_RPI5 : SIM_CPU_INSTANT;
    for (size_t i = 0; i < info->attachment_count; i++) {
        char name[160];
        uint8_t *data;
        size_t size;
        mcap_text_copy(name, sizeof name, info->attachment[i].name);
        if (mcap_reader_attachment(r->inputs.reader, i, &data, &size, &error) != 0)
            return complain(EXIT_INPUT, "%s", error.text);
        int code = take_attachment(r, name, data, size);
        free(data);
        if (code != EXIT_OK)
            return code;
    }
    if (s->fdt == NULL || s->fdt_size == 0)
        return complain(EXIT_INPUT, "%s has no attachment board.dtb: it cannot be replayed", path);
    /* Times in a recording are virtual: nothing is added. The run ended when its end says it did.
     */
    s->input_offset_ns = 0;
    if (mcap_reader_metadata(r->inputs.reader, "axiom.end", &end)) {
        s->end_time_ns = metadata_number(&end, "stop_ns", s->end_time_ns);
        metadata_text(&end, "reason", text, sizeof text);
        r->incomplete = strcmp(text, "complete") != 0;
        if (r->incomplete) {
            complain(EXIT_OK, "%s: the recorded run ended early (%s): compared as far as it goes",
                     path, text);
            s->end_time_ns += s->settle_ns; /* what ended it must be able to happen again */
        }
    }
    if (r->on_board) {
        int code = load_board(r, path);
        if (code != EXIT_OK)
            return code;
    }
    s->settle_ns = s->end_time_ns != 0 ? s->end_time_ns : s->settle_ns;
    return EXIT_OK;
}

static int64_t input_target(struct replay *r, const struct event *event, bool add)
{
    char path[EVENT_NAME_MAX + 16];
    switch (event->kind) {
    case EVENT_GPIO:
        snprintf(path, sizeof path, "gpio/chip%u/%u", event->gpio.chip, event->gpio.line);
        break;
    case EVENT_IIO:
        snprintf(path, sizeof path, "iio/%s", event->iio.device);
        break;
    case EVENT_I2C:
        snprintf(path, sizeof path, "i2c/%u/0x%02x", event->i2c.bus, event->i2c.address);
        break;
    default:
        return -1;
    }
    for (uint32_t i = 0; i < r->target_count; i++) {
        if (strcmp(r->targets[i], path) == 0)
            return i;
    }
    if (!add)
        return -1;
    char **grown = realloc(r->targets, (r->target_count + 1) * sizeof *grown);
    if (grown == NULL)
        return -1;
    r->targets = grown;
    r->targets[r->target_count] = strdup(path);
    return r->targets[r->target_count] != NULL ? (int64_t)r->target_count++ : -1;
}

int replay_find_targets(struct replay *r, const char *path)
{
    for (int damaged = 0; damaged < 2; damaged++) {
        struct recording_reader reader;
        struct event event;
        const struct event_channel *channel;
        int code = recording_open(&reader, path, damaged != 0), got;
        if (code != EXIT_OK)
            return code;
        while ((got = recording_next(&reader, &event, &channel)) == 1) {
            if (event.role == EVENT_ROLE_INPUT)
                input_target(r, &event, true);
        }
        if (got < 0 && damaged == 0)
            complain(EXIT_INPUT,
                     "%s\naxiom: replaying it all the same, to find what is wrong in it",
                     reader.error.text);
        recording_close(&reader);
        if (got == 0)
            break;
    }
    return EXIT_OK;
}

int replay_next_input(void *context, struct sim_input *out)
{
    struct replay *r = context;
    struct event event;
    const struct event_channel *channel;
    int got;
    while ((got = recording_next(&r->inputs, &event, &channel)) == 1) {
        if (event.role != EVENT_ROLE_INPUT)
            continue;
        int64_t target = input_target(r, &event, false);
        if (target < 0)
            continue;
        *out = (struct sim_input){
            .time_ns = event.time_ns,
            .source_ns = event.source_ns,
            .position = event.sequence,
            .target = (uint32_t)target,
        };
        if (event.kind == EVENT_GPIO) {
            out->kind = SIM_INPUT_LINE;
            out->level = event.gpio.level != 0;
        } else if (event.kind == EVENT_IIO) {
            out->kind = SIM_INPUT_SENSOR;
            out->count = event.iio.count;
            memcpy(out->quantity, event.iio.quantity, sizeof out->quantity);
            memcpy(out->nano, event.iio.nano, sizeof out->nano);
        } else {
            out->kind = SIM_INPUT_ANSWER;
            out->bytes = event.i2c.read_data;
            out->size = event.i2c.read_size;
            out->request = event.i2c.write_data;
            out->request_size = event.i2c.write_size;
        }
        return 1;
    }
    if (got < 0)
        snprintf(r->broken, sizeof r->broken, "%s", r->inputs.error.text);
    return got < 0 ? 0 : got; /* what can be read is replayed; the broken place was told of */
}
