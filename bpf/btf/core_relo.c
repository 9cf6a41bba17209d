/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a relocation puts into its instruction, and putting it there. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf_internal/core_relo.h>

/* Asked of a field: where the bytes lie that hold it. */
struct place {
    uint64_t byte_offset;
    uint32_t byte_size;
    uint64_t bit_offset;
    uint32_t bits;
    bool is_bitfield;
    uint32_t type; /* of the field, resolved */
};

struct value {
    uint64_t value;
    uint32_t size; /* of the field in memory: only for CORE_FIELD_BYTE_OFFSET */
    uint32_t type;
};

#define NOTHING_THERE 1 /* poison the instruction */

#define refuse(reason, size, ...) (format_text(reason, size, __VA_ARGS__), -EINVAL)

/* The smallest aligned integer, of at least the declared type's size, that has all of the bits. */
static int place_bitfield(const struct bpf_btf_type *type, struct place *place)
{
    place->byte_size = type->size_or_type;
    if (place->byte_size == 0 || place->byte_size > 8)
        return -EINVAL;
    for (;;) {
        place->byte_offset = place->bit_offset / 8 / place->byte_size * place->byte_size;
        if (place->bit_offset + place->bits - place->byte_offset * 8 <= place->byte_size * 8u)
            return 0;
        if (place->byte_size >= 8)
            return -E2BIG;
        place->byte_size *= 2;
    }
}

static int find_place(const struct bpf_btf *btf, const struct core_path *path, struct place *place)
{
    const struct core_step *step = &path->steps[path->count - 1];
    struct bpf_btf_type owner, type;
    struct bpf_btf_member member = { .type = step->type };
    if (step->name != NULL && (!bpf_btf_type_at(btf, step->type, &owner) ||
                               !bpf_btf_member_at(btf, &owner, step->index, &member)))
        return -EINVAL;
    if (!bpf_btf_resolve(btf, member.type, &type))
        return -EINVAL;
    *place = (struct place){ .bit_offset = path->bit_offset,
                             .bits = member.bitfield_bits,
                             .is_bitfield = member.bitfield_bits != 0,
                             .type = type.id };
    if (place->is_bitfield)
        return place_bitfield(&type, place);
    if (bpf_btf_size(btf, type.id, &place->byte_size) != 0)
        return -EINVAL;
    place->byte_offset = path->bit_offset / 8;
    place->bits = place->byte_size * 8;
    return 0;
}

static bool is_signed(const struct bpf_btf *btf, uint32_t type_id)
{
    struct bpf_btf_type type;
    struct bpf_btf_int number;
    bpf_btf_type_at(btf, type_id, &type);
    if (type.kind == BPF_BTF_ENUM || type.kind == BPF_BTF_ENUM64)
        return type.kind_flag;
    return bpf_btf_int(btf, &type, &number) && (number.encoding & BPF_BTF_INT_SIGNED) != 0;
}

/* `path` NULL: there is no such field. */
static int field_value(const struct bpf_btf *btf, enum core_kind kind, const struct core_path *path,
                       struct value *out, bool *validate)
{
    struct place place;
    if (kind == CORE_FIELD_EXISTS) {
        out->value = path != NULL;
        return 0;
    }
    if (path == NULL)
        return NOTHING_THERE;
    int err = find_place(btf, path, &place);
    if (err)
        return err;
    bool is_element = path->steps[path->count - 1].name == NULL;
    if (is_element && kind != CORE_FIELD_BYTE_OFFSET && kind != CORE_FIELD_BYTE_SIZE)
        return -EINVAL;
    /* The compiler may have chosen other bytes to read a bit field by; but not other signs. */
    *validate = !place.is_bitfield || kind == CORE_FIELD_SIGNED || kind == CORE_FIELD_RSHIFT_U64;
    switch (kind) {
    case CORE_FIELD_BYTE_OFFSET:
        out->value = place.byte_offset;
        if (!place.is_bitfield) {
            out->size = place.byte_size;
            out->type = place.type;
        }
        return 0;
    case CORE_FIELD_BYTE_SIZE:
        out->value = place.byte_size;
        return 0;
    case CORE_FIELD_SIGNED:
        out->value = is_signed(btf, place.type);
        return 0;
    case CORE_FIELD_LSHIFT_U64: /* on a little-endian machine */
        out->value = 64 - (place.bit_offset + place.bits - place.byte_offset * 8);
        return 0;
    default: /* CORE_FIELD_RSHIFT_U64 */
        out->value = 64 - (uint64_t)place.bits;
        return 0;
    }
}

static int type_value(const struct bpf_btf *btf, enum core_kind kind, const struct core_path *path,
                      struct value *out, bool *validate)
{
    uint32_t size = 0;
    *validate = kind != CORE_TYPE_ID_TARGET; /* linking may have renumbered the types */
    if (path == NULL)
        return 0;
    if (kind == CORE_TYPE_SIZE && bpf_btf_size(btf, path->root, &size) != 0)
        return -EINVAL;
    out->value = kind == CORE_TYPE_SIZE ? size : kind == CORE_TYPE_ID_TARGET ? path->root : 1;
    return 0;
}

static int enumerator_value(const struct bpf_btf *btf, enum core_kind kind,
                            const struct core_path *path, struct value *out)
{
    struct bpf_btf_type type;
    struct bpf_btf_enumerator value;
    if (kind == CORE_ENUMVAL_EXISTS) {
        out->value = path != NULL;
        return 0;
    }
    if (path == NULL)
        return NOTHING_THERE;
    if (!bpf_btf_type_at(btf, path->steps[0].type, &type) ||
        !bpf_btf_enumerator_at(btf, &type, path->steps[0].index, &value))
        return -EINVAL;
    /* Values of 32 bits count as signed, whatever the enum says: libbpf's way. */
    out->value = type.kind == BPF_BTF_ENUM ? (uint64_t)(int64_t)(int32_t)value.value : value.value;
    return 0;
}

static int value_of(const struct bpf_btf *btf, enum core_kind kind, const struct core_path *path,
                    struct value *out, bool *validate)
{
    *out = (struct value){ 0 };
    *validate = true;
    if (core_is_field(kind))
        return field_value(btf, kind, path, out, validate);
    if (core_is_type(kind))
        return type_value(btf, kind, path, out, validate);
    return enumerator_value(btf, kind, path, out);
}

/* A load may become narrower or wider where zeros above the value are right: pointers, and
 * integers without sign. */
static bool size_may_change(const struct core_relocator *core, const struct value *old,
                            const struct value *new)
{
    struct bpf_btf_type local, target;
    struct bpf_btf_int a, b;
    bpf_btf_type_at(core->local, old->type, &local);
    bpf_btf_type_at(core->target, new->type, &target);
    if (local.kind == BPF_BTF_PTR && target.kind == BPF_BTF_PTR)
        return true;
    return bpf_btf_int(core->local, &local, &a) && bpf_btf_int(core->target, &target, &b) &&
           a.encoding != BPF_BTF_INT_SIGNED && b.encoding != BPF_BTF_INT_SIGNED;
}

/* By the target's path, NULL where nothing fits. */
static int calculate(struct core_relocator *core, const struct core_relo *relo,
                     const struct core_path *path, struct core_result *result)
{
    struct value old, new;
    bool ignored;
    *result = (struct core_result){ .validate = true };
    int err = value_of(core->local, relo->kind, &core->local_path, &old, &result->validate);
    if (err == 0)
        err = value_of(core->target, relo->kind, path, &new, &ignored);
    if (err == NOTHING_THERE) {
        result->poison = true;
        return 0;
    }
    if (err)
        return err;
    result->old_value = old.value;
    result->new_value = new.value;
    result->old_size = old.size;
    result->new_size = new.size;
    result->bad_size = old.size != new.size && !size_may_change(core, &old, &new);
    return 0;
}

static int relocate_by_candidates(struct core_relocator *core, const struct core_relo *relo,
                                  struct core_candidates *candidates, struct core_result *result,
                                  const char *what, char *reason, size_t reason_size)
{
    uint32_t kept = 0;
    uint64_t bit_offset = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        struct core_result one;
        int found = core_match(core, relo, candidates->ids[i], &core->path);
        if (found == 0)
            continue;
        if (found > 0)
            found = calculate(core, relo, &core->path, &one);
        if (found < 0)
            return refuse(reason, reason_size, "%s: type %u of the target cannot be followed%s",
                          what, candidates->ids[i], found == -E2BIG ? ": too much work" : "");
        if (kept == 0) {
            *result = one;
            bit_offset = core->path.bit_offset;
        } else if (core->path.bit_offset != bit_offset || one.poison != result->poison ||
                   one.new_value != result->new_value) {
            return refuse(reason, reason_size,
                          "%s is ambiguous: types %u and %u of the target disagree (%llu, %llu)",
                          what, candidates->ids[0], candidates->ids[i],
                          (unsigned long long)result->new_value, (unsigned long long)one.new_value);
        }
        candidates->ids[kept++] = candidates->ids[i];
    }
    /* When nothing fits, the field may still be looked for in other ways: the list stays. */
    if (kept > 0) {
        candidates->count = kept;
        return 0;
    }
    return calculate(core, relo, NULL, result) == 0
               ? 0
               : refuse(reason, reason_size, "%s cannot be relocated", what);
}

int core_relocate(struct core_relocator *core, const struct core_relo *relo,
                  struct core_candidates *candidates, struct core_result *result, char *reason,
                  size_t reason_size)
{
    struct bpf_btf_type root;
    char what[128];
    if (relo->kind >= CORE_KIND_COUNT)
        return refuse(reason, reason_size, "CO-RE relocation of unknown kind %u", relo->kind);
    if (!bpf_btf_type_at(core->local, relo->type_id, &root) || relo->type_id == 0)
        return refuse(reason, reason_size, "CO-RE relocation by type %u, which is not there",
                      relo->type_id);
    if (core_read_path(core, relo, &core->local_path) != 0)
        return refuse(reason, reason_size, "CO-RE relocation %s of %s by '%s' does not fit it",
                      core_kind_name(relo->kind), root.name, relo->access);
    if (relo->kind == CORE_TYPE_ID_LOCAL) {
        *result = (struct core_result){ .old_value = relo->type_id, .new_value = relo->type_id };
        return 0;
    }
    core_describe(core, relo, what, sizeof what);
    if (root.name[0] == '\0')
        return refuse(reason, reason_size,
                      "CO-RE relocation %s of a type without name: name it in the program",
                      core_kind_name(relo->kind));
    return relocate_by_candidates(core, relo, candidates, result, what, reason, reason_size);
}

/* --- Instructions --- */

static void poison(struct bpf_insn *insn, uint32_t slots)
{
    for (uint32_t i = 0; i < slots; i++)
        insn[i] = (struct bpf_insn){ .opcode = BPF_JMP | BPF_CALL, .imm = CORE_POISON_HELPER };
}

static bool size_code(uint32_t size_bytes, uint8_t *code)
{
    static const uint8_t codes[9] = { [1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW };
    if (size_bytes > 8 || (size_bytes & (size_bytes - 1)) != 0 || size_bytes == 0)
        return false;
    *code = codes[size_bytes];
    return true;
}

static int patch_memory(struct bpf_insn *insn, const struct core_result *result, char *reason,
                        size_t size)
{
    uint8_t old_code, new_code;
    if (result->validate && (uint64_t)(int64_t)insn->offset != result->old_value)
        return refuse(reason, size, "it has offset %d where %llu was expected", insn->offset,
                      (unsigned long long)result->old_value);
    if (result->new_value > INT16_MAX)
        return refuse(reason, size, "offset %llu does not fit a load or store",
                      (unsigned long long)result->new_value);
    if (result->bad_size) {
        poison(insn, 1);
        return 0;
    }
    insn->offset = (int16_t)result->new_value;
    if (result->old_size == result->new_size)
        return 0;
    if (!size_code(result->old_size, &old_code) || (insn->opcode & 0x18) != old_code)
        return refuse(reason, size, "it does not access the %u bytes of the field",
                      result->old_size);
    if (!size_code(result->new_size, &new_code))
        return refuse(reason, size, "no load or store has the %u bytes of the target's field",
                      result->new_size);
    insn->opcode = (uint8_t)((insn->opcode & ~0x18) | new_code);
    return 0;
}

static int patch_immediate(struct bpf_insn *insn, const struct core_result *result, char *reason,
                           size_t size)
{
    if (result->validate && (uint64_t)(int64_t)insn->imm != result->old_value)
        return refuse(reason, size, "it has the number %d where %lld was expected", insn->imm,
                      (long long)result->old_value);
    insn->imm = (int32_t)(uint32_t)result->new_value;
    return 0;
}

static int patch_lddw(struct bpf_insn *insn, const struct core_result *result, char *reason,
                      size_t size)
{
    uint64_t value = (uint32_t)insn[0].imm | (uint64_t)(uint32_t)insn[1].imm << 32;
    if (result->validate && value != result->old_value)
        return refuse(reason, size, "it has the number %llu where %llu was expected",
                      (unsigned long long)value, (unsigned long long)result->old_value);
    insn[0].imm = (int32_t)(uint32_t)result->new_value;
    insn[1].imm = (int32_t)(uint32_t)(result->new_value >> 32);
    return 0;
}

int core_patch(struct bpf_insn *insn, uint32_t slots_left, const struct core_result *result,
               char *reason, size_t reason_size)
{
    bool is_lddw = insn->opcode == BPF_LDDW && slots_left >= 2 && insn->src_reg == 0 &&
                   insn->offset == 0 && insn[1].opcode == 0;
    uint32_t class = insn->opcode & 7;
    bool is_alu = (class == BPF_ALU || class == BPF_ALU64) && (insn->opcode & BPF_X) == 0;
    bool is_memory = class == BPF_LDX || class == BPF_ST || class == BPF_STX;
    if (!is_lddw && !is_alu && !is_memory)
        return refuse(reason, reason_size, "opcode 0x%x is none that can be relocated",
                      insn->opcode);
    if (result->poison) {
        poison(insn, is_lddw ? 2 : 1);
        return 0;
    }
    if (is_memory)
        return patch_memory(insn, result, reason, reason_size);
    return is_lddw ? patch_lddw(insn, result, reason, reason_size)
                   : patch_immediate(insn, result, reason, reason_size);
}
