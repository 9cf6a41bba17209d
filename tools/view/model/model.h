/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the viewer knows of one recording or of a run that goes on: its lanes, by what they tell of, and the board.
 *
 * Events go in one after the other (model_add_event()), from a file or from the live sink; lanes come into being with
 * their first event. Everything is hostile: names are made printable when they come in, the numbers of lanes and texts
 * are bounded, and what is left out is counted. No SDL here. */
#pragma once
#include "board.h"
#include "lane.h"

#include <axiom/event.h>
#include <stdio.h>

#define MODEL_LANE_MAX 2048u
#define MODEL_TEXT_MAX 65536u /* different texts: thread names, labels */
#define MODEL_NAME_MAX 64u

/* What a lane tells of; lanes are shown in this order. */
enum model_group {
    MODEL_LINES,
    MODEL_PWM,
    MODEL_SENSORS,
    MODEL_BUSES,
    MODEL_PROGRAMS,
    MODEL_SCHEDULER,
    MODEL_SAFETY, /* interlock, faults */
    MODEL_LOG,
    MODEL_OTHER, /* timers, maps, hashes */
    MODEL_GROUP_COUNT
};

struct model_lane {
    struct lane lane;
    uint8_t event_kind; /* enum event_kind; 0: of a foreign trace */
    uint8_t layer;      /* enum event_layer */
    uint8_t group;      /* enum model_group */
    uint8_t sub;        /* EVENT_IIO: enum iio_quantity */
    uint32_t number;    /* chip << 8 | line, bus, timer, CPU */
    char key
        [MODEL_NAME_MAX]; /* what tells lanes of a kind apart beyond that: device, program, map */
    char name[MODEL_NAME_MAX]; /* for people: "step_x", "PWM0.0", "imu0 accel_x" */
    char note[MODEL_NAME_MAX]; /* "GPIO17", an attach point */
    char unit[12];
    bool
        derived; /* says what another lane says: the kernel's view of a pin that the machine shows, too */
};

struct model {
    struct model_lane **lanes;
    uint32_t lane_count, lane_capacity;
    uint32_t hash_size; /* of lane_by_key: open addressing, lane number + 1 */
    uint32_t *lane_by_key;
    char **texts; /* model_text() */
    uint32_t text_count, text_capacity;
    uint32_t text_hash_size, *text_by_hash;
    struct board board;
    char title[128];           /* the file's name, or "live" */
    char about[160];           /* seed, CPUs, commit */
    uint64_t start_ns, end_ns; /* of the events */
    uint64_t event_count;
    uint64_t not_shown; /* events of a kind or lane that has no place */
    struct lane_pager
        *pager; /* whoever loads sets it before the first event; NULL: nothing is evicted */
};

int model_init(struct model *model);
void model_free(struct model *model);

/* 0; -ENOMEM. */
int model_add_event(struct model *model, const struct event *event);
/* The point or points that an event gives lane `lane` (NULL: whichever is its), handed to `take`. The pager's way to
 * make the same points again. */
struct model_point {
    struct model_lane *lane;
    int64_t value;
    const void *extra;
    size_t extra_size;
};
typedef void model_take(void *context, uint64_t time_ns, const struct model_point *point);
int model_points_of(struct model *model, const struct event *event, model_take *take,
                    void *context);

/* A transaction's extra, with as many of its bytes as are kept: its size. `to` has MODEL_BUS_EXTRA_MAX bytes. */
#define MODEL_BUS_KEPT      64u
#define MODEL_BUS_EXTRA_MAX (sizeof(struct lane_bus) + 2 * MODEL_BUS_KEPT)
size_t model_bus_extra(struct lane_bus bus, const uint8_t *written, const uint8_t *read,
                       uint8_t *to);

/* The lane with this key, made if it is not there; NULL: no memory, or too many. */
struct model_lane *model_lane(struct model *model, uint8_t event_kind, uint8_t layer,
                              uint32_t number, uint8_t sub, const char *key, enum lane_kind kind);
/* Only looks. */
struct model_lane *model_find_lane(const struct model *model, uint8_t event_kind, uint8_t layer,
                                   uint32_t number, uint8_t sub, const char *key);

/* A number for a text; the same text has the same number. 0 is "": also when there are too many. */
uint32_t model_text(struct model *model, const char *text);
const char *model_text_at(const struct model *model, uint32_t number);

/* Takes the recording's board (a device tree, not trusted) and names lanes by it; before the first event. */
void model_set_board(struct model *model, const void *fdt, size_t size);
/* "step_x" for "gpio/chip0/17", from a recording's bindings; before the first event. */
void model_bind_name(struct model *model, const char *channel, const char *device);

/* Gives up points until the pager's bytes are below its limit, or nothing is left to give up. */
void model_trim(struct model *model);

/* One line about point `index` of a lane, for a label or a tip; "" if it is gone. */
void model_describe(const struct model *model, struct model_lane *lane, uint64_t index, char *to,
                    size_t size);
/* The short form that stands in a lane. */
void model_label(const struct model *model, struct model_lane *lane, uint64_t index, char *to,
                 size_t size);

/* Copies what can be shown: control characters and broken UTF-8 become U+00B7. Always terminated, cut at a character. */
void printable(char *to, size_t size, const char *from);
