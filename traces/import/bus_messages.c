/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CDR (DDSI-RTPS 2.2 section 10, OMG CDR 9.3): members one after the other, each aligned to its size
 * counted from behind the 4 bytes of encapsulation; a sequence is a 32 bit count, then its elements; a
 * string a sequence with its zero. */
#include "can_frame.h"
#include <traces/bus_messages.h>

#include <axiom/errno.h>
#include <string.h>

#define HEADER                                                                           \
    "================================================================================\n" \
    "MSG: std_msgs/Header\n"                                                             \
    "builtin_interfaces/Time stamp\n"                                                    \
    "string frame_id\n"                                                                  \
    "================================================================================\n" \
    "MSG: builtin_interfaces/Time\n"                                                     \
    "int32 sec\n"                                                                        \
    "uint32 nanosec\n"

static const struct bus_schema schemas[BUS_MESSAGE_COUNT] = {
    [BUS_CAN] = { "axiom_msgs/msg/CanFrame",
                  "# One frame of a CAN bus.\n"
                  "uint64 start_ns      # of the frame; its time is the end's\n"
                  "uint32 id            # 11 or 29 bits; an error frame's class\n"
                  "bool extended\n"
                  "bool remote\n"
                  "bool error\n"
                  "bool fd\n"
                  "bool bit_rate_switch\n"
                  "bool error_state\n"
                  "bool fd_marker       # candump's flag 4\n"
                  "bool transmitted     # by the recording node\n"
                  "bool damaged         # CRC, stuffing or form\n"
                  "bool unacknowledged\n"
                  "uint8 dlc\n"
                  "uint8[] data\n",
                  TRACE_CAN },
    [BUS_SPI] = { "axiom_msgs/msg/SpiTransfer",
                  "# What was clocked while a chip was selected.\n"
                  "uint64 start_ns\n"
                  "bool has_mosi\n"
                  "bool has_miso\n"
                  "bool truncated\n"
                  "uint8 partial_bits   # behind the last whole word\n"
                  "uint8[] mosi\n"
                  "uint8[] miso\n",
                  TRACE_SPI },
    [BUS_UART] = { "axiom_msgs/msg/UartCharacter",
                   "# One character of a serial line.\n"
                   "uint64 start_ns\n"
                   "uint16 value\n"
                   "bool parity_error\n"
                   "bool framing_error\n",
                   TRACE_UART },
    [BUS_ROS_CAN] = { "can_msgs/msg/Frame",
                      "std_msgs/Header header\n"
                      "uint32 id\n"
                      "bool is_rtr\n"
                      "bool is_extended\n"
                      "bool is_error\n"
                      "uint8 dlc\n"
                      "uint8[8] data\n" HEADER,
                      TRACE_CAN },
    [BUS_ROS_CANFD] = { "ros2_socketcan_msgs/msg/FdFrame",
                        "std_msgs/Header header\n"
                        "uint32 id\n"
                        "bool is_extended\n"
                        "bool is_error\n"
                        "uint8 len\n"
                        "uint8[<=64] data\n" HEADER,
                        TRACE_CAN },
};

const struct bus_schema *bus_message_schema(enum bus_message message)
{
    return &schemas[message];
}

enum bus_message bus_message_of(const struct mcap_channel *channel,
                                const struct mcap_schema *schema)
{
    if (schema == NULL || !mcap_text_equal(channel->message_encoding, "cdr"))
        return BUS_NONE;
    for (int i = BUS_NONE + 1; i < BUS_MESSAGE_COUNT; i++)
        if (mcap_text_equal(schema->name, schemas[i].name))
            return (enum bus_message)i;
    return BUS_NONE;
}

/* --- writing --- */

struct out {
    uint8_t *begin;
    size_t size; /* behind the encapsulation */
};

static void put(struct out *out, uint64_t value, size_t size)
{
    for (; out->size % size != 0; out->size++)
        out->begin[4 + out->size] = 0;
    for (size_t i = 0; i < size; i++)
        out->begin[4 + out->size++] = (uint8_t)(value >> 8 * i);
}

static void put_bytes(struct out *out, const uint8_t *bytes, uint32_t size)
{
    put(out, size, 4);
    if (size > 0)
        memcpy(out->begin + 4 + out->size, bytes, size);
    out->size += size;
}

static void put_header(struct out *out, uint64_t stamp_ns, const char *frame_id)
{
    put(out, stamp_ns / 1000000000, 4);
    put(out, stamp_ns % 1000000000, 4);
    put_bytes(out, (const uint8_t *)frame_id, (uint32_t)strlen(frame_id) + 1);
}

static void put_can(struct out *out, const struct trace_can *can)
{
    const bool flags[] = {
        can->extended,    can->remote,    can->error,       can->fd,      can->bit_rate_switch,
        can->error_state, can->fd_marker, can->transmitted, can->damaged, can->unacknowledged
    };
    put(out, can->start_ns, 8);
    put(out, can->id, 4);
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        put(out, flags[i], 1);
    put(out, can->dlc, 1);
    put_bytes(out, can->data, can->size);
}

static void put_spi(struct out *out, const struct trace_spi *spi)
{
    put(out, spi->start_ns, 8);
    put(out, spi->has_mosi, 1);
    put(out, spi->has_miso, 1);
    put(out, spi->truncated, 1);
    put(out, spi->partial_bits, 1);
    put_bytes(out, spi->mosi_data, spi->has_mosi ? spi->size : 0);
    put_bytes(out, spi->miso_data, spi->has_miso ? spi->size : 0);
}

static void put_ros_can(struct out *out, const struct trace_can *can)
{
    put(out, can->id, 4);
    put(out, can->remote, 1);
    put(out, can->extended, 1);
    put(out, can->error, 1);
    put(out, can->dlc, 1);
    for (unsigned i = 0; i < 8; i++)
        put(out, i < can->size ? can->data[i] : 0, 1);
}

size_t bus_message_encode(enum bus_message message, const struct trace_record *record,
                          const char *frame_id, uint8_t *to)
{
    struct out out = { to, 0 };
    memcpy(to, "\0\1\0\0", 4);
    switch (message) {
    case BUS_CAN:
        put_can(&out, &record->can);
        break;
    case BUS_SPI:
        put_spi(&out, &record->spi);
        break;
    case BUS_UART:
        put(&out, record->uart.start_ns, 8);
        put(&out, record->uart.value, 2);
        put(&out, record->uart.parity_error, 1);
        put(&out, record->uart.framing_error, 1);
        break;
    case BUS_ROS_CAN:
        put_header(&out, record->source_ns, frame_id);
        put_ros_can(&out, &record->can);
        break;
    case BUS_ROS_CANFD:
        put_header(&out, record->source_ns, frame_id);
        put(&out, record->can.id, 4);
        put(&out, record->can.extended, 1);
        put(&out, record->can.error, 1);
        put(&out, record->can.size, 1);
        put_bytes(&out, record->can.data, record->can.size);
        break;
    default:
        break;
    }
    return 4 + out.size;
}

/* --- reading --- */

struct in {
    const uint8_t *at;
    size_t size, next;
    bool big, bad;
};

static uint64_t take(struct in *in, size_t size)
{
    uint64_t value = 0;
    in->next = (in->next + size - 1) / size * size;
    if (in->next > in->size || in->size - in->next < size) {
        in->bad = true;
        return 0;
    }
    for (size_t i = 0; i < size; i++)
        value = value << 8 | in->at[in->next + (in->big ? i : size - 1 - i)];
    in->next += size;
    return value;
}

static const uint8_t *take_bytes(struct in *in, size_t size)
{
    if (in->bad || in->size - in->next < size) {
        in->bad = true;
        return in->at;
    }
    in->next += size;
    return in->at + in->next - size;
}

static const uint8_t *take_sequence(struct in *in, uint32_t *size)
{
    *size = (uint32_t)take(in, 4);
    return take_bytes(in, *size);
}

static void take_header(struct in *in)
{
    uint32_t size;
    take(in, 4);
    take(in, 4);
    take_sequence(in, &size);
}

static void take_data(struct in *in, struct trace_can *can, const uint8_t *data, uint32_t size)
{
    if (size > TRACE_CAN_DATA_MAX)
        in->bad = true;
    if (in->bad)
        return;
    memcpy(can->data, data, size);
    can->size = (uint8_t)size;
}

static void take_can(struct in *in, struct trace_can *can)
{
    bool *const flags[] = {
        &can->extended,    &can->remote,    &can->error,       &can->fd,      &can->bit_rate_switch,
        &can->error_state, &can->fd_marker, &can->transmitted, &can->damaged, &can->unacknowledged
    };
    uint32_t size;
    can->start_ns = take(in, 8);
    can->id = (uint32_t)take(in, 4);
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        *flags[i] = take(in, 1) != 0;
    can->dlc = (uint8_t)take(in, 1);
    const uint8_t *data = take_sequence(in, &size);
    take_data(in, can, data, size);
}

static void take_spi(struct in *in, struct trace_spi *spi)
{
    uint32_t mosi, miso;
    spi->start_ns = take(in, 8);
    spi->has_mosi = take(in, 1) != 0;
    spi->has_miso = take(in, 1) != 0;
    spi->truncated = take(in, 1) != 0;
    spi->partial_bits = (uint8_t)take(in, 1);
    spi->mosi_data = take_sequence(in, &mosi);
    spi->miso_data = take_sequence(in, &miso);
    if (mosi != 0 && miso != 0 && mosi != miso)
        in->bad = true;
    if ((mosi == 0 && miso != 0 && spi->has_mosi) || (miso == 0 && mosi != 0 && spi->has_miso))
        in->bad = true;
    spi->size = mosi != 0 ? mosi : miso;
    if (mosi == 0)
        spi->mosi_data = spi->miso_data;
    if (miso == 0)
        spi->miso_data = spi->mosi_data;
}

static void take_ros_can(struct in *in, struct trace_can *can)
{
    take_header(in);
    can->id = (uint32_t)take(in, 4);
    can->remote = take(in, 1) != 0;
    can->extended = take(in, 1) != 0;
    can->error = take(in, 1) != 0;
    can->dlc = (uint8_t)take(in, 1);
    const uint8_t *data = take_bytes(in, 8);
    take_data(in, can, data, can->remote ? 0 : can->dlc < 8 ? can->dlc : 8);
}

static void take_ros_canfd(struct in *in, struct trace_can *can)
{
    uint32_t size;
    take_header(in);
    can->fd = true;
    can->id = (uint32_t)take(in, 4);
    can->extended = take(in, 1) != 0;
    can->error = take(in, 1) != 0;
    take(in, 1);
    const uint8_t *data = take_sequence(in, &size);
    take_data(in, can, data, size);
    can->dlc = can_size_dlc(can->size);
}

int bus_message_decode(enum bus_message message, struct mcap_bytes payload,
                       struct trace_record *record)
{
    if (payload.size < 4 || payload.at[0] != 0 || payload.at[1] > 1)
        return -EBADMSG;
    struct in in = { payload.at + 4, payload.size - 4, 0, payload.at[1] == 0, false };
    switch (message) {
    case BUS_CAN:
        record->can = (struct trace_can){ 0 };
        take_can(&in, &record->can);
        break;
    case BUS_SPI:
        record->spi = (struct trace_spi){ 0 };
        take_spi(&in, &record->spi);
        break;
    case BUS_UART:
        record->uart = (struct trace_uart){ 0 };
        record->uart.start_ns = take(&in, 8);
        record->uart.value = (uint16_t)take(&in, 2);
        record->uart.parity_error = take(&in, 1) != 0;
        record->uart.framing_error = take(&in, 1) != 0;
        break;
    case BUS_ROS_CAN:
        record->can = (struct trace_can){ 0 };
        take_ros_can(&in, &record->can);
        break;
    case BUS_ROS_CANFD:
        record->can = (struct trace_can){ 0 };
        take_ros_canfd(&in, &record->can);
        break;
    default:
        return -EBADMSG;
    }
    bool can = bus_message_schema(message)->kind == TRACE_CAN;
    return in.bad || (can && record->can.id > 0x1fffffff) ? -EBADMSG : 0;
}
