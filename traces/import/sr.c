/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sigrok session files (.sr): a zip with "version", "metadata" and the samples in chunks logic-1-1,
 * logic-1-2, ... (https://sigrok.org/wiki/File_format:Sigrok/v2; version 1 has one file logic-1).
 *
 * The state is one sample word and the bits of it that changed and are still to be delivered,
 * lowest line first, all at the sample's time. Sample 0 is the initial state, not an edge. Chunks
 * are unpacked into one buffer, so memory does not depend on the capture's length; how much a zip
 * may unpack to is capped, as 1 MiB of it can claim 1 GiB. */
#include "source_internal.h"
#include "sr_metadata.h"
#include "sr_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#define SR_BUFFER_SIZE   (1u << 20)
#define SR_LIMIT_DEFAULT (UINT64_C(64) << 30)

struct sr_source {
    struct trace_source base;
    zip_t *zip;
    struct sr_metadata metadata;
    bool single_file; /* version 1: the samples are one file */
    uint32_t chunk_count;
    uint64_t total_size;
    uint64_t mask; /* bits of enabled lines */
    uint32_t channel_of_bit[SR_PROBE_MAX];
    /* Where reading is. */
    zip_file_t *chunk;
    uint32_t chunk_next; /* 0-based number of the chunk to be opened next */
    uint64_t chunk_left; /* bytes of the open chunk that are not in the buffer yet */
    uint8_t *buffer;
    size_t buffer_at, buffer_end;
    uint64_t sample; /* index of the sample at buffer_at */
    uint64_t word;   /* the last sample looked at, enabled lines only */
    uint64_t pending;
    uint64_t pending_sample;
    bool started;
};

static int zip_failed(struct sr_source *sr, struct trace_error *error, const char *what)
{
    return trace_fail(error, -EBADMSG,
                      "%s: %s: %s; the file is damaged or cut short: copy it again",
                      sr->base.input.name, what, zip_strerror(sr->zip));
}

static void chunk_name(const struct sr_source *sr, uint32_t index, char *name, size_t size)
{
    if (sr->single_file)
        snprintf(name, size, "%s", sr->metadata.capturefile);
    else
        snprintf(name, size, "%s-%u", sr->metadata.capturefile, index + 1);
}

/* False: there is no such file in the zip. */
static bool file_size(struct sr_source *sr, const char *name, uint64_t *size)
{
    zip_stat_t status;
    if (zip_stat(sr->zip, name, 0, &status) != 0 || !(status.valid & ZIP_STAT_SIZE))
        return false;
    *size = status.size;
    return true;
}

/* --- opening --- */

static int open_zip(struct sr_source *sr, struct trace_error *error)
{
    struct trace_input *input = &sr->base.input;
    zip_error_t reason;
    zip_error_init(&reason);
    zip_source_t *bytes = input->fd < 0
                              ? zip_source_buffer_create(input->memory, input->size, 0, &reason)
                              : zip_source_file_create(input->name, 0, -1, &reason);
    if (bytes != NULL)
        sr->zip = zip_open_from_source(bytes, ZIP_RDONLY, &reason);
    if (sr->zip == NULL) {
        trace_fail(
            error, -EBADMSG,
            "%s: not a readable zip: %s; a .sr file that was cut short has lost its directory: "
            "copy or record it again",
            input->name, zip_error_strerror(&reason));
        zip_source_free(bytes);
    }
    zip_error_fini(&reason);
    return sr->zip == NULL ? -EBADMSG : 0;
}

static int read_metadata(struct sr_source *sr, struct trace_error *error)
{
    const char *file = sr->base.input.name;
    uint64_t size;
    if (!file_size(sr, "metadata", &size))
        return trace_fail(error, -EBADMSG,
                          "%s: a zip without a file \"metadata\": not a sigrok session", file);
    if (size > SR_METADATA_MAX)
        return trace_fail(error, -EFBIG, "%s: metadata of %" PRIu64 " bytes; %u are the most", file,
                          size, SR_METADATA_MAX);
    char *text = malloc(size + 1);
    zip_file_t *entry = zip_fopen(sr->zip, "metadata", 0);
    int err = text == NULL ? -ENOMEM : 0;
    if (text == NULL)
        trace_fail(error, err, "%s: out of memory", file);
    else if (entry == NULL || zip_fread(entry, text, size) != (zip_int64_t)size)
        err = zip_failed(sr, error, "metadata cannot be read");
    if (err == 0) {
        text[size] = '\0';
        err = sr_metadata_parse(file, text, &sr->metadata, error);
    }
    if (entry != NULL)
        zip_fclose(entry);
    free(text);
    return err;
}

static int add_chunk(struct sr_source *sr, const char *name, uint64_t size,
                     struct trace_error *error)
{
    if (size % sr->metadata.unit_size != 0)
        return trace_fail(error, -EBADMSG,
                          "%s: %s has %" PRIu64 " bytes, not a multiple of the unitsize %u",
                          sr->base.input.name, name, size, sr->metadata.unit_size);
    if (__builtin_add_overflow(sr->total_size, size, &sr->total_size))
        return trace_fail(error, -EFBIG, "%s: the chunks' sizes overflow", sr->base.input.name);
    sr->chunk_count++;
    return 0;
}

static int check_no_orphan(struct sr_source *sr, struct trace_error *error)
{
    size_t length = strlen(sr->metadata.capturefile);
    zip_int64_t count = zip_get_num_entries(sr->zip, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *name = zip_get_name(sr->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (name == NULL || strncmp(name, sr->metadata.capturefile, length) != 0 ||
            name[length] != '-')
            continue;
        unsigned long number = strtoul(name + length + 1, NULL, 10);
        if (number > sr->chunk_count)
            return trace_fail(
                error, -EBADMSG, "%s: it holds %.40s but not %s-%u: samples are missing",
                sr->base.input.name, name, sr->metadata.capturefile, sr->chunk_count + 1);
    }
    return 0;
}

static int list_chunks(struct sr_source *sr, const struct trace_options *options,
                       struct trace_error *error)
{
    char name[96];
    uint64_t size;
    int err = 0;
    if (file_size(sr, sr->metadata.capturefile, &size)) {
        sr->single_file = true;
        err = add_chunk(sr, sr->metadata.capturefile, size, error);
    } else {
        for (chunk_name(sr, 0, name, sizeof name); err == 0 && file_size(sr, name, &size);
             chunk_name(sr, sr->chunk_count, name, sizeof name))
            err = add_chunk(sr, name, size, error);
    }
    if (err == 0 && !sr->single_file)
        err = check_no_orphan(sr, error);
    if (err != 0)
        return err;
    if (sr->total_size == 0)
        return trace_fail(error, -EBADMSG, "%s: the session holds no samples", sr->base.input.name);
    uint64_t limit = SR_LIMIT_DEFAULT;
    const char *word = trace_option(options, "limit=");
    if (word != NULL)
        limit = strtoull(word, NULL, 10);
    if (sr->total_size > limit)
        return trace_fail(error, -EFBIG,
                          "%s: its samples unpack to %" PRIu64 " bytes, the limit is %" PRIu64
                          "; if that is right, raise it with limit=BYTES",
                          sr->base.input.name, sr->total_size, limit);
    return 0;
}

static int add_channels(struct sr_source *sr, struct trace_error *error)
{
    for (uint32_t bit = 0; bit < sr->metadata.probe_count; bit++) {
        if (!sr->metadata.probe[bit].named)
            continue;
        struct trace_channel *channel =
            trace_channel_add(&sr->base, TRACE_LEVEL, sr->metadata.probe[bit].name, "");
        if (channel == NULL)
            return trace_fail(error, -ENOMEM, "%s: out of memory", sr->base.input.name);
        channel->line = (int32_t)bit;
        channel->rate_millihertz = sr->metadata.rate_millihertz;
        sr->mask |= UINT64_C(1) << bit;
        sr->channel_of_bit[bit] = sr->base.channel_count - 1;
    }
    if (sr->metadata.analog_count != 0)
        snprintf(sr->base.warning, sizeof sr->base.warning,
                 "%u analog channels are left out; only logic lines are read",
                 sr->metadata.analog_count);
    return 0;
}

/* --- samples --- */

static int open_chunk(struct sr_source *sr, struct trace_error *error)
{
    char name[96];
    chunk_name(sr, sr->chunk_next, name, sizeof name);
    sr->chunk = zip_fopen(sr->zip, name, 0);
    if (sr->chunk == NULL || !file_size(sr, name, &sr->chunk_left))
        return zip_failed(sr, error, name);
    sr->chunk_next++;
    return 0;
}

static int close_chunk(struct sr_source *sr)
{
    if (sr->chunk != NULL)
        zip_fclose(sr->chunk);
    sr->chunk = NULL;
    return 0;
}

static int chunk_failed(struct sr_source *sr, zip_int64_t got, struct trace_error *error)
{
    char name[96];
    chunk_name(sr, sr->chunk_next - 1, name, sizeof name);
    const char *why = got < 0 ? zip_file_strerror(sr->chunk) : "it ends before its size";
    return trace_fail(error, -EBADMSG,
                      "%s: %s: %s, at sample %" PRIu64 "; the file is damaged: copy it again",
                      sr->base.input.name, name, why, sr->sample);
}

/* Fills the empty buffer. 1: there are samples; 0: the end. */
static int refill(struct sr_source *sr, struct trace_error *error)
{
    for (;;) {
        if (sr->chunk == NULL) {
            if (sr->chunk_next == sr->chunk_count)
                return 0;
            int err = open_chunk(sr, error);
            if (err != 0)
                return err;
        }
        if (sr->chunk_left > 0)
            break;
        close_chunk(sr);
    }
    size_t most = SR_BUFFER_SIZE - SR_BUFFER_SIZE % sr->metadata.unit_size;
    size_t want = sr->chunk_left < most ? (size_t)sr->chunk_left : most;
    zip_int64_t got = zip_fread(sr->chunk, sr->buffer, want);
    if (got != (zip_int64_t)want)
        return chunk_failed(sr, got, error);
    sr->chunk_left -= want;
    sr->buffer_at = 0;
    sr->buffer_end = want;
    return 1;
}

/* Moves on to the next sample whose enabled lines differ from `word`. 1: pending is set; 0: the
 * end. */
static int find_change(struct sr_source *sr, struct trace_error *error)
{
    uint32_t unit = sr->metadata.unit_size;
    uint64_t full = sr->word; /* with the bits of lines that are not enabled, so that equal runs are
                                 seen as such */
    while (sr->pending == 0) {
        if (sr->buffer_at == sr->buffer_end) {
            int got = refill(sr, error);
            if (got <= 0)
                return got;
            full = sr_word(sr->buffer, unit);
        } else {
            size_t skip =
                sr_scan(sr->buffer + sr->buffer_at, sr->buffer_end - sr->buffer_at, full, unit);
            sr->buffer_at += skip;
            sr->sample += skip / unit;
            if (sr->buffer_at == sr->buffer_end)
                continue;
            full = sr_word(sr->buffer + sr->buffer_at, unit);
        }
        sr->pending = (full ^ sr->word) & sr->mask;
        sr->pending_sample = sr->sample;
    }
    sr->word = full & sr->mask;
    return 1;
}

/* Sample 0 is the state before the first record. */
static int read_initial(struct sr_source *sr, struct trace_error *error)
{
    int got = refill(sr, error);
    if (got < 0)
        return got;
    sr->word = sr_word(sr->buffer, sr->metadata.unit_size) & sr->mask;
    for (uint32_t bit = 0; bit < SR_PROBE_MAX; bit++)
        if (sr->mask >> bit & 1)
            sr->base.channel[sr->channel_of_bit[bit]].initial_level = sr->word >> bit & 1;
    return 0;
}

static int sr_next(struct trace_source *source, struct trace_record *record,
                   struct trace_error *error)
{
    struct sr_source *sr = (struct sr_source *)source;
    if (sr->pending == 0) {
        int got = find_change(sr, error);
        if (got <= 0)
            return got;
    }
    uint32_t bit = (uint32_t)__builtin_ctzll(sr->pending);
    sr->pending &= sr->pending - 1;
    record->time_ns = trace_sample_ns(sr->pending_sample, sr->metadata.rate_millihertz);
    record->source_ns = record->time_ns;
    record->channel = sr->channel_of_bit[bit];
    record->type = TRACE_RECORD_VALUE;
    record->level = sr->word >> bit & 1;
    return 1;
}

static int sr_rewind(struct trace_source *source, struct trace_error *error)
{
    struct sr_source *sr = (struct sr_source *)source;
    close_chunk(sr);
    sr->chunk_next = 0;
    sr->chunk_left = 0;
    sr->buffer_at = sr->buffer_end = 0;
    sr->sample = 0;
    sr->pending = 0;
    return read_initial(sr, error);
}

static uint32_t sr_progress(const struct trace_source *source)
{
    const struct sr_source *sr = (const struct sr_source *)source;
    unsigned __int128 done = (unsigned __int128)sr->sample * sr->metadata.unit_size * 1000;
    return (uint32_t)(done / sr->total_size);
}

static void sr_close(struct trace_source *source)
{
    struct sr_source *sr = (struct sr_source *)source;
    close_chunk(sr);
    if (sr->zip != NULL)
        zip_discard(sr->zip);
    free(sr->buffer);
}

static const struct trace_format sr_format = {
    .name = "sigrok .sr",
    .next = sr_next,
    .rewind = sr_rewind,
    .progress = sr_progress,
    .close = sr_close,
};

int trace_open_sr(struct trace_input *input, const struct trace_options *options,
                  struct trace_source **source, struct trace_error *error)
{
    struct sr_source *sr = trace_source_create(sizeof *sr, &sr_format, input);
    if (sr == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", input->name);
    sr->buffer = malloc(SR_BUFFER_SIZE);
    int err = sr->buffer == NULL
                  ? trace_fail(error, -ENOMEM, "%s: out of memory", sr->base.input.name)
                  : 0;
    if (err == 0)
        err = open_zip(sr, error);
    if (err == 0)
        err = read_metadata(sr, error);
    if (err == 0)
        err = list_chunks(sr, options, error);
    if (err == 0)
        err = add_channels(sr, error);
    if (err == 0)
        err = read_initial(sr, error);
    if (err != 0) {
        trace_close(&sr->base);
        return err;
    }
    sr->base.end_ns =
        trace_sample_ns(sr->total_size / sr->metadata.unit_size, sr->metadata.rate_millihertz);
    *source = &sr->base;
    return 0;
}
