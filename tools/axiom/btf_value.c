/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "btf_value.h"
#include "clean.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#define DEPTH_MAX    8
#define ELEMENTS_MAX 16
#define VALUES_MAX   512 /* of all that is printed at once */

struct value_printer {
    FILE *to;
    const struct bpf_btf *btf;
    const uint8_t *bytes;
    size_t size;
    uint32_t depth, count;
};

static void print_at(struct value_printer *p, uint32_t id, uint64_t bit, uint32_t bits);

/* `bits` from `bit` on, up to 64, little endian; false: not within the bytes. */
static bool bits_at(const struct value_printer *p, uint64_t bit, uint32_t bits, uint64_t *out)
{
    uint64_t value = 0;
    if (bits == 0 || bits > 64 || bit + bits > 8 * (uint64_t)p->size)
        return false;
    for (uint32_t i = 0; i < bits; i++)
        value |= (uint64_t)(p->bytes[(bit + i) / 8] >> (bit + i) % 8 & 1) << i;
    *out = value;
    return true;
}

static int64_t with_sign(uint64_t value, uint32_t bits)
{
    return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

static void print_int(struct value_printer *p, const struct bpf_btf_type *type, uint64_t bit,
                      uint32_t bits)
{
    struct bpf_btf_int number = { .bits = 0 };
    uint64_t value, high;
    bpf_btf_int(p->btf, type, &number);
    bits = bits != 0 ? bits : number.bits;
    if (bits == 128 && bits_at(p, bit, 64, &value) && bits_at(p, bit + 64, 64, &high))
        fprintf(p->to, "0x%016" PRIx64 "%016" PRIx64, high, value);
    else if (!bits_at(p, bit, bits, &value))
        fputs("?", p->to);
    else if ((number.encoding & BPF_BTF_INT_BOOL) != 0 && value <= 1)
        fputs(value != 0 ? "true" : "false", p->to);
    else if ((number.encoding & BPF_BTF_INT_SIGNED) != 0)
        fprintf(p->to, "%" PRId64, with_sign(value, bits));
    else
        fprintf(p->to, "%" PRIu64, value);
}

static void print_enum(struct value_printer *p, const struct bpf_btf_type *type, uint64_t bit,
                       uint32_t bits)
{
    struct bpf_btf_enumerator row;
    struct clean name;
    uint64_t value;
    bits = bits != 0 ? bits : 8 * type->size_or_type;
    if (!bits_at(p, bit, bits, &value)) {
        fputs("?", p->to);
        return;
    }
    uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    for (uint32_t i = 0; bpf_btf_enumerator_at(p->btf, type, i, &row); i++)
        if ((row.value & mask) == value) {
            fputs(clean(&name, row.name), p->to);
            return;
        }
    if (type->kind_flag)
        fprintf(p->to, "%" PRId64, with_sign(value, bits));
    else
        fprintf(p->to, "%" PRIu64, value);
}

/* Characters up to the zero byte, if they are some and nothing but zeros follows. */
static bool print_string(struct value_printer *p, uint32_t element, uint64_t bit, uint32_t count)
{
    struct bpf_btf_type type;
    if (!bpf_btf_resolve(p->btf, element, &type) || type.kind != BPF_BTF_INT ||
        strcmp(type.name, "char") != 0 || bit % 8 != 0 || count == 0 || bit / 8 + count > p->size)
        return false;
    const char *text = (const char *)p->bytes + bit / 8;
    uint32_t length = 0, at;
    while (length < count && text[length] >= 0x20 && text[length] < 0x7f)
        length++;
    for (at = length; at < count && text[at] == '\0';)
        at++;
    if (length == 0 || length == count || at < count)
        return false;
    fprintf(p->to, "\"%.*s\"", (int)length, text);
    return true;
}

static void print_array(struct value_printer *p, const struct bpf_btf_type *type, uint64_t bit)
{
    uint32_t element, count, size;
    if (!bpf_btf_array(p->btf, type, &element, &count) ||
        bpf_btf_size(p->btf, element, &size) != 0) {
        fputs("?", p->to);
        return;
    }
    if (print_string(p, element, bit, count))
        return;
    fputs("{", p->to);
    for (uint32_t i = 0; i < count && i < ELEMENTS_MAX; i++) {
        fputs(i == 0 ? " " : ", ", p->to);
        print_at(p, element, bit + 8 * (uint64_t)size * i, 0);
    }
    fputs(count > ELEMENTS_MAX ? ", ... }" : " }", p->to);
}

/* A member or variable, with its name; false: enough is printed. */
static bool print_named(struct value_printer *p, const char *before, const char *name,
                        uint32_t type, uint64_t bit, uint32_t bits)
{
    struct clean text;
    fputs(before, p->to);
    if (p->count >= VALUES_MAX) {
        fputs("...", p->to);
        return false;
    }
    if (name[0] != '\0')
        fprintf(p->to, ".%s = ", clean(&text, name));
    print_at(p, type, bit, bits);
    return true;
}

static void print_members(struct value_printer *p, const struct bpf_btf_type *type, uint64_t bit)
{
    struct bpf_btf_member member;
    fputs("{", p->to);
    for (uint32_t i = 0; bpf_btf_member_at(p->btf, type, i, &member); i++)
        if (!print_named(p, i == 0 ? " " : ", ", member.name, member.type, bit + member.bit_offset,
                         member.bitfield_bits))
            break;
    fputs(" }", p->to);
}

/* `bits`: of a bit field, else 0. */
static void print_at(struct value_printer *p, uint32_t id, uint64_t bit, uint32_t bits)
{
    struct bpf_btf_type type;
    uint64_t value;
    if (p->depth == DEPTH_MAX || p->count >= VALUES_MAX || !bpf_btf_resolve(p->btf, id, &type)) {
        fputs("...", p->to);
        return;
    }
    p->depth++;
    p->count++;
    switch (type.kind) {
    case BPF_BTF_INT:
        print_int(p, &type, bit, bits);
        break;
    case BPF_BTF_ENUM:
    case BPF_BTF_ENUM64:
        print_enum(p, &type, bit, bits);
        break;
    case BPF_BTF_ARRAY:
        print_array(p, &type, bit);
        break;
    case BPF_BTF_STRUCT:
    case BPF_BTF_UNION:
        print_members(p, &type, bit);
        break;
    case BPF_BTF_PTR:
        if (bits_at(p, bit, 64, &value))
            fprintf(p->to, "0x%" PRIx64, value);
        else
            fputs("?", p->to);
        break;
    default:
        fputs("?", p->to);
    }
    p->depth--;
}

bool btf_print_value(FILE *to, const struct bpf_btf *btf, uint32_t id, const void *bytes,
                     size_t size)
{
    struct value_printer p = { .to = to, .btf = btf, .bytes = bytes, .size = size };
    struct bpf_btf_type type;
    if (btf == NULL || id == 0 || !bpf_btf_resolve(btf, id, &type))
        return false;
    print_at(&p, id, 0, 0);
    return true;
}

/* --- Sections --- */

static bool read_header(const struct elf_symbols *elf, uint64_t table, uint32_t index,
                        Elf64_Shdr *out)
{
    uint64_t at = table + (uint64_t)index * sizeof *out;
    if (at < table || at > elf->size || elf->size - at < sizeof *out)
        return false;
    memcpy(out, elf->file + at, sizeof *out);
    return out->sh_type == SHT_NOBITS ||
           (out->sh_offset <= elf->size && out->sh_size <= elf->size - out->sh_offset);
}

/* Where in its section the object of that name stands. */
static bool find_symbol(const struct elf_symbols *elf, const char *name, uint64_t *offset)
{
    Elf64_Ehdr header;
    Elf64_Shdr table, names;
    if (elf->size < sizeof header)
        return false;
    memcpy(&header, elf->file, sizeof header);
    uint32_t index = 0;
    while (index < header.e_shnum &&
           (!read_header(elf, header.e_shoff, index, &table) || table.sh_type != SHT_SYMTAB))
        index++;
    if (index == header.e_shnum || !read_header(elf, header.e_shoff, table.sh_link, &names))
        return false;
    size_t length = strlen(name) + 1;
    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        memcpy(&symbol, elf->file + table.sh_offset + at, sizeof symbol);
        if (ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT || symbol.st_name > names.sh_size ||
            names.sh_size - symbol.st_name < length ||
            memcmp(elf->file + names.sh_offset + symbol.st_name, name, length) != 0)
            continue;
        *offset = symbol.st_value;
        return true;
    }
    return false;
}

bool btf_print_section(FILE *to, const struct bpf_btf *btf, const char *section,
                       const struct elf_symbols *symbols, const void *bytes, size_t size)
{
    struct value_printer p = { .to = to, .btf = btf, .bytes = bytes, .size = size };
    struct bpf_btf_type type, variable;
    struct bpf_btf_member member;
    uint64_t offset;
    uint32_t id = btf == NULL ? 0 : bpf_btf_find(btf, section, BPF_BTF_DATASEC);
    if (id == 0 || !bpf_btf_type_at(btf, id, &type))
        return false;
    const char *before = "{ ";
    for (uint32_t i = 0; bpf_btf_member_at(btf, &type, i, &member); i++) {
        if (!bpf_btf_type_at(btf, member.type, &variable) || variable.kind != BPF_BTF_VAR ||
            !find_symbol(symbols, variable.name, &offset) || offset > size)
            continue;
        if (!print_named(&p, before, variable.name, variable.size_or_type, 8 * offset, 0))
            break;
        before = ", ";
    }
    fputs(before[0] == '{' ? "{ }" : " }", to);
    return true;
}
