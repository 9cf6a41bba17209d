/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Types as text, record by record, in the words of `bpftool btf dump file F format raw`: so that it
 * can be judged by it, line for line. Names that are longer than a line are cut off. */
#include <axiom/format.h>
#include <bpf_internal/btf.h>

struct printer {
    const struct bpf_btf *btf;
    bpf_btf_line *line;
    void *user;
    char text[1024];
};

static const char *const kind_names[BPF_BTF_KIND_COUNT] = {
    "VOID", "INT",     "PTR",      "ARRAY",    "STRUCT",   "UNION",  "ENUM",
    "FWD",  "TYPEDEF", "VOLATILE", "CONST",    "RESTRICT", "FUNC",   "FUNC_PROTO",
    "VAR",  "DATASEC", "FLOAT",    "DECL_TAG", "TYPE_TAG", "ENUM64",
};

static const char *name_or_anon(const char *name)
{
    return name[0] == '\0' ? "(anon)" : name;
}

static const char *linkage_name(uint32_t linkage)
{
    static const char *const names[] = { "static", "global", "extern" };
    return linkage < ARRAY_SIZE(names) ? names[linkage] : "(unknown)";
}

static const char *encoding_name(uint32_t encoding)
{
    switch (encoding) {
    case 0:
        return "(none)";
    case BPF_BTF_INT_SIGNED:
        return "SIGNED";
    case BPF_BTF_INT_CHAR:
        return "CHAR";
    case BPF_BTF_INT_BOOL:
        return "BOOL";
    default:
        return "UNKN";
    }
}

#define emit(printer, ...)                                                \
    do {                                                                  \
        format_text((printer)->text, sizeof(printer)->text, __VA_ARGS__); \
        (printer)->line((printer)->user, (printer)->text);                \
    } while (0)

static void print_members(struct printer *printer, const struct bpf_btf_type *type)
{
    struct bpf_btf_member member;
    for (uint32_t i = 0; bpf_btf_member_at(printer->btf, type, i, &member); i++) {
        if (member.bitfield_bits != 0)
            emit(printer, "\t'%s' type_id=%u bits_offset=%u bitfield_size=%u",
                 name_or_anon(member.name), member.type, member.bit_offset, member.bitfield_bits);
        else
            emit(printer, "\t'%s' type_id=%u bits_offset=%u", name_or_anon(member.name),
                 member.type, member.bit_offset);
    }
}

static void print_variables(struct printer *printer, const struct bpf_btf_type *type)
{
    struct bpf_btf_member member;
    for (uint32_t i = 0; bpf_btf_member_at(printer->btf, type, i, &member); i++) {
        struct bpf_btf_type variable;
        bpf_btf_type_at(printer->btf, member.type, &variable);
        emit(printer, "\ttype_id=%u offset=%u size=%u (%s '%s')", member.type, member.bit_offset,
             member.size_bytes, kind_names[variable.kind], name_or_anon(member.name));
    }
}

static void print_params(struct printer *printer, const struct bpf_btf_type *type)
{
    struct bpf_btf_param param;
    for (uint32_t i = 0; bpf_btf_param_at(printer->btf, type, i, &param); i++)
        emit(printer, "\t'%s' type_id=%u", name_or_anon(param.name), param.type);
}

static void print_enumerators(struct printer *printer, const struct bpf_btf_type *type)
{
    struct bpf_btf_enumerator value;
    const char *suffix = type->kind == BPF_BTF_ENUM ? "" : type->kind_flag ? "LL" : "ULL";
    for (uint32_t i = 0; bpf_btf_enumerator_at(printer->btf, type, i, &value); i++) {
        if (type->kind_flag)
            emit(printer, "\t'%s' val=%lld%s", name_or_anon(value.name), (long long)value.value,
                 suffix);
        else
            emit(printer, "\t'%s' val=%llu%s", name_or_anon(value.name),
                 (unsigned long long)value.value, suffix);
    }
}

static void print_simple(struct printer *printer, const struct bpf_btf_type *type, const char *kind,
                         const char *name)
{
    const struct bpf_btf *btf = printer->btf;
    uint32_t a = 0, b = 0;
    struct bpf_btf_int number;
    switch (type->kind) {
    case BPF_BTF_INT:
        bpf_btf_int(btf, type, &number);
        emit(printer, "[%u] %s '%s' size=%u bits_offset=%u nr_bits=%u encoding=%s", type->id, kind,
             name, type->size_or_type, number.bit_offset, number.bits,
             encoding_name(number.encoding));
        break;
    case BPF_BTF_ARRAY:
        bpf_btf_array(btf, type, &a, &b);
        emit(printer, "[%u] %s '%s' type_id=%u index_type_id=%u nr_elems=%u", type->id, kind, name,
             a, btf_array_index_type(btf, type), b);
        break;
    case BPF_BTF_FWD:
        emit(printer, "[%u] %s '%s' fwd_kind=%s", type->id, kind, name,
             type->kind_flag ? "union" : "struct");
        break;
    case BPF_BTF_FUNC:
        emit(printer, "[%u] %s '%s' type_id=%u linkage=%s", type->id, kind, name,
             type->size_or_type, linkage_name(type->member_count));
        break;
    case BPF_BTF_VAR:
        bpf_btf_linkage(btf, type, &a);
        emit(printer, "[%u] %s '%s' type_id=%u, linkage=%s", type->id, kind, name,
             type->size_or_type, linkage_name(a));
        break;
    case BPF_BTF_FLOAT:
        emit(printer, "[%u] %s '%s' size=%u", type->id, kind, name, type->size_or_type);
        break;
    case BPF_BTF_DECL_TAG:
        emit(printer, "[%u] %s '%s' type_id=%u component_idx=%d", type->id, kind, name,
             type->size_or_type, btf_decl_tag_component(btf, type));
        break;
    default: /* PTR, TYPEDEF, CONST, ...: what they refer to is all */
        emit(printer, "[%u] %s '%s' type_id=%u", type->id, kind, name, type->size_or_type);
    }
}

static void print_type(struct printer *printer, const struct bpf_btf_type *type)
{
    const char *kind = kind_names[type->kind], *name = name_or_anon(type->name);
    switch (type->kind) {
    case BPF_BTF_STRUCT:
    case BPF_BTF_UNION:
        emit(printer, "[%u] %s '%s' size=%u vlen=%u", type->id, kind, name, type->size_or_type,
             type->member_count);
        print_members(printer, type);
        break;
    case BPF_BTF_ENUM:
    case BPF_BTF_ENUM64:
        emit(printer, "[%u] %s '%s' encoding=%s size=%u vlen=%u", type->id, kind, name,
             type->kind_flag ? "SIGNED" : "UNSIGNED", type->size_or_type, type->member_count);
        print_enumerators(printer, type);
        break;
    case BPF_BTF_FUNC_PROTO:
        emit(printer, "[%u] %s '%s' ret_type_id=%u vlen=%u", type->id, kind, name,
             type->size_or_type, type->member_count);
        print_params(printer, type);
        break;
    case BPF_BTF_DATASEC:
        emit(printer, "[%u] %s '%s' size=%u vlen=%u", type->id, kind, name, type->size_or_type,
             type->member_count);
        print_variables(printer, type);
        break;
    default:
        print_simple(printer, type, kind, name);
    }
}

void bpf_btf_print(const struct bpf_btf *btf, bpf_btf_line *line, void *user)
{
    struct printer printer = { .btf = btf, .line = line, .user = user };
    for (uint32_t id = bpf_btf_first_id(btf); id <= bpf_btf_type_count(btf); id++) {
        struct bpf_btf_type type;
        bpf_btf_type_at(btf, id, &type);
        print_type(&printer, &type);
    }
}
