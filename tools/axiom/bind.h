/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which channel of a trace drives which pin or sensor, and the stream of inputs that comes of it.
 */
#pragma once
#include <stdio.h>

#include <sim/machine.h>
#include <traces/source.h>

struct binding {
    char *channel; /* as the trace names it, or a capture's line number */
    char *device;  /* "gpio/chip0/17", "iio/imu0", "iio/sht31/temp" */
};

struct binding_list {
    struct binding *at;
    size_t count;
};

/* One --bind CHANNEL=DEVICE; the last = divides. An exit code. */
int binding_add(struct binding_list *list, const char *text);
int binding_add_pair(struct binding_list *list, const char *channel, const char *device);
void binding_free(struct binding_list *list);

/* What one channel of the trace does to the machine. */
struct feed_channel {
    int32_t target;          /* index into targets; -1: bound to nothing */
    bool takes_answers;      /* an I2C channel's answers are served, in order */
    bool takes_transactions; /* ... and its requests compared with those of the bus */
    bool level_from_scalar;  /* a number channel drives a line: 0 is low */
    int quantity;            /* a single number's, enum iio_quantity; -1: the scan says */
    uint64_t count;          /* inputs given so far */
};

struct feed {
    struct trace_source *source;
    struct feed_channel *channel; /* one per channel of the source */
    uint32_t channel_count;
    char **targets;
    uint32_t target_count;
    uint32_t next_initial;  /* channel whose initial level comes next */
    uint64_t record_number; /* of the trace, from 1 */
    uint64_t gap_count, gap_ns;
    uint64_t to_ns; /* inputs after this are left out; TIME_NEVER */
    struct trace_error error;
};

/* Resolves the bindings against the trace and the board (a device tree): those that name no channel
 * or no device are complained of with what there is. A channel without a binding is bound by its
 * own name if that is a device's
 * ("/gpio/chip0/17", "/sensor/imu0"). An exit code; EXIT_INPUT if something named is not there. */
int feed_open(struct feed *feed, struct trace_source *source, const struct binding_list *bindings,
              const void *fdt, size_t fdt_size);
void feed_close(struct feed *feed);

/* Whether a sensor is given recorded answers, which wait until its driver asks. */
bool feed_takes_answers(const struct feed *feed);

/* A sim_next_input. */
int feed_next(void *context, struct sim_input *out);

/* Prints which channel drives what, and which could not be bound. */
void feed_print(const struct feed *feed, FILE *to);
