/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines.h"

#include "generator.h"
#include "host_env.h"

#include <bpf/disasm.h>
#include <bpf/interp.h>
#include <bpf/jit.h>
#include <bpf/verifier.h>
#include <bpf_host/exec_memory.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT_WORDS 12
#define MAP_BYTES_MAX (64u << 10)
#define INPUT_COUNT   3
#define WORST_CASE_MAX 20000 /* instructions: longer programs are not run */

/* Everything that a run reads and may change. */
struct world {
    uint64_t context[CONTEXT_WORDS];
    uint32_t notify_count, gpio_level[64];
    struct axiom_pwm_state pwm;
    uint64_t stop_reason;
    uint8_t maps[GENERATOR_MAP_COUNT][MAP_BYTES_MAX]; /* each map is one block of memory */
};

static struct host_env host;
static struct bpf_map *maps[GENERATOR_MAP_COUNT];
static struct world before, expected, after;

/* --- Worlds --- */

/* Without the head that all types share: it counts references, also those of programs. */
static uint8_t *map_bytes(uint32_t index)
{
    return (uint8_t *)maps[index] + sizeof(struct bpf_map);
}

static size_t map_size(uint32_t index)
{
    return maps[index]->size_bytes - sizeof(struct bpf_map);
}

static void save(struct world *to, const uint64_t *context)
{
    memcpy(to->context, context, sizeof to->context);
    to->notify_count = host.notify_count;
    memcpy(to->gpio_level, host.gpio_level, sizeof to->gpio_level);
    to->pwm = host.pwm;
    to->stop_reason = host.stop_reason;
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++)
        memcpy(to->maps[i], map_bytes(i), map_size(i));
}

static void restore(const struct world *from, uint64_t *context)
{
    memcpy(context, from->context, sizeof from->context);
    host.notify_count = from->notify_count;
    memcpy(host.gpio_level, from->gpio_level, sizeof host.gpio_level);
    host.pwm = from->pwm;
    host.stop_reason = from->stop_reason;
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++)
        memcpy(map_bytes(i), from->maps[i], map_size(i));
}

/* NULL, or what differs. */
static const char *difference(const struct world *a, const struct world *b)
{
    static const char *const names[] = { "array8", "array48", "hash16", "ring",
                                         "bss",    "rodata",  "progs" };
    if (memcmp(a->context, b->context, sizeof a->context) != 0)
        return "the context";
    if (a->notify_count != b->notify_count || a->stop_reason != b->stop_reason ||
        memcmp(a->gpio_level, b->gpio_level, sizeof a->gpio_level) != 0 ||
        memcmp(&a->pwm, &b->pwm, sizeof a->pwm) != 0)
        return "what helpers did outside";
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++) {
        if (memcmp(a->maps[i], b->maps[i], map_size(i)) != 0)
            return names[i];
    }
    return NULL;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void make_context(uint64_t *context, uint64_t input)
{
    for (uint32_t i = 0; i < CONTEXT_WORDS; i++) {
        uint64_t r = next_random(&input);
        context[i] = (r & 1) != 0 ? r : r >> (r >> 8 & 63);
    }
}

/* --- Runs --- */

struct outcome {
    uint64_t r0, insn_count;
    int error;
    uint32_t error_insn;
};

static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

/* jit NULL: the interpreter. */
static struct outcome run(const struct bpf_prog *prog, const struct bpf_jit *jit,
                          const struct world *start, struct world *end)
{
    uint64_t context[CONTEXT_WORDS];
    struct bpf_run state = { .stack = stack, .stack_size = sizeof stack };
    restore(start, context);
    memset(stack, 0xa5, sizeof stack);
    uint64_t r0 =
        jit == NULL ? bpf_prog_run(prog, context, &state) : bpf_jit_run(jit, context, &state);
    save(end, context);
    return (struct outcome){ r0, state.insn_count, state.error, state.error_insn };
}

static const struct bpf_jit_options variants[] = {
    { .count_insns = false, .blinding_seed = 0 },
    { .count_insns = true, .blinding_seed = 0 },
    { .count_insns = false, .blinding_seed = 0x5eed },
    { .count_insns = true, .blinding_seed = UINT64_C(0x123456789abcdef1) },
};
#define VARIANT_COUNT (sizeof variants / sizeof variants[0])

static void tell(char *text, size_t size, const struct bpf_verify_request *request,
                 const char *what)
{
    struct bpf_disasm_names names = { .env = &host.env,
                                      .maps = maps,
                                      .map_count = GENERATOR_MAP_COUNT };
    size_t length = (size_t)snprintf(text, size, "%s\n", what);
    for (uint32_t pc = 0; pc < request->insn_count; pc += bpf_insn_slots(&request->insns[pc])) {
        char line[120];
        bpf_disasm_insn(line, sizeof line, request->insns, request->insn_count, pc, &names);
        if (length < size)
            length += (size_t)snprintf(text + length, size - length, "%3u: %s\n", pc, line);
    }
}

static uint64_t mix(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * UINT64_C(0x100000001b3);
}

static bool same_outcome(const struct outcome *interpreted, const struct outcome *compiled,
                         bool counts, char *what, size_t size)
{
    const char *ended = difference(&expected, &after);
    if (interpreted->r0 == compiled->r0 && interpreted->error == compiled->error &&
        (!counts || interpreted->insn_count == compiled->insn_count) && ended == NULL)
        return true;
    snprintf(what, size,
             "interpreter: r0 %" PRIx64 ", error %d, %" PRIu64
             " instructions; compiled: r0 %" PRIx64 ", error %d, %" PRIu64 " instructions%s%s",
             interpreted->r0, interpreted->error, interpreted->insn_count, compiled->r0,
             compiled->error, compiled->insn_count, ended != NULL ? "; differs: " : "",
             ended != NULL ? ended : "");
    return false;
}

static bool compare(const struct bpf_prog *prog, struct engines_counts *counts, char *what,
                    size_t size)
{
    struct bpf_jit *jits[VARIANT_COUNT] = { NULL };
    bool fine = true;
    for (size_t v = 0; v < VARIANT_COUNT && fine; v++) {
        struct bpf_error error;
        fine = bpf_jit_create(prog, NULL, &variants[v], &jits[v], &error) == 0;
        if (!fine)
            snprintf(what, size, "not compiled: %s", error.text);
    }
    for (uint64_t input = 1; input <= INPUT_COUNT && fine; input++) {
        make_context(before.context, input);
        struct outcome interpreted = run(prog, NULL, &before, &expected);
        counts->insns += interpreted.insn_count;
        counts->digest = mix(mix(counts->digest, interpreted.r0), interpreted.insn_count);
        for (size_t v = 0; v < VARIANT_COUNT && fine; v++) {
            struct outcome compiled = run(prog, jits[v], &before, &after);
            counts->runs++;
            fine = same_outcome(&interpreted, &compiled, variants[v].count_insns, what, size);
            if (!fine)
                snprintf(what + strlen(what), size - strlen(what),
                         " (variant %zu, input %" PRIu64 ")", v, input);
        }
    }
    for (size_t v = 0; v < VARIANT_COUNT; v++) {
        if (jits[v] != NULL)
            bpf_jit_destroy(jits[v]);
    }
    return fine;
}

bool engines_check(const struct generated *program, struct engines_counts *counts, char *text,
                   size_t text_size)
{
    struct bpf_verify_result result;
    char what[600] = "";
    const struct bpf_verify_request request = {
        .env = &host.env,
        .name = "generated",
        .insns = program->insns,
        .insn_count = program->insn_count,
        .maps = maps,
        .map_count = GENERATOR_MAP_COUNT,
        .context = bpf_context_by_section(program->insn_count & 1 ? "gpio/" : "pwm/"),
        .insn_limit = 20000,
        .ignore_budget = true,
    };
    counts->programs++;
    if (bpf_verify(&request, &result) != 0)
        return true;
    counts->accepted++;
    /* Callbacks may be called millions of times. */
    bool fine = result.bounds.worst_case_insns > WORST_CASE_MAX ||
                compare(result.prog, counts, what, sizeof what);
    if (!fine)
        tell(text, text_size, &request, what);
    bpf_prog_destroy(result.prog);
    return fine;
}

/* --- Maps --- */

static void fill_maps(void)
{
    uint64_t dice = 99;
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++) {
        if (i == GENERATOR_RING || i == GENERATOR_PROGS)
            continue;
        for (uint64_t key = 0; key < maps[i]->max_entries && key < 3; key++) {
            uint8_t value[64];
            for (size_t b = 0; b < sizeof value; b++)
                value[b] = (uint8_t)(next_random(&dice) >> 11);
            if (bpf_map_update(maps[i], &key, value, 0) != 0)
                abort();
        }
    }
}

void engines_begin(void)
{
    host_env_init(&host);
    host.env.exec = &bpf_host_exec;
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++) {
        struct bpf_error error;
        if (bpf_map_create(&host.env, &generator_maps[i], &maps[i], &error) != 0 ||
            maps[i]->size_bytes > MAP_BYTES_MAX)
            abort();
    }
    fill_maps();
    host.now_ns = 123456789;
    uint64_t context[CONTEXT_WORDS] = { 0 };
    save(&before, context);
}

void engines_end(void)
{
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++)
        bpf_map_put(maps[i]);
    if (host.live_bytes != 0)
        abort();
}
