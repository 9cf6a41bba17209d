/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Transactions of buses as messages of an MCAP file: what `axiom trace import` writes of them and a
 * source reads back, lossless; and ROS 2's own CAN messages, which are read too. CDR, little endian
 * (encapsulation 00 01) when written, either when read. */
#pragma once
#include <mcap/record.h>
#include <traces/source.h>

enum bus_message {
    BUS_NONE,
    BUS_CAN,       /* axiom_msgs/msg/CanFrame */
    BUS_SPI,       /* axiom_msgs/msg/SpiTransfer */
    BUS_UART,      /* axiom_msgs/msg/UartCharacter */
    BUS_ROS_CAN,   /* can_msgs/msg/Frame (ros_canopen) */
    BUS_ROS_CANFD, /* ros2_socketcan_msgs/msg/FdFrame */
    BUS_MESSAGE_COUNT
};

struct bus_schema {
    const char *name, *text; /* ros2msg */
    enum trace_kind kind;
};
const struct bus_schema *bus_message_schema(enum bus_message message);

/* What a channel's messages are; BUS_NONE. */
enum bus_message bus_message_of(const struct mcap_channel *channel,
                                const struct mcap_schema *schema);

#define BUS_MESSAGE_SIZE_MAX (64u + 2 * 65536u)

/* The payload of a record into `to` (BUS_MESSAGE_SIZE_MAX bytes); its size. ROS's messages have a
 * header: `frame_id`, and the record's source_ns as stamp. */
size_t bus_message_encode(enum bus_message message, const struct trace_record *record,
                          const char *frame_id, uint8_t *to);
/* Fills the record's payload, whose pointers point into `payload`; -EBADMSG if it is not what the schema
 * says. */
int bus_message_decode(enum bus_message message, struct mcap_bytes payload,
                       struct trace_record *record);
