/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Source lines of instructions: section .BTF.ext (Linux: Documentation/bpf/btf.rst §4.2), whose
 * strings are .BTF's.
 *
 * Line information is a help, not a need: an object without it loads. One that has it must have it
 * right. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/object.h>

#define EXT_MAGIC            0xeb9f
#define EXT_HEADER_SIZE      24u
#define LINE_RECORD_SIZE     16u
#define LINE_RECORD_SIZE_MAX 256u

/* The part of the section that is still to be read. */
struct cursor {
    const uint8_t *at, *end;
    const struct elf_section *section;
};

static int fail(struct object_loader *loader, const struct cursor *cursor, const char *what)
{
    return loader_fail(loader, -EINVAL,
                       cursor->section->offset + (uint64_t)(cursor->at - cursor->section->bytes),
                       ".BTF.ext: %s", what);
}

static size_t left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

static int find_line_info(struct object_loader *loader, struct cursor *cursor)
{
    const uint8_t *bytes = cursor->section->bytes;
    if (left(cursor) < EXT_HEADER_SIZE || get_le16(bytes) != EXT_MAGIC || bytes[2] != 1)
        return fail(loader, cursor, "no header of version 1");
    uint64_t start = (uint64_t)get_le32(bytes + 4) + get_le32(bytes + 16),
             size = get_le32(bytes + 20);
    if (start + size > cursor->section->size)
        return fail(loader, cursor, "line information lies outside of the section");
    cursor->at = bytes + start;
    cursor->end = cursor->at + size;
    return 0;
}

static int read_line(struct object_loader *loader, const struct cursor *cursor,
                     const struct elf_section *code, struct object_line_list *list)
{
    const struct bpf_btf *btf = loader->object->btf;
    uint32_t offset = get_le32(cursor->at), line_column = get_le32(cursor->at + 12);
    const char *file = bpf_btf_string(btf, get_le32(cursor->at + 4));
    const char *text = bpf_btf_string(btf, get_le32(cursor->at + 8));
    if (file == NULL || text == NULL)
        return fail(loader, cursor, "a line's file or text lies outside of the strings");
    if (offset >= code->size || offset % 8 != 0)
        return fail(loader, cursor, "a line of code that is not there");
    if (list->count > 0 && loader->lines[loader->line_count - 1].offset >= offset)
        return fail(loader, cursor, "lines are not in the order of the code");
    /* Line 0 is code that the compiler made up: it belongs to the line before. */
    if (line_column >> 10 == 0)
        return 0;
    loader->lines[loader->line_count++] = (struct object_line){
        .offset = offset,
        .line = { .line = line_column >> 10,
                  .column = line_column & 0x3ff,
                  .file = file,
                  .text = text },
    };
    list->count++;
    return 0;
}

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
    loader->line_lists[at] = (struct object_line_list){ section, loader->line_count, 0 };
    return &loader->line_lists[at];
}

/* One section's lines: name, count, records. */
static int read_section_lines(struct object_loader *loader, struct cursor *cursor,
                              uint32_t record_size)
{
    if (left(cursor) < 8)
        return fail(loader, cursor, "a list of lines is cut off");
    const char *name = bpf_btf_string(loader->object->btf, get_le32(cursor->at));
    uint32_t count = get_le32(cursor->at + 4);
    struct elf_section code;
    if (name == NULL || !elf_section_find(&loader->file, name, &code))
        return fail(loader, cursor, "lines of a section that is not there");
    if (loader->line_list_count == OBJECT_LINE_LIST_MAX)
        return fail(loader, cursor, "lines of more sections than are allowed");
    struct object_line_list *list = add_list(loader, code.index);
    if (list == NULL)
        return fail(loader, cursor, "two lists of lines for one section");
    cursor->at += 8;
    if (left(cursor) / record_size < count)
        return fail(loader, cursor, "a list of lines is cut off");
    for (uint32_t i = 0; i < count; i++, cursor->at += record_size) {
        int err = read_line(loader, cursor, &code, list);
        if (err)
            return err;
    }
    return 0;
}

int object_read_lines(struct object_loader *loader)
{
    struct elf_section section;
    if (loader->object->btf == NULL || !elf_section_find(&loader->file, ".BTF.ext", &section) ||
        section.bytes == NULL)
        return 0;
    struct cursor cursor = { section.bytes, section.bytes + section.size, &section };
    int err = find_line_info(loader, &cursor);
    if (err || left(&cursor) == 0)
        return err;
    if (left(&cursor) < 4)
        return fail(loader, &cursor, "line information is cut off");
    uint32_t record_size = get_le32(cursor.at);
    if (record_size < LINE_RECORD_SIZE || record_size > LINE_RECORD_SIZE_MAX)
        return fail(loader, &cursor, "line records of a size that is not known");
    cursor.at += 4;
    loader->lines =
        pool_alloc(&loader->scratch, left(&cursor) / record_size * sizeof *loader->lines);
    loader->line_lists =
        pool_alloc(&loader->scratch, OBJECT_LINE_LIST_MAX * sizeof *loader->line_lists);
    if (loader->lines == NULL || loader->line_lists == NULL)
        return loader_fail(loader, -ENOMEM, section.offset, "no memory for line information");
    while (left(&cursor) > 0) {
        err = read_section_lines(loader, &cursor, record_size);
        if (err)
            return err;
    }
    return 0;
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
    const struct object_line *lines = &loader->lines[list->first];
    uint32_t from = lower_bound(lines, list->count, offset);
    *first = lines + from;
    return lower_bound(lines, list->count, (uint64_t)offset + size) - from;
}
