/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One CAN frame, bit by bit: stuffing, fields, CRC (ISO 11898-1:2015 section 10.4). */
#pragma once
#include <traces/source.h>

/* Data length code to bytes: 9 and above mean more only in FD frames. */
uint8_t can_dlc_size(uint8_t dlc, bool fd);
/* The least code for so many bytes. */
uint8_t can_size_dlc(uint8_t size);

enum can_step {
    CAN_STEP_MORE,
    CAN_STEP_DONE,  /* the end of the frame: frame->can is complete */
    CAN_STEP_ERROR, /* a stuff or form error: frame->can says what was read, `damaged` or `error` */
};

struct can_frame {
    struct trace_can can;
    enum { CAN_STUFFED, CAN_CRC_FD, CAN_TAIL } part;
    uint8_t bit[48];      /* destuffed, up to the control field's end */
    uint32_t count, want; /* destuffed bits; where the next decision is */
    uint32_t header;      /* bits up to the data; 0: not known yet */
    uint32_t crc_at;      /* where CRC begins, classic; 0: not known yet */
    uint8_t run;          /* equal bits in a row, raw */
    bool last;
    uint32_t stuff_count;
    bool fast;
    uint32_t crc15, crc17, crc21; /* so far; the last two with stuff bits, as FD wants */
    uint32_t received;            /* CRC as sent */
    uint32_t tail;                /* bits since the part began */
};

void can_frame_begin(struct can_frame *frame, uint64_t time_ns);
enum can_step can_frame_bit(struct can_frame *frame, bool bit);
/* Whether the next bit has the data phase's rate. */
static inline bool can_frame_is_fast(const struct can_frame *frame)
{
    return frame->fast;
}
