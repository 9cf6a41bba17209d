/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory in the words of its type, as C would initialise it: { .count = 7, .name = "x", .left = { 1, 2 } }. */
#pragma once
#include <bpf/btf.h>
#include <stdio.h>

/* Types and bytes may be hostile: what does not lie within `size` is "?", long arrays and deep nests are cut ("...").
 * False, and nothing printed: there is no such type. */
bool btf_print_value(FILE *to, const struct bpf_btf *btf, uint32_t id, const void *bytes,
                     size_t size);

/* The variables of a section of an object's. Compilers leave their places to the ELF file's symbols. */
struct elf_symbols {
    const uint8_t *file;
    size_t size;
};
bool btf_print_section(FILE *to, const struct bpf_btf *btf, const char *section,
                       const struct elf_symbols *symbols, const void *bytes, size_t size);
