/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A message of one number in CDR is four bytes of header (00 00 big, 00 01 little endian;
 * DDSI-RTPS 2.2 section 10) and the number, which needs no alignment behind it. */
#include "mcap_payload.h"
#include "number.h"
#include <axiom/errno.h>

static const struct {
    const char *schema;
    uint8_t size;
} plains[] = {
    [MCAP_PLAIN_BOOL] = { "std_msgs/msg/Bool", 1 },
    [MCAP_PLAIN_INT8] = { "std_msgs/msg/Int8", 1 },
    [MCAP_PLAIN_UINT8] = { "std_msgs/msg/UInt8", 1 },
    [MCAP_PLAIN_INT16] = { "std_msgs/msg/Int16", 2 },
    [MCAP_PLAIN_UINT16] = { "std_msgs/msg/UInt16", 2 },
    [MCAP_PLAIN_INT32] = { "std_msgs/msg/Int32", 4 },
    [MCAP_PLAIN_UINT32] = { "std_msgs/msg/UInt32", 4 },
    [MCAP_PLAIN_INT64] = { "std_msgs/msg/Int64", 8 },
    [MCAP_PLAIN_UINT64] = { "std_msgs/msg/UInt64", 8 },
    [MCAP_PLAIN_FLOAT32] = { "std_msgs/msg/Float32", 4 },
    [MCAP_PLAIN_FLOAT64] = { "std_msgs/msg/Float64", 8 },
};

enum mcap_plain mcap_plain_of(const struct mcap_channel *channel, const struct mcap_schema *schema)
{
    if (schema == NULL || !mcap_text_equal(channel->message_encoding, "cdr"))
        return MCAP_PLAIN_NONE;
    for (size_t i = MCAP_PLAIN_BOOL; i < ARRAY_SIZE(plains); i++)
        if (mcap_text_equal(schema->name, plains[i].schema))
            return (enum mcap_plain)i;
    return MCAP_PLAIN_NONE;
}

static enum number_result convert(enum mcap_plain plain, uint64_t bits, int64_t *nano)
{
    switch (plain) {
    case MCAP_PLAIN_BOOL:
        return number_from_integer(bits != 0, nano);
    case MCAP_PLAIN_INT8:
        return number_from_integer((int8_t)bits, nano);
    case MCAP_PLAIN_INT16:
        return number_from_integer((int16_t)bits, nano);
    case MCAP_PLAIN_INT32:
        return number_from_integer((int32_t)bits, nano);
    case MCAP_PLAIN_INT64:
        return number_from_integer((int64_t)bits, nano);
    case MCAP_PLAIN_FLOAT32:
        return number_from_float_bits((uint32_t)bits, nano);
    case MCAP_PLAIN_FLOAT64:
        return number_from_double_bits(bits, nano);
    default:
        return bits > INT64_MAX ? NUMBER_UNREPRESENTABLE : number_from_integer((int64_t)bits, nano);
    }
}

int mcap_plain_take(enum mcap_plain plain, struct mcap_bytes payload, int64_t *nano)
{
    uint8_t size = plains[plain].size;
    if (payload.size < 4u + size || payload.at[0] != 0 || payload.at[1] > 1)
        return -EBADMSG;
    bool little = payload.at[1] == 1;
    uint64_t bits = 0;
    for (uint8_t i = 0; i < size; i++)
        bits = bits << 8 | payload.at[4 + (little ? size - 1 - i : i)];
    return convert(plain, bits, nano) == NUMBER_OK;
}
