/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An ELF file of the kind that clang -target bpf writes: 64 bits, little endian, relocatable,
 * machine BPF.
 *
 * elf_file_open() checks once that every section and name lies inside the file; after it, a
 * section's bytes can be read without further checks. */
#pragma once
#include <axiom/types.h>
#include <bpf/error.h>

/* System V ABI, chapter 4; psABI of BPF for the machine number and relocations (RFC 9669 does not
 * cover ELF; LLVM and Linux Documentation/bpf/llvm_reloc.rst do). */
#define ELF_SHT_PROGBITS  1u
#define ELF_SHT_SYMTAB    2u
#define ELF_SHT_STRTAB    3u
#define ELF_SHT_NOBITS    8u
#define ELF_SHT_REL       9u
#define ELF_SHF_EXECINSTR 4u
#define ELF_STT_FUNC      2u
#define ELF_STT_SECTION   3u
#define ELF_STB_LOCAL     0u
#define ELF_STB_WEAK      2u
#define ELF_SHN_UNDEF     0u
#define ELF_R_BPF_64_64   1u
#define ELF_R_BPF_64_32   10u

struct elf_section {
    uint32_t index;
    uint32_t type;
    uint64_t flags;
    const char *name;
    const uint8_t *bytes; /* NULL for NOBITS */
    uint64_t offset, size;
    uint32_t link, info;
};

struct elf_symbol {
    const char *name;
    uint32_t type, binding;
    bool is_hidden;   /* STV_HIDDEN or STV_INTERNAL */
    uint32_t section; /* index; ELF_SHN_UNDEF or a reserved number (0xff00...) for none */
    uint64_t value, size;
    uint64_t file_offset; /* of the entry */
};

struct elf_relocation {
    uint64_t offset; /* in the section that is relocated */
    uint32_t type;
    uint32_t symbol;
    uint64_t file_offset; /* of the entry */
};

struct elf_file {
    const uint8_t *bytes;
    uint64_t size;
    uint64_t headers_at;
    uint32_t section_count;
    uint32_t names; /* section of section names */
    uint32_t symbols, symbol_names;
    uint32_t symbol_count;
};

int elf_file_open(struct elf_file *file, const void *bytes, size_t size, struct bpf_error *error);
/* index < section_count */
struct elf_section elf_section_at(const struct elf_file *file, uint32_t index);
/* The first of this name; false if there is none. */
bool elf_section_find(const struct elf_file *file, const char *name, struct elf_section *out);
/* False for an index that is not there or a name outside the strings. */
bool elf_symbol_at(const struct elf_file *file, uint32_t index, struct elf_symbol *out);
/* Number of entries of an SHT_REL section, and one of them. */
uint32_t elf_relocation_count(const struct elf_section *section);
struct elf_relocation elf_relocation_at(const struct elf_section *section, uint32_t index);
