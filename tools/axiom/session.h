/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One run of the simulated board, as `run` makes it from the command line and `replay` from a
 * recording: what goes in, the sinks that listen, what came out. */
#pragma once
#include "bind.h"
#include "expect.h"
#include "summary.h"

#include <sim/machine.h>
#include <stdio.h>

#define SESSION_OBJECT_MAX 32

/* What runs the kernel's programs; no recording tells which it was. */
enum session_engine {
    SESSION_ENGINE_BEST, /* the JIT; the interpreter where the kernel's nth allocation is to fail, so that
                            which one that is does not depend on the host's CPU */
    SESSION_ENGINE_JIT,
    SESSION_ENGINE_INTERPRETER,
};

struct session_object {
    char *name; /* file name without its folder */
    uint8_t *bytes;
    size_t size;
};

struct session {
    /* Filled by the caller; bytes and texts are the session's, freed by session_free(). */
    uint8_t *fdt;
    size_t fdt_size;
    char *board;      /* for the metadata: the path given, or "sim-rpi5" */
    char *trace_name; /* for the metadata */
    struct session_object object[SESSION_OBJECT_MAX];
    uint32_t object_count;
    char *keyring; /* text of the kernel's keyring (bpf/sign.h), or NULL */
    size_t keyring_size;
    bool require_signed; /* the kernel takes only objects that one of its keys signed */
    uint64_t
        ignore_budget; /* 1: the kernel takes programs that may exceed their attach points' budgets */
    char *fault_script;
    char *expect_text;
    const char *expect_path; /* where it came from, for messages; or NULL */
    uint64_t seed;
    uint32_t cpu_count;
    enum sim_cpu_model cpu_model;
    enum session_engine engine;
    uint64_t input_offset_ns;
    uint64_t settle_ns;
    uint64_t end_time_ns; /* 0: none */
    uint64_t hash_interval_ns;
    uint64_t start_ns;           /* the kernel loads its programs then; 0: at once */
    uint64_t allocation_to_fail; /* the kernel's nth; 0: none */
    struct feed *feed;           /* a trace's inputs; NULL: none, or those of next_input */
    sim_next_input *next_input;  /* other inputs than a trace's, with their targets */
    void *input_context;
    const char *const *targets;
    uint32_t target_count;
    /* Inputs of somebody who looks on (live.h): as sim_config.live_input, its targets, and where session_run() tells
     * which number the first of them has. */
    int (*live_input)(void *context, uint64_t now_ns, uint64_t until_ns, struct sim_input *out);
    void *live_context;
    const char *const *live_targets;
    uint32_t live_target_count;
    uint32_t *live_base;
    const struct binding_list *bindings;
    const char *record_path; /* NULL: no recording */
    uint64_t record_limit;   /* bytes; 0: none */
    bool record_to_memory;   /* instead of to a file, and thrown away: for measurements */
    struct event_sink *more_sinks[4];
    uint32_t more_sink_count;
    /* What UARTs of the machine send; NULL: nobody listens. */
    void (*serial)(void *context, const char *label, const uint8_t *bytes, uint32_t size);
    void *serial_context;
    double speed; /* times real time; 0: as fast as it goes */
    bool quiet;   /* no progress line */
    FILE *log;    /* kernel log lines at or below log_level; NULL: none */
    int log_level;

    /* Filled by session_run(). */
    bool ran; /* it got as far as booting */
    struct sim_result result;
    struct summary summary;
    struct expect *expect;
    uint32_t expect_failed;
    uint64_t host_ns;     /* how long it took */
    uint64_t record_size; /* bytes of the recording */
    int record_error;     /* 0, or -ENOSPC and the like */
    char record_reason[480];
};

/* Defaults: one CPU, seed 1, instant CPU model, one second for booting, 250 ms to settle. */
void session_init(struct session *session);
void session_free(struct session *session);

/* The board that is built into the command, or a device tree file. An exit code. */
int session_load_board(struct session *session, const char *path);
int session_load_object(struct session *session, const char *path);
int session_add_object(struct session *session, const char *name, const uint8_t *bytes,
                       size_t size);

/* The run asks for the kernel's nth allocation, by an option or a fault. */
bool session_counts_allocations(const struct session *session);

/* "jit", "interp" or "best"; false: none of them. */
bool session_take_engine(struct session *session, const char *name);

/* Verifies the objects at the desk, so that a refusal is told with its source line before anything
 * runs. EXIT_REFUSED. */
int session_verify(const struct session *session);

/* Runs. An exit code that says what kept it from running or recording; expectations are the
 * caller's to judge. */
int session_run(struct session *session);

/* What happened, for people; or as JSON. */
void session_print(const struct session *session, FILE *to);
struct json_t *session_json(const struct session *session);
