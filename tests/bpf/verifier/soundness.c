/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "soundness.h"

#include "domain.h"
#include "generator.h"
#include "host_env.h"
#include "machine.h"
#include "walk.h"

#include <bpf/disasm.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct host_env host;
static struct bpf_map *maps[GENERATOR_MAP_COUNT];

/* --- Claims
 * --------------------------------------------------------------------------------------------------------------------
 */

#define CLAIM_MAX       30000
#define CLAIMS_PER_INSN 400

/* One state that the verifier saw before an instruction: the top frame's registers. */
struct claim {
    struct claim *next;
    uint32_t frame_count;
    uint16_t live;
    struct reg regs[BPF_REG_COUNT];
};

struct claims {
    struct claim *all;
    uint32_t count;
    struct claim *by_insn[GENERATED_INSN_MAX];
    uint32_t counts[GENERATED_INSN_MAX];
    bool incomplete[GENERATED_INSN_MAX]; /* too many: nothing is checked here */
};

static struct claims claims;

static void note_claim(void *user, const struct verifier *v)
{
    const struct state *s = &v->state;
    struct claims *c = user;
    if (c->count == CLAIM_MAX || c->counts[s->pc] == CLAIMS_PER_INSN) {
        c->incomplete[s->pc] = true;
        return;
    }
    struct claim *claim = &c->all[c->count++];
    claim->frame_count = s->frame_count;
    claim->live = v->info[s->pc].live;
    memcpy(claim->regs, s->frames[s->frame_count - 1].regs, sizeof claim->regs);
    claim->next = c->by_insn[s->pc];
    c->by_insn[s->pc] = claim;
    c->counts[s->pc]++;
}

static void reset_claims(void)
{
    struct claim *all = claims.all;
    memset(&claims, 0, sizeof claims);
    claims.all = all;
}

static bool offset_holds(const struct reg *r, uint64_t value, uint64_t base)
{
    return scalar_contains(&r->n, value - base, BITS);
}

static bool object_holds(const struct machine *m, const struct reg *r, uint64_t value)
{
    for (uint32_t i = 0; i < m->object_count; i++) {
        const struct machine_object *o = &m->objects[i];
        bool right = r->type == REG_RECORD ? o->kind == OBJECT_RECORD && o->live
                                           : o->kind == OBJECT_VALUE && o->map == r->map;
        if (right && o->size == r->size && offset_holds(r, value, o->base))
            return true;
    }
    return false;
}

static bool reg_holds(const struct machine *m, const struct reg *r, const struct machine_reg *is)
{
    if (r->type == REG_UNSET)
        return true;
    if (!is->set)
        return false;
    if (r->may_be_null && is->value == 0)
        return true;
    switch ((enum reg_type)r->type) {
    case REG_NUMBER:
        return !is->address && scalar_contains(&r->n, is->value, BITS);
    case REG_CONTEXT:
        return offset_holds(r, is->value, MACHINE_CONTEXT_BASE);
    case REG_STACK:
        return offset_holds(r, is->value, machine_frame_top(r->frame));
    case REG_MAP:
        return is->value == MACHINE_MAP_BASE + r->map * 4096u;
    default:
        return object_holds(m, r, is->value);
    }
}

static bool claim_holds(const struct machine *m, const struct claim *claim)
{
    if (claim->frame_count != m->frame_count)
        return false;
    for (uint32_t r = 0; r < BPF_REG_COUNT; r++)
        if ((claim->live >> r & 1) &&
            !reg_holds(m, &claim->regs[r], &m->regs[m->frame_count - 1][r]))
            return false;
    return true;
}

static bool some_claim_holds(struct machine *m, void *user)
{
    struct soundness_counts *counts = user;
    if (claims.incomplete[m->pc])
        return true;
    counts->claims_checked++;
    for (const struct claim *claim = claims.by_insn[m->pc]; claim != NULL; claim = claim->next)
        if (claim_holds(m, claim))
            return true;
    return false;
}

/* --- Running
 * -------------------------------------------------------------------------------------------------------------------
 */

static struct machine machine;

static void tell(char *text, size_t size, const char *what,
                 const struct bpf_verify_request *request)
{
    size_t length = (size_t)snprintf(text, size, "%s\n", what);
    struct bpf_disasm_names names = { .env = &host.env,
                                      .maps = maps,
                                      .map_count = GENERATOR_MAP_COUNT };
    for (uint32_t pc = 0; pc < request->insn_count; pc += bpf_insn_slots(&request->insns[pc])) {
        char line[120];
        bpf_disasm_insn(line, sizeof line, request->insns, request->insn_count, pc, &names);
        if (length < size)
            length += (size_t)snprintf(text + length, size - length, "%3u: %s\n", pc, line);
    }
}

/* Everything but limits: a refusal that another way of walking must share. */
static bool is_safety(enum bpf_reject reason)
{
    return reason != BPF_REJECT_NONE && reason != BPF_REJECT_TOO_COMPLEX &&
           reason != BPF_REJECT_BUDGET && reason != BPF_REJECT_MEMORY && reason != BPF_REJECT_LOOP;
}

static bool run_accepted(const struct bpf_verify_request *request,
                         const struct bpf_verify_result *result, bool with_claims,
                         struct soundness_counts *counts, char *text, size_t text_size)
{
    machine.before = with_claims ? some_claim_holds : NULL;
    machine.user = counts;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        counts->runs++;
        bool fine = machine_run(&machine, request, seed * 77, result->bounds.worst_case_insns);
        counts->steps += machine.steps;
        if (!fine) {
            tell(text, text_size, machine.escape, request);
            return false;
        }
    }
    return true;
}

static bool verify_and_run(struct bpf_verify_request *request, const struct probe *probe,
                           struct bpf_verify_result *result, struct soundness_counts *counts,
                           char *text, size_t text_size)
{
    bool with_claims = probe != NULL && probe->claim != NULL;
    reset_claims();
    int err = verifier_run(request, result, probe);
    if (err != 0)
        return true;
    bool fine = run_accepted(request, result, with_claims, counts, text, text_size);
    bpf_prog_destroy(result->prog);
    return fine;
}

bool soundness_check(const uint8_t *bytes, size_t size, struct soundness_counts *counts, char *text,
                     size_t text_size)
{
    static struct generated program;
    static const struct probe exact = {
        .user = &claims, .claim = note_claim, .all_precise = true, .eager = true
    };
    static const struct probe often = { .eager = true };
    static const struct probe unpruned = { .user = &claims,
                                           .claim = note_claim,
                                           .never_prune = true };
    struct bpf_verify_result usual, eager, precise, whole;
    generate_program(bytes, size, &program);
    struct bpf_verify_request request = {
        .env = &host.env,
        .name = "generated",
        .insns = program.insns,
        .insn_count = program.insn_count,
        .maps = maps,
        .map_count = GENERATOR_MAP_COUNT,
        .context = bpf_context_by_section(program.insn_count & 1 ? "gpio/" : "pwm/"),
        .insn_limit = 20000,
        .ignore_budget = true,
    };
    counts->programs++;
    if (!verify_and_run(&request, NULL, &usual, counts, text, text_size) ||
        !verify_and_run(&request, &often, &eager, counts, text, text_size) ||
        !verify_and_run(&request, &exact, &precise, counts, text, text_size) ||
        !verify_and_run(&request, &unpruned, &whole, counts, text, text_size))
        return false;
    counts->accepted += usual.reason == BPF_REJECT_NONE;
    counts->reasons[usual.reason]++;
    const struct bpf_verify_result *results[] = { &usual, &eager, &precise, &whole };
    for (int i = 0; i < 16; i++) {
        const struct bpf_verify_result *one = results[i / 4], *other = results[i % 4];
        if (one->reason == BPF_REJECT_NONE && is_safety(other->reason)) {
            char what[700];
            snprintf(what, sizeof what, "way %d accepts, way %d refuses: %s", i / 4, i % 4,
                     other->text);
            tell(text, text_size, what, &request);
            return false;
        }
    }
    return true;
}

size_t soundness_bytes(uint64_t seed, uint64_t index, uint8_t bytes[SOUNDNESS_BYTES_MAX])
{
    uint64_t state = seed * 1000003 + index;
    size_t size = 100 + (size_t)(machine_random(&state) % (SOUNDNESS_BYTES_MAX - 100));
    for (size_t b = 0; b < size; b++)
        bytes[b] = (uint8_t)machine_random(&state);
    return size;
}

void soundness_print(const struct soundness_counts *counts)
{
    printf("%" PRIu64 " programs, %" PRIu64 " accepted, %" PRIu64 " runs, %" PRIu64
           " steps, %" PRIu64 " claims checked\n",
           counts->programs, counts->accepted, counts->runs, counts->steps, counts->claims_checked);
    for (int r = 1; r < BPF_REJECT_COUNT; r++)
        if (counts->reasons[r] != 0)
            printf("  %7" PRIu64 " %s\n", counts->reasons[r], bpf_reject_name((enum bpf_reject)r));
}

void soundness_begin(void)
{
    static const struct bpf_map_spec specs[GENERATOR_MAP_COUNT] = {
        [GENERATOR_ARRAY8] = MAP_SPEC("array8", BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0),
        [GENERATOR_ARRAY48] = MAP_SPEC("array48", BPF_MAP_TYPE_ARRAY, 4, 48, 4, 0),
        [GENERATOR_HASH16] = MAP_SPEC("hash16", BPF_MAP_TYPE_HASH, 8, 16, 4, 0),
        [GENERATOR_RING] = MAP_SPEC("ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0),
        [GENERATOR_BSS] = MAP_SPEC("bss", BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0),
        [GENERATOR_RODATA] = MAP_SPEC("rodata", BPF_MAP_TYPE_ARRAY, 4, 32, 1, BPF_F_RDONLY_PROG),
    };
    host_env_init(&host);
    claims.all = calloc(CLAIM_MAX, sizeof *claims.all);
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++) {
        struct bpf_error error;
        if (bpf_map_create(&host.env, &specs[i], &maps[i], &error) != 0)
            abort();
    }
}

void soundness_end(void)
{
    for (uint32_t i = 0; i < GENERATOR_MAP_COUNT; i++)
        bpf_map_put(maps[i]);
    free(claims.all);
    if (host.live_bytes != 0)
        abort();
}
