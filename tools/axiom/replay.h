/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A replay: what its recording says (replay_load.c) and how what comes out compares with it (cmd_replay.c). */
#pragma once
#include "board_inputs.h"
#include "recording.h"
#include "session.h"

#define REPLAY_LINE 512

struct replay {
    struct session session;
    struct recording_reader inputs;  /* gives the recorded inputs */
    struct recording_reader outputs; /* what came out then */
    struct board_inputs board; /* where a real board recorded: instead of `inputs` and `targets` */
    bool on_board;             /* outputs are compared in their order, not their times */
    uint64_t run_count;        /* of programs that were compared */
    char **targets;
    uint32_t target_count;
    struct sim_input pending;
    const char *objects[SESSION_OBJECT_MAX]; /* --bpf: instead of the recorded ones */
    uint32_t object_count;
    uint64_t at_event; /* stop there; 0: no */
    bool gdb, json;

    struct event_sink sink;
    uint64_t compared;
    bool differs, reached;
    bool incomplete; /* the recording itself says that it ends early */
    bool exhausted;  /* and that is where we are */
    uint64_t difference_number;
    char recorded_line[REPLAY_LINE], new_line[REPLAY_LINE], reached_line[REPLAY_LINE];
    char broken[480]; /* the recording could not be read on */
};

/* With r->inputs open: the session as it was recorded. Complains and gives an exit code. */
int replay_load(struct replay *r, const char *path);
/* Targets must be known before the run: one pass over the file, which also finds out whether it can
 * be read; a second one past what is damaged if it cannot. */
int replay_find_targets(struct replay *r, const char *path);
/* sim_config.next_input, of a replay. */
int replay_next_input(void *context, struct sim_input *out);
