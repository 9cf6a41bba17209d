/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Source lines and types of functions, out of .BTF.ext. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <bpf_internal/object_ext.h>

/* Compilers write the lists in the order in which they met the sections, which need not be that of
 * the file. */
static struct object_line_list *add_list(struct object_loader *loader, uint32_t section)
{
    uint32_t at = loader->line_list_count;
    while (at > 0 && loader->line_lists[at - 1].section >= section)
        at--;
    if (at < loader->line_list_count && loader->line_lists[at].section == section)
        return NULL;
    for (uint32_t i = loader->line_list_count++; i > at; i--)
        loader->line_lists[i] = loader->line_lists[i - 1];
    loader->line_lists[at] = (struct object_line_list){ section, NULL, 0 };
    return &loader->line_lists[at];
}

static const char *begin_lines(struct object_loader *loader, const struct elf_section *code,
                               uint32_t count)
{
    if (loader->line_list_count == OBJECT_LINE_LIST_MAX)
        return "lines of more sections than are allowed";
    struct object_line_list *list = add_list(loader, code->index);
    if (list == NULL)
        return "two lists of lines for one section";
    list->lines = pool_alloc(&loader->scratch, (uint64_t)count * sizeof *list->lines);
    if (list->lines == NULL)
        return object_ext_no_memory;
    loader->line_list = list;
    return NULL;
}

static const char *read_line(struct object_loader *loader, const struct elf_section *code,
                             const uint8_t *record)
{
    (void)code;
    const struct bpf_btf *btf = loader->object->btf;
    struct object_line_list *list = loader->line_list;
    uint32_t offset = get_le32(record), line_column = get_le32(record + 12);
    const char *file = bpf_btf_string(btf, get_le32(record + 4));
    const char *text = bpf_btf_string(btf, get_le32(record + 8));
    if (file == NULL || text == NULL)
        return "a line's file or text lies outside of the strings";
    if (list->count > 0 && list->lines[list->count - 1].offset >= offset)
        return "lines are not in the order of the code";
    /* Line 0 is code that the compiler made up: it belongs to the line before. */
    if (line_column >> 10 == 0)
        return NULL;
    list->lines[list->count++] = (struct object_line){
        .offset = offset,
        .line = { .line = line_column >> 10,
                  .column = line_column & 0x3ff,
                  .file = file,
                  .text = text },
    };
    return NULL;
}

static const char *read_function_type(struct object_loader *loader, const struct elf_section *code,
                                      const uint8_t *record)
{
    uint32_t type_id = get_le32(record + 4), linkage;
    struct bpf_btf_type type;
    if (!bpf_btf_type_at(loader->object->btf, type_id, &type) || type.kind != BPF_BTF_FUNC)
        return "a function's type is none";
    struct object_function *function = object_function_at(loader, code->index, get_le32(record));
    if (function == NULL)
        return NULL; /* the compiler's list may name what the linker left out */
    bpf_btf_linkage(loader->object->btf, &type, &linkage);
    function->type_id = type_id;
    function->is_global = linkage == BPF_BTF_GLOBAL && !function->is_hidden;
    return NULL;
}

int object_read_lines(struct object_loader *loader)
{
    static const struct ext_reader lines = { EXT_LINE_INFO, 16, begin_lines, read_line };
    static const struct ext_reader types = { EXT_FUNC_INFO, 8, NULL, read_function_type };
    loader->line_lists =
        pool_alloc(&loader->scratch, OBJECT_LINE_LIST_MAX * sizeof *loader->line_lists);
    if (loader->line_lists == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for line information");
    int err = object_read_ext(loader, &types);
    return err == 0 ? object_read_ext(loader, &lines) : err;
}

static const struct object_line_list *find_list(const struct object_loader *loader,
                                                uint32_t section)
{
    uint32_t low = 0, high = loader->line_list_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (loader->line_lists[middle].section < section)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < loader->line_list_count && loader->line_lists[low].section == section;
    return found ? &loader->line_lists[low] : NULL;
}

/* The first line of the list that is not before `offset`, as an index into it. */
static uint32_t lower_bound(const struct object_line *lines, uint32_t count, uint64_t offset)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lines[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t object_lines_of(const struct object_loader *loader, uint32_t section, uint32_t offset,
                         uint32_t size, const struct object_line **first)
{
    const struct object_line_list *list = find_list(loader, section);
    if (list == NULL)
        return 0;
    uint32_t from = lower_bound(list->lines, list->count, offset);
    *first = list->lines + from;
    return lower_bound(list->lines, list->count, (uint64_t)offset + size) - from;
}
