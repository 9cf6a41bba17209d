/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Declarators are built from the inside out; bodies have padding where members would not fall on their offsets by
 * themselves, or are packed as a whole. */
#define _GNU_SOURCE /* vasprintf */
#include "btf_c_text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NEST_MAX 200
#define WORK_MAX 3000000u    /* what Linux's own types take is a tenth of it */
#define TEXT_MAX (64u << 20) /* Linux's own types take a tenth of it */

/* Few bytes of types can ask for more text than there is memory. */
static void count_text(struct printer *p, uint64_t size_bytes)
{
    p->written += size_bytes;
    if (p->written > TEXT_MAX && p->problem == NULL)
        p->problem = "the types take more text than 64 MiB";
}

bool printer_enter(struct printer *p)
{
    if (++p->depth > NEST_MAX)
        p->problem = "types nest too deeply";
    if (++p->work > WORK_MAX)
        p->problem = "types contain each other too often";
    return p->problem == NULL;
}

void printer_leave(struct printer *p)
{
    p->depth--;
}

/* --- Names --- */

bool btf_has_tag(enum bpf_btf_kind kind)
{
    return kind == BPF_BTF_STRUCT || kind == BPF_BTF_UNION || kind == BPF_BTF_ENUM ||
           kind == BPF_BTF_ENUM64;
}

/* Struct, union and enum names are one name space, typedefs another. */
static bool same_space(enum bpf_btf_kind a, enum bpf_btf_kind b)
{
    return btf_has_tag(a) == btf_has_tag(b) && (btf_has_tag(a) || b == BPF_BTF_TYPEDEF);
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

char *printer_text(struct printer *p, const char *format, ...)
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
bool btf_is_identifier(const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if ((*c < 'a' || *c > 'z') && (*c < 'A' || *c > 'Z') && *c != '_' &&
            (c == name || *c < '0' || *c > '9'))
            return false;
    return name[0] != '\0';
}

char *printer_name(struct printer *p, const struct bpf_btf_type *type)
{
    uint32_t version = version_of(p, type);
    if (!btf_is_identifier(type->name))
        p->problem = "a name is no C identifier";
    return version == 1 ? printer_text(p, "%s", type->name)
                        : printer_text(p, "%s___%u", type->name, version);
}

const char *btf_tag_word(enum bpf_btf_kind kind)
{
    return kind == BPF_BTF_STRUCT ? "struct" : kind == BPF_BTF_UNION ? "union" : "enum";
}

/* --- Declarators: built from the inside out --- */

static char *parameters(struct printer *p, const struct bpf_btf_type *proto)
{
    char *all = NULL;
    size_t size;
    FILE *to = open_memstream(&all, &size);
    if (to == NULL) {
        p->problem = "no memory";
        return NULL;
    }
    if (proto->member_count == 0)
        fputs("void", to);
    struct bpf_btf_param param;
    for (uint32_t i = 0; p->problem == NULL && bpf_btf_param_at(p->btf, proto, i, &param); i++) {
        bool is_rest = param.type == 0 && i + 1 == proto->member_count;
        char *one = is_rest ? printer_text(p, "...")
                            : printer_declare(p, param.type, printer_text(p, "%s", ""), 0);
        fprintf(to, "%s%s", i == 0 ? "" : ", ", one == NULL ? "" : one);
        free(one);
    }
    fclose(to);
    count_text(p, size);
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
    printer_body(p, to, type, indent);
    fclose(to);
    return text;
}

static char *base_name(struct printer *p, const struct bpf_btf_type *type, uint32_t indent)
{
    char *name, *text;
    switch (type->kind) {
    case BPF_BTF_VOID:
        return printer_text(p, "void");
    case BPF_BTF_INT:
    case BPF_BTF_FLOAT:
        return printer_text(p, "%s", type->name);
    case BPF_BTF_FWD:
        return printer_text(p, "%s %s", type->kind_flag ? "union" : "struct", type->name);
    case BPF_BTF_TYPEDEF:
        return printer_name(p, type);
    case BPF_BTF_STRUCT:
    case BPF_BTF_UNION:
    case BPF_BTF_ENUM:
    case BPF_BTF_ENUM64:
        if (type->name[0] == '\0')
            return written_out(p, type, indent);
        name = printer_name(p, type);
        text = printer_text(p, "%s %s", btf_tag_word(type->kind), name == NULL ? "" : name);
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
char *printer_declare(struct printer *p, uint32_t id, char *inner, uint32_t indent)
{
    struct bpf_btf_type type = { 0 };
    char *next = NULL, *other = NULL;
    uint32_t count = 0, element = 0;
    if (inner == NULL || !printer_enter(p) || (id != 0 && !bpf_btf_type_at(p->btf, id, &type))) {
        if (p->problem == NULL)
            p->problem = "a type refers to what is not there";
        free(inner);
        return NULL;
    }
    type.kind = id == 0 ? BPF_BTF_VOID : type.kind;
    switch (type.kind) {
    case BPF_BTF_PTR:
        next = printer_text(p, binds_tighter(p, type.size_or_type) ? "(*%s)" : "*%s", inner);
        next = printer_declare(p, type.size_or_type, next, indent);
        break;
    case BPF_BTF_ARRAY:
        bpf_btf_array(p->btf, &type, &element, &count);
        next = printer_declare(p, element, printer_text(p, "%s[%u]", inner, count), indent);
        break;
    case BPF_BTF_FUNC_PROTO:
        other = parameters(p, &type);
        next = printer_text(p, "%s(%s)", inner, other == NULL ? "" : other);
        next = printer_declare(p, type.size_or_type, next, indent);
        break;
    case BPF_BTF_TYPE_TAG:
        next = printer_declare(p, type.size_or_type, printer_text(p, "%s", inner), indent);
        break;
    case BPF_BTF_CONST:
    case BPF_BTF_VOLATILE:
    case BPF_BTF_RESTRICT:
        other = printer_text(p, "%s", qualifier(type.kind));
        if (other != NULL && strncmp(inner, other, strlen(other)) == 0)
            other[0] = '\0'; /* a const array of const elements */
        next = printer_text(p, "%s%s", other == NULL ? "" : other, inner);
        next = printer_declare(p, type.size_or_type, next, indent);
        break;
    default:
        other = base_name(p, &type, indent);
        next = printer_text(p, "%s%s%s", other == NULL ? "" : other, inner[0] == '\0' ? "" : " ",
                            inner);
    }
    free(other);
    free(inner);
    printer_leave(p);
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
        if (!btf_is_identifier(value.name))
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
        char *text =
            printer_declare(p, member.type, printer_text(p, "%s", member.name), indent + 4);
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

void printer_body(struct printer *p, FILE *to, const struct bpf_btf_type *type, uint32_t indent)
{
    bool is_enum = type->kind == BPF_BTF_ENUM || type->kind == BPF_BTF_ENUM64;
    char *name = type->name[0] == '\0' ? printer_text(p, "%s", "") : printer_name(p, type);
    if (name == NULL || !printer_enter(p)) {
        free(name);
        return;
    }
    fprintf(to, "%s%s%s", btf_tag_word(type->kind), name[0] == '\0' ? "" : " ", name);
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
    printer_leave(p);
}
