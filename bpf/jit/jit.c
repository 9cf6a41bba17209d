/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Compiled programs: making them, running them, and what their code calls while it runs. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf/map.h>

#include "build.h"
#include "encode.h"

/* A function of the program: where it begins there, and in the code. */
struct jit_function {
    uint32_t code_index, place;
};

struct bpf_jit {
    const struct bpf_prog *prog;
    uint8_t *code;
    size_t code_size;
    bool sealed;
    uint32_t function_count;
    struct jit_function functions[];
};

typedef uint64_t entry_point(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3,
                             uint64_t r4, uint64_t r5);

static entry_point *entry_at(const struct bpf_jit *jit, uint32_t place)
{
    return (entry_point *)(uintptr_t)(jit->code + place);
}

/* NULL: the program has no such function. Number 0 is the main program, which nobody calls. */
static const struct jit_function *find_function(const struct bpf_jit *jit, uint64_t code_index)
{
    uint32_t low = 1, high = jit->function_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (jit->functions[middle].code_index < code_index)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < jit->function_count && jit->functions[low].code_index == code_index;
    return found ? &jit->functions[low] : NULL;
}

/* --- Called by the code --- */

uint64_t bpf_jit_resolve(struct bpf_run *run, uint64_t target)
{
    if ((target & BPF_CODE_ADDRESS_TAG) == BPF_CODE_ADDRESS_TAG) {
        const struct jit_function *function =
            find_function(run->engine.jit, target & ~BPF_CODE_ADDRESS_TAG);
        return function == NULL ? 0
                                : (uint64_t)(uintptr_t)(run->engine.jit->code + function->place);
    }
    const struct bpf_helper *helper =
        target > UINT32_MAX ? NULL : bpf_helper_find(run->prog->env, (uint32_t)target);
    if (helper == NULL || helper->body == NULL)
        return 0;
    run->helper_ns += helper->cost_ns;
    return (uint64_t)(uintptr_t)helper->body;
}

uint64_t bpf_jit_packet_load(struct bpf_run *run, uint64_t context, uint64_t offset, uint64_t size,
                             uint64_t r4, uint64_t r5)
{
    (void)r4, (void)r5;
    const struct bpf_env *env = run->prog->env;
    uint32_t value;
    if (env->platform == NULL || env->platform->packet_load == NULL ||
        !env->platform->packet_load(env->user, (void *)(uintptr_t)context, (int32_t)offset,
                                    (uint32_t)size, &value))
        return UINT64_MAX;
    return value;
}

static uint64_t enter(struct bpf_run *run, uint32_t index, const uint64_t *r)
{
    const struct jit_function *function = find_function(run->engine.jit, index);
    if (function == NULL) {
        run->error = -EFAULT;
        run->engine.ended = 1;
        return 0;
    }
    return entry_at(run->engine.jit, function->place)(run, r[0], r[1], r[2], r[3], r[4]);
}

/* The program that runs next is this one's last act: the state of the run goes to it and comes back.
 */
uint64_t bpf_jit_tail_call(struct bpf_run *run, uint64_t context, uint64_t map, uint64_t index,
                           uint64_t r4, uint64_t r5)
{
    (void)r4, (void)r5;
    const struct bpf_prog *next =
        bpf_map_program((const struct bpf_map *)(uintptr_t)map, (uint32_t)index);
    const struct bpf_prog *prog = run->prog;
    const uint64_t stack_end = (uint64_t)(uintptr_t)run->stack + run->stack_size;
    uint64_t frame = run->engine.frame - prog->frame_size + (next == NULL ? 0 : next->frame_size);
    if (next == NULL || run->engine.tail_call_count >= BPF_TAIL_CALL_MAX || frame > stack_end) {
        run->engine.tail_result = (uint64_t)(int64_t)(next == NULL ? -ENOENT : -ELOOP);
        return 0;
    }
    run->engine.tail_call_count++;
    const struct bpf_jit *jit = run->engine.jit;
    uint64_t old_frame = run->engine.frame;
    run->prog = next;
    run->engine.frame = frame;
    bpf_run_end(next);
    const uint64_t r[BPF_CALL_ARG_COUNT] = { context };
    if (next->jit != NULL) {
        run->engine.jit = next->jit;
        run->engine.tail_result = entry_at(next->jit, 0)(run, context, 0, 0, 0, 0);
    } else {
        run->engine.tail_result = bpf_interp_continue(next, r, run);
    }
    run->engine.ended |= run->error != 0;
    run->prog = prog;
    run->engine.jit = jit;
    run->engine.enter = enter;
    run->engine.frame = old_frame;
    return 1;
}

/* --- Making --- */

/* Memory for as much code as the plan says, and the code in it. */
static int write_code(struct bpf_jit *jit, struct encode_plan *plan, struct bpf_error *error)
{
    const struct bpf_env *env = jit->prog->env;
    int err = -EAGAIN;
    while (err == -EAGAIN) {
        if (jit->code != NULL)
            env->exec->free(env->user, jit->code, jit->code_size);
        jit->code_size = plan->size;
        jit->code = env->exec->alloc(env->user, jit->code_size);
        if (jit->code == NULL)
            return bpf_error_set(error, -ENOMEM, BPF_ERROR_NO_OFFSET,
                                 "no memory for %zu bytes of code", jit->code_size);
        err = encode_write(plan, jit->code, jit->code_size);
    }
    return err == 0
               ? 0
               : bpf_error_set(error, err, BPF_ERROR_NO_OFFSET, "the program cannot be encoded");
}

static int make_code(struct bpf_jit *jit, const struct ir_form *form, struct bpf_error *error)
{
    const struct bpf_env *env = jit->prog->env;
    struct encode_plan plan;
    int err = encode_plan(&plan, form);
    if (err)
        bpf_error_set(error, err, BPF_ERROR_NO_OFFSET,
                      err == -ENOMEM ? "no memory for compiling" : "the program cannot be encoded");
    if (err == 0)
        err = write_code(jit, &plan, error);
    if (err == 0) {
        for (uint32_t i = 0; i < form->function_count; i++)
            jit->functions[i] =
                (struct jit_function){ form->functions[i].code_index, encode_place(&plan, i) };
        err = env->exec->seal(env->user, jit->code, jit->code_size);
        if (err)
            bpf_error_set(error, err, BPF_ERROR_NO_OFFSET, "code memory cannot be sealed");
    }
    jit->sealed = err == 0;
    encode_free(&plan);
    return err;
}

static size_t jit_size(uint32_t function_count)
{
    return sizeof(struct bpf_jit) + function_count * sizeof(struct jit_function);
}

static int create(const struct bpf_prog *prog, const struct ir_form *form, struct bpf_jit **out,
                  struct bpf_error *error)
{
    struct bpf_jit *jit = bpf_env_alloc(prog->env, jit_size(form->function_count));
    if (jit == NULL)
        return bpf_error_set(error, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for compiling");
    jit->prog = prog;
    jit->function_count = form->function_count;
    int err = make_code(jit, form, error);
    if (err) {
        bpf_jit_destroy(jit);
        return err;
    }
    *out = jit;
    return 0;
}

int bpf_jit_create(const struct bpf_prog *prog, const struct bpf_jit_target *target,
                   const struct bpf_jit_options *options, struct bpf_jit **out,
                   struct bpf_error *error)
{
    target = target == NULL ? bpf_jit_host_target() : target;
    if (prog->env->exec == NULL || target == NULL)
        return bpf_error_set(
            error, -EOPNOTSUPP, BPF_ERROR_NO_OFFSET, "programs cannot be compiled here: %s",
            target == NULL ? "no encoder for this machine" : "there is no executable memory");
    struct ir_form *form;
    int err = bpf_jit_lower(prog, target, options, &form, error);
    if (err == -ENOMEM)
        return bpf_error_set(error, err, BPF_ERROR_NO_OFFSET, "no memory for compiling");
    if (err)
        return err;
    err = create(prog, form, out, error);
    bpf_jit_form_destroy(form);
    if (err == 0 && prog->jit == NULL)
        ((struct bpf_prog *)(uintptr_t)prog)->jit = *out;
    return err;
}

static void destroy_owned(struct bpf_prog *prog)
{
    bpf_jit_destroy((struct bpf_jit *)(uintptr_t)prog->jit);
}

int bpf_prog_compile(struct bpf_prog *prog, const struct bpf_jit_options *options,
                     struct bpf_error *error)
{
    struct bpf_jit *jit;
    if (prog->jit != NULL)
        return bpf_error_set(error, -EEXIST, BPF_ERROR_NO_OFFSET, "the program is compiled");
    int err = bpf_jit_create(prog, NULL, options, &jit, error);
    if (err == 0)
        prog->destroy_jit = destroy_owned;
    return err;
}

const struct bpf_jit *bpf_prog_jit(const struct bpf_prog *prog)
{
    return prog->jit;
}

void bpf_jit_destroy(struct bpf_jit *jit)
{
    if (jit == NULL)
        return;
    const struct bpf_env *env = jit->prog->env;
    if (jit->prog->jit == jit)
        ((struct bpf_prog *)(uintptr_t)jit->prog)->jit = NULL;
    if (jit->code != NULL)
        env->exec->free(env->user, jit->code, jit->code_size);
    bpf_env_free(env, jit, jit_size(jit->function_count));
}

const void *bpf_jit_code(const struct bpf_jit *jit, size_t *size_bytes)
{
    *size_bytes = jit->code_size;
    return jit->code;
}

/* --- Running --- */

static inline __attribute__((always_inline)) uint64_t
run_it(const struct bpf_jit *jit, void *context, uint64_t r2, struct bpf_run *run)
{
    const struct bpf_prog *prog = jit->prog;
    bpf_run_begin(prog, run);
    run->error_insn = 0;
    if (run->stack_size < prog->frame_size) {
        run->error = -ENOBUFS;
        return 0;
    }
    uint64_t first = (uint64_t)(uintptr_t)run->stack;
    uint64_t frames = BPF_CALL_DEPTH_MAX;
    if (run->stack_size < BPF_CALL_DEPTH_MAX * prog->frame_size)
        frames = run->stack_size / prog->frame_size;
    run->engine.frame_max = first + frames * prog->frame_size;
    run->engine.enter = enter;
    run->engine.jit = jit;
    uint64_t r0 = entry_at(jit, 0)(run, (uint64_t)(uintptr_t)context, r2, 0, 0, 0);
    bpf_run_end(prog);
    return run->error != 0 ? 0 : r0;
}

uint64_t bpf_jit_run_r2(const struct bpf_jit *jit, void *context, uint64_t r2, struct bpf_run *run)
{
    return run_it(jit, context, r2, run);
}

uint64_t bpf_jit_run(const struct bpf_jit *jit, void *context, struct bpf_run *run)
{
    return bpf_jit_run_r2(jit, context, 0, run);
}

uint64_t bpf_prog_run_compiled(const struct bpf_prog *prog, void *context, struct bpf_run *run)
{
    return prog->jit != NULL ? run_it(prog->jit, context, 0, run)
                             : bpf_interp_run(prog, context, 0, run);
}
