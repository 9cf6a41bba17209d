/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Section .BTF.ext (Linux: Documentation/bpf/btf.rst §4): three tables of records about
 * instructions (types of functions, source lines, CO-RE relocations), each a list per code section.
 * Names are .BTF's strings.
 *
 * The tables are a help, not a need: an object without them loads. One that has them must have them
 * right. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <bpf_internal/object_ext.h>

#define EXT_MAGIC       0xeb9f
#define EXT_HEADER_SIZE 24u
#define RECORD_SIZE_MAX 256u

const char object_ext_no_memory[] = "no memory for what it says";

/* The part of the table that is still to be read. */
struct cursor {
    const struct elf_section *section;
    const uint8_t *at, *end;
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

static int find_table(struct object_loader *loader, enum ext_table table, struct cursor *cursor)
{
    const uint8_t *bytes = cursor->section->bytes;
    if (left(cursor) < EXT_HEADER_SIZE || get_le16(bytes) != EXT_MAGIC || bytes[2] != 1)
        return fail(loader, cursor, "no header of version 1");
    uint32_t header_size = get_le32(bytes + 4), field = 8 + 8 * (uint32_t)table;
    uint64_t start = 0, size = 0;
    if (field + 8 <= header_size && field + 8 <= left(cursor)) {
        start = (uint64_t)header_size + get_le32(bytes + field);
        size = get_le32(bytes + field + 4);
    }
    if (start + size > cursor->section->size)
        return fail(loader, cursor, "a table lies outside of the section");
    cursor->at = bytes + start;
    cursor->end = cursor->at + size;
    return 0;
}

/* One section's list: name, count, records. */
static int read_list(struct object_loader *loader, const struct ext_reader *reader,
                     struct cursor *cursor, uint32_t record_size)
{
    if (left(cursor) < 8)
        return fail(loader, cursor, "a list is cut off");
    const char *name = bpf_btf_string(loader->object->btf, get_le32(cursor->at));
    uint32_t count = get_le32(cursor->at + 4);
    struct elf_section code;
    if (name == NULL || !elf_section_find(&loader->file, name, &code))
        return fail(loader, cursor, "a list about a section that is not there");
    cursor->at += 8;
    if (left(cursor) / record_size < count)
        return fail(loader, cursor, "a list is cut off");
    const char *problem = reader->begin == NULL ? NULL : reader->begin(loader, &code, count);
    for (uint32_t i = 0; problem == NULL && i < count; i++) {
        uint32_t offset = get_le32(cursor->at);
        if (offset >= code.size || offset % 8 != 0)
            return fail(loader, cursor, "a record about code that is not there");
        problem = reader->record(loader, &code, cursor->at);
        if (problem == NULL)
            cursor->at += record_size;
    }
    if (problem == object_ext_no_memory)
        return loader_fail(loader, -ENOMEM, cursor->section->offset, ".BTF.ext: %s", problem);
    return problem == NULL ? 0 : fail(loader, cursor, problem);
}

int object_read_ext(struct object_loader *loader, const struct ext_reader *reader)
{
    struct elf_section section;
    if (loader->object->btf == NULL || !elf_section_find(&loader->file, ".BTF.ext", &section) ||
        section.bytes == NULL)
        return 0;
    struct cursor cursor = { &section, section.bytes, section.bytes + section.size };
    int err = find_table(loader, reader->table, &cursor);
    if (err || left(&cursor) == 0)
        return err;
    if (left(&cursor) < 4)
        return fail(loader, &cursor, "a table is cut off");
    uint32_t record_size = get_le32(cursor.at);
    if (record_size < reader->record_size || record_size > RECORD_SIZE_MAX)
        return fail(loader, &cursor, "records of a size that is not known");
    cursor.at += 4;
    while (err == 0 && left(&cursor) > 0)
        err = read_list(loader, reader, &cursor, record_size);
    return err;
}
