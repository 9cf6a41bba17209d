/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "soundness.h"

#include "claims.h"
#include "domain.h"
#include "generated_btf.h"
#include "generator.h"
#include "host_env.h"
#include "machine.h"

#include <bpf/btf.h>
#include <bpf/disasm.h>
#include <bpf_host/exec_memory.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>
#include <bpf_linux/kfuncs.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct host_env host;
static struct bpf_map *maps[GENERATOR_ALL_MAP_COUNT];

/* --- What programs are verified for
 * ------------------------------------------------------------------------------------------- */

static struct claims *claims;
/* Of each kind, without and with an exception callback. */
static struct bpf_btf *btfs[GENERATED_KIND_COUNT][2], *kernel_btf;
static const char *const sections[GENERATED_KIND_COUNT] = { "gpio/", "raw_tp", "xdp", "tc" };

static const struct bpf_context_layout *context_of(const struct generated *program)
{
    if (program->kind != GENERATED_AXIOM)
        return bpf_linux_context_by_section(sections[program->kind]);
    return bpf_context_by_section(program->insn_count & 1 ? "gpio/" : "pwm/");
}

static void parse_btf(const uint8_t *blob, size_t size, struct bpf_btf **out)
{
    struct bpf_error error;
    if (bpf_btf_parse(&host.env, blob, size, out, &error) == 0)
        return;
    fprintf(stderr, "%s\n", error.text);
    abort();
}

static void make_btf(enum generated_kind kind)
{
    const char *context = kind == GENERATED_AXIOM
                              ? bpf_context_by_section("gpio/")->struct_name
                              : bpf_linux_context_by_section(sections[kind])->struct_name;
    uint8_t blob[GENERATED_BTF_MAX];
    for (uint32_t exception = 0; exception < 2; exception++) {
        size_t size = generated_btf(context, exception != 0, blob);
        parse_btf(blob, size, &btfs[kind][exception]);
    }
}

static void make_kernel_btf(void)
{
    uint8_t blob[GENERATED_KERNEL_BTF_MAX];
    size_t size = generated_kernel_btf(blob);
    parse_btf(blob, size, &kernel_btf);
}

/* --- Running
 * -------------------------------------------------------------------------------------------------------------------
 */

static struct machine machine;
static uint32_t inputs = SOUNDNESS_INPUTS;

void soundness_inputs(uint32_t count)
{
    inputs = count;
}

static void tell(char *text, size_t size, const char *what,
                 const struct bpf_verify_request *request)
{
    size_t length = (size_t)snprintf(text, size, "%s\n", what);
    struct bpf_disasm_names names = { .env = &host.env,
                                      .maps = maps,
                                      .map_count = GENERATOR_ALL_MAP_COUNT };
    for (uint32_t pc = 0; pc < request->insn_count; pc += bpf_insn_slots(&request->insns[pc])) {
        char line[120];
        bpf_disasm_insn(line, sizeof line, request->insns, request->insn_count, pc, &names);
        if (length < size)
            length += (size_t)snprintf(text + length, size - length, "%3u: %s\n", pc, line);
    }
}

/* Everything but limits: a refusal that another way of walking must share. Where addresses are no secret, part of a
 * pointer may be stored at an offset of the stack that is not known, but, by Linux's rule, not at one that is: who knows
 * more refuses more. */
static bool is_safety(const struct bpf_verify_request *request, enum bpf_reject reason)
{
    if (reason == BPF_REJECT_POINTER_LEAK &&
        bpf_context_has_rule(request->context, BPF_RULE_POINTER_LEAKS))
        return false;
    return reason != BPF_REJECT_NONE && reason != BPF_REJECT_TOO_COMPLEX &&
           reason != BPF_REJECT_BUDGET && reason != BPF_REJECT_MEMORY && reason != BPF_REJECT_LOOP;
}

/* One accepted program, before each of its instructions. */
struct watch {
    const struct bpf_prog *prog; /* NULL: no facts */
    bool with_claims;
    uint32_t last_jump; /* the instruction before, if it was a conditional jump; else UINT32_MAX */
    struct soundness_counts *counts;
};

static bool is_conditional(const struct bpf_insn *insn)
{
    uint8_t class = BPF_CLASS(insn->opcode), code = BPF_OP(insn->opcode);
    return (class == BPF_JMP || class == BPF_JMP32) && code != BPF_JA && code != BPF_CALL &&
           code != BPF_EXIT && code != BPF_JCOND;
}

static bool watch_step(struct machine *m, void *user)
{
    struct watch *w = user;
    bool checked = false;
    if (w->last_jump != UINT32_MAX && !fact_of_jump_holds(m, w->prog, w->last_jump))
        return false;
    w->last_jump = is_conditional(&m->request->insns[m->pc]) ? m->pc : UINT32_MAX;
    if (!facts_hold(m, w->prog))
        return false;
    if (!w->with_claims)
        return true;
    bool hold = claims_hold(claims, m, &checked);
    w->counts->claims_checked += checked;
    return hold;
}

/* The figures for the worst case. */
static const char *exceeded(const struct machine *m, const struct bpf_prog_bounds *bounds)
{
    if (m->calls > bounds->worst_case_calls)
        return "more helper calls than the worst case";
    if (m->frames_most > bounds->call_depth)
        return "more frames than the deepest chain of calls";
    if (m->stack_most > bounds->stack_depth_bytes)
        return "more stack than the deepest chain of calls";
    return NULL;
}

static bool run_accepted(const struct bpf_verify_request *request,
                         const struct bpf_verify_result *result, bool with_claims,
                         struct soundness_counts *counts, char *text, size_t text_size)
{
    struct watch watch = { .prog = result->prog, .with_claims = with_claims, .counts = counts };
    machine.before = watch_step;
    machine.user = &watch;
    for (uint64_t seed = 1; seed <= inputs; seed++) {
        counts->runs++;
        watch.last_jump = UINT32_MAX;
        bool fine = machine_run(&machine, request, seed * 77, result->bounds.worst_case_insns);
        counts->steps += machine.steps;
        const char *too_much = exceeded(&machine, &result->bounds);
        if (fine && too_much != NULL)
            snprintf(machine.escape, sizeof machine.escape, "%s", too_much);
        if (!fine || too_much != NULL) {
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
    claims_reset(claims);
    int err = verifier_run(request, result, probe);
    if (err != 0)
        return true;
    bool fine = run_accepted(request, result, with_claims, counts, text, text_size);
    bpf_prog_destroy(result->prog);
    return fine;
}

/* Ways to walk it: the verdicts must fit each other. */
#define WAY_COUNT 4

/* Without pruning a loop over an iterator is walked for as many elements as it may have. */
#define INSN_LIMIT          20000
#define ITERATOR_INSN_LIMIT 1500

static uint64_t unpruned_limit(const struct generated *program)
{
    const bool *has = program->features;
    bool iterates = has[GENERATED_iterator] || has[GENERATED_iterator_nested] || has[GENERATED_iterator_bits] ||
                    has[GENERATED_iterator_tasks];
    return iterates ? ITERATOR_INSN_LIMIT : INSN_LIMIT;
}

static bool verify_all_ways(const struct generated *program, struct bpf_verify_request *request,
                            struct bpf_verify_result *results, struct soundness_counts *counts,
                            char *text, size_t text_size)
{
    const struct probe often = { .eager = true };
    const struct probe exact = {
        .user = claims, .claim = claims_note, .all_precise = true, .eager = true
    };
    const struct probe unpruned = { .user = claims, .claim = claims_note, .never_prune = true };
    const struct probe *const probes[WAY_COUNT] = { NULL, &often, &exact, &unpruned };
    for (int way = 0; way < WAY_COUNT; way++) {
        request->insn_limit = probes[way] == &unpruned ? unpruned_limit(program) : INSN_LIMIT;
        if (!verify_and_run(request, probes[way], &results[way], counts, text, text_size))
            return false;
    }
    for (int i = 0; i < WAY_COUNT * WAY_COUNT; i++) {
        const struct bpf_verify_result *one = &results[i / WAY_COUNT],
                                       *other = &results[i % WAY_COUNT];
        if (one->reason == BPF_REJECT_NONE && is_safety(request, other->reason)) {
            char what[700];
            snprintf(what, sizeof what, "way %d accepts, way %d refuses: %.500s", i / WAY_COUNT,
                     i % WAY_COUNT, other->text);
            tell(text, text_size, what, request);
            return false;
        }
    }
    return true;
}

static void count(const struct generated *program, enum bpf_reject reason,
                  struct soundness_counts *counts)
{
    bool accepted = reason == BPF_REJECT_NONE;
    counts->accepted += accepted;
    counts->reasons[reason]++;
    counts->kinds[program->kind][accepted]++;
    for (uint32_t f = 0; f < GENERATED_FEATURE_COUNT; f++)
        counts->features[f][accepted] += program->features[f];
}

struct requested {
    struct bpf_verify_request request;
    struct bpf_debug_func funcs[GENERATED_FUNCTION_MAX + 1];
    struct bpf_debug_info debug;
};

static void request_for(const struct generated *program, struct requested *r)
{
    bool axiom = program->kind == GENERATED_AXIOM;
    r->funcs[0] = (struct bpf_debug_func){ 0, "main", GENERATED_FUNC_MAIN, true };
    for (uint32_t i = 0; i < program->function_count; i++) {
        bool global = program->functions[i].is_global;
        r->funcs[i + 1] = (struct bpf_debug_func){
            program->functions[i].start, "f",
            global ? GENERATED_FUNC_GLOBAL : GENERATED_FUNC_STATIC, global
        };
        if (program->functions[i].is_callback) {
            r->funcs[i + 1].name = "x";
            r->funcs[i + 1].type_id = GENERATED_FUNC_EXCEPTION;
        }
    }
    r->debug = (struct bpf_debug_info){ .funcs = r->funcs,
                                        .func_count = program->function_count + 1 };
    host.env.helpers = axiom ? bpf_helpers : bpf_linux_helpers;
    host.env.helper_count = axiom ? bpf_helper_count : bpf_linux_helper_count;
    host.env.kfuncs = axiom ? NULL : bpf_linux_kfuncs;
    host.env.kfunc_count = axiom ? 0 : bpf_linux_kfunc_count;
    r->request = (struct bpf_verify_request){
        .env = &host.env,
        .name = "generated",
        .insns = program->insns,
        .insn_count = program->insn_count,
        .maps = maps,
        .map_count = generated_map_count(program),
        .context = context_of(program),
        .debug = &r->debug,
        .btf = btfs[program->kind][program->has_callback],
        .kernel_btf = axiom ? NULL : kernel_btf,
        .insn_limit = INSN_LIMIT,
        .memory_limit = (size_t)4 << 20,
        .ignore_budget = true,
        .check_only = !axiom, /* Linux's helpers have no bodies */
    };
}

bool soundness_verify(const struct generated *program, struct bpf_verify_result *result)
{
    struct requested r;
    request_for(program, &r);
    bool accepted = bpf_verify(&r.request, result) == 0;
    if (accepted)
        bpf_prog_destroy(result->prog);
    return accepted;
}

static void note_walked(void *user, const struct verifier *v)
{
    bool *walked = user;
    walked[v->state.pc] = true;
}

bool soundness_walks(const struct generated *program, uint32_t pc)
{
    bool walked[GENERATED_INSN_MAX] = { false };
    const struct probe probe = { .user = walked, .claim = note_walked };
    struct bpf_verify_result result;
    struct requested r;
    request_for(program, &r);
    if (verifier_run(&r.request, &result, &probe) == 0)
        bpf_prog_destroy(result.prog);
    return pc < program->insn_count && walked[pc];
}

bool soundness_program(const struct generated *program, struct soundness_counts *counts, char *text,
                       size_t text_size)
{
    struct requested r;
    struct bpf_verify_result results[WAY_COUNT];
    request_for(program, &r);
    counts->programs++;
    bool fine = verify_all_ways(program, &r.request, results, counts, text, text_size);
    if (fine)
        count(program, results[0].reason, counts);
    return fine;
}

bool soundness_check(const uint8_t *bytes, size_t size, struct soundness_counts *counts, char *text,
                     size_t text_size)
{
    static struct generated program;
    static const enum generated_kind kinds[] = { GENERATED_AXIOM, GENERATED_AXIOM, GENERATED_AXIOM,
                                                 GENERATED_RAW_TP, GENERATED_XDP, GENERATED_TC };
    uint32_t first = size == 0 ? 0 : bytes[0];
    enum generated_kind kind = kinds[first % 6];
    bool own = first % 6 == 2 && first / 6 % 2 == 1;
    if (own)
        kind = first / 12 % 2 == 1 ? GENERATED_XDP : GENERATED_TC;
    bool objects = own || (kind != GENERATED_AXIOM && first / 6 % 2 == 1);
    uint32_t flags = GENERATE_GLOBALS | (objects ? GENERATE_OBJECTS : 0) | (own ? GENERATE_OWN : 0);
    generate_program_of(kind, flags, bytes + (size != 0), size - (size != 0), &program);
    return soundness_program(&program, counts, text, text_size);
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
    for (uint32_t k = 0; k < GENERATED_KIND_COUNT; k++)
        printf("  %-8s %8" PRIu64 " accepted of %" PRIu64 "\n", sections[k], counts->kinds[k][1],
               counts->kinds[k][0] + counts->kinds[k][1]);
    printf("programs with (accepted of all):\n");
    for (uint32_t f = 0; f < GENERATED_FEATURE_COUNT; f++)
        printf("  %-22s %7" PRIu64 " of %7" PRIu64 "%s",
               generated_feature_name((enum generated_feature)f), counts->features[f][1],
               counts->features[f][0] + counts->features[f][1],
               f % 2 != 0 || f + 1 == GENERATED_FEATURE_COUNT ? "\n" : "  ");
    printf("refused for:\n");
    for (int r = 1; r < BPF_REJECT_COUNT; r++)
        if (counts->reasons[r] != 0)
            printf("  %7" PRIu64 " %s\n", counts->reasons[r], bpf_reject_name((enum bpf_reject)r));
}

void soundness_begin(void)
{
    host_env_init(&host);
    host.env.exec = &bpf_host_exec;
    claims = claims_create();
    for (uint32_t i = 0; i < GENERATOR_ALL_MAP_COUNT; i++) {
        struct bpf_error error;
        if (bpf_map_create(&host.env, &generator_maps[i], &maps[i], &error) != 0)
            abort();
    }
    for (uint32_t kind = 0; kind < GENERATED_KIND_COUNT; kind++)
        make_btf((enum generated_kind)kind);
    make_kernel_btf();
}

void soundness_end(void)
{
    for (uint32_t i = 0; i < GENERATOR_ALL_MAP_COUNT; i++)
        bpf_map_put(maps[i]);
    for (uint32_t i = 0; i < 2 * GENERATED_KIND_COUNT; i++)
        bpf_btf_put(btfs[i / 2][i % 2]);
    bpf_btf_put(kernel_btf);
    claims_destroy(claims);
    if (host.live_bytes != 0)
        abort();
}
