/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Positions of destuffed bits, counted from the start of frame at 0 (ISO 11898-1:2015 figures 10 to 15):
 *
 *   base       1..11 identifier, 12 RTR (FD: RRS), 13 IDE = 0, 14 FDF
 *   extended   1..11, 12 SRR, 13 IDE = 1, 14..31 the other 18 bits, 32 RTR (FD: RRS), 33 FDF
 *   classic    base: 15..18 DLC; extended: 34 reserved, 35..38 DLC; data; 15 bits of CRC
 *   FD         behind FDF: reserved, BRS, ESI, 4 bits DLC; data; then 4 bits of stuff count and 17 or 21
 *              of CRC with a fixed stuff bit before each four
 *   all        CRC delimiter, ACK, ACK delimiter, 7 bits end of frame: not stuffed */
#include "can_frame.h"

#define CRC15_POLY UINT32_C(0x4599)
#define CRC17_POLY UINT32_C(0x1685b)
#define CRC21_POLY UINT32_C(0x102899)

static const uint8_t size_of_dlc[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64 };

uint8_t can_dlc_size(uint8_t dlc, bool fd)
{
    return fd ? size_of_dlc[dlc & 15] : dlc > 8 ? 8 : dlc;
}

uint8_t can_size_dlc(uint8_t size)
{
    uint8_t dlc = 0;
    while (dlc < 15 && size_of_dlc[dlc] < size)
        dlc++;
    return dlc;
}

static uint32_t crc_add(uint32_t crc, bool bit, unsigned width, uint32_t poly)
{
    bool out = (crc >> (width - 1) & 1) != bit;
    crc = crc << 1 & ((UINT32_C(1) << width) - 1);
    return out ? crc ^ poly : crc;
}

void can_frame_begin(struct can_frame *frame, uint64_t time_ns)
{
    *frame = (struct can_frame){ .can = { .start_ns = time_ns },
                                 .want = 15,
                                 .last = true,
                                 .crc17 = UINT32_C(1) << 16, /* 10.4.2.6: FD begins with a one */
                                 .crc21 = UINT32_C(1) << 20 };
}

static uint32_t field(const struct can_frame *frame, uint32_t from, uint32_t count)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < count; i++)
        value = value << 1 | frame->bit[from + i];
    return value;
}

static enum can_step damaged(struct can_frame *frame)
{
    if (frame->header == 0)
        frame->can.error = true; /* an error or overload flag, or a frame that one ended early */
    frame->can.damaged = true;
    frame->fast = false;
    return CAN_STEP_ERROR;
}

/* --- identifier, control field, data, CRC --- */

static void take_identifier(struct can_frame *frame)
{
    struct trace_can *can = &frame->can;
    uint32_t behind = frame->want; /* of FDF */
    can->extended = frame->bit[13];
    if (can->extended && frame->want == 15) {
        frame->want = 34;
        return;
    }
    can->id = field(frame, 1, 11);
    if (can->extended)
        can->id = can->id << 18 | field(frame, 14, 18);
    can->fd = frame->bit[behind - 1];
    can->remote = !can->fd && frame->bit[can->extended ? 32 : 12];
    frame->header = behind + (can->fd ? 7 : can->extended ? 5 : 4);
    frame->want = frame->header;
}

static void take_control(struct can_frame *frame)
{
    struct trace_can *can = &frame->can;
    can->dlc = (uint8_t)field(frame, frame->header - 4, 4);
    can->size = can->remote ? 0 : can_dlc_size(can->dlc, can->fd);
    if (can->fd)
        can->error_state = frame->bit[frame->header - 5];
    frame->crc_at = frame->header + 8u * can->size;
    frame->want = frame->crc_at + (can->fd ? 0 : 15);
}

static void enter(struct can_frame *frame, int part)
{
    frame->part = part == CAN_CRC_FD ? CAN_CRC_FD : CAN_TAIL;
    frame->tail = 0;
}

/* Goes on when the bits that the last decision wanted are there. */
static void decide(struct can_frame *frame)
{
    while (frame->part == CAN_STUFFED && frame->count == frame->want) {
        if (frame->header == 0)
            take_identifier(frame);
        else if (frame->crc_at == 0)
            take_control(frame);
        else
            enter(frame, frame->can.fd ? CAN_CRC_FD : CAN_TAIL);
    }
}

static void take_bit(struct can_frame *frame, bool bit)
{
    uint32_t at = frame->count++;
    if (frame->crc_at == 0) {
        if (at < sizeof frame->bit)
            frame->bit[at] = bit;
        /* BRS is behind FDF and the reserved bit. */
        if (frame->header != 0 && frame->can.fd && at == frame->header - 6)
            frame->fast = frame->can.bit_rate_switch = bit;
    } else if (at < frame->crc_at) {
        uint32_t data = at - frame->header;
        frame->can.data[data / 8] = (uint8_t)(frame->can.data[data / 8] << 1 | bit);
    } else {
        frame->received = frame->received << 1 | bit;
    }
    if (frame->crc_at == 0 || at < frame->crc_at)
        frame->crc15 = crc_add(frame->crc15, bit, 15, CRC15_POLY);
    decide(frame);
}

static enum can_step stuffed_bit(struct can_frame *frame, bool bit)
{
    bool stuff = frame->run == 5;
    if (stuff && bit == frame->last)
        return damaged(frame);
    frame->run = bit == frame->last ? (uint8_t)(frame->run + 1) : 1;
    frame->last = bit;
    frame->crc17 = crc_add(frame->crc17, bit, 17, CRC17_POLY);
    frame->crc21 = crc_add(frame->crc21, bit, 21, CRC21_POLY);
    if (stuff)
        frame->stuff_count++;
    else
        take_bit(frame, bit);
    return CAN_STEP_MORE;
}

/* --- FD: stuff count and CRC with fixed stuff bits --- */

static enum can_step fd_crc_bit(struct can_frame *frame, bool bit)
{
    uint32_t width = frame->can.size > 16 ? 21 : 17, at = frame->tail++;
    if (at % 5 == 0) { /* a fixed stuff bit is the inverse of the bit before it */
        if (bit == frame->last)
            return damaged(frame);
        frame->last = bit;
        return CAN_STEP_MORE;
    }
    frame->last = bit;
    uint32_t index = at - at / 5 - 1;
    if (index < 4) {
        frame->crc17 = crc_add(frame->crc17, bit, 17, CRC17_POLY);
        frame->crc21 = crc_add(frame->crc21, bit, 21, CRC21_POLY);
    }
    frame->received = frame->received << 1 | bit;
    if (index + 1 < 4 + width)
        return CAN_STEP_MORE;
    uint32_t count = frame->received >> width & 15, gray = frame->stuff_count & 7;
    gray ^= gray >> 1;
    uint32_t parity = (gray ^ gray >> 1 ^ gray >> 2) & 1;
    uint32_t crc = width == 21 ? frame->crc21 : frame->crc17;
    if ((frame->received & ((UINT32_C(1) << width) - 1)) != crc || count != (gray << 1 | parity))
        frame->can.damaged = true;
    enter(frame, CAN_TAIL);
    return CAN_STEP_MORE;
}

/* --- what is not stuffed --- */

static enum can_step tail_bit(struct can_frame *frame, bool bit)
{
    uint32_t at = frame->tail;
    /* A stuff bit may stand behind the last bit of a classic CRC. */
    if (at == 0 && !frame->can.fd && frame->run == 5) {
        frame->run = 0;
        return bit == frame->last ? damaged(frame) : CAN_STEP_MORE;
    }
    frame->tail++;
    if (at == 0) {
        frame->fast = false;
        if (!frame->can.fd && frame->received != frame->crc15)
            frame->can.damaged = true;
        return bit ? CAN_STEP_MORE : damaged(frame);
    }
    if (at == 1) {
        frame->can.unacknowledged = bit;
        return CAN_STEP_MORE;
    }
    /* FD receivers may acknowledge a bit late, and a dominant last bit of the end of frame is an
     * overload condition and no error (10.4.4.4). */
    if (!bit && !(at == 2 && frame->can.fd) && at != 9)
        return damaged(frame);
    return at == 9 ? CAN_STEP_DONE : CAN_STEP_MORE;
}

enum can_step can_frame_bit(struct can_frame *frame, bool bit)
{
    switch (frame->part) {
    case CAN_STUFFED:
        return stuffed_bit(frame, bit);
    case CAN_CRC_FD:
        return fd_crc_bit(frame, bit);
    default:
        return tail_bit(frame, bit);
    }
}
