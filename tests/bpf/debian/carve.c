/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* carve FILE FOLDER: writes each BPF object that lies somewhere inside FILE (a skeleton's bytes in a
 * host program) to FOLDER/NAME-N.o. An image ends where the last of its sections or its section
 * headers ends. */
#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The size of the object at `at`, or 0 if there is none. */
static size_t object_size(const unsigned char *at, size_t left)
{
    Elf64_Ehdr header;
    if (left < sizeof header || memcmp(at, ELFMAG, SELFMAG) != 0)
        return 0;
    memcpy(&header, at, sizeof header);
    size_t table = (size_t)header.e_shnum * sizeof(Elf64_Shdr);
    if (header.e_machine != EM_BPF || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff > left ||
        table > left - header.e_shoff)
        return 0;
    size_t end = header.e_shoff + table;
    for (unsigned i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr section;
        memcpy(&section, at + header.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_type == SHT_NOBITS)
            continue;
        if (section.sh_offset > left || section.sh_size > left - section.sh_offset)
            return 0;
        if (section.sh_offset + section.sh_size > end)
            end = section.sh_offset + section.sh_size;
    }
    return end;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: carve FILE FOLDER\n");
        return 2;
    }
    FILE *file = fopen(argv[1], "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(argv[1]);
        return 3;
    }
    size_t size = (size_t)ftell(file);
    unsigned char *bytes = malloc(size + 1);
    rewind(file);
    if (bytes == NULL || fread(bytes, 1, size, file) != size) {
        perror(argv[1]);
        return 3;
    }
    fclose(file);
    const char *slash = strrchr(argv[1], '/'), *name = slash == NULL ? argv[1] : slash + 1;
    int count = 0;
    for (size_t at = 0; at < size; at++) {
        const unsigned char *next = memchr(bytes + at, ELFMAG0, size - at);
        if (next == NULL)
            break;
        at = (size_t)(next - bytes);
        size_t found = object_size(next, size - at);
        if (found == 0)
            continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s-%d.o", argv[2], name, count++);
        FILE *out = fopen(path, "wb");
        if (out == NULL || fwrite(next, 1, found, out) != found || fclose(out) != 0) {
            perror(path);
            return 6;
        }
        at += found - 1;
    }
    free(bytes);
    return 0;
}
