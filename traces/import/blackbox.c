/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The blackbox source.
 *
 * accSmooth and gyroADC are one scan, "imu", in SI units; every other field of main frames is a number
 * under its own name, in the log's counts where no unit is known for certain; fields of slow, GPS and
 * home frames too, and "event" gives the numbers of events.
 *
 * Frames have no lengths and no checksums: a frame is taken as sound if the next one begins where it
 * ends, and iteration and time go on plausibly. After an unsound one the search goes on one byte behind
 * its start, and differences are not trusted before the next intra frame; what is lost in between is one
 * gap. Time 0 is the first main frame; frames without a time have that of the last main frame. */
#include "blackbox.h"
#include "number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MARKER        "H Product:Blackbox"
#define JUMP_MAX      5000u     /* iterations, and ... */
#define JUMP_MAX_US   10000000u /* ... us between main frames; the log viewer's bounds */
#define EVENT_LOG_END 255
#define EVENT_RESUME  14

/* Where a field goes. */
struct field_output {
    uint32_t channel;
    int32_t slot;                   /* of the scan; -1: a number of its own */
    int64_t numerator, denominator; /* nano a count */
};

struct blackbox_source {
    struct trace_source base;
    struct bb_header header;
    struct field_output *output[BB_KIND_COUNT]; /* BB_INTER: as BB_INTRA */
    uint32_t imu_channel, event_channel;
    int32_t imu_field[TRACE_SCAN_MAX]; /* by slot */
    uint64_t start, end;               /* of the log's frames in the file */
    /* Where reading is. */
    uint64_t offset;
    struct bb_state state;
    bool any, trusted; /* a main frame came; differences may be added up */
    bool resumed;      /* the log was paused: the next main frame may be far away */
    uint32_t iteration, wraps;
    uint64_t main_us, origin_us, now_ns;
    uint64_t damaged, damaged_at, gaps;
    bool ended;
    /* The frame that is being told. */
    enum bb_kind kind;
    int32_t value[BB_FIELD_MAX];
    uint32_t next_field, field_count;
    bool scan_waits, gap_waits, event_waits;
    uint64_t gap_from_ns;
    uint8_t event;
};

/* --- main frames --- */

/* Whether the logger writes this iteration at all ("P interval" of "I interval"). */
static bool is_logged(const struct bb_header *h, uint32_t iteration)
{
    return (iteration % h->intra_interval + h->inter_numerator - 1) % h->inter_denominator <
           h->inter_numerator;
}

static uint32_t skipped_iterations(const struct blackbox_source *bb)
{
    uint32_t skipped = 0;
    while (bb->any && skipped < JUMP_MAX && !is_logged(&bb->header, bb->iteration + 1 + skipped))
        skipped++;
    return skipped;
}

static bool plausible(const struct blackbox_source *bb, uint32_t iteration, uint64_t time_us)
{
    if (!bb->any || bb->resumed)
        return !bb->any || time_us >= bb->main_us;
    return iteration - bb->iteration < JUMP_MAX && time_us >= bb->main_us &&
           time_us - bb->main_us < JUMP_MAX_US;
}

/* The 32 bit clock of us begins again after 71 minutes. */
static uint64_t unwrapped_us(const struct blackbox_source *bb, uint32_t time)
{
    uint64_t epoch = bb->main_us & ~(uint64_t)UINT32_MAX, us = epoch | time;
    if (bb->any && us < bb->main_us && bb->main_us - us > UINT32_MAX / 2)
        us += UINT64_C(1) << 32;
    return us;
}

/* False: the frame is not to be believed. */
static bool take_main(struct blackbox_source *bb, enum bb_kind kind)
{
    const struct bb_header *h = &bb->header;
    uint32_t time = (uint32_t)bb->value[h->time_field];
    uint32_t iteration =
        h->iteration_field >= 0 ? (uint32_t)bb->value[h->iteration_field] : bb->iteration + 1;
    uint64_t us = unwrapped_us(bb, time);
    if (kind == BB_INTER && !bb->trusted)
        return true; /* counted on nothing, and not told */
    if (!plausible(bb, iteration, us))
        return false;
    if (!bb->any)
        bb->origin_us = us;
    uint64_t now_ns = (us - bb->origin_us) * 1000;
    if ((!bb->trusted || bb->resumed) && bb->any) {
        bb->gap_waits = now_ns > bb->now_ns;
        bb->gap_from_ns = bb->now_ns;
        bb->gaps++;
    }
    memcpy(bb->state.previous2, kind == BB_INTRA ? bb->value : bb->state.previous,
           sizeof bb->state.previous);
    memcpy(bb->state.previous, bb->value, sizeof bb->state.previous);
    bb->state.main_time = time;
    bb->any = bb->trusted = true;
    bb->resumed = false;
    bb->iteration = iteration;
    bb->main_us = us;
    bb->now_ns = now_ns;
    bb->kind = BB_INTRA;
    bb->field_count = h->frame[BB_INTRA].count;
    bb->scan_waits = bb->imu_channel != UINT32_MAX;
    return true;
}

/* --- events --- */

static bool take_event(struct blackbox_source *bb, struct bb_bytes *bytes)
{
    static const char log_end[] = "End of log"; /* with its zero */
    uint32_t iteration;
    bb->event = bb_byte(bytes);
    switch (bb->event) {
    case 0:  /* sync beep: its time */
    case 15: /* disarm: the reason */
        bb_unsigned(bytes);
        break;
    case 10: /* autotune: cycle start, result, targets */
    case 11:
        for (int i = 0; i < (bb->event == 10 ? 5 : 4); i++)
            bb_byte(bytes);
        break;
    case 12:
        for (int i = 0; i < 8; i++)
            bb_byte(bytes);
        break;
    case 13: /* in-flight adjustment: a number, or a float if the top bit is set */
        if (bb_byte(bytes) < 128)
            bb_signed(bytes);
        else
            for (int i = 0; i < 4; i++)
                bb_byte(bytes);
        break;
    case EVENT_RESUME:
        iteration = bb_unsigned(bytes);
        bb_unsigned(bytes);
        if (bytes->ended || bytes->wrong)
            return false;
        bb->iteration = iteration;
        bb->resumed = true;
        break;
    case 20: /* gtune */
        bb_byte(bytes);
        bb_signed(bytes);
        bb_byte(bytes);
        bb_byte(bytes);
        break;
    case 30: /* flight mode: new and old flags */
        bb_unsigned(bytes);
        bb_unsigned(bytes);
        break;
    case 40: /* twitch test: stage, value */
        for (int i = 0; i < 5; i++)
            bb_byte(bytes);
        break;
    case EVENT_LOG_END:
        for (size_t i = 0; i < sizeof log_end; i++)
            if (bb_byte(bytes) != (uint8_t)log_end[i])
                return false;
        bb->ended = true;
        break;
    default:
        return false;
    }
    bb->event_waits = true;
    return true;
}

/* --- one frame --- */

static bool take_body(struct blackbox_source *bb, uint8_t letter, struct bb_bytes *bytes)
{
    enum bb_kind kind;
    switch (letter) {
    case 'I':
        kind = BB_INTRA;
        break;
    case 'P':
        kind = BB_INTER;
        break;
    case 'S':
        kind = BB_SLOW;
        break;
    case 'G':
        kind = BB_GPS;
        break;
    case 'H':
        kind = BB_HOME;
        break;
    case 'E':
        return take_event(bb, bytes);
    default:
        return false;
    }
    if (bb->header.frame[kind == BB_INTER ? BB_INTRA : kind].count == 0)
        return false;
    memset(bb->value, 0, sizeof bb->value);
    bb->state.skipped = kind == BB_INTER ? skipped_iterations(bb) : 0;
    bb_frame_read(&bb->header, &bb->state, kind, bytes, bb->value);
    bb->kind = kind;
    return !bytes->ended && !bytes->wrong;
}

/* A frame is whole if another one, or the end, follows. */
static bool begins_frame(const struct bb_bytes *bytes)
{
    if (bytes->next == bytes->size)
        return true;
    uint8_t next = bytes->at[bytes->next];
    return next != 0 && strchr("IPSGHE", next) != NULL;
}

static void accept(struct blackbox_source *bb, uint8_t letter)
{
    if (letter == 'E' || letter == 'I' || letter == 'P')
        return; /* take_main() and take_event() have */
    bb->field_count = bb->header.frame[bb->kind].count;
    if (bb->kind == BB_HOME) {
        bb->state.home[0] = bb->value[0];
        bb->state.home[1] = bb->value[1];
    }
}

/* 1: a frame was read (it may have nothing to tell); 0: the end; else the error. */
static int next_frame(struct blackbox_source *bb, struct trace_error *error)
{
    size_t available;
    if (bb->ended || bb->offset >= bb->end)
        return 0;
    const uint8_t *at = input_at(&bb->base.input, bb->offset, BB_FRAME_MAX, &available);
    if (at == NULL)
        return trace_fail(error, -EIO, "%s: cannot be read: %s", bb->base.input.name,
                          strerror(errno));
    uint64_t left = bb->end - bb->offset;
    struct bb_bytes bytes = { .at = at,
                              .size = left < available ? (size_t)left : available,
                              .next = 1 };
    if (bytes.size == 0)
        return 0;
    uint8_t letter = at[0];
    bb->field_count = bb->next_field = 0;
    bb->scan_waits = bb->gap_waits = bb->event_waits = false;
    bool sound = take_body(bb, letter, &bytes) && begins_frame(&bytes);
    if (sound && (letter == 'I' || letter == 'P'))
        sound = take_main(bb, bb->kind);
    if (sound) {
        accept(bb, letter);
        bb->offset += bytes.next;
        return 1;
    }
    bb->ended = false;
    bb->event_waits = false;
    if (bytes.ended && bytes.size < BB_FRAME_MAX) { /* the file ends in it */
        snprintf(bb->base.warning, sizeof bb->base.warning,
                 "the log is cut: its last frame, at offset %" PRIu64 ", is left out", bb->offset);
        bb->offset = bb->end;
        return 0;
    }
    if (bb->damaged++ == 0)
        bb->damaged_at = bb->offset;
    bb->trusted = false;
    bb->offset++;
    /* On to the next byte that may begin a frame. */
    for (size_t i = 1; i < bytes.size && strchr("IPSGHE", at[i]) == NULL; i++)
        bb->offset++;
    return 1;
}

/* --- records --- */

static int64_t scaled(int64_t count, const struct field_output *output, bool *fits)
{
    __int128 value = (__int128)count * output->numerator * 2;
    value = (value + (value < 0 ? -output->denominator : output->denominator)) /
            ((__int128)output->denominator * 2);
    *fits = value <= INT64_MAX && value >= -INT64_MAX;
    return *fits ? (int64_t)value : 0;
}

static void put(const struct blackbox_source *bb, uint32_t channel, struct trace_record *record)
{
    *record = (struct trace_record){ .time_ns = bb->now_ns,
                                     .source_ns = bb->main_us * 1000,
                                     .channel = channel,
                                     .type = TRACE_RECORD_VALUE };
}

static bool put_scan(struct blackbox_source *bb, struct trace_record *record)
{
    bool fits = true;
    put(bb, bb->imu_channel, record);
    for (uint32_t slot = 0; slot < bb->base.channel[bb->imu_channel].scan_count; slot++) {
        uint32_t field = (uint32_t)bb->imu_field[slot];
        bool one = false;
        record->scan[slot] = scaled(bb->value[field], &bb->output[BB_INTRA][field], &one);
        fits &= one;
    }
    bb->base.unrepresentable += !fits;
    return fits;
}

/* The next number of the frame. */
static bool put_field(struct blackbox_source *bb, struct trace_record *record)
{
    while (bb->next_field < bb->field_count) {
        uint32_t field = bb->next_field++;
        const struct field_output *output = &bb->output[bb->kind][field];
        if (output->channel == UINT32_MAX || output->slot >= 0)
            continue;
        bool fits = false;
        int32_t raw = bb->value[field];
        int64_t count = bb->header.frame[bb->kind].is_signed[field] ? raw : (int64_t)(uint32_t)raw;
        put(bb, output->channel, record);
        record->nano = scaled(count, output, &fits);
        bb->base.unrepresentable += !fits;
        if (fits)
            return true;
    }
    return false;
}

static bool put_next(struct blackbox_source *bb, struct trace_record *record)
{
    if (bb->gap_waits) {
        bb->gap_waits = false;
        put(bb, 0, record);
        record->type = TRACE_RECORD_GAP;
        record->time_ns = bb->gap_from_ns;
        record->gap_ns = bb->now_ns - bb->gap_from_ns;
        return true;
    }
    if (bb->event_waits) {
        bb->event_waits = false;
        put(bb, bb->event_channel, record);
        record->nano = (int64_t)bb->event * INT64_C(1000000000);
        return true;
    }
    if (bb->scan_waits) {
        bb->scan_waits = false;
        if (put_scan(bb, record))
            return true;
    }
    return put_field(bb, record);
}

static void tell_losses(struct blackbox_source *bb)
{
    if (bb->damaged > 0)
        snprintf(bb->base.warning, sizeof bb->base.warning,
                 "%" PRIu64 " places are damaged, the first at offset %" PRIu64
                 "; what is sound around them was read",
                 bb->damaged, bb->damaged_at);
    else if (!bb->ended && bb->base.warning[0] == '\0')
        snprintf(bb->base.warning, sizeof bb->base.warning,
                 "the log ends without its last event (power lost?)");
}

static int blackbox_next(struct trace_source *source, struct trace_record *record,
                         struct trace_error *error)
{
    struct blackbox_source *bb = (struct blackbox_source *)source;
    while (!put_next(bb, record)) {
        int got = next_frame(bb, error);
        if (got == 0)
            tell_losses(bb);
        if (got <= 0)
            return got;
    }
    return 1;
}

static void restart(struct blackbox_source *bb)
{
    bb->offset = bb->start;
    bb->state = (struct bb_state){ 0 };
    bb->any = bb->trusted = bb->resumed = bb->ended = false;
    bb->iteration = 0;
    bb->main_us = bb->origin_us = bb->now_ns = 0;
    bb->damaged = bb->gaps = 0;
    bb->next_field = bb->field_count = 0;
    bb->scan_waits = bb->gap_waits = bb->event_waits = false;
}

static int blackbox_rewind(struct trace_source *source, struct trace_error *error)
{
    (void)error;
    restart((struct blackbox_source *)source);
    return 0;
}

static uint32_t blackbox_progress(const struct trace_source *source)
{
    const struct blackbox_source *bb = (const struct blackbox_source *)source;
    uint64_t done = bb->offset < source->input.size ? bb->offset : source->input.size;
    return (uint32_t)((unsigned __int128)done * 1000 / source->input.size);
}

static void blackbox_close(struct trace_source *source)
{
    struct blackbox_source *bb = (struct blackbox_source *)source;
    bb_header_free(&bb->header);
    for (int kind = 0; kind < BB_KIND_COUNT; kind++)
        free(bb->output[kind]);
}

static const struct trace_format blackbox_format = {
    .name = "Betaflight blackbox",
    .next = blackbox_next,
    .rewind = blackbox_rewind,
    .progress = blackbox_progress,
    .close = blackbox_close,
};

/* --- channels --- */

/* Units that do not depend on the firmware's version. */
static const struct {
    const char *field, *unit;
    int64_t nano;
} units[] = {
    { "GPS_coord[0]", "deg", 100 },   { "GPS_coord[1]", "deg", 100 },
    { "GPS_home[0]", "deg", 100 },    { "GPS_home[1]", "deg", 100 },
    { "GPS_speed", "m/s", 10000000 }, { "GPS_ground_course", "deg", 100000000 },
    { "BaroAlt", "m", 10000000 },
};

/* A count of the accelerometer or the gyroscope in nano SI. */
static void imu_scale(const struct bb_header *h, bool gyro, struct field_output *output)
{
    int64_t scale = 0;
    if (!gyro) { /* 9.80665 m/s^2 a g */
        output->numerator = INT64_C(9806650000);
        output->denominator = h->acc_1g;
        return;
    }
    if (h->gyro_is_rad_per_us) { /* rad/us a count: so small that it is taken as 1e-6 of itself */
        number_from_float_bits(h->gyro_scale + (UINT32_C(20) << 23), &scale); /* * 2^20 */
        output->numerator = scale * 1000000;
        output->denominator = 1 << 20;
        return;
    }
    number_from_float_bits(h->gyro_scale, &scale); /* degrees per second */
    /* pi / 180 = 0.01745329251994329577 */
    output->numerator = (int64_t)((__int128)scale * 1745329251994329577 / 1000000000000);
    output->denominator = 100000000;
}

static int add_imu(struct blackbox_source *bb)
{
    static const char *const names[] = { "accSmooth[0]", "accSmooth[1]", "accSmooth[2]",
                                         "gyroADC[0]",   "gyroADC[1]",   "gyroADC[2]" };
    const struct bb_header *h = &bb->header;
    const struct bb_frame_fields *main = &h->frame[BB_INTRA];
    int64_t scale = 0;
    bool acc = h->acc_1g > 0;
    bool gyro = number_from_float_bits(h->gyro_scale, &scale) == NUMBER_OK &&
                (h->gyro_is_rad_per_us ? h->gyro_scale >> 23 < 127 && h->gyro_scale != 0
                                       : scale > 0 && scale <= INT64_C(1000000000000));
    struct trace_channel *channel = NULL;
    for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
        bool is_gyro = i >= 3;
        for (uint32_t field = 0; field < main->count; field++) {
            if (!(is_gyro ? gyro : acc) || strcmp(main->name[field], names[i]) != 0)
                continue;
            if (channel == NULL) {
                bb->imu_channel = bb->base.channel_count;
                channel = trace_channel_add(&bb->base, TRACE_SCAN, "imu", "");
                if (channel == NULL)
                    return -ENOMEM;
            }
            struct field_output *output = &bb->output[BB_INTRA][field];
            output->slot = channel->scan_count;
            output->channel = bb->imu_channel;
            imu_scale(h, is_gyro, output);
            bb->imu_field[channel->scan_count] = (int32_t)field;
            channel->quantity[channel->scan_count++] = (uint8_t)(IIO_ACCEL_X + i);
            break;
        }
    }
    return 0;
}

static int add_field(struct blackbox_source *bb, enum bb_kind kind, uint32_t field)
{
    struct field_output *output = &bb->output[kind][field];
    const char *name = bb->header.frame[kind].name[field], *unit = "";
    if (kind == BB_INTRA && (int32_t)field == bb->header.time_field)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(units[i].field, name) != 0)
            continue;
        unit = units[i].unit;
        output->numerator = units[i].nano;
    }
    if (kind == BB_GPS && strcmp(name, "time") == 0)
        name = "GPS_time"; /* us of the controller's clock, beside the records' own time */
    output->channel = bb->base.channel_count;
    return trace_channel_add(&bb->base, TRACE_SCALAR, name, unit) == NULL ? -ENOMEM : 0;
}

static int add_channels(struct blackbox_source *bb)
{
    static const enum bb_kind kinds[] = { BB_INTRA, BB_SLOW, BB_GPS, BB_HOME };
    bb->imu_channel = UINT32_MAX;
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
        uint32_t count = bb->header.frame[kinds[k]].count;
        bb->output[kinds[k]] = calloc(count + 1, sizeof *bb->output[0]);
        if (bb->output[kinds[k]] == NULL)
            return -ENOMEM;
        for (uint32_t i = 0; i < count; i++)
            bb->output[kinds[k]][i] = (struct field_output){ UINT32_MAX, -1, 1000000000, 1 };
    }
    if (add_imu(bb) != 0)
        return -ENOMEM;
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
        for (uint32_t i = 0; i < bb->header.frame[kinds[k]].count; i++)
            if (bb->output[kinds[k]][i].slot < 0 && add_field(bb, kinds[k], i) != 0)
                return -ENOMEM;
    bb->event_channel = bb->base.channel_count;
    return trace_channel_add(&bb->base, TRACE_SCALAR, "event", "") == NULL ? -ENOMEM : 0;
}

/* --- the logs in a file --- */

/* Offset of the next log's first line; the file's size if there is none; UINT64_MAX if reading fails. */
static uint64_t find_log(struct trace_input *input, uint64_t offset)
{
    const size_t marker = sizeof MARKER - 1;
    while (offset < input->size) {
        size_t available;
        const uint8_t *at = input_at(input, offset, INPUT_WINDOW, &available);
        if (at == NULL)
            return UINT64_MAX;
        for (const uint8_t *h = at; (h = memchr(h, 'H', available - (size_t)(h - at))); h++)
            if (available - (size_t)(h - at) >= marker && memcmp(h, MARKER, marker) == 0)
                return offset + (uint64_t)(h - at);
        if (available < marker)
            break;
        offset += available - (marker - 1);
    }
    return input->size;
}

static int choose_log(struct blackbox_source *bb, const char *number, struct trace_error *error)
{
    struct trace_input *input = &bb->base.input;
    uint64_t wanted = 1, count = 0, at = 0, chosen = 0;
    bb->end = input->size;
    if (number != NULL)
        wanted = strtoul(number, NULL, 10);
    while ((at = find_log(input, at)) < input->size) {
        count++;
        if (count == wanted)
            chosen = at;
        if (count == wanted + 1)
            bb->end = at;
        at++;
    }
    if (at == UINT64_MAX)
        return trace_fail(error, -EIO, "%s: cannot be read: %s", input->name, strerror(errno));
    if (wanted == 0 || count < wanted)
        return trace_fail(error, -EINVAL, "%s: it holds %" PRIu64 " logs, and no number %.20s",
                          input->name, count, number != NULL ? number : "1");
    bb->start = chosen;
    if (count > 1)
        snprintf(bb->base.warning, sizeof bb->base.warning,
                 "the file holds %" PRIu64 " logs; this is number %" PRIu64
                 ", the others come with --trace-option log=NUMBER",
                 count, wanted);
    return 0;
}

int trace_open_blackbox(struct trace_input *input, const struct trace_options *options,
                        struct trace_source **source, struct trace_error *error)
{
    struct blackbox_source *bb = trace_source_create(sizeof *bb, &blackbox_format, input);
    if (bb == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", input->name);
    int err = choose_log(bb, trace_option(options, "log="), error);
    if (err == 0)
        err = bb_header_read(&bb->base.input, &bb->start, &bb->header, error);
    if (err == 0 && add_channels(bb) != 0)
        err = trace_fail(error, -ENOMEM, "%s: out of memory", bb->base.input.name);
    if (err != 0) {
        trace_close(&bb->base);
        return err;
    }
    restart(bb);
    *source = &bb->base;
    return 0;
}
