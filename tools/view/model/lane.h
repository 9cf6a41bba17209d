/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A lane: what one thing did over time, made to be drawn at any zoom.
 *
 * Points come in order of time and are kept in blocks of LANE_BLOCK_POINTS. Beside the points stands a pyramid of
 * summaries, built as they arrive: of 16 points, of 256, of a block, of 16 blocks, and so on. Drawing a lane looks at
 * as many nodes as the picture has columns, times a small number, however many points there are.
 *
 * A closed block may be without its points (evicted, to bound memory): its summaries of 256 points stay, and whoever
 * needs the points asks the lane's pager for them. No SDL here, nothing of the model: tests/tools/view/lane_test.c. */
#pragma once
#include <axiom/types.h>

#define LANE_BLOCK_POINTS 4096u
#define LANE_FINE         16u  /* points in the smallest summary */
#define LANE_COARSE       256u /* points in the summary that outlives the points */
#define LANE_FAN          16u  /* blocks, or nodes, in a node above */
#define LANE_LEVELS       12u
#define LANE_EXTRA_MAX    640u /* bytes beside one point */

enum lane_kind {
    LANE_EDGE,   /* value: bit 0 the level, bit 1 set where the chip drives the line */
    LANE_PWM,    /* value: duty in parts per million, 0 while off; extra: struct lane_pwm */
    LANE_ANALOG, /* value: nano of the unit */
    LANE_BUS,    /* value: LANE_FLAG_*; extra: struct lane_bus and its bytes */
    LANE_RUN,    /* value: LANE_FLAG_*; extra: struct lane_run */
    LANE_STATE,  /* value: a number of the model's texts, from then on (a CPU's thread) */
    LANE_MARK,   /* value: LANE_FLAG_*; extra: a text */
};

enum lane_flag {
    LANE_FLAG_ERROR =
        1, /* NACK, a run that ended early, a log line of an error, an emergency stop */
    LANE_FLAG_DROPPED = 2, /* a filter's 0 */
    LANE_FLAG_REFUSED = 4, /* a guard's or policy's negative errno; a refusal of the interlock */
    LANE_FLAG_INPUT = 8,   /* the world did it */
};

struct lane_pwm {
    uint64_t period_ns, duty_ns;
    uint8_t enabled, inverted;
    uint8_t unused[6]; /* 0: extras are compared as bytes */
};

enum lane_protocol { LANE_I2C, LANE_SPI, LANE_UART, LANE_CAN };

/* A transaction. Extras are compared as bytes: no padding. */
struct lane_bus {
    uint32_t address;               /* I2C: 7 bits; CAN: the id; UART: the character */
    uint32_t duration_ns;           /* 0: not told */
    int16_t error;                  /* 0: none */
    uint8_t protocol;               /* enum lane_protocol */
    uint8_t extended;               /* CAN: the id has 29 bits */
    uint16_t write_size, read_size; /* what was transferred; SPI: MOSI, MISO; CAN: all is written */
    uint8_t write_kept, read_kept;  /* bytes that follow: the first of each */
    uint16_t unused;
};

struct lane_run {
    int64_t return_value;
    uint64_t insn_count, duration_ns;
    int32_t error;
    uint32_t unused; /* 0: extras are compared as bytes */
};

struct lane_point {
    uint64_t time_ns;
    int64_t value;
};

/* What lies between two times: all that a column of the picture needs. */
struct lane_summary {
    uint64_t first_ns, last_ns;
    int64_t min, max, last;
    uint32_t count; /* saturates */
    uint32_t flags; /* of all values, ORed: LANE_BUS, _RUN, _MARK */
};

struct lane_block {
    struct lane_summary all;
    uint32_t count;
    uint32_t capacity; /* of points, while the block is open */
    uint32_t skip;     /* points before it that share its first time: a pager leaves them out */
    uint32_t extra_size, extra_capacity;
    uint64_t used;             /* when it was looked at last, by the lane set's clock */
    struct lane_point *points; /* NULL: evicted */
    uint32_t *extra_at;        /* where each point's extra begins; NULL: this lane has none */
    uint8_t *extra;
    struct lane_summary *fine; /* NULL: evicted */
    struct lane_summary coarse[LANE_BLOCK_POINTS / LANE_COARSE];
};

struct lane;

/* Gives a block its points back: fills them by lane_refill(). False: they are gone for good. */
struct lane_pager {
    bool (*load)(struct lane_pager *pager, struct lane *lane, uint32_t block);
    /* Gives the points of all lanes back that drawing [from, to) with columns of `grain_ns` will ask for, in one pass
     * over the file; NULL: there is no such thing. */
    void (*prefetch)(struct lane_pager *pager, uint64_t from_ns, uint64_t to_ns, uint64_t grain_ns);
    uint64_t bytes;     /* of all blocks of all lanes that share it */
    uint64_t bytes_max; /* above this a lane_trim() is due */
    uint64_t clock;
    uint64_t loads, evictions;
};

struct lane {
    uint8_t kind; /* enum lane_kind */
    bool has_extra;
    uint32_t id; /* the model's number */
    uint64_t count;
    uint64_t disordered; /* points left out: their time was before the last one's */
    struct lane_pager *pager;
    struct lane_block **blocks;
    uint32_t block_count, block_capacity;
    struct lane_summary *level[LANE_LEVELS];
    uint32_t level_count[LANE_LEVELS], level_capacity[LANE_LEVELS];
    struct lane_point last; /* the newest point */
    uint32_t evict_from;    /* the blocks before it have no points */
};

void lane_init(struct lane *lane, enum lane_kind kind, struct lane_pager *pager);
void lane_free(struct lane *lane);

/* One more point, with `size` bytes of extra (cut at LANE_EXTRA_MAX) where the kind has any. A point before the last
 * one's time is counted and left out. 0; -ENOMEM. */
int lane_add(struct lane *lane, uint64_t time_ns, int64_t value, const void *extra, size_t size);

/* Gives up the points of the least recently used closed block of the lane; false: nothing to give up. */
bool lane_evict(struct lane *lane);
/* For a pager: the block's points, all of them, in their order, between begin and end. A point more than the block had
 * is refused; an end that finds too few drops them all and says so. */
void lane_refill_begin(struct lane *lane, uint32_t block);
bool lane_refill_end(struct lane *lane, uint32_t block);
bool lane_refill(struct lane *lane, uint32_t block, uint64_t time_ns, int64_t value,
                 const void *extra, size_t size);

/* --- reading --- */

/* The first point with time >= time_ns; lane->count if none. Where points are evicted and cannot be had: of the
 * block's first. */
uint64_t lane_find(struct lane *lane, uint64_t time_ns);
/* Point number `index`; false if it is gone, or there is none. *extra (may be NULL) lives until the next call. */
bool lane_point_at(struct lane *lane, uint64_t index, struct lane_point *out, const uint8_t **extra,
                   size_t *size);
/* The last point at or before time_ns; its number in *index (may be NULL). False: none. */
bool lane_before(struct lane *lane, uint64_t time_ns, struct lane_point *out, uint64_t *index);
/* The value at time_ns, for drawing in columns of `grain_ns`: where the points are not here and stand dense, as their
 * summaries say. False: none. */
bool lane_value_before(struct lane *lane, uint64_t time_ns, uint64_t grain_ns, int64_t *value);
/* How many points lie in [from, to); exact where their blocks are there. */
uint64_t lane_count_between(struct lane *lane, uint64_t from_ns, uint64_t to_ns);
/* All that lies in [from, to). */
struct lane_summary lane_summarise(struct lane *lane, uint64_t from_ns, uint64_t to_ns);

/* What each of `width` columns of [from, from + span) holds. A node that is narrower than a column is counted where it
 * begins; its extremes also where it ends. columns[i].count == 0: nothing happened there. */
#define LANE_DENSE \
    32u /* columns that a summary of LANE_COARSE points may span before its points are asked for */
void lane_columns(struct lane *lane, uint64_t from_ns, uint64_t span_ns, uint32_t width,
                  struct lane_summary *columns);

/* Whether drawing [from, to) in columns of `grain_ns` asks for the points of this block. */
bool lane_block_wanted(const struct lane_block *block, uint64_t from_ns, uint64_t to_ns,
                       uint64_t grain_ns);

/* The extremes of all values; false if there is no point. */
bool lane_range(const struct lane *lane, int64_t *min, int64_t *max);

void lane_summary_merge(struct lane_summary *into, const struct lane_summary *more);
