/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* ROS 2's plain messages of one number: std_msgs/msg/Bool, Float64, Int32 and so on. */
#pragma once
#include <axiom/types.h>
#include <mcap/record.h>

enum mcap_plain {
    MCAP_PLAIN_NONE,
    MCAP_PLAIN_BOOL,
    MCAP_PLAIN_INT8,
    MCAP_PLAIN_UINT8,
    MCAP_PLAIN_INT16,
    MCAP_PLAIN_UINT16,
    MCAP_PLAIN_INT32,
    MCAP_PLAIN_UINT32,
    MCAP_PLAIN_INT64,
    MCAP_PLAIN_UINT64,
    MCAP_PLAIN_FLOAT32,
    MCAP_PLAIN_FLOAT64,
};

/* MCAP_PLAIN_NONE for anything else, or another encoding than cdr. */
enum mcap_plain mcap_plain_of(const struct mcap_channel *channel, const struct mcap_schema *schema);

/* 1: *nano; 0: nano cannot hold it; -EBADMSG: the payload is none. */
int mcap_plain_take(enum mcap_plain plain, struct mcap_bytes payload, int64_t *nano);
