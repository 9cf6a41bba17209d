/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The header lines of a blackbox log. */
#include "blackbox.h"
#include "text_reader.h"

#include <stdio.h>
#include <stdlib.h>

static const char kind_letter[BB_KIND_COUNT + 1] = "IPSGH";

/* --- lists of numbers and names --- */

static int take_names(struct text_reader *reader, struct bb_frame_fields *fields, char *list,
                      struct trace_error *error)
{
    if (fields->count > 0)
        return text_fail(reader, error, "field names of one kind of frame twice");
    for (char *name = strtok(list, ","); name != NULL; name = strtok(NULL, ",")) {
        if (fields->count == BB_FIELD_MAX)
            return text_fail(reader, error, "more than %d fields", BB_FIELD_MAX);
        fields->name[fields->count] = strndup(name, TRACE_NAME_MAX - 1);
        if (fields->name[fields->count] == NULL)
            return trace_fail(error, -ENOMEM, "%s: out of memory", reader->input->name);
        fields->count++;
    }
    return 0;
}

static int take_numbers(struct text_reader *reader, uint8_t *to, uint32_t *count, const char *list,
                        struct trace_error *error)
{
    *count = 0;
    for (const char *at = list; *at != '\0';) {
        char *end;
        unsigned long number = strtoul(at, &end, 10);
        if (end == at || number > UINT8_MAX || *count == BB_FIELD_MAX)
            return text_fail(reader, error, "\"%.40s\" is no list of small numbers", at);
        to[(*count)++] = (uint8_t)number;
        at = *end == ',' ? end + 1 : end;
        if (*end != ',' && *end != '\0')
            return text_fail(reader, error, "\"%.40s\" is no list of small numbers", end);
    }
    return 0;
}

/* "Field I predictor" */
static int take_field_line(struct text_reader *reader, struct bb_header *header, const char *name,
                           char *value, struct trace_error *error)
{
    const char *letter = strchr(kind_letter, name[6]);
    if (name[6] == '\0' || letter == NULL || name[7] != ' ')
        return 0; /* a kind of frame that we do not know: its frames will be told as damage */
    struct bb_frame_fields *fields = &header->frame[letter - kind_letter];
    if (strcmp(name + 8, "name") == 0)
        return take_names(reader, fields, value, error);
    if (strcmp(name + 8, "signed") == 0)
        return take_numbers(reader, fields->is_signed, &fields->signed_count, value, error);
    if (strcmp(name + 8, "predictor") == 0)
        return take_numbers(reader, fields->predictor, &fields->predictor_count, value, error);
    if (strcmp(name + 8, "encoding") == 0)
        return take_numbers(reader, fields->encoding, &fields->encoding_count, value, error);
    return 0;
}

/* --- what else matters --- */

static void take_inter_interval(struct bb_header *header, const char *value)
{
    unsigned long numerator = 1, denominator = 1;
    char *end;
    unsigned long first = strtoul(value, &end, 10);
    if (*end == '/') {
        numerator = first;
        denominator = strtoul(end + 1, &end, 10);
    } else {
        denominator = first;
    }
    header->inter_numerator = numerator > 0 && numerator < 65536 ? (uint32_t)numerator : 1;
    header->inter_denominator = denominator > 0 && denominator < 65536 ? (uint32_t)denominator : 1;
}

static void take_setting(struct bb_header *header, const char *name, const char *value)
{
    long number = strtol(value, NULL, 0);
    int32_t clamped = (int32_t)(number > INT32_MAX || number < INT32_MIN ? 0 : number);
    if (strcmp(name, "Data version") == 0)
        header->data_version = (uint32_t)clamped;
    else if (strcmp(name, "I interval") == 0)
        header->intra_interval = clamped > 0 ? (uint32_t)clamped : 1;
    else if (strcmp(name, "P interval") == 0)
        take_inter_interval(header, value);
    else if (strcmp(name, "minthrottle") == 0)
        header->minthrottle = clamped;
    else if (strcmp(name, "vbatref") == 0)
        header->vbatref = clamped;
    else if (strcmp(name, "motorOutput") == 0)
        header->minmotor = clamped;
    else if (strcmp(name, "acc_1G") == 0)
        header->acc_1g = clamped;
    else if (strcmp(name, "gyro_scale") == 0 || strcmp(name, "gyro.scale") == 0)
        header->gyro_scale = (uint32_t)strtoul(value, NULL, 0);
    else if (strcmp(name, "Firmware type") == 0)
        header->gyro_is_rad_per_us = strcmp(value, "Baseflight") == 0;
}

static int take_line(struct text_reader *reader, struct bb_header *header,
                     const struct text_span *line, struct trace_error *error)
{
    char *text = strndup(line->at + 2, line->size - 2); /* behind "H " */
    if (text == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", reader->input->name);
    char *colon = strchr(text, ':');
    int err = 0;
    if (colon != NULL) {
        *colon = '\0';
        if (strncmp(text, "Field ", 6) == 0)
            err = take_field_line(reader, header, text, colon + 1, error);
        else
            take_setting(header, text, colon + 1);
    }
    free(text);
    return err;
}

/* --- consistency --- */

static int32_t find_field(const struct bb_frame_fields *fields, const char *name)
{
    for (uint32_t i = 0; i < fields->count; i++)
        if (strcmp(fields->name[i], name) == 0)
            return (int32_t)i;
    return -1;
}

static bool known_encoding(uint8_t encoding)
{
    return encoding <= BB_TAG2_3SVARIABLE && encoding != 2 && encoding != 4 && encoding != 5;
}

static int check_kind(struct text_reader *reader, struct bb_header *header, enum bb_kind kind,
                      struct trace_error *error)
{
    const struct bb_frame_fields *fields = &header->frame[kind];
    char letter = kind_letter[kind];
    uint32_t count = kind == BB_INTER ? header->frame[BB_INTRA].count : fields->count;
    if (count == 0)
        return 0;
    if (fields->predictor_count < count || fields->encoding_count < count ||
        (kind != BB_INTER && fields->signed_count < count))
        return text_fail(reader, error,
                         "%c frames have %u fields, but fewer predictors or encodings", letter,
                         count);
    for (uint32_t i = 0; i < count; i++) {
        if (!known_encoding(fields->encoding[i]))
            return text_fail(reader, error, "encoding %u of a field in %c frames is not known",
                             fields->encoding[i], letter);
        if (fields->predictor[i] > BB_MINMOTOR)
            return text_fail(reader, error, "predictor %u of a field in %c frames is not known",
                             fields->predictor[i], letter);
    }
    return 0;
}

static int finish(struct text_reader *reader, struct bb_header *header, struct trace_error *error)
{
    const struct bb_frame_fields *main = &header->frame[BB_INTRA];
    header->time_field = find_field(main, "time");
    header->iteration_field = find_field(main, "loopIteration");
    header->motor0_field = find_field(main, "motor[0]");
    header->home_field[0] = find_field(&header->frame[BB_GPS], "GPS_coord[0]");
    header->home_field[1] = find_field(&header->frame[BB_GPS], "GPS_coord[1]");
    if (main->count == 0 || header->time_field < 0)
        return text_fail(reader, error,
                         "the header declares no main frames (\"H Field I name:\") with a time");
    if (header->data_version > 2)
        return text_fail(reader, error, "data version %u; 1 and 2 are read here",
                         header->data_version);
    for (int kind = 0; kind < BB_KIND_COUNT; kind++) {
        int err = check_kind(reader, header, (enum bb_kind)kind, error);
        if (err != 0)
            return err;
    }
    return 0;
}

int bb_header_read(struct trace_input *input, uint64_t *offset, struct bb_header *header,
                   struct trace_error *error)
{
    struct text_reader reader = { .input = input, .offset = *offset };
    struct text_span line;
    int got = 1, err = 0;
    *header = (struct bb_header){ .data_version = 1,
                                  .intra_interval = 32,
                                  .inter_numerator = 1,
                                  .inter_denominator = 1,
                                  .vbatref = 4095,
                                  .minthrottle = 1150 };
    while (err == 0) {
        size_t available;
        const uint8_t *at = input_at(input, reader.offset, 2, &available);
        if (at == NULL || available < 2 || at[0] != 'H' || at[1] != ' ')
            break;
        got = text_line(&reader, &line, error);
        if (got == 1 && line.last)
            return text_fail(&reader, error, "the file ends inside of the log's header");
        err = got == 1 ? take_line(&reader, header, &line, error) : got;
    }
    *offset = reader.offset;
    return err != 0 ? err : finish(&reader, header, error);
}

void bb_header_free(struct bb_header *header)
{
    for (int kind = 0; kind < BB_KIND_COUNT; kind++)
        for (uint32_t i = 0; i < header->frame[kind].count; i++)
            free(header->frame[kind].name[i]);
    *header = (struct bb_header){ 0 };
}
