/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CO-RE relocations of an object, applied to the copies of its code sections.
 *
 * What fails here fails the programs that contain the instruction, not the object: an object may
 * carry programs for several kernels. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf_internal/core_relo.h>
#include <bpf_internal/object_ext.h>

/* Steps of following types; an ordinary object takes some ten thousand. */
#define CORE_WORK_MAX 50000000u

/* The same by kind: only those are asked that could fit at all (two kinds of enum are one). */
static bool kinds_fit(enum bpf_btf_kind a, enum bpf_btf_kind b)
{
    return a == b || ((a == BPF_BTF_ENUM || a == BPF_BTF_ENUM64) &&
                      (b == BPF_BTF_ENUM || b == BPF_BTF_ENUM64));
}

/* Fills `ids` if it is not NULL; how many. */
static uint32_t list_candidates(const struct bpf_btf *target, const struct bpf_btf_type *local,
                                uint32_t *ids)
{
    size_t length = bpf_btf_essential_length(local->name);
    uint32_t count = 0;
    struct bpf_btf_type type;
    for (uint32_t id = 0; (id = bpf_btf_next_flavor(target, local->name, length, id)) != 0;) {
        if (!bpf_btf_type_at(target, id, &type) || !kinds_fit(local->kind, type.kind))
            continue;
        if (ids != NULL)
            ids[count] = id;
        count++;
    }
    return count;
}

/* Those of a local type, found once; NULL without memory. */
static struct core_candidates *candidates_of(struct object_loader *loader, uint32_t type_id)
{
    struct core_candidates **slot = &loader->candidates[type_id];
    struct bpf_btf_type local;
    if (*slot != NULL)
        return *slot;
    bpf_btf_type_at(loader->object->btf, type_id, &local);
    const struct bpf_btf *target = loader->core->target;
    bool is_named = local.name[0] != '\0' && target != NULL;
    uint32_t count = is_named ? list_candidates(target, &local, NULL) : 0;
    *slot = pool_alloc(&loader->scratch, sizeof **slot + count * sizeof(uint32_t));
    if (*slot != NULL)
        (*slot)->count = is_named ? list_candidates(target, &local, (*slot)->ids) : 0;
    return *slot;
}

/* The first failure is the one that is told. */
static const char *fail_function(struct object_loader *loader, struct object_function *function,
                                 const char *reason)
{
    if (function == NULL || function->failure != NULL)
        return NULL;
    function->failure = object_copy_string(loader, reason);
    return function->failure == NULL ? object_ext_no_memory : NULL;
}

/* The verifier will only see a call to nowhere: what it means is kept beside it. */
static const char *note_poison(struct object_loader *loader, uint32_t section, uint32_t index,
                               const char *what, bool is_size)
{
    struct object_poison *poison = pool_alloc(&loader->object->pool, sizeof *poison);
    char text[BPF_ERROR_TEXT_MAX];
    if (poison == NULL)
        return object_ext_no_memory;
    format_text(text, sizeof text,
                is_size ? "%s has another size or sign in the target's types than the program was "
                          "compiled with, and this load or store cannot be changed to it"
                        : "%s is not in the target's types; guard the access with "
                          "bpf_core_field_exists(), bpf_core_type_exists() or alike",
                what);
    poison->text = object_copy_string(loader, text);
    poison->section = section;
    poison->index = index;
    poison->next = loader->poisons;
    loader->poisons = poison;
    return poison->text == NULL ? object_ext_no_memory : NULL;
}

static const char *relocate(struct object_loader *loader, const struct elf_section *code,
                            const uint8_t *record)
{
    struct core_relocator *core = loader->core;
    const struct object_code *copy = &loader->codes[code->index];
    uint32_t index = get_le32(record) / 8;
    struct core_relo relo = { .type_id = get_le32(record + 4),
                              .access = bpf_btf_string(core->local, get_le32(record + 8)),
                              .kind = get_le32(record + 12) };
    if (index >= copy->count || relo.access == NULL ||
        relo.type_id > bpf_btf_type_count(core->local))
        return "a CO-RE relocation of what is not there";
    struct object_function *function = object_function_around(loader, code->index, index * 8);
    char reason[BPF_ERROR_TEXT_MAX] = "";
    if (core->target == NULL && relo.kind != CORE_TYPE_ID_LOCAL)
        return fail_function(loader, function,
                             "it depends on a kernel's types (CO-RE), and none were given");
    struct core_candidates *candidates = candidates_of(loader, relo.type_id);
    struct core_result result;
    if (candidates == NULL)
        return object_ext_no_memory;
    if (core_relocate(core, &relo, candidates, &result, reason, sizeof reason) != 0)
        return fail_function(loader, function, reason);
    char problem[160], what[128];
    core_describe(core, &relo, what, sizeof what);
    if (core_patch(&copy->insns[index], copy->count - index, &result, problem, sizeof problem)) {
        format_text(reason, sizeof reason,
                    "instruction %u of section %s, relocated by %s of %s: %s", index, code->name,
                    core_kind_name(relo.kind), what, problem);
        return fail_function(loader, function, reason);
    }
    bool is_poisoned = copy->insns[index].imm == CORE_POISON_HELPER &&
                       copy->insns[index].opcode == (BPF_JMP | BPF_CALL);
    return is_poisoned ? note_poison(loader, code->index, index, what, !result.poison) : NULL;
}

int object_relocate_core(struct object_loader *loader)
{
    static const struct ext_reader reader = { EXT_CORE_RELO, 16, NULL, relocate };
    const struct bpf_btf *local = loader->object->btf;
    if (local == NULL)
        return 0;
    loader->core = pool_alloc(&loader->scratch, sizeof *loader->core);
    loader->candidates =
        pool_alloc(&loader->scratch, ((uint64_t)bpf_btf_type_count(local) + 1) * sizeof(void *));
    if (loader->core == NULL || loader->candidates == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for CO-RE");
    loader->core->local = local;
    loader->core->target = loader->object->kernel_btf;
    loader->core->work_left = CORE_WORK_MAX;
    return object_read_ext(loader, &reader);
}
