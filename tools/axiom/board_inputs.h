/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the outside did to a real board, from a recording that its kernel made on its own time: edges, samples and
 * sensors' answers, as inputs for the models of that board.
 *
 * An edge comes when the kernel's clock said it did (its own stamp, not when it was recorded), so that programs see the same times.
 * A sensor's answers are there a while before: the desk's kernel boots sooner and asks sooner. */
#pragma once
#include <sim/machine.h>
#include <traces/source.h>

#define BOARD_TARGET_MAX 64

struct board_target {
    char path[96];    /* "gpio/chip0/17", "iio/imu0" */
    uint32_t channel; /* of the trace; an answer's is found by its address */
    uint8_t address;
    bool takes_answers;
};

struct board_inputs {
    uint64_t start_ns;  /* its programs went live; 0: unknown */
    uint64_t end_ns;    /* the last event */
    uint64_t run_count; /* of programs */

    struct trace_source *events, *answers; /* NULL: the file has no inputs */
    struct board_target target[BOARD_TARGET_MAX];
    const char *path[BOARD_TARGET_MAX];
    uint32_t target_count;
    uint32_t next_initial; /* channel whose initial level comes next */
    uint64_t given_ns;     /* time of the last input */
    struct sim_input event, answer;
    bool has_event, has_answer;
};

/* Reads the file once, and binds its channels to devices of the tree; what has none is told of. An exit code; closed also
 * after an error. */
int board_inputs_open(struct board_inputs *inputs, const char *path, const void *fdt,
                      size_t fdt_size);
void board_inputs_close(struct board_inputs *inputs);

const char *const *board_inputs_targets(const struct board_inputs *inputs);

/* A sim_next_input. */
int board_inputs_next(void *context, struct sim_input *out);
