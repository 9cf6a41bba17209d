/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reading the tables of .BTF.ext. */
#pragma once
#include <bpf_internal/object.h>

/* In the order of the section's header. */
enum ext_table { EXT_FUNC_INFO, EXT_LINE_INFO, EXT_CORE_RELO };

/* Both functions return NULL, or what is wrong, in words: -EINVAL, or -ENOMEM for this one. */
extern const char object_ext_no_memory[];

struct ext_reader {
    enum ext_table table;
    uint32_t record_size; /* at least */
    /* A list begins: about section `code`, of `count` records. May be NULL. */
    const char *(*begin)(struct object_loader *loader, const struct elf_section *code,
                         uint32_t count);
    /* A record; its first word, the offset in `code`, was checked. */
    const char *(*record)(struct object_loader *loader, const struct elf_section *code,
                          const uint8_t *record);
};

/* The whole table; 0 also where there is none. */
int object_read_ext(struct object_loader *loader, const struct ext_reader *reader);
