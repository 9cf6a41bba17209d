/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs: one allocation that holds everything, made whole or not at all. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/prog.h>

/* Places things one after another. With base NULL it only counts, so that the same code measures
 * and fills. */
struct packer {
    uint8_t *base;
    size_t used;
};

static void *pack(struct packer *packer, size_t size_bytes)
{
    void *at = packer->base == NULL ? NULL : packer->base + packer->used;
    packer->used += align_up64(size_bytes, 16);
    return at;
}

static const char *pack_string(struct packer *packer, const char *text)
{
    size_t size = strlen(text) + 1;
    char *at = pack(packer, size);
    if (at != NULL)
        memcpy(at, text, size);
    return at;
}

/* Lines of one file share its name: strings that come again (by pointer, as the loader gives them)
 * are packed once. */
static void pack_debug(struct packer *packer, const struct bpf_debug_info *from,
                       struct bpf_debug_info *to)
{
    struct bpf_debug_func *funcs = pack(packer, from->func_count * sizeof *funcs);
    struct bpf_debug_line *lines = pack(packer, from->line_count * sizeof *lines);
    for (uint32_t i = 0; i < from->func_count; i++) {
        const char *name = pack_string(packer, from->funcs[i].name);
        if (funcs != NULL)
            funcs[i] = (struct bpf_debug_func){ from->funcs[i].insn_index, name,
                                                from->funcs[i].type_id, from->funcs[i].is_global };
    }
    const char *file = NULL;
    for (uint32_t i = 0; i < from->line_count; i++) {
        const struct bpf_debug_line *line = &from->lines[i];
        if (i == 0 || line->file != from->lines[i - 1].file)
            file = pack_string(packer, line->file);
        const char *text = pack_string(packer, line->text);
        if (lines == NULL)
            continue;
        lines[i] = *line;
        lines[i].file = file;
        lines[i].text = text;
    }
    *to = (struct bpf_debug_info){ funcs, from->func_count, lines, from->line_count };
}

/* The parts that decoding fills. */
struct parts {
    struct bpf_code *code;
    struct bpf_code_origin *origins;
    struct bpf_map **touched;
    struct bpf_map **maps;
    struct bpf_insn *insns;
};

static struct bpf_prog *pack_prog(struct packer *packer, const struct bpf_verify_request *request,
                                  struct parts *parts)
{
    static const struct bpf_debug_info no_debug = { NULL, 0, NULL, 0 };
    struct bpf_prog *prog = pack(packer, sizeof *prog);
    parts->code = pack(packer, (request->insn_count + 1) * sizeof *parts->code);
    parts->origins = pack(packer, (request->insn_count + 1) * sizeof *parts->origins);
    parts->insns = pack(packer, request->insn_count * sizeof *parts->insns);
    parts->maps = pack(packer, request->map_count * sizeof(struct bpf_map *));
    parts->touched = pack(packer, request->map_count * sizeof(struct bpf_map *));
    const char *name = pack_string(packer, request->name == NULL ? "" : request->name);
    struct bpf_debug_info debug;
    pack_debug(packer, request->debug == NULL ? &no_debug : request->debug, &debug);
    if (prog == NULL)
        return NULL;
    *prog = (struct bpf_prog){
        .code = parts->code,
        .touched = parts->touched,
        .origins = parts->origins,
        .env = request->env,
        .context = request->context,
        .insns = parts->insns,
        .insn_count = request->insn_count,
        .map_count = request->map_count,
        .maps = parts->maps,
        .name = name,
        .reference_count = 1,
        .debug = debug,
        .size_bytes = packer->used,
    };
    return prog;
}

int bpf_prog_create(const struct bpf_verify_request *request, const struct bpf_prog_bounds *bounds,
                    struct bpf_prog **out, struct bpf_error *error)
{
    if (request->insn_count == 0 || request->insn_count > BPF_PROG_INSN_MAX)
        return bpf_error_set(error, -E2BIG, BPF_ERROR_NO_OFFSET,
                             "a program has 1 to %u instructions, this one has %u",
                             BPF_PROG_INSN_MAX, request->insn_count);
    if (request->map_count > BPF_PROG_MAP_MAX)
        return bpf_error_set(error, -E2BIG, BPF_ERROR_NO_OFFSET,
                             "a program uses at most %u maps, this one has %u", BPF_PROG_MAP_MAX,
                             request->map_count);
    struct packer packer = { NULL, 0 };
    struct parts parts;
    pack_prog(&packer, request, &parts);
    size_t size_bytes = packer.used;
    packer = (struct packer){ bpf_env_alloc(request->env, size_bytes), 0 };
    if (packer.base == NULL)
        return bpf_error_set(error, -ENOMEM, BPF_ERROR_NO_OFFSET,
                             "no memory for a program of %zu bytes", size_bytes);
    struct bpf_prog *prog = pack_prog(&packer, request, &parts);
    memcpy(parts.insns, request->insns, request->insn_count * sizeof *request->insns);
    prog->is_verified = bounds != NULL;
    int err = bpf_decode(request, prog, parts.code, parts.origins, parts.touched, error);
    if (err) {
        bpf_env_free(request->env, prog, size_bytes);
        return err;
    }
    if (bounds != NULL)
        prog->bounds = *bounds;
    prog->frame_size = prog->bounds.frame_bytes > BPF_FRAME_SIZE_MAX
                           ? (uint32_t)align_up64(prog->bounds.frame_bytes, 16)
                           : BPF_FRAME_SIZE_MAX;
    for (uint32_t i = 0; i < request->map_count; i++)
        parts.maps[i] = bpf_map_get(request->maps[i]);
    *out = prog;
    return 0;
}

struct bpf_prog *bpf_prog_get(struct bpf_prog *prog)
{
    __atomic_fetch_add(&prog->reference_count, 1, __ATOMIC_RELAXED);
    return prog;
}

void bpf_prog_put(struct bpf_prog *prog)
{
    bpf_prog_destroy(prog);
}

void bpf_prog_destroy(struct bpf_prog *prog)
{
    if (prog == NULL || __atomic_sub_fetch(&prog->reference_count, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (prog->destroy_jit != NULL)
        prog->destroy_jit(prog);
    for (uint32_t i = 0; i < prog->map_count; i++)
        bpf_map_put(prog->maps[i]);
    if (prog->facts != NULL)
        bpf_env_free(prog->env, (void *)prog->facts, prog->insn_count * sizeof *prog->facts);
    bpf_env_free(prog->env, prog, prog->size_bytes);
}

const char *bpf_prog_name(const struct bpf_prog *prog)
{
    return prog->name;
}

const struct bpf_env *bpf_prog_env(const struct bpf_prog *prog)
{
    return prog->env;
}

const struct bpf_context_layout *bpf_prog_context(const struct bpf_prog *prog)
{
    return prog->context;
}

const struct bpf_prog_bounds *bpf_prog_bounds(const struct bpf_prog *prog)
{
    return &prog->bounds;
}

uint32_t bpf_prog_stack_size(const struct bpf_prog *prog)
{
    return prog->frame_size * BPF_CALL_DEPTH_MAX;
}

const struct bpf_debug_info *bpf_prog_debug_info(const struct bpf_prog *prog)
{
    return &prog->debug;
}

const struct bpf_insn *bpf_prog_insns(const struct bpf_prog *prog, uint32_t *insn_count)
{
    *insn_count = prog->insn_count;
    return prog->insns;
}

struct bpf_map *const *bpf_prog_maps(const struct bpf_prog *prog, uint32_t *map_count)
{
    *map_count = prog->map_count;
    return prog->maps;
}
