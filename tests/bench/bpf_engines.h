/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One program ready to run by every engine that there is here: compiled natively, by our interpreter, our JIT, and the
 * running Linux's JIT. Global data is the same for all at first; our engines
 * share one copy, so a workload's runs must be equal one after another. */
#pragma once
#include "../bpf/host_env.h"
#include <bpf/elf.h>
#include <bpf/interp.h>
#include <bpf/jit.h>

#include <stdbool.h>

enum bench_engine { BENCH_NATIVE, BENCH_JIT, BENCH_LINUX, BENCH_INTERPRETER, BENCH_ENGINES };

struct bench_engines {
    bool there[BENCH_ENGINES];
    int (*native)(void *context);
    struct host_env host;
    struct bpf_object *object;
    struct bpf_prog *prog;
    struct bpf_jit *jit;
    int linux_prog, linux_map;
    double verify_us;   /* of our verifier, this once */
    size_t memory_peak; /* of our verifier */
};

const char *bench_engine_name(uint32_t engine);
/* NULL, or why the running Linux is no competitor here. */
const char *bench_linux_missing(void);

/* Loads the object's only program everywhere, its global data set to `data`. What is missing has there[] false; false, with
 * a message, when our own verifier or a result of loading is at fault. */
bool bench_engines_open(struct bench_engines *engines, const char *object,
                        int (*native)(void *context), const void *data, size_t data_size);
void bench_engines_close(struct bench_engines *engines);

/* Runs it `rounds` times: mean ns of one, the low half of the last R0 in *result. */
double bench_engine_run(struct bench_engines *engines, uint32_t engine, uint32_t rounds,
                        uint32_t *result);
