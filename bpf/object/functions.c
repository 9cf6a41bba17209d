/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Functions of an object file: which pieces of which code sections they are.
 *
 * A function in .text is only called. In any other code section a global function is a program,
 * whose attach point is the section's name; a static one is only called. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/insn.h>
#include <bpf_internal/object.h>

static bool is_code(const struct elf_section *section)
{
    return section->type == ELF_SHT_PROGBITS && (section->flags & ELF_SHF_EXECINSTR) != 0 &&
           section->size > 0;
}

static bool is_function(const struct object_loader *loader, const struct elf_symbol *symbol)
{
    if (symbol->type != ELF_STT_FUNC || symbol->section == ELF_SHN_UNDEF ||
        symbol->section >= loader->file.section_count)
        return false;
    struct elf_section section = elf_section_at(&loader->file, symbol->section);
    return is_code(&section);
}

static bool comes_before(const struct object_function *a, const struct object_function *b)
{
    return a->section != b->section ? a->section < b->section : a->offset < b->offset;
}

/* Into its place; two at the same place, or one that reaches into the next, are found afterwards.
 */
static void insert_function(struct object_loader *loader, struct object_function function)
{
    uint32_t at = loader->function_count++;
    for (; at > 0 && comes_before(&function, &loader->functions[at - 1]); at--)
        loader->functions[at] = loader->functions[at - 1];
    loader->functions[at] = function;
}

static int read_function(struct object_loader *loader, const struct elf_symbol *symbol)
{
    struct elf_section section = elf_section_at(&loader->file, symbol->section);
    const uint64_t unit = sizeof(struct bpf_insn);
    if (symbol->value % unit != 0 || symbol->size % unit != 0 || symbol->size == 0 ||
        symbol->value > section.size || symbol->size > section.size - symbol->value ||
        section.size > UINT32_MAX)
        return loader_fail(loader, -EINVAL, symbol->file_offset,
                           "function %s (%llu bytes at %llu) does not fit section %s of %llu bytes",
                           symbol->name, (unsigned long long)symbol->size,
                           (unsigned long long)symbol->value, section.name,
                           (unsigned long long)section.size);
    if (loader->function_count == OBJECT_FUNCTION_MAX)
        return loader_fail(loader, -E2BIG, symbol->file_offset, "more than %u functions",
                           OBJECT_FUNCTION_MAX);
    char *name = object_copy_string(loader, symbol->name);
    if (name == NULL)
        return loader_fail(loader, -ENOMEM, symbol->file_offset, "no memory for a function's name");
    bool is_program = strcmp(section.name, ".text") != 0 && symbol->binding != ELF_STB_LOCAL;
    insert_function(loader, (struct object_function){ .name = name,
                                                      .section = symbol->section,
                                                      .offset = (uint32_t)symbol->value,
                                                      .size = (uint32_t)symbol->size,
                                                      .is_program = is_program,
                                                      .is_hidden = symbol->is_hidden });
    return 0;
}

int object_read_functions(struct object_loader *loader)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < loader->file.symbol_count && count <= OBJECT_FUNCTION_MAX; i++) {
        struct elf_symbol symbol;
        count += elf_symbol_at(&loader->file, i, &symbol) && is_function(loader, &symbol);
    }
    loader->functions = pool_alloc(&loader->scratch, count * sizeof *loader->functions);
    if (loader->functions == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET,
                           "no memory for the list of functions");
    for (uint32_t i = 0; i < loader->file.symbol_count; i++) {
        struct elf_symbol symbol;
        if (!elf_symbol_at(&loader->file, i, &symbol))
            return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                               "the name of symbol %u lies outside the names", i);
        int err = is_function(loader, &symbol) ? read_function(loader, &symbol) : 0;
        if (err)
            return err;
    }
    for (uint32_t i = 1; i < loader->function_count; i++) {
        const struct object_function *before = &loader->functions[i - 1],
                                     *function = &loader->functions[i];
        if (before->section == function->section &&
            before->offset + (uint64_t)before->size > function->offset)
            return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET, "functions %s and %s overlap",
                               before->name, function->name);
    }
    return 0;
}

struct object_function *object_function_at(const struct object_loader *loader, uint32_t section,
                                           uint64_t offset)
{
    uint32_t low = 0, high = loader->function_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct object_function *function = &loader->functions[middle];
        if (function->section < section ||
            (function->section == section && function->offset < offset))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == loader->function_count)
        return NULL;
    struct object_function *found = &loader->functions[low];
    return found->section == section && found->offset == offset ? found : NULL;
}

struct object_function *object_function_around(const struct object_loader *loader, uint32_t section,
                                               uint64_t offset)
{
    uint32_t low = 0, high = loader->function_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct object_function *function = &loader->functions[middle];
        if (function->section < section ||
            (function->section == section && function->offset <= offset))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    struct object_function *found = &loader->functions[low - 1];
    return found->section == section && offset - found->offset < found->size ? found : NULL;
}
