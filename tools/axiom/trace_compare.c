/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "trace_compare.h"

#include "cli.h"
#include "recording.h"

#include <axiom/errno.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct state {
    uint64_t time_ns, duty_ns, period_ns;
};

struct wave {
    struct state *at;
    size_t count, capacity;
};

enum measure { AS_US, AS_NS, AS_PERCENT, AS_RATIO };

struct comparison {
    unsigned chip, channel;
    enum measure measure;
    struct wave wave;
    size_t next; /* the last state that began at or before the record's time */
    uint64_t compared, deviating;
    uint64_t first_ns, worst_ns;
    int64_t first_wanted, first_got, worst;
};

static bool parse_target(const char *device, struct comparison *c)
{
    static const char *const names[] = { "us", "ns", "percent", "ratio" };
    char measure[16] = "us";
    int got = sscanf(device, "pwm/chip%u/%u/%15s", &c->chip, &c->channel, measure);
    for (int i = 0; got >= 2 && i < 4; i++) {
        if (strcmp(measure, names[i]) == 0) {
            c->measure = (enum measure)i;
            return true;
        }
    }
    return false;
}

static int wave_add(struct wave *wave, uint64_t time_ns, const struct event_pwm *pwm)
{
    if (wave->count == wave->capacity) {
        size_t capacity = wave->capacity == 0 ? 256 : 2 * wave->capacity;
        struct state *grown = realloc(wave->at, capacity * sizeof *grown);
        if (grown == NULL)
            return complain(EXIT_IO, "no memory");
        wave->at = grown;
        wave->capacity = capacity;
    }
    wave->at[wave->count++] =
        (struct state){ time_ns, pwm->enabled ? pwm->duty_ns : 0, pwm->period_ns };
    return EXIT_OK;
}

/* What the run made of the channel, from the pins' side. */
static int read_wave(const char *run, struct comparison *c)
{
    struct recording_reader reader;
    struct event event;
    const struct event_channel *channel;
    int got, code = recording_open(&reader, run, false);
    if (code != EXIT_OK)
        return code;
    while (code == EXIT_OK && (got = recording_next(&reader, &event, &channel)) == 1)
        if (event.kind == EVENT_PWM && event.pwm.chip == c->chip && event.pwm.channel == c->channel)
            code = wave_add(&c->wave, event.time_ns, &event.pwm);
    if (code == EXIT_OK && got < 0)
        code = complain(EXIT_INPUT, "%s", reader.error.text);
    recording_close(&reader);
    if (code == EXIT_OK && c->wave.count == 0)
        code = complain(EXIT_INPUT, "%s has no events of pwm/chip%u/%u", run, c->chip, c->channel);
    return code;
}

static int64_t nano_of(const struct comparison *c, const struct state *state)
{
    unsigned __int128 duty = state->duty_ns;
    unsigned __int128 period = state->period_ns > 0 ? state->period_ns : 1;
    switch (c->measure) {
    case AS_US:
        return (int64_t)(duty * 1000000);
    case AS_NS:
        return (int64_t)(duty * 1000000000);
    case AS_PERCENT:
        return (int64_t)(duty * 100000000000u / period);
    default:
        return (int64_t)(duty * 1000000000 / period);
    }
}

static void take(struct comparison *c, const struct trace_record *record, int64_t tolerance,
                 uint64_t lag_ns, uint64_t offset_ns)
{
    uint64_t from = record->time_ns + offset_ns;
    int64_t best = INT64_MAX, got = 0;
    while (c->next + 1 < c->wave.count && c->wave.at[c->next + 1].time_ns <= from)
        c->next++;
    for (size_t i = c->next;
         i < c->wave.count && (i == c->next || c->wave.at[i].time_ns <= from + lag_ns); i++) {
        int64_t value = c->wave.at[i].time_ns <= from + lag_ns ? nano_of(c, &c->wave.at[i]) : 0;
        int64_t away = value > record->nano ? value - record->nano : record->nano - value;
        if (away < best) {
            best = away;
            got = value;
        }
    }
    c->compared++;
    if (best > c->worst) {
        c->worst = best;
        c->worst_ns = record->time_ns;
    }
    if (best > tolerance && c->deviating++ == 0) {
        c->first_ns = record->time_ns;
        c->first_wanted = record->nano;
        c->first_got = got;
    }
}

static void print_nano(int64_t nano)
{
    printf("%s%" PRId64 ".%03" PRId64, nano < 0 ? "-" : "", (nano < 0 ? -nano : nano) / 1000000000,
           (nano < 0 ? -nano : nano) % 1000000000 / 1000000);
}

static int tell(const struct comparison *c, const char *channel, const char *device)
{
    printf("%s against %s: %s, %s beyond the tolerance, the worst off by ", channel, device,
           counted(c->compared, "value"), grouped(c->deviating));
    print_nano(c->worst);
    printf(" at %" PRIu64 ".%09" PRIu64 " s\n", c->worst_ns / 1000000000, c->worst_ns % 1000000000);
    if (c->deviating == 0)
        return EXIT_OK;
    printf("  first at %" PRIu64 ".%09" PRIu64 " s of the trace: it has ", c->first_ns / 1000000000,
           c->first_ns % 1000000000);
    print_nano(c->first_wanted);
    printf(", the run ");
    print_nano(c->first_got);
    putchar('\n');
    return EXIT_DIFFERS;
}

static int compare_one(const char *run, struct trace_source *source, const struct binding *binding,
                       int64_t tolerance, uint64_t lag_ns, uint64_t offset_ns)
{
    struct comparison c = { 0 };
    struct trace_record record;
    struct trace_error error;
    int64_t index = trace_channel_find(source, binding->channel);
    if (index < 0 || trace_channel_at(source, (uint32_t)index)->kind != TRACE_SCALAR)
        return complain(EXIT_INPUT, "the trace has no number '%s' (axiom trace info lists them)",
                        binding->channel);
    if (!parse_target(binding->device, &c))
        return complain(EXIT_USAGE, "'%s' is no pwm/chipC/CHANNEL[/us|ns|percent|ratio]",
                        binding->device);
    int code = read_wave(run, &c), got = 0;
    if (code == EXIT_OK && trace_rewind(source, &error) != 0)
        code = complain(EXIT_INPUT, "%s", error.text);
    while (code == EXIT_OK && (got = trace_next(source, &record, &error)) == 1)
        if (record.type == TRACE_RECORD_VALUE && record.channel == (uint32_t)index)
            take(&c, &record, tolerance, lag_ns, offset_ns);
    if (code == EXIT_OK && got < 0)
        code = complain(EXIT_INPUT, "%s", error.text);
    if (code == EXIT_OK)
        code = tell(&c, binding->channel, binding->device);
    free(c.wave.at);
    return code;
}

int trace_compare(const char *run, const char *trace, const struct trace_options *words,
                  const struct binding_list *bindings, int64_t tolerance_nano, uint64_t lag_ns,
                  uint64_t offset_ns)
{
    struct trace_source *source;
    struct trace_error error;
    if (bindings->count == 0)
        return complain_usage("trace", "compare wants --bind CHANNEL=pwm/chipC/CHANNEL");
    if (trace_open(trace, words, &source, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    int code = EXIT_OK;
    for (size_t i = 0; i < bindings->count && code <= EXIT_DIFFERS; i++) {
        int one = compare_one(run, source, &bindings->at[i], tolerance_nano, lag_ns, offset_ns);
        code = one > code ? one : code;
    }
    trace_close(source);
    return code;
}
