/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields of a blackbox frame: encodings, then predictions. Arithmetic is modulo 2^32, as the flight
 * controller's is. */
#include "blackbox.h"

uint8_t bb_byte(struct bb_bytes *bytes)
{
    if (bytes->next < bytes->size)
        return bytes->at[bytes->next++];
    bytes->ended = true;
    return 0;
}

uint32_t bb_unsigned(struct bb_bytes *bytes)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = bb_byte(bytes);
        value |= (uint32_t)((uint64_t)(byte & 0x7f) << shift);
        if (byte < 0x80)
            return value;
    }
    bytes->wrong = true; /* more than five bytes */
    return 0;
}

int32_t bb_signed(struct bb_bytes *bytes)
{
    uint32_t value = bb_unsigned(bytes);
    return (int32_t)(value >> 1 ^ -(value & 1)); /* zigzag */
}

static int32_t extend(uint32_t value, unsigned bits)
{
    uint32_t sign = UINT32_C(1) << (bits - 1);
    value &= (sign << 1) - 1;
    return (int32_t)((value ^ sign) - sign);
}

static int32_t little_endian(struct bb_bytes *bytes, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value |= (uint32_t)bb_byte(bytes) << 8 * i;
    return count == 4 ? (int32_t)value : extend(value, 8 * count);
}

/* --- encodings of several fields --- */

/* Each value has its own length in bytes, two bits of the tag each. */
static void read_lengths(struct bb_bytes *bytes, uint8_t tag, int32_t *value)
{
    for (int i = 0; i < 3; i++, tag >>= 2)
        value[i] = little_endian(bytes, (tag & 3) + 1u);
}

static void read_tag2_3s32(struct bb_bytes *bytes, int32_t *value)
{
    uint8_t tag = bb_byte(bytes), byte;
    switch (tag >> 6) {
    case 0: /* 2 bits each */
        for (unsigned i = 0; i < 3; i++)
            value[i] = extend((uint32_t)tag >> (4 - 2 * i), 2);
        break;
    case 1: /* 4 bits each */
        byte = bb_byte(bytes);
        value[0] = extend(tag, 4);
        value[1] = extend(byte >> 4, 4);
        value[2] = extend(byte, 4);
        break;
    case 2: /* 6 bits each */
        value[0] = extend(tag, 6);
        value[1] = extend(bb_byte(bytes), 6);
        value[2] = extend(bb_byte(bytes), 6);
        break;
    default:
        read_lengths(bytes, tag, value);
    }
}

static void read_tag2_3svariable(struct bb_bytes *bytes, int32_t *value)
{
    uint8_t tag = bb_byte(bytes), second, third;
    switch (tag >> 6) {
    case 0: /* 2 bits each */
        for (unsigned i = 0; i < 3; i++)
            value[i] = extend((uint32_t)tag >> (4 - 2 * i), 2);
        break;
    case 1: /* 5, 5 and 4 bits */
        second = bb_byte(bytes);
        value[0] = extend(tag >> 1, 5);
        value[1] = extend((uint32_t)(tag & 1) << 4 | second >> 4, 5);
        value[2] = extend(second, 4);
        break;
    case 2: /* 8, 7 and 7 bits */
        second = bb_byte(bytes);
        third = bb_byte(bytes);
        value[0] = extend((uint32_t)(tag & 0x3f) << 2 | second >> 6, 8);
        value[1] = extend((uint32_t)(second & 0x3f) << 1 | third >> 7, 7);
        value[2] = extend(third, 7);
        break;
    default:
        read_lengths(bytes, tag, value);
    }
}

/* Data version 1: pairs of nibbles share a byte, the first in the low half. */
static void read_tag8_4s16_v1(struct bb_bytes *bytes, int32_t *value)
{
    uint8_t tag = bb_byte(bytes), byte;
    for (int i = 0; i < 4; i++, tag >>= 2) {
        switch (tag & 3) {
        case 0:
            value[i] = 0;
            break;
        case 1:
            byte = bb_byte(bytes);
            value[i] = extend(byte, 4);
            if (i < 3) {
                i++;
                tag >>= 2;
                value[i] = extend(byte >> 4, 4);
            }
            break;
        default:
            value[i] = little_endian(bytes, (tag & 3) - 1u);
        }
    }
}

/* Data version 2: nibbles in a row, high half first, big endian. */
static void read_tag8_4s16(struct bb_bytes *bytes, int32_t *value)
{
    static const uint8_t nibbles_of[] = { 0, 1, 2, 4 };
    uint8_t tag = bb_byte(bytes), byte = 0;
    bool half = false;
    for (int i = 0; i < 4; i++, tag >>= 2) {
        uint8_t count = nibbles_of[tag & 3];
        uint32_t raw = 0;
        for (uint8_t n = 0; n < count; n++) {
            if (!half)
                byte = bb_byte(bytes);
            raw = raw << 4 | (half ? byte & 15u : (uint32_t)byte >> 4);
            half = !half;
        }
        value[i] = count > 0 ? extend(raw, 4u * count) : 0;
    }
}

/* As many of the next fields as have this encoding, at most 8, behind a byte that says which of them
 * are not zero. One alone has no such byte. */
static uint32_t read_tag8_8svb(struct bb_bytes *bytes, const uint8_t *encoding, uint32_t left,
                               int32_t *value)
{
    uint32_t count = 1;
    while (count < left && count < 8 && encoding[count] == BB_TAG8_8SVB)
        count++;
    uint8_t present = count == 1 ? 1 : bb_byte(bytes);
    for (uint32_t i = 0; i < count; i++)
        value[i] = present >> i & 1 ? bb_signed(bytes) : 0;
    return count;
}

/* Reads the field and those that share its tag; how many. */
static uint32_t read_group(const struct bb_header *header, const uint8_t *encoding, uint32_t left,
                           struct bb_bytes *bytes, int32_t *value)
{
    int32_t group[4] = { 0 };
    uint32_t count = 1;
    switch (encoding[0]) {
    case BB_SIGNED_VB:
        value[0] = bb_signed(bytes);
        return 1;
    case BB_UNSIGNED_VB:
        value[0] = (int32_t)bb_unsigned(bytes);
        return 1;
    case BB_NEG_14BIT:
        value[0] = -extend(bb_unsigned(bytes), 14);
        return 1;
    case BB_TAG8_8SVB:
        return read_tag8_8svb(bytes, encoding, left, value);
    case BB_TAG2_3S32:
        read_tag2_3s32(bytes, group);
        count = 3;
        break;
    case BB_TAG2_3SVARIABLE:
        read_tag2_3svariable(bytes, group);
        count = 3;
        break;
    case BB_TAG8_4S16:
        if (header->data_version < 2)
            read_tag8_4s16_v1(bytes, group);
        else
            read_tag8_4s16(bytes, group);
        count = 4;
        break;
    default: /* BB_NULL: nothing in the file */
        value[0] = 0;
        return 1;
    }
    count = count < left ? count : left;
    memcpy(value, group, count * sizeof *value);
    return count;
}

/* --- predictions --- */

static uint32_t predicted(const struct bb_header *header, const struct bb_state *state,
                          enum bb_kind kind, uint32_t field, const int32_t *value)
{
    uint32_t previous = (uint32_t)state->previous[field], older = (uint32_t)state->previous2[field];
    switch (header->frame[kind].predictor[field]) {
    case BB_PREVIOUS:
        return previous;
    case BB_STRAIGHT_LINE:
        return 2 * previous - older;
    case BB_AVERAGE_2:
        if (header->frame[BB_INTRA].is_signed[field])
            return (uint32_t)(((int64_t)(int32_t)previous + (int32_t)older) / 2);
        return (uint32_t)(((uint64_t)previous + older) / 2);
    case BB_MINTHROTTLE:
        return (uint32_t)header->minthrottle;
    case BB_MOTOR_0:
        return header->motor0_field >= 0 ? (uint32_t)value[header->motor0_field] : 0;
    case BB_INCREMENT:
        return previous + state->skipped + 1;
    case BB_HOME_COORD:
        return (uint32_t)state->home[(int32_t)field == header->home_field[1]];
    case BB_1500:
        return 1500;
    case BB_VBATREF:
        return (uint32_t)header->vbatref;
    case BB_MAIN_TIME:
        return state->main_time;
    case BB_MINMOTOR:
        return (uint32_t)header->minmotor;
    default:
        return 0;
    }
}

void bb_frame_read(const struct bb_header *header, const struct bb_state *state, enum bb_kind kind,
                   struct bb_bytes *bytes, int32_t *value)
{
    const uint8_t *encoding = header->frame[kind].encoding;
    uint32_t count = header->frame[kind == BB_INTER ? BB_INTRA : kind].count;
    for (uint32_t field = 0; field < count;) {
        uint32_t got = read_group(header, encoding + field, count - field, bytes, value + field);
        for (uint32_t end = field + got; field < end; field++)
            value[field] =
                (int32_t)((uint32_t)value[field] + predicted(header, state, kind, field, value));
    }
}
