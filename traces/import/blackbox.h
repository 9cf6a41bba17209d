/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Betaflight blackbox log, private parts (betaflight.com/docs/development/blackbox-internals; data
 * versions 1 and 2, as Cleanflight, Betaflight, INAV and EmuFlight write them).
 *
 * Text lines "H name:value" declare for each kind of frame the fields, and for each field how it is
 * encoded and what it is predicted from; then frames follow without lengths: a byte with the kind, the
 * fields as differences from their predictions. */
#pragma once
#include "source_internal.h"

#define BB_FIELD_MAX 256
#define BB_FRAME_MAX 2048u /* bytes; with every field at its longest it is still less */

enum bb_kind { BB_INTRA, BB_INTER, BB_SLOW, BB_GPS, BB_HOME, BB_KIND_COUNT };

/* FlightLogFieldEncoding and FlightLogFieldPredictor of blackbox_fielddefs.h */
enum bb_encoding {
    BB_SIGNED_VB = 0,
    BB_UNSIGNED_VB = 1,
    BB_NEG_14BIT = 3,
    BB_TAG8_8SVB = 6,
    BB_TAG2_3S32 = 7,
    BB_TAG8_4S16 = 8,
    BB_NULL = 9,
    BB_TAG2_3SVARIABLE = 10,
};

enum bb_predictor {
    BB_ZERO = 0,
    BB_PREVIOUS = 1,
    BB_STRAIGHT_LINE = 2,
    BB_AVERAGE_2 = 3,
    BB_MINTHROTTLE = 4,
    BB_MOTOR_0 = 5,
    BB_INCREMENT = 6,
    BB_HOME_COORD = 7,
    BB_1500 = 8,
    BB_VBATREF = 9,
    BB_MAIN_TIME = 10,
    BB_MINMOTOR = 11,
};

struct bb_frame_fields {
    char *name[BB_FIELD_MAX];
    uint8_t is_signed[BB_FIELD_MAX];
    uint8_t predictor[BB_FIELD_MAX];
    uint8_t encoding[BB_FIELD_MAX];
    uint32_t count; /* of names */
    uint32_t signed_count, predictor_count, encoding_count;
};

struct bb_header {
    struct bb_frame_fields frame[BB_KIND_COUNT];
    uint32_t data_version;
    uint32_t intra_interval, inter_numerator, inter_denominator;
    int32_t minthrottle, vbatref, minmotor;
    int32_t acc_1g;                                    /* 0: not said */
    uint32_t gyro_scale;                               /* float bits; 0: not said */
    bool gyro_is_rad_per_us;                           /* Baseflight; else degrees per second */
    int32_t time_field, iteration_field, motor0_field; /* of main frames; -1: none */
    int32_t home_field[2];                             /* of GPS frames, GPS_coord[0] and [1]; -1 */
};

/* Reads the header lines from *offset on, and leaves *offset at the first frame. */
int bb_header_read(struct trace_input *input, uint64_t *offset, struct bb_header *header,
                   struct trace_error *error);
void bb_header_free(struct bb_header *header);

/* Bytes of one frame. Reading behind the end sets `ended` and gives zeros. */
struct bb_bytes {
    const uint8_t *at;
    size_t size, next;
    bool ended;
    bool wrong; /* what no writer writes */
};

uint8_t bb_byte(struct bb_bytes *bytes);
uint32_t bb_unsigned(struct bb_bytes *bytes);
int32_t bb_signed(struct bb_bytes *bytes);

/* What frames are predicted from. */
struct bb_state {
    int32_t previous[BB_FIELD_MAX], previous2[BB_FIELD_MAX]; /* main frames */
    int32_t home[2];
    uint32_t skipped; /* iterations left out on purpose since the last main frame */
    uint32_t main_time;
};

/* Reads one frame's fields; kind gives the layout. */
void bb_frame_read(const struct bb_header *header, const struct bb_state *state, enum bb_kind kind,
                   struct bb_bytes *bytes, int32_t *value);
