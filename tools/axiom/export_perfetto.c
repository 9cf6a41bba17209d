/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One pass, written as it is read; names of threads come last, where the format allows them. */
#include "export_perfetto.h"

#include "cli.h"
#include "json_text.h"
#include "recording.h"
#include "recording_info.h"

#include <axiom/errno.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Groups of the viewer. */
enum process { P_CPU = 1, P_THREAD, P_INTERRUPT, P_BPF, P_BUS, P_NOTICE, P_COUNTER, P_COUNT };
static const char *const process_names[P_COUNT] = {
    [P_CPU] = "CPUs",
    [P_THREAD] = "threads",
    [P_INTERRUPT] = "interrupts",
    [P_BPF] = "BPF programs",
    [P_BUS] = "buses",
    [P_NOTICE] = "log, faults, interlock",
    [P_COUNTER] = "lines and sensors",
};

#define LANES_MAX 4096u
#define CPUS      256u

struct lane {
    enum process process;
    char name[2 * EVENT_NAME_MAX];
};

struct perfetto {
    FILE *file;
    uint64_t count;
    struct lane *lane; /* its index + 1 is the tid */
    uint32_t lane_count;
    /* Who runs on each CPU. */
    struct {
        bool known;
        char thread[EVENT_NAME_MAX];
        uint64_t since_ns;
    } cpu[CPUS];
    uint64_t last_ns;
};

static uint32_t lane_of(struct perfetto *p, enum process process, const char *name)
{
    for (uint32_t i = 0; i < p->lane_count; i++)
        if (p->lane[i].process == process && strcmp(p->lane[i].name, name) == 0)
            return i + 1;
    if (p->lane_count == LANES_MAX)
        return LANES_MAX;
    struct lane *lane = &p->lane[p->lane_count++];
    lane->process = process;
    snprintf(lane->name, sizeof lane->name, "%s", name);
    return p->lane_count;
}

/* --- one event of the format --- */

static void print_us(FILE *file, uint64_t ns)
{
    fprintf(file, "%" PRIu64 ".%03u", ns / 1000, (unsigned)(ns % 1000));
}

static void begin(struct perfetto *p, char phase, enum process process, uint32_t tid,
                  const char *name, uint64_t ns)
{
    fprintf(p->file, "%s{\"ph\":\"%c\",\"pid\":%d,\"tid\":%u,\"name\":", p->count++ ? ",\n" : "",
            phase, process, tid);
    json_text(p->file, name);
    fputs(",\"ts\":", p->file);
    print_us(p->file, ns);
}

static void begin_slice(struct perfetto *p, enum process process, const char *lane,
                        const char *name, uint64_t ns, uint64_t duration_ns)
{
    begin(p, 'X', process, lane_of(p, process, lane), name, ns);
    fputs(",\"dur\":", p->file);
    print_us(p->file, duration_ns);
    fputs(",\"args\":{", p->file);
}

static void begin_instant(struct perfetto *p, enum process process, const char *lane,
                          const char *name, uint64_t ns)
{
    begin(p, 'i', process, lane_of(p, process, lane), name, ns);
    fputs(",\"s\":\"t\",\"args\":{", p->file);
}

static void begin_counter(struct perfetto *p, const char *name, uint64_t ns)
{
    begin(p, 'C', P_COUNTER, 0, name, ns);
    fputs(",\"args\":{", p->file);
}

static void arg_text(struct perfetto *p, const char *name, const char *value, bool more)
{
    fprintf(p->file, "\"%s\":", name);
    json_text(p->file, value);
    fputs(more ? "," : "}}", p->file);
}

static void arg_number(struct perfetto *p, const char *name, int64_t value, bool more)
{
    fprintf(p->file, "\"%s\":%" PRId64 "%s", name, value, more ? "," : "}}");
}

static void arg_nano(struct perfetto *p, const char *name, int64_t nano, bool more)
{
    uint64_t size = nano < 0 ? -(uint64_t)nano : (uint64_t)nano;
    fprintf(p->file, "\"%s\":%s%" PRIu64 ".%09" PRIu64 "%s", name, nano < 0 ? "-" : "",
            size / 1000000000, size % 1000000000, more ? "," : "}}");
}

/* --- events of a recording --- */

static void end_run(struct perfetto *p, uint32_t cpu, uint64_t now)
{
    char lane[16];
    const char *thread = p->cpu[cpu].thread;
    uint64_t since = p->cpu[cpu].since_ns;
    if (!p->cpu[cpu].known || thread[0] == '\0')
        return;
    snprintf(lane, sizeof lane, "CPU %u", cpu);
    begin_slice(p, P_CPU, lane, thread, since, now - since);
    arg_number(p, "cpu", cpu, false);
    begin_slice(p, P_THREAD, thread, "runs", since, now - since);
    arg_number(p, "cpu", cpu, false);
}

static void take_switch(struct perfetto *p, const struct event *event)
{
    uint32_t cpu = event->sched.cpu;
    if (!p->cpu[cpu].known) /* since the beginning, as far as the recording knows */
        snprintf(p->cpu[cpu].thread, EVENT_NAME_MAX, "%s", event->sched.previous);
    p->cpu[cpu].known = true;
    end_run(p, cpu, event->time_ns);
    snprintf(p->cpu[cpu].thread, EVENT_NAME_MAX, "%s", event->sched.next);
    p->cpu[cpu].since_ns = event->time_ns;
}

static void hex_text(const uint8_t *bytes, size_t size, char *text, size_t text_size)
{
    text[0] = '\0';
    for (size_t i = 0; i < size && 2 * i + 4 < text_size; i++)
        snprintf(text + 2 * i, text_size - 2 * i, "%02x", bytes[i]);
}

static void take_i2c(struct perfetto *p, const struct event *event, const char *topic)
{
    char name[32], written[600], read[600];
    const struct event_i2c *i2c = &event->i2c;
    snprintf(name, sizeof name, "0x%02x%s", i2c->address, i2c->error ? " error" : "");
    hex_text(i2c->write_data, i2c->write_size, written, sizeof written);
    hex_text(i2c->read_data, i2c->read_size, read, sizeof read);
    begin_instant(p, P_BUS, topic, name, event->time_ns);
    arg_text(p, "write", written, true);
    arg_text(p, "read", read, true);
    arg_number(p, "error", i2c->error, false);
}

static void take_run(struct perfetto *p, const struct event *event)
{
    const struct event_bpf_run *run = &event->bpf_run;
    char value[24];
    snprintf(value, sizeof value, "%" PRIu64, run->return_value); /* 64 bits are no JSON number */
    begin_slice(p, P_BPF, run->program, run->error ? "run, ended early" : "run", event->time_ns,
                run->duration_ns);
    arg_text(p, "attach_point", run->attach_point, true);
    arg_text(p, "return", value, true);
    arg_number(p, "instructions", (int64_t)run->insn_count, true);
    arg_number(p, "error", run->error, false);
}

static void take_iio(struct perfetto *p, const struct event *event, const char *topic)
{
    begin_counter(p, topic, event->time_ns);
    for (uint8_t i = 0; i < event->iio.count; i++)
        arg_nano(p, iio_quantity_name(event->iio.quantity[i]), event->iio.nano[i],
                 i + 1 < event->iio.count);
}

static void take_pwm(struct perfetto *p, const struct event *event, const char *topic)
{
    const struct event_pwm *pwm = &event->pwm;
    begin_counter(p, topic, event->time_ns);
    arg_number(p, "duty_ns", pwm->enabled ? (int64_t)pwm->duty_ns : 0, false);
}

static void take_gpio(struct perfetto *p, const struct event *event, const char *topic)
{
    if (event->layer == EVENT_LAYER_KERNEL && !event->gpio.driven) { /* the driver's interrupt */
        begin_instant(p, P_INTERRUPT, topic, event->gpio.level ? "rising" : "falling",
                      event->time_ns);
        arg_number(p, "edge_ns", (int64_t)event->source_ns, false);
        return;
    }
    begin_counter(p, topic, event->time_ns);
    arg_number(p, "level", event->gpio.level, false);
}

static void take_event(struct perfetto *p, const struct event *event)
{
    char topic[EVENT_TOPIC_MAX + EVENT_NAME_MAX];
    event_topic(event, topic, sizeof topic);
    p->last_ns = event->time_ns;
    switch (event->kind) {
    case EVENT_SCHED:
        take_switch(p, event);
        break;
    case EVENT_GPIO:
        take_gpio(p, event, topic);
        break;
    case EVENT_PWM:
        take_pwm(p, event, topic);
        break;
    case EVENT_IIO:
        if (event->iio.count > 0)
            take_iio(p, event, topic);
        break;
    case EVENT_I2C:
        take_i2c(p, event, topic);
        break;
    case EVENT_TIMER:
        begin_instant(p, P_INTERRUPT, topic, "timer", event->time_ns);
        arg_number(p, "lateness_ns", (int64_t)(event->time_ns - event->timer.scheduled_ns), false);
        break;
    case EVENT_BPF_RUN:
        take_run(p, event);
        break;
    case EVENT_LOG:
    case EVENT_BPF_PRINT:
        begin_instant(p, P_NOTICE, topic, event->text.text, event->time_ns);
        arg_text(p, "source", event->text.source, false);
        break;
    case EVENT_INTERLOCK:
        begin_instant(p, P_NOTICE, topic,
                      event->interlock.action == INTERLOCK_STOP      ? "stop"
                      : event->interlock.action == INTERLOCK_REFUSED ? "refused"
                                                                     : "re-arm",
                      event->time_ns);
        arg_text(p, "origin", event->interlock.origin, true);
        arg_text(p, "target", event->interlock.target, false);
        break;
    case EVENT_FAULT:
        begin_instant(p, P_NOTICE, topic, event->fault.what, event->time_ns);
        arg_text(p, "target", event->fault.target, false);
        break;
    default: /* maps and state hashes are no matter of time */
        break;
    }
}

/* --- records of another trace --- */

static void take_transaction(struct perfetto *p, const struct trace_channel *channel,
                             const struct trace_record *record)
{
    char name[64], data[600] = "", other[600] = "";
    uint64_t start_ns = record->time_ns;
    switch (channel->kind) {
    case TRACE_I2C:
        start_ns = record->i2c.start_ns;
        snprintf(name, sizeof name, "0x%02x%s", record->i2c.address,
                 record->i2c.address_nack || record->i2c.write_nack ? " NACK" : "");
        hex_text(record->i2c.write_data, record->i2c.write_size, data, sizeof data);
        hex_text(record->i2c.read_data, record->i2c.read_size, other, sizeof other);
        break;
    case TRACE_SPI:
        start_ns = record->spi.start_ns;
        snprintf(name, sizeof name, "%u words", record->spi.size);
        hex_text(record->spi.mosi_data, record->spi.size, data, sizeof data);
        hex_text(record->spi.miso_data, record->spi.size, other, sizeof other);
        break;
    case TRACE_UART:
        start_ns = record->uart.start_ns;
        snprintf(name, sizeof name, "%02x%s", record->uart.value,
                 record->uart.framing_error || record->uart.parity_error ? " damaged" : "");
        break;
    default:
        start_ns = record->can.start_ns;
        snprintf(name, sizeof name, record->can.extended ? "%08X" : "%03X", record->can.id);
        hex_text(record->can.data, record->can.size, data, sizeof data);
    }
    if (start_ns > record->time_ns)
        start_ns = record->time_ns;
    begin_slice(p, P_BUS, channel->name, name, start_ns, record->time_ns - start_ns);
    arg_text(p, "data", data, true);
    arg_text(p, "answer", other, false);
}

static void take_record(struct perfetto *p, const struct trace_channel *channel,
                        const struct trace_record *record)
{
    p->last_ns = record->time_ns;
    if (record->type == TRACE_RECORD_GAP) {
        begin_slice(p, P_NOTICE, "gaps", "data lost", record->time_ns, record->gap_ns);
        arg_number(p, "ns", (int64_t)record->gap_ns, false);
        return;
    }
    switch (channel->kind) {
    case TRACE_LEVEL:
        begin_counter(p, channel->name, record->time_ns);
        arg_number(p, "level", record->level, false);
        break;
    case TRACE_SCALAR:
        begin_counter(p, channel->name, record->time_ns);
        arg_nano(p, "value", record->nano, false);
        break;
    case TRACE_SCAN:
        begin_counter(p, channel->name, record->time_ns);
        for (uint8_t i = 0; i < channel->scan_count; i++)
            arg_nano(p, iio_quantity_name(channel->quantity[i]), record->scan[i],
                     i + 1 < channel->scan_count);
        break;
    default:
        take_transaction(p, channel, record);
    }
}

/* --- the file --- */

static void print_names(struct perfetto *p)
{
    for (int process = P_CPU; process < P_COUNT; process++) {
        begin(p, 'M', (enum process)process, 0, "process_name", 0);
        fputs(",\"args\":{", p->file);
        arg_text(p, "name", process_names[process], false);
        begin(p, 'M', (enum process)process, 0, "process_sort_index", 0);
        fputs(",\"args\":{", p->file);
        arg_number(p, "sort_index", process, false);
    }
    for (uint32_t i = 0; i < p->lane_count; i++) {
        begin(p, 'M', p->lane[i].process, i + 1, "thread_name", 0);
        fputs(",\"args\":{", p->file);
        arg_text(p, "name", p->lane[i].name, false);
    }
}

static int from_recording(struct perfetto *p, const char *from)
{
    struct recording_reader reader;
    struct event event;
    const struct event_channel *channel;
    int got, code = recording_open(&reader, from, false);
    if (code != EXIT_OK)
        return code;
    while ((got = recording_next(&reader, &event, &channel)) == 1)
        take_event(p, &event);
    for (uint32_t cpu = 0; cpu < CPUS; cpu++)
        end_run(p, cpu, p->last_ns);
    if (got < 0)
        code = complain(EXIT_INPUT, "%s", reader.error.text);
    recording_close(&reader);
    return code;
}

static int from_trace(struct perfetto *p, const char *from, const struct trace_options *words)
{
    struct trace_source *source;
    struct trace_error error;
    struct trace_record record;
    int got;
    if (trace_open(from, words, &source, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    for (uint32_t i = 0; i < trace_channel_count(source); i++) {
        const struct trace_channel *channel = trace_channel_at(source, i);
        record = (struct trace_record){ .channel = i, .level = channel->initial_level == 1 };
        if (channel->kind == TRACE_LEVEL && channel->initial_level >= 0)
            take_record(p, channel, &record);
    }
    while ((got = trace_next(source, &record, &error)) == 1)
        take_record(p, trace_channel_at(source, record.channel), &record);
    int code = got < 0 ? complain(EXIT_INPUT, "%s", error.text) : EXIT_OK;
    if (trace_warning(source)[0] != '\0')
        complain(EXIT_OK, "%s", trace_warning(source));
    trace_close(source);
    return code;
}

int export_perfetto(const char *from, const char *to, const struct trace_options *words)
{
    struct perfetto *p = calloc(1, sizeof *p);
    int code = EXIT_OK;
    if (p != NULL)
        p->lane = calloc(LANES_MAX, sizeof *p->lane);
    if (p == NULL || p->lane == NULL) {
        free(p);
        return complain(EXIT_IO, "no memory");
    }
    p->file = fopen(to, "we");
    if (p->file == NULL) {
        code = complain(EXIT_IO, "%s: cannot be created: %s", to, strerror(errno));
    } else {
        fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", p->file);
        code = is_recording(from) ? from_recording(p, from) : from_trace(p, from, words);
        print_names(p);
        fputs("\n]}\n", p->file);
        bool failed = ferror(p->file) != 0;
        if ((fclose(p->file) != 0 || failed) && code == EXIT_OK)
            code = complain(EXIT_IO, "%s: cannot be written: %s", to, strerror(errno));
        if (code == EXIT_OK)
            printf("%s: %s\n", to, counted(p->count, "event"));
    }
    free(p->lane);
    free(p);
    return code;
}
