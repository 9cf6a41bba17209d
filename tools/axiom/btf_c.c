/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Types as C, in an order that a compiler takes, with the layout that they have: what `bpftool btf
 * dump ... format c` is for ("vmlinux.h").
 *
 * Each named struct, union, enum and typedef is declared once, after what it contains; what it only
 * points to is declared as incomplete before. Members that would not fall on their offsets by
 * themselves get padding, or the whole is packed. Types of one name get ___2, ___3 behind it. BTF is
 * hostile: types that contain themselves, or nest without end, end in an error. */
#define _GNU_SOURCE /* vasprintf */
#include "btf_c.h"
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NEST_MAX 200
#define WORK_MAX 3000000u    /* what Linux's own types take is a tenth of it */
#define TEXT_MAX (64u << 20) /* Linux's own types take a tenth of it */

#define ALIGN_UNKNOWN 255u

enum progress { UNSEEN, BEGUN, DONE };

struct note {
    uint8_t progress; /* enum progress */
    uint8_t align;    /* ALIGN_UNKNOWN, or what alignment() says */
    bool is_declared; /* as an incomplete type */
    bool is_used;     /* another type refers to it */
};

struct used_name {
    const char *name;
    uint32_t count;
};

struct printer {
    const struct bpf_btf *btf;
    FILE *out;
    struct note *notes;       /* by id */
    struct used_name *values; /* names of enumerators: a hash table, value_mask + 1 places */
    size_t value_mask;
    uint32_t depth, work;
    uint64_t written;    /* bytes of members and what lies between them, about */
    const char *problem; /* the first one; nothing more is printed then */
};

/* Few bytes of types can ask for more text than there is memory. */
static void count_text(struct printer *p, uint64_t size_bytes)
{
    p->written += size_bytes;
    if (p->written > TEXT_MAX && p->problem == NULL)
        p->problem = "the types take more text than 64 MiB";
}

static bool enter(struct printer *p)
{
    if (++p->depth > NEST_MAX)
        p->problem = "types nest too deeply";
    if (++p->work > WORK_MAX)
        p->problem = "types contain each other too often";
    return p->problem == NULL;
}

static void leave(struct printer *p)
{
    p->depth--;
}

/* --- Names --- */

static bool has_tag(enum bpf_btf_kind kind)
{
    return kind == BPF_BTF_STRUCT || kind == BPF_BTF_UNION || kind == BPF_BTF_ENUM ||
           kind == BPF_BTF_ENUM64;
}

/* Struct, union and enum names are one name space, typedefs another. */
static bool same_space(enum bpf_btf_kind a, enum bpf_btf_kind b)
{
    return has_tag(a) == has_tag(b) && (has_tag(a) || b == BPF_BTF_TYPEDEF);
}

/* Which of those with its name it is, from 1. */
static uint32_t version_of(const struct printer *p, const struct bpf_btf_type *type)
{
    size_t length = bpf_btf_essential_length(type->name);
    uint32_t version = 1;
    struct bpf_btf_type other;
    for (uint32_t id = 0;
         (id = bpf_btf_next_flavor(p->btf, type->name, length, id)) != 0 && id < type->id;) {
        if (bpf_btf_type_at(p->btf, id, &other) && same_space(type->kind, other.kind) &&
            strcmp(other.name, type->name) == 0)
            version++;
    }
    return version;
}

static char *print_text(struct printer *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static char *print_text(struct printer *p, const char *format, ...)
{
    char *text = NULL;
    va_list list;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) {
        p->problem = "no memory";
        text = NULL;
    }
    va_end(list);
    return text;
}

/* Names of no C identifier (a hostile file's, or Rust's) are not printed. */
static bool is_identifier(const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if ((*c < 'a' || *c > 'z') && (*c < 'A' || *c > 'Z') && *c != '_' &&
            (c == name || *c < '0' || *c > '9'))
            return false;
    return name[0] != '\0';
}

static char *name_of(struct printer *p, const struct bpf_btf_type *type)
{
    uint32_t version = version_of(p, type);
    if (!is_identifier(type->name))
        p->problem = "a name is no C identifier";
    return version == 1 ? print_text(p, "%s", type->name)
                        : print_text(p, "%s___%u", type->name, version);
}

static const char *tag_word(enum bpf_btf_kind kind)
{
    return kind == BPF_BTF_STRUCT ? "struct" : kind == BPF_BTF_UNION ? "union" : "enum";
}

/* --- Declarators: built from the inside out --- */

static char *declare(struct printer *p, uint32_t id, char *inner, uint32_t indent);
static void print_body(struct printer *p, FILE *to, const struct bpf_btf_type *type,
                       uint32_t indent);

static char *parameters(struct printer *p, const struct bpf_btf_type *proto)
{
    char *all = print_text(p, "%s", proto->member_count == 0 ? "void" : "");
    struct bpf_btf_param param;
    for (uint32_t i = 0; all != NULL && bpf_btf_param_at(p->btf, proto, i, &param); i++) {
        bool is_rest = param.type == 0 && i + 1 == proto->member_count;
        char *one =
            is_rest ? print_text(p, "...") : declare(p, param.type, print_text(p, "%s", ""), 0);
        char *longer = print_text(p, "%s%s%s", all, i == 0 ? "" : ", ", one == NULL ? "" : one);
        free(all);
        free(one);
        all = longer;
    }
    return all;
}

/* What has no name of its own is written out in place. */
static char *written_out(struct printer *p, const struct bpf_btf_type *type, uint32_t indent)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL) {
        p->problem = "no memory";
        return NULL;
    }
    print_body(p, to, type, indent);
    fclose(to);
    return text;
}

static char *base_name(struct printer *p, const struct bpf_btf_type *type, uint32_t indent)
{
    char *name, *text;
    switch (type->kind) {
    case BPF_BTF_VOID:
        return print_text(p, "void");
    case BPF_BTF_INT:
    case BPF_BTF_FLOAT:
        return print_text(p, "%s", type->name);
    case BPF_BTF_FWD:
        return print_text(p, "%s %s", type->kind_flag ? "union" : "struct", type->name);
    case BPF_BTF_TYPEDEF:
        return name_of(p, type);
    case BPF_BTF_STRUCT:
    case BPF_BTF_UNION:
    case BPF_BTF_ENUM:
    case BPF_BTF_ENUM64:
        if (type->name[0] == '\0')
            return written_out(p, type, indent);
        name = name_of(p, type);
        text = print_text(p, "%s %s", tag_word(type->kind), name == NULL ? "" : name);
        free(name);
        return text;
    default:
        p->problem = "a member is of no type that C has";
        return NULL;
    }
}

static const char *qualifier(enum bpf_btf_kind kind)
{
    return kind == BPF_BTF_CONST      ? "const "
           : kind == BPF_BTF_VOLATILE ? "volatile "
           : kind == BPF_BTF_RESTRICT ? "restrict "
                                      : NULL;
}

static bool binds_tighter(const struct printer *p, uint32_t id)
{
    struct bpf_btf_type type;
    uint32_t steps = 0;
    while (id != 0 && steps++ < NEST_MAX && bpf_btf_type_at(p->btf, id, &type) &&
           (type.kind == BPF_BTF_TYPE_TAG || type.kind == BPF_BTF_CONST ||
            type.kind == BPF_BTF_VOLATILE))
        id = type.size_or_type;
    return id != 0 && (type.kind == BPF_BTF_ARRAY || type.kind == BPF_BTF_FUNC_PROTO);
}

/* `inner`, which is freed, as a thing of the type: "const char *inner[4]". */
static char *declare(struct printer *p, uint32_t id, char *inner, uint32_t indent)
{
    struct bpf_btf_type type = { 0 };
    char *next = NULL, *other = NULL;
    uint32_t count = 0, element = 0;
    if (inner == NULL || !enter(p) || (id != 0 && !bpf_btf_type_at(p->btf, id, &type))) {
        if (p->problem == NULL)
            p->problem = "a type refers to what is not there";
        free(inner);
        return NULL;
    }
    type.kind = id == 0 ? BPF_BTF_VOID : type.kind;
    switch (type.kind) {
    case BPF_BTF_PTR:
        next = print_text(p, binds_tighter(p, type.size_or_type) ? "(*%s)" : "*%s", inner);
        next = declare(p, type.size_or_type, next, indent);
        break;
    case BPF_BTF_ARRAY:
        bpf_btf_array(p->btf, &type, &element, &count);
        next = declare(p, element, print_text(p, "%s[%u]", inner, count), indent);
        break;
    case BPF_BTF_FUNC_PROTO:
        other = parameters(p, &type);
        next = print_text(p, "%s(%s)", inner, other == NULL ? "" : other);
        next = declare(p, type.size_or_type, next, indent);
        break;
    case BPF_BTF_TYPE_TAG:
        next = declare(p, type.size_or_type, print_text(p, "%s", inner), indent);
        break;
    case BPF_BTF_CONST:
    case BPF_BTF_VOLATILE:
    case BPF_BTF_RESTRICT:
        other = print_text(p, "%s", qualifier(type.kind));
        if (other != NULL && strncmp(inner, other, strlen(other)) == 0)
            other[0] = '\0'; /* a const array of const elements */
        next = print_text(p, "%s%s", other == NULL ? "" : other, inner);
        next = declare(p, type.size_or_type, next, indent);
        break;
    default:
        other = base_name(p, &type, indent);
        next =
            print_text(p, "%s%s%s", other == NULL ? "" : other, inner[0] == '\0' ? "" : " ", inner);
    }
    free(other);
    free(inner);
    leave(p);
    return next;
}

/* --- Bodies --- */

/* How often the name was given before: enumerators of all enums are one name space. */
static uint32_t count_value_name(struct printer *p, const char *name)
{
    size_t hash = 5381;
    for (const char *c = name; *c != '\0'; c++)
        hash = hash * 33 + (uint8_t)*c;
    for (size_t at = hash & p->value_mask;; at = (at + 1) & p->value_mask) {
        struct used_name *place = &p->values[at];
        if (place->name != NULL && strcmp(place->name, name) != 0)
            continue;
        place->name = name;
        return place->count++;
    }
}

static void print_enumerators(struct printer *p, FILE *to, const struct bpf_btf_type *type,
                              uint32_t indent)
{
    struct bpf_btf_enumerator value;
    for (uint32_t i = 0; bpf_btf_enumerator_at(p->btf, type, i, &value); i++) {
        if (!is_identifier(value.name))
            p->problem = "the name of an enumerator is no C identifier";
        uint32_t before = count_value_name(p, value.name);
        fprintf(to, "%*s%s", (int)indent + 4, "", value.name);
        if (before > 0)
            fprintf(to, "___%u", before + 1);
        fprintf(to, " = ");
        if (type->kind_flag && (int64_t)value.value == INT64_MIN)
            fprintf(to, "-9223372036854775807LL - 1,\n");
        else if (type->kind_flag)
            fprintf(to, "%lld%s,\n", (long long)value.value,
                    type->kind == BPF_BTF_ENUM64 ? "LL" : "");
        else
            fprintf(to, "%llu%s,\n", (unsigned long long)value.value,
                    type->kind == BPF_BTF_ENUM64 ? "ULL" : "U");
    }
}

static uint32_t alignment(const struct printer *p, uint32_t id, uint32_t depth);

/* Alignment that a compiler gives by itself; 0: it cannot be known. */
static uint32_t find_alignment(const struct printer *p, uint32_t id, uint32_t depth)
{
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    uint32_t element, count, most = 1;
    if (depth > 32 || !bpf_btf_resolve(p->btf, id, &type))
        return 0;
    switch (type.kind) {
    case BPF_BTF_PTR:
        return 8;
    case BPF_BTF_INT:
    case BPF_BTF_ENUM:
    case BPF_BTF_ENUM64:
    case BPF_BTF_FLOAT:
        return type.size_or_type == 0 || type.size_or_type > 16 ? 1 : type.size_or_type;
    case BPF_BTF_ARRAY:
        bpf_btf_array(p->btf, &type, &element, &count);
        return alignment(p, element, depth + 1);
    case BPF_BTF_STRUCT:
    case BPF_BTF_UNION:
        for (uint32_t i = 0; bpf_btf_member_at(p->btf, &type, i, &member); i++) {
            uint32_t align = alignment(p, member.type, depth + 1);
            /* A member off its alignment says that the struct is packed. */
            if (align != 0 && member.bitfield_bits == 0 && member.bit_offset % (8 * align) != 0)
                return 1;
            most = align > most ? align : most;
        }
        return type.size_or_type % most != 0 ? 1 : most;
    default:
        return 0;
    }
}

/* Types that contain themselves count as bytes. */
static uint32_t alignment(const struct printer *p, uint32_t id, uint32_t depth)
{
    if (id > bpf_btf_type_count(p->btf))
        return 0;
    if (p->notes[id].align == ALIGN_UNKNOWN) {
        p->notes[id].align = 1;
        p->notes[id].align = (uint8_t)find_alignment(p, id, depth);
    }
    return p->notes[id].align;
}

/* The bits from `at` to `to` are nobody's: named nothing, in pieces that add no alignment. */
static void print_padding(struct printer *p, FILE *to_file, uint64_t at, uint64_t to,
                          uint32_t indent)
{
    while (at < to && p->problem == NULL) {
        uint64_t left = to - at, until = (at / 8 + 1) * 8 < to ? (at / 8 + 1) * 8 : to;
        count_text(p, indent + 16);
        if (at % 8 == 0 && left > 8 * 512) {
            fprintf(to_file, "%*schar padding_%llu[%llu];\n", (int)indent, "",
                    (unsigned long long)(at / 8), (unsigned long long)(left / 8));
            until = at + left / 8 * 8;
        } else if (at % 64 == 0 && left >= 64) {
            fprintf(to_file, "%*slong long : 64;\n", (int)indent, "");
            until = at + 64;
        } else if (at % 8 == 0 && left >= 8) {
            fprintf(to_file, "%*schar : 8;\n", (int)indent, "");
        } else {
            fprintf(to_file, "%*schar : %u;\n", (int)indent, "", (unsigned)(until - at));
        }
        at = until;
    }
}

static void print_members(struct printer *p, FILE *to, const struct bpf_btf_type *type,
                          uint32_t indent)
{
    struct bpf_btf_member member;
    uint64_t end = 0;
    bool is_struct = type->kind == BPF_BTF_STRUCT;
    uint32_t size, packed_align = alignment(p, type->id, 0);
    for (uint32_t i = 0; p->problem == NULL && bpf_btf_member_at(p->btf, type, i, &member); i++) {
        uint32_t align = alignment(p, member.type, 0);
        uint64_t natural = end;
        if (member.bitfield_bits == 0 && packed_align != 1 && align != 0)
            natural = (end + 8 * align - 1) / (8 * align) * (8 * align);
        if (is_struct && member.bit_offset > natural)
            print_padding(p, to, end, member.bit_offset, indent + 4);
        if (is_struct && member.bitfield_bits != 0 && member.bit_offset > end &&
            member.bit_offset <= natural)
            print_padding(p, to, end, member.bit_offset, indent + 4);
        char *text = declare(p, member.type, print_text(p, "%s", member.name), indent + 4);
        fprintf(to, "%*s%s", (int)indent + 4, "", text == NULL ? "" : text);
        count_text(p, indent + (text == NULL ? 0 : strlen(text)));
        free(text);
        if (member.bitfield_bits != 0)
            fprintf(to, " : %u", member.bitfield_bits);
        fprintf(to, ";\n");
        size = 0;
        if (member.bitfield_bits == 0 && bpf_btf_size(p->btf, member.type, &size) != 0)
            size = 0;
        end = (uint64_t)member.bit_offset +
              (member.bitfield_bits != 0 ? member.bitfield_bits : 8 * (uint64_t)size);
    }
    if (is_struct && packed_align != 0) {
        uint64_t whole = 8 * (uint64_t)type->size_or_type,
                 natural = (end + 8 * packed_align - 1) / (8 * packed_align) * (8 * packed_align);
        if (natural < whole)
            print_padding(p, to, end, whole, indent + 4);
    }
}

static void print_body(struct printer *p, FILE *to, const struct bpf_btf_type *type,
                       uint32_t indent)
{
    bool is_enum = type->kind == BPF_BTF_ENUM || type->kind == BPF_BTF_ENUM64;
    char *name = type->name[0] == '\0' ? print_text(p, "%s", "") : name_of(p, type);
    if (name == NULL || !enter(p)) {
        free(name);
        return;
    }
    fprintf(to, "%s%s%s", tag_word(type->kind), name[0] == '\0' ? "" : " ", name);
    free(name);
    /* C has no empty enums. */
    if (!is_enum || type->member_count > 0) {
        fprintf(to, " {\n");
        if (is_enum)
            print_enumerators(p, to, type, indent);
        else
            print_members(p, to, type, indent);
        fprintf(to, "%*s}", (int)indent, "");
        if (is_enum && type->size_or_type != 4 && type->size_or_type != 8)
            fprintf(to, " __attribute__((mode(%s)))", type->size_or_type == 1 ? "byte" : "HI");
        if (!is_enum && type->member_count > 0 && alignment(p, type->id, 0) == 1)
            fprintf(to, " __attribute__((packed))");
    }
    leave(p);
}

/* --- Order --- */

static void emit(struct printer *p, uint32_t id);

/* Everything that must be declared before something of this type can be; `by_pointer`: it may stay
 * incomplete. */
static void need(struct printer *p, uint32_t id, bool by_pointer)
{
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    struct bpf_btf_param param;
    uint32_t element, count;
    if (id == 0 || p->problem != NULL)
        return;
    if (!enter(p) || !bpf_btf_type_at(p->btf, id, &type)) {
        p->problem = p->problem == NULL ? "a type refers to what is not there" : p->problem;
        return;
    }
    switch (type.kind) {
    case BPF_BTF_PTR:
        need(p, type.size_or_type, true);
        break;
    case BPF_BTF_ARRAY:
        bpf_btf_array(p->btf, &type, &element, &count);
        need(p, element, false);
        break;
    case BPF_BTF_FUNC_PROTO:
        need(p, type.size_or_type, true);
        for (uint32_t i = 0; bpf_btf_param_at(p->btf, &type, i, &param); i++)
            need(p, param.type, true);
        break;
    case BPF_BTF_CONST:
    case BPF_BTF_VOLATILE:
    case BPF_BTF_RESTRICT:
    case BPF_BTF_TYPE_TAG:
        need(p, type.size_or_type, by_pointer);
        break;
    case BPF_BTF_TYPEDEF:
        /* Its name must be known even behind a pointer; what it names need not. */
        emit(p, id);
        if (!by_pointer)
            need(p, type.size_or_type, false);
        break;
    case BPF_BTF_STRUCT:
    case BPF_BTF_UNION:
        if (type.name[0] == '\0') {
            for (uint32_t i = 0; bpf_btf_member_at(p->btf, &type, i, &member); i++)
                need(p, member.type, false);
        } else if (!by_pointer) {
            emit(p, id);
        } else if (p->notes[id].progress != DONE && !p->notes[id].is_declared) {
            char *name = name_of(p, &type);
            p->notes[id].is_declared = true;
            fprintf(p->out, "%s %s;\n", tag_word(type.kind), name == NULL ? "" : name);
            free(name);
        }
        break;
    case BPF_BTF_ENUM:
    case BPF_BTF_ENUM64:
        if (type.name[0] != '\0')
            emit(p, id);
        break;
    case BPF_BTF_FWD:
        if (!p->notes[id].is_declared && is_identifier(type.name))
            fprintf(p->out, "%s %s;\n", type.kind_flag ? "union" : "struct", type.name);
        p->notes[id].is_declared = true;
        break;
    default:
        break;
    }
    leave(p);
}

static void emit_typedef(struct printer *p, const struct bpf_btf_type *type)
{
    /* The compiler has this one itself, and no other way to name it. */
    if (strcmp(type->name, "__builtin_va_list") == 0)
        return;
    struct bpf_btf_type target;
    bool is_nameless = type->size_or_type != 0 &&
                       bpf_btf_type_at(p->btf, type->size_or_type, &target) &&
                       has_tag(target.kind) && target.name[0] == '\0';
    need(p, type->size_or_type, !is_nameless);
    char *text = declare(p, type->size_or_type, name_of(p, type), 0);
    fprintf(p->out, "typedef %s;\n\n", text == NULL ? "" : text);
    free(text);
}

static void emit_tagged(struct printer *p, const struct bpf_btf_type *type)
{
    struct bpf_btf_member member;
    if (type->kind == BPF_BTF_STRUCT || type->kind == BPF_BTF_UNION) {
        for (uint32_t i = 0; bpf_btf_member_at(p->btf, type, i, &member); i++)
            need(p, member.type, false);
    }
    if (p->problem != NULL)
        return;
    print_body(p, p->out, type, 0);
    fprintf(p->out, ";\n\n");
}

static void emit(struct printer *p, uint32_t id)
{
    struct bpf_btf_type type;
    if (p->problem != NULL || p->notes[id].progress == DONE || !bpf_btf_type_at(p->btf, id, &type))
        return;
    if (p->notes[id].progress == BEGUN) {
        p->problem = "a type contains itself";
        return;
    }
    p->notes[id].progress = BEGUN;
    if (type.kind == BPF_BTF_TYPEDEF)
        emit_typedef(p, &type);
    else
        emit_tagged(p, &type);
    p->notes[id].progress = DONE;
}

static void mark(struct printer *p, uint32_t id)
{
    if (id <= bpf_btf_type_count(p->btf))
        p->notes[id].is_used = true;
}

/* What others refer to is printed where they are; and how many enumerators there are. */
static size_t mark_used(struct printer *p)
{
    size_t value_count = 0;
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    struct bpf_btf_param param;
    uint32_t element, count;
    for (uint32_t id = 1; id <= bpf_btf_type_count(p->btf); id++) {
        if (!bpf_btf_type_at(p->btf, id, &type))
            continue;
        if (type.kind == BPF_BTF_ENUM || type.kind == BPF_BTF_ENUM64)
            value_count += type.member_count;
        else if (type.kind == BPF_BTF_STRUCT || type.kind == BPF_BTF_UNION)
            for (uint32_t i = 0; bpf_btf_member_at(p->btf, &type, i, &member); i++)
                mark(p, member.type);
        else if (bpf_btf_array(p->btf, &type, &element, &count))
            mark(p, element);
        else if (type.kind != BPF_BTF_INT && type.kind != BPF_BTF_FLOAT &&
                 type.kind != BPF_BTF_DATASEC && type.kind != BPF_BTF_FWD)
            mark(p, type.size_or_type);
        for (uint32_t i = 0;
             type.kind == BPF_BTF_FUNC_PROTO && bpf_btf_param_at(p->btf, &type, i, &param); i++)
            mark(p, param.type);
    }
    return value_count;
}

static bool prepare(struct printer *p)
{
    p->notes = calloc(bpf_btf_type_count(p->btf) + (size_t)1, sizeof *p->notes);
    if (p->notes == NULL)
        return false;
    for (uint32_t id = 0; id <= bpf_btf_type_count(p->btf); id++)
        p->notes[id].align = ALIGN_UNKNOWN;
    size_t places = 16;
    for (size_t count = mark_used(p); places < 4 * count;)
        places *= 2;
    p->values = calloc(places, sizeof *p->values);
    p->value_mask = places - 1;
    return p->values != NULL;
}

static const char prologue[] =
    "#pragma once\n\n"
    "#if defined(__clang__) && __has_attribute(preserve_access_index)\n"
    "#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n"
    "#endif\n\n";
static const char epilogue[] = "#if defined(__clang__) && __has_attribute(preserve_access_index)\n"
                               "#pragma clang attribute pop\n"
                               "#endif\n";

static bool is_wanted(const struct printer *p, const struct bpf_btf_type *type)
{
    bool is_enum = type->kind == BPF_BTF_ENUM || type->kind == BPF_BTF_ENUM64;
    if (type->name[0] != '\0')
        return type->kind == BPF_BTF_TYPEDEF || has_tag(type->kind);
    return is_enum && !p->notes[type->id].is_used;
}

int btf_print_c(const struct bpf_btf *btf, const char *name, FILE *out)
{
    struct printer p = { .btf = btf, .out = out };
    uint32_t id = bpf_btf_first_id(btf);
    if (!prepare(&p))
        p.problem = "no memory";
    fprintf(out, "/* The types of %s. */\n%s", name, prologue);
    for (; p.problem == NULL && id <= bpf_btf_type_count(btf); id++) {
        struct bpf_btf_type type;
        if (bpf_btf_type_at(btf, id, &type) && is_wanted(&p, &type))
            emit(&p, id);
    }
    fputs(epilogue, out);
    free(p.notes);
    free(p.values);
    return p.problem == NULL ? EXIT_OK
                             : complain(EXIT_INPUT, "%s: type %u: %s", name, id - 1, p.problem);
}
