/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CAN frames out of a receiver's line: high is recessive, low dominant. ISO 11898-1:2015, classic and
 * FD frames.
 *
 * A dominant edge on the idle bus is a start of frame and sets the bit clock; each later edge from
 * recessive to dominant sets it again (10.4.2). Bits are sampled at `sample` percent of their time. FD
 * frames with BRS go on at the fast rate from BRS's sample point to that of the CRC delimiter.
 *
 *   IDLE --dominant edge--> FRAME --end of frame--> IDLE
 *                             |  stuff, form error
 *                             v
 *                          RECOVER --eleven recessive bits (10.9.4)--> IDLE */
#include "can_frame.h"
#include "line_decoder.h"

#include <stdlib.h>

struct can_lines {
    uint64_t bit_ps, fast_ps; /* of the nominal and of the data phase */
    uint64_t sample_percent;
    enum { CAN_IDLE, CAN_FRAME, CAN_RECOVER } state;
    bool level; /* true: recessive */
    uint64_t changed_ns;
    unsigned __int128 next_ps; /* when the next bit is sampled */
    struct can_frame frame;
};

static struct line_decoder *can_create(struct line_arguments *arguments, uint8_t given,
                                       const char **reason)
{
    (void)given;
    uint64_t rate, fast, percent;
    *reason = "bitrate= is 1000 to 10000000";
    if (!line_number(arguments, "bitrate", 1000, 10000000, 500000, &rate))
        return NULL;
    *reason = "fast= is 1000 to 20000000";
    if (!line_number(arguments, "fast", 1000, 20000000, 2000000, &fast))
        return NULL;
    *reason = "sample= is 10 to 95 percent";
    if (!line_number(arguments, "sample", 10, 95, 70, &percent))
        return NULL;
    *reason = "";
    struct can_lines *can = calloc(1, sizeof *can);
    if (can == NULL)
        return NULL;
    can->bit_ps = UINT64_C(1000000000000) / rate;
    can->fast_ps = UINT64_C(1000000000000) / fast;
    can->sample_percent = percent;
    return (struct line_decoder *)can;
}

static void can_restart(struct line_decoder *decoder, uint8_t levels)
{
    struct can_lines *can = (struct can_lines *)decoder;
    can->level = levels != 0;
    can->state = can->level ? CAN_IDLE : CAN_RECOVER;
    can->changed_ns = 0;
}

static uint64_t bit_ps(const struct can_lines *can)
{
    return can_frame_is_fast(&can->frame) ? can->fast_ps : can->bit_ps;
}

static void can_change(struct line_decoder *decoder, uint64_t time_ns, uint8_t levels)
{
    struct can_lines *can = (struct can_lines *)decoder;
    bool level = levels != 0, falls = can->level && !level;
    uint64_t high_ns = time_ns - can->changed_ns;
    can->level = level;
    can->changed_ns = time_ns;
    if (!falls)
        return;
    if (can->state == CAN_RECOVER && (unsigned __int128)high_ns * 1000 >= can->bit_ps * 21 / 2)
        can->state = CAN_IDLE; /* eleven bits, half a bit given for what a clock may be off */
    if (can->state == CAN_IDLE) {
        can->state = CAN_FRAME;
        can_frame_begin(&can->frame, time_ns);
    }
    if (can->state == CAN_FRAME)
        can->next_ps = (unsigned __int128)time_ns * 1000 + bit_ps(can) * can->sample_percent / 100;
}

static bool can_advance(struct line_decoder *decoder, uint64_t until_ns,
                        struct trace_record *record)
{
    struct can_lines *can = (struct can_lines *)decoder;
    while (can->state == CAN_FRAME && can->next_ps < (unsigned __int128)until_ns * 1000) {
        uint64_t now = (uint64_t)(can->next_ps / 1000);
        enum can_step step = can_frame_bit(&can->frame, can->level);
        can->next_ps += bit_ps(can);
        if (step == CAN_STEP_MORE)
            continue;
        can->state = step == CAN_STEP_DONE ? CAN_IDLE : CAN_RECOVER;
        *record = (struct trace_record){ .time_ns = now, .can = can->frame.can };
        return true;
    }
    return false;
}

static bool can_finish(struct line_decoder *decoder, uint64_t end_ns, struct trace_record *record)
{
    return can_advance(decoder, end_ns + 1, record);
}

static void can_destroy(struct line_decoder *decoder)
{
    free(decoder);
}

const struct line_decoder_type line_can = {
    .word = "can:",
    .name = "can",
    .usage = "can:rx=LINE, with bitrate=HZ, fast=HZ, sample=PERCENT, name=BUS if you like",
    .kind = TRACE_CAN,
    .line = { "rx" },
    .required = 1,
    .idle = 1,
    .create = can_create,
    .restart = can_restart,
    .change = can_change,
    .advance = can_advance,
    .finish = can_finish,
    .destroy = can_destroy,
};
