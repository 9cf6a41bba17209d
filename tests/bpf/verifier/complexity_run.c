/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "complexity_run.h"

#include "host_env.h"

#include <stdlib.h>

static struct host_env host;
static struct bpf_map *maps[COMPLEXITY_MAP_COUNT];

static uint64_t hard_limit;

void complexity_limit_hard(uint64_t insns)
{
    hard_limit = insns;
}

void complexity_begin(void)
{
    static const struct bpf_map_spec specs[COMPLEXITY_MAP_COUNT] = {
        [COMPLEXITY_MAP_ARRAY] = MAP_SPEC("array", BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0),
        [COMPLEXITY_MAP_HASH] = MAP_SPEC("hash", BPF_MAP_TYPE_HASH, 8, 16, 4, 0),
        [COMPLEXITY_MAP_BYTES] = MAP_SPEC("bytes", BPF_MAP_TYPE_ARRAY, 4, COMPLEXITY_BYTES, 1, 0),
    };
    host_env_init(&host);
    for (uint32_t i = 0; i < COMPLEXITY_MAP_COUNT; i++) {
        struct bpf_error error;
        if (bpf_map_create(&host.env, &specs[i], &maps[i], &error) != 0)
            abort();
    }
}

void complexity_end(void)
{
    for (uint32_t i = 0; i < COMPLEXITY_MAP_COUNT; i++)
        bpf_map_put(maps[i]);
    if (host.live_bytes != 0)
        abort();
}

int complexity_verify(enum complexity_kind kind, uint32_t size, uint64_t seed, size_t memory_limit,
                      struct bpf_verify_result *result, uint32_t *insn_count)
{
    struct bpf_insn *insns = complexity_program(kind, size, seed, insn_count);
    const struct bpf_verify_request request = {
        .env = &host.env,
        .name = "complexity",
        .insns = insns,
        .insn_count = *insn_count,
        .maps = maps,
        .map_count = COMPLEXITY_MAP_COUNT,
        .context = bpf_context_by_section("gpio/"),
        .insn_limit = kind < COMPLEXITY_HARD ? 20000000 : hard_limit,
        .memory_limit = memory_limit != 0 ? memory_limit : (size_t)1 << 30,
        .ignore_budget = true,
    };
    int err = bpf_verify(&request, result);
    if (err == 0)
        bpf_prog_destroy(result->prog);
    result->prog = NULL;
    free(insns);
    return err;
}
