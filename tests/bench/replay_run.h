/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One measured run each: the trace that is replayed, a replay of some of its parts, a copy of its recording. */
#pragma once
#include <axiom/types.h>

#define TRACE_FILE  BENCH_DIR "/edges.mcap"
#define RECORD_FILE BENCH_DIR "/record.mcap"
#define COPY_FILE   BENCH_DIR "/copy.mcap"

enum source {
    FROM_GENERATOR, /* a callback that makes up the same edges */
    FROM_FILE,
};
enum destination { TO_NOWHERE, TO_MEMORY, TO_DISK };

struct outcome {
    double cpu_s,
        wall_s; /* CPU: of the process, user and system, so that other load does not count */
    uint64_t inputs, events, messages;
};

_Noreturn void die(const char *what);

/* A square wave on line 17 whose direction (line 27) turns now and then: edges 2.5 us apart. */
void trace_make(uint64_t edges);
/* program: path of an object, or NULL. From the first look at the trace until the recording is closed. */
struct outcome replay_once(enum source source, uint64_t edges, const char *program,
                           enum destination destination);
/* The recording of the last run to disk, message by message. */
struct outcome copy_once(enum destination destination);
