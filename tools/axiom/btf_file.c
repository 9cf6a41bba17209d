/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "btf_file.h"
#include "cli.h"
#include "desk.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX ((size_t)256 << 20)

/* The section .BTF of an ELF file of any machine; false if there is none. */
static bool find_btf_section(const uint8_t *bytes, size_t size, const uint8_t **at, size_t *length)
{
    Elf64_Ehdr header;
    Elf64_Shdr names, section;
    if (size < sizeof header || memcmp(bytes, ELFMAG, SELFMAG) != 0 ||
        bytes[EI_CLASS] != ELFCLASS64)
        return false;
    memcpy(&header, bytes, sizeof header);
    size_t table = (size_t)header.e_shnum * sizeof section;
    if (header.e_shentsize != sizeof section || header.e_shoff > size ||
        table > size - header.e_shoff || header.e_shstrndx >= header.e_shnum)
        return false;
    memcpy(&names, bytes + header.e_shoff + header.e_shstrndx * sizeof names, sizeof names);
    if (names.sh_offset > size || names.sh_size > size - names.sh_offset)
        return false;
    for (size_t i = 0; i < header.e_shnum; i++) {
        memcpy(&section, bytes + header.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_name > names.sh_size || names.sh_size - section.sh_name < sizeof ".BTF" ||
            memcmp(bytes + names.sh_offset + section.sh_name, ".BTF", sizeof ".BTF") != 0 ||
            section.sh_offset > size || section.sh_size > size - section.sh_offset)
            continue;
        *at = bytes + section.sh_offset;
        *length = section.sh_size;
        return true;
    }
    return false;
}

int btf_of_bytes(const char *name, const uint8_t *bytes, size_t size, uint64_t offset,
                 struct bpf_btf *base, struct bpf_btf **out)
{
    struct bpf_error error = { .offset = BPF_ERROR_NO_OFFSET };
    int err = base == NULL ? bpf_btf_parse(desk_env(), bytes, size, out, &error)
                           : bpf_btf_parse_split(desk_env(), base, bytes, size, out, &error);
    if (err == 0)
        return EXIT_OK;
    if (error.offset == BPF_ERROR_NO_OFFSET)
        return complain(EXIT_INPUT, "%s: %s", name, error.text);
    return complain(EXIT_INPUT, "%s: offset %" PRIu64 ": %s", name, error.offset + offset,
                    error.text);
}

int btf_of_file(const char *path, struct bpf_btf *base, struct bpf_btf **out)
{
    uint8_t *bytes;
    size_t size, length;
    int code = read_whole_file(path, FILE_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    const uint8_t *at = bytes;
    if (find_btf_section(bytes, size, &at, &length))
        code = btf_of_bytes(path, at, length, (uint64_t)(at - bytes), base, out);
    else if (size >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0)
        code =
            complain(EXIT_INPUT, "%s: an ELF file without a section .BTF (compile with -g)", path);
    else /* types by themselves: /sys/kernel/btf/vmlinux */
        code = btf_of_bytes(path, bytes, size, 0, base, out);
    free(bytes);
    return code;
}
