/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/elf_file.h>

#define HEADER_SIZE         64u
#define SECTION_HEADER_SIZE 64u
#define SYMBOL_SIZE         24u
#define RELOCATION_SIZE     16u
#define ELF_ET_REL          1u
#define ELF_EM_BPF          247u

static int check_header(const uint8_t *bytes, size_t size, struct bpf_error *error)
{
    if (size < HEADER_SIZE || memcmp(bytes, "\177ELF", 4) != 0)
        return bpf_error_set(error, -EINVAL, 0,
                             "this is not an ELF file; make one with clang -target bpf -O2 -g -c");
    if (bytes[4] != 2 || bytes[5] != 1)
        return bpf_error_set(error, -EINVAL, 4,
                             "the ELF file is not 64-bit little endian: use -target bpfel");
    if (get_le16(bytes + 18) != ELF_EM_BPF)
        return bpf_error_set(error, -EINVAL, 18,
                             "the ELF file is for machine %u, not for BPF (247): use -target bpf",
                             get_le16(bytes + 18));
    if (get_le16(bytes + 16) != ELF_ET_REL)
        return bpf_error_set(error, -EINVAL, 16,
                             "the ELF file is of type %u, not an object file: use -c",
                             get_le16(bytes + 16));
    if (get_le16(bytes + 58) != SECTION_HEADER_SIZE)
        return bpf_error_set(error, -EINVAL, 58, "section headers of %u bytes, expected 64",
                             get_le16(bytes + 58));
    return 0;
}

static const uint8_t *section_header(const struct elf_file *file, uint32_t index)
{
    return file->bytes + file->headers_at + (uint64_t)index * SECTION_HEADER_SIZE;
}

static bool inside(const struct elf_file *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset;
}

/* A string table must end with a zero, so that every name in it ends. */
static int check_strings(const struct elf_file *file, uint32_t index, struct bpf_error *error)
{
    struct elf_section table = elf_section_at(file, index);
    if (table.type != ELF_SHT_STRTAB || table.size == 0 || table.bytes[table.size - 1] != 0)
        return bpf_error_set(error, -EINVAL, table.offset,
                             "section %u is not a table of strings that ends with a zero", index);
    return 0;
}

static int check_section(const struct elf_file *file, uint32_t index, struct bpf_error *error)
{
    const uint8_t *header = section_header(file, index);
    uint64_t where = file->headers_at + (uint64_t)index * SECTION_HEADER_SIZE;
    if (get_le32(header + 4) != ELF_SHT_NOBITS &&
        !inside(file, get_le64(header + 24), get_le64(header + 32)))
        return bpf_error_set(
            error, -EINVAL, where,
            "section %u (%llu bytes at %llu) reaches past the file's end at %llu: is it cut off?",
            index, (unsigned long long)get_le64(header + 32),
            (unsigned long long)get_le64(header + 24), (unsigned long long)file->size);
    return 0;
}

static int check_section_name(const struct elf_file *file, uint32_t index, struct bpf_error *error)
{
    struct elf_section names = elf_section_at(file, file->names);
    if (get_le32(section_header(file, index)) >= names.size)
        return bpf_error_set(error, -EINVAL,
                             file->headers_at + (uint64_t)index * SECTION_HEADER_SIZE,
                             "the name of section %u lies outside of the section names", index);
    return 0;
}

static int find_symbols(struct elf_file *file, struct bpf_error *error)
{
    for (uint32_t i = 0; i < file->section_count; i++) {
        struct elf_section section = elf_section_at(file, i);
        if (section.type != ELF_SHT_SYMTAB)
            continue;
        if (section.link >= file->section_count)
            return bpf_error_set(error, -EINVAL, section.offset,
                                 "the symbol table has no names: section %u", section.link);
        file->symbols = i;
        file->symbol_names = section.link;
        file->symbol_count = (uint32_t)(section.size / SYMBOL_SIZE);
        return check_strings(file, section.link, error);
    }
    return bpf_error_set(error, -EINVAL, BPF_ERROR_NO_OFFSET,
                         "the ELF file has no symbol table: was it stripped?");
}

int elf_file_open(struct elf_file *file, const void *bytes, size_t size, struct bpf_error *error)
{
    int err = check_header(bytes, size, error);
    if (err)
        return err;
    *file = (struct elf_file){ .bytes = bytes, .size = size };
    file->headers_at = get_le64(file->bytes + 40);
    file->section_count = get_le16(file->bytes + 60);
    file->names = get_le16(file->bytes + 62);
    if (!inside(file, file->headers_at, (uint64_t)file->section_count * SECTION_HEADER_SIZE))
        return bpf_error_set(error, -EINVAL, 40,
                             "the section headers reach past the file's end: is it cut off?");
    if (file->names >= file->section_count)
        return bpf_error_set(error, -EINVAL, 62, "section names in section %u of %u", file->names,
                             file->section_count);
    for (uint32_t i = 0; err == 0 && i < file->section_count; i++)
        err = check_section(file, i, error);
    if (err == 0)
        err = check_strings(file, file->names, error);
    for (uint32_t i = 0; err == 0 && i < file->section_count; i++)
        err = check_section_name(file, i, error);
    return err == 0 ? find_symbols(file, error) : err;
}

struct elf_section elf_section_at(const struct elf_file *file, uint32_t index)
{
    const uint8_t *header = section_header(file, index);
    struct elf_section section = {
        .index = index,
        .type = get_le32(header + 4),
        .flags = get_le64(header + 8),
        .name = "",
        .offset = get_le64(header + 24),
        .size = get_le64(header + 32),
        .link = get_le32(header + 40),
        .info = get_le32(header + 44),
    };
    if (section.type != ELF_SHT_NOBITS)
        section.bytes = file->bytes + section.offset;
    /* While elf_file_open() still checks, the name may be anywhere. */
    const uint8_t *names = section_header(file, file->names);
    if (get_le32(names + 4) == ELF_SHT_STRTAB && get_le32(header) < get_le64(names + 32))
        section.name = (const char *)file->bytes + get_le64(names + 24) + get_le32(header);
    return section;
}

bool elf_section_find(const struct elf_file *file, const char *name, struct elf_section *out)
{
    for (uint32_t i = 0; i < file->section_count; i++) {
        *out = elf_section_at(file, i);
        if (strcmp(out->name, name) == 0)
            return true;
    }
    return false;
}

bool elf_symbol_at(const struct elf_file *file, uint32_t index, struct elf_symbol *out)
{
    if (index >= file->symbol_count)
        return false;
    struct elf_section table = elf_section_at(file, file->symbols),
                       names = elf_section_at(file, file->symbol_names);
    const uint8_t *entry = table.bytes + (uint64_t)index * SYMBOL_SIZE;
    if (get_le32(entry) >= names.size)
        return false;
    *out = (struct elf_symbol){
        .name = (const char *)names.bytes + get_le32(entry),
        .type = entry[4] & 0xfu,
        .binding = entry[4] >> 4,
        .is_hidden = (entry[5] & 3u) == 1 || (entry[5] & 3u) == 2,
        .section = get_le16(entry + 6),
        .value = get_le64(entry + 8),
        .size = get_le64(entry + 16),
        .file_offset = table.offset + (uint64_t)index * SYMBOL_SIZE,
    };
    return true;
}

uint32_t elf_relocation_count(const struct elf_section *section)
{
    uint64_t count = section->size / RELOCATION_SIZE;
    return section->type == ELF_SHT_REL && count <= UINT32_MAX ? (uint32_t)count : 0;
}

struct elf_relocation elf_relocation_at(const struct elf_section *section, uint32_t index)
{
    const uint8_t *entry = section->bytes + (uint64_t)index * RELOCATION_SIZE;
    return (struct elf_relocation){
        .offset = get_le64(entry),
        .type = get_le32(entry + 8),
        .symbol = get_le32(entry + 12),
        .file_offset = section->offset + (uint64_t)index * RELOCATION_SIZE,
    };
}
