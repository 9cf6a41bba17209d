/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bpf_verify(): what is looked at without walking, then the walk, then the program is made. Memory
 * is taken from the caller's env within the caller's budget, and all of it given back. */
#include <axiom/string.h>
#include <bpf_internal/prog.h>

#include "call.h"
#include "arena.h"

#define MEMORY_DEFAULT ((size_t)1 << 20)

/* --- Memory: states that wait, checkpoints and the like come and go by the thousand and have a few sizes. Those given
 * back are kept for the next of the same size, while there is room. --- */

struct spare {
    struct spare *below;
};

/* Each use by itself, so that the sanitizer sees what is used after it was given back. */
#if defined(__SANITIZE_ADDRESS__)
#define SPARE_MAX 0u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPARE_MAX 0u
#endif
#endif
#ifndef SPARE_MAX
#define SPARE_MAX 8192u /* bytes */
#endif

/* What is asked of the environment. */
static size_t rounded(size_t size)
{
    return size <= SPARE_CLASSES * SPARE_STEP ? (size + SPARE_STEP - 1) / SPARE_STEP * SPARE_STEP : size;
}

static struct spare **spares_of(struct verifier *v, size_t size)
{
    return &v->spares[rounded(size) / SPARE_STEP - 1];
}

static void *take_spare(struct verifier *v, size_t size)
{
    struct spare *at = size == 0 || size > SPARE_CLASSES * SPARE_STEP ? NULL : *spares_of(v, size);
    if (at == NULL)
        return NULL;
    *spares_of(v, size) = at->below;
    v->spare_bytes -= rounded(size);
    memset(at, 0, size);
    return at;
}

static bool keep_spare(struct verifier *v, void *at, size_t size)
{
    size_t bytes = rounded(size);
    if (size == 0 || size > SPARE_CLASSES * SPARE_STEP || v->spare_bytes + bytes > SPARE_MAX ||
        v->memory_used + v->spare_bytes + bytes > v->memory_limit)
        return false;
    struct spare *spare = at;
    spare->below = *spares_of(v, size);
    *spares_of(v, size) = spare;
    v->spare_bytes += bytes;
    return true;
}

/* False: there were none. */
static bool drop_spares(struct verifier *v)
{
    bool any = v->spare_bytes != 0;
    for (uint32_t i = 0; any && i < SPARE_CLASSES; i++) {
        while (v->spares[i] != NULL) {
            struct spare *spare = v->spares[i];
            v->spares[i] = spare->below;
            bpf_env_free(v->env, spare, (i + 1) * SPARE_STEP);
        }
    }
    v->spare_bytes = 0;
    return any;
}

void *verifier_alloc(struct verifier *v, size_t size)
{
    size_t bytes = rounded(size);
    while (v->memory_used + bytes > v->memory_limit)
        if (!prune_forget(v) && !speculation_forget(v))
            return NULL;
    void *at = take_spare(v, size);
    if (at == NULL && v->memory_used + v->spare_bytes + bytes > v->memory_limit)
        drop_spares(v);
    if (at == NULL)
        at = bpf_env_alloc(v->env, bytes);
    while (at == NULL && (drop_spares(v) || prune_forget(v) || speculation_forget(v)))
        at = bpf_env_alloc(v->env, bytes);
    if (at == NULL)
        return NULL;
    v->memory_used += bytes;
    if (v->memory_used > v->memory_peak)
        v->memory_peak = v->memory_used;
    return at;
}

void verifier_free(struct verifier *v, void *at, size_t size)
{
    if (at == NULL)
        return;
    v->memory_used -= rounded(size);
    if (!keep_spare(v, at, size))
        bpf_env_free(v->env, at, rounded(size));
}

/* Linux: can_be_sleepable() */
static bool kind_may_sleep(const struct bpf_context_layout *kind)
{
    return prog_type_in(kind->prog_type, PROG_BIT(PROG_KPROBE) | PROG_BIT(PROG_LSM) | PROG_BIT(PROG_STRUCT_OPS) |
                                             PROG_BIT(PROG_SYSCALL)) ||
           (kind->prog_type == PROG_TRACING && kind->expected_type != ATTACH_TRACE_RAW_TP);
}

/* What Linux's own structs of functions say of their members (their check_member()): of these structs only these may
 * sleep. */
static bool member_may_be(const struct verifier *v, bool sleeps)
{
    static const struct {
        const char *type, *member;
    } sleeping[] = {
        { "bpf_dummy_ops", "test_sleepable" },      { "hid_bpf_ops", "hid_rdesc_fixup" },
        { "hid_bpf_ops", "hid_hw_request" },        { "hid_bpf_ops", "hid_hw_output_report" },
        { "sched_ext_ops", "init_task" },           { "sched_ext_ops", "cgroup_init" },
        { "sched_ext_ops", "cgroup_exit" },         { "sched_ext_ops", "cgroup_prep_move" },
        { "sched_ext_ops", "cpu_online" },          { "sched_ext_ops", "cpu_offline" },
        { "sched_ext_ops", "init" },                { "sched_ext_ops", "exit" },
    };
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    bool listed = false;
    if (v->request->kernel_btf == NULL || !bpf_btf_type_at(v->request->kernel_btf, v->request->attach_btf_id, &type) ||
        !bpf_btf_member_at(v->request->kernel_btf, &type, v->request->attach_member, &member))
        return true;
    if (strcmp(type.name, "tcp_congestion_ops") == 0)
        return strcmp(member.name, "get_info") != 0;
    for (size_t i = 0; i < ARRAY_SIZE(sleeping); i++) {
        if (strcmp(sleeping[i].type, type.name) != 0)
            continue;
        listed = true;
        if (strcmp(sleeping[i].member, member.name) == 0)
            return true;
    }
    return !listed || !sleeps;
}

/* Kinds whose arguments are those of a function of the kernel. A function of another program
 * (freplace) or a struct's is told in its own way. */
static int check_target(struct verifier *v)
{
    const struct bpf_verify_request *request = v->request;
    uint8_t kind = v->context->prog_type;
    if ((kind == PROG_STRUCT_OPS || kind == PROG_LSM) && !license_is_gpl(v))
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED,
                      "char LICENSE[] SEC(\"license\") = \"GPL\";",
                      "programs of '%s' must be under the GPL", v->context->section_prefix);
    if (request->sleepable && has_rule(v, BPF_RULE_LINUX) && !kind_may_sleep(v->context))
        return refuse(v, -EINVAL, BPF_REJECT_TYPE, "leave the .s of its section out",
                      "programs of '%s' cannot sleep", v->context->section_prefix);
    if (kind == PROG_STRUCT_OPS && !member_may_be(v, program_sleeps(v)))
        return refuse(v, -EINVAL, BPF_REJECT_TYPE, "", "this function of the struct cannot be a program%s",
                      program_sleeps(v) ? " that sleeps" : "");
    if (kind == PROG_LSM && program_sleeps(v) && !lsm_hook_may_sleep(v))
        return refuse(v, -EINVAL, BPF_REJECT_TYPE, "SEC(\"lsm/...\")", "this hook is called where nothing may sleep");
    if (!has_rule(v, BPF_RULE_BTF_ARGUMENTS) || request->attach_btf_id != 0)
        return 0;
    return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "name one in the section: fentry/vfs_read",
                  "what this program of '%s' attaches to is not in the kernel's BTF, or cannot be "
                  "attached to",
                  v->context->section_prefix);
}

static int check_request(struct verifier *v)
{
    if (v->insn_count == 0)
        return refuse(v, -EINVAL, BPF_REJECT_EMPTY, "", "the program has no instructions");
    if (v->insn_count > BPF_PROG_INSN_MAX)
        return refuse(v, -E2BIG, BPF_REJECT_EMPTY, "", "%u instructions are more than %u",
                      v->insn_count, BPF_PROG_INSN_MAX);
    if (v->request->map_count > BPF_PROG_MAP_MAX)
        return refuse(v, -E2BIG, BPF_REJECT_MAP, "", "%u maps are more than %u",
                      v->request->map_count, BPF_PROG_MAP_MAX);
    if (v->context == NULL)
        return refuse(
            v, -EINVAL, BPF_REJECT_UNSUPPORTED, "SEC(\"gpio/chip0/line17/rising\"), for instance",
            "the program has no attach point: its section has no name that this kernel knows");
    return check_target(v);
}

static void fill_bounds(struct verifier *v)
{
    struct bpf_prog_bounds *bounds = &v->result->bounds;
    bounds->insns_walked = v->walked;
    bounds->call_depth = v->call_depth;
    v->result->memory_peak = v->memory_peak;
}

static int make_program(struct verifier *v)
{
    struct bpf_error error = { 0 };
    int err = bpf_prog_create(v->request, &v->result->bounds, &v->result->prog, &error);
    if (err == 0) {
        v->result->prog->facts = v->facts;
        v->facts = NULL;
        return 0;
    }
    v->state.pc = 0;
    return refuse(v, err, err == -ENOMEM ? BPF_REJECT_MEMORY : BPF_REJECT_BAD_INSN, "", "%s",
                  error.text);
}

/* Most programs have no functions: one frame will do. */
static int make_frames(struct verifier *v)
{
    v->frame_capacity = v->has_functions ? BPF_CALL_DEPTH_MAX : 1;
    v->state.frames = verifier_alloc(v, v->frame_capacity * sizeof *v->state.frames);
    return v->state.frames == NULL ? refuse_memory(v) : 0;
}

static int verify(struct verifier *v)
{
    int err = check_request(v);
    if (err != 0)
        return err;
    v->info = verifier_alloc(v, v->insn_count * sizeof *v->info);
    if (v->info == NULL)
        return refuse_memory(v);
    if (has_rule(v, BPF_RULE_LINUX)) {
        v->access_kinds = verifier_alloc(v, v->insn_count);
        if (v->access_kinds == NULL)
            return refuse_memory(v);
    }
    err = cfg_check(v);
    if (err == 0)
        err = arena_find(v);
    if (err == 0)
        err = functions_find(v);
    if (err == 0)
        fastcall_find(v);
    if (err == 0)
        err = make_frames(v);
    if (err == 0)
        err = prune_init(v);
    facts_begin(v);
    if (err == 0)
        err = walk(v);
    facts_finish(v);
    if (err == 0)
        err = functions_check_depth(v, &v->result->bounds.stack_depth_bytes);
    return err;
}

static void release(struct verifier *v)
{
    walk_drop(v);
    prune_destroy(v);
    verifier_free(v, v->scratch, v->scratch_size);
    verifier_free(v, v->state.slots, v->state.slot_capacity * sizeof *v->state.slots);
    verifier_free(v, v->functions, v->function_count * sizeof *v->functions);
    verifier_free(v, v->state.frames, v->frame_capacity * sizeof *v->state.frames);
    v->state.frames = NULL;
    verifier_free(v, v->access_kinds, v->insn_count);
    verifier_free(v, v->info, v->insn_count * sizeof *v->info);
    drop_spares(v);
}

int verifier_run(const struct bpf_verify_request *request, struct bpf_verify_result *result,
                 const struct probe *probe)
{
    const struct bpf_env *env = request->env;
    memset(result, 0, sizeof *result);
    struct verifier *v = bpf_env_alloc(env, sizeof *v);
    if (v == NULL) {
        result->reason = BPF_REJECT_MEMORY;
        string_copy(result->text, sizeof result->text, "no memory for the verifier itself");
        return -ENOMEM;
    }
    v->request = request;
    v->result = result;
    v->env = env;
    v->context = request->context;
    v->insns = request->insns;
    v->insn_count = request->insn_count;
    v->probe = probe;
    v->memory_limit = request->memory_limit != 0 ? request->memory_limit : MEMORY_DEFAULT;
    v->memory_used = v->memory_peak = sizeof *v;
    list_init(&v->complete);
    list_init(&v->open);
    int err = verify(v);
    fill_bounds(v);
    release(v);
    if (err == 0 && !request->check_only)
        err = make_program(v);
    facts_destroy(v);
    bpf_env_free(env, v, sizeof *v);
    return err;
}

int bpf_verify(const struct bpf_verify_request *request, struct bpf_verify_result *result)
{
    return verifier_run(request, result, NULL);
}
