/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Names for code addresses, from the program's own symbol table (System V ABI, chapter 4: sections
 * and symbols), static functions included. Works without debug information and allocates nothing:
 * it runs while the image dies. */
#define _GNU_SOURCE /* see feature_test_macros(7) */
#include <elf.h>
#include <fcntl.h>
#include <host/host.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    const uint8_t *bytes;
    size_t size;
};

static bool map_self(struct image *out)
{
    int descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0)
        return false;
    void *bytes = MAP_FAILED;
    if (fstat(descriptor, &status) == 0 && status.st_size > 0)
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (bytes == MAP_FAILED)
        return false;
    *out = (struct image){ bytes, (size_t)status.st_size };
    return true;
}

/* The program is the first object that the loader tells of. */
static int first_object(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    *(uintptr_t *)context = info->dlpi_addr;
    return 1;
}

/* `size` bytes at `offset` of the file, if they are all there and aligned. */
static const void *part(const struct image *image, uint64_t offset, uint64_t size)
{
    if (offset > image->size || size > image->size - offset || offset % 8 != 0)
        return NULL;
    return image->bytes + offset;
}

static const Elf64_Shdr *sections(const struct image *image, uint32_t *count)
{
    const Elf64_Ehdr *header = part(image, 0, sizeof *header);
    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_shentsize != sizeof(Elf64_Shdr))
        return NULL;
    *count = header->e_shnum;
    return part(image, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr));
}

static bool copy_name(const struct image *image, const Elf64_Shdr *strings, uint32_t at, char *name,
                      size_t size)
{
    uint64_t offset = strings->sh_offset + at;
    if (offset >= image->size)
        return false;
    size_t most = image->size - offset, used = 0;
    const char *text = (const char *)image->bytes + offset;
    while (used < most && used < size - 1 && text[used] != '\0') {
        name[used] = text[used];
        used++;
    }
    name[used] = '\0';
    return used > 0;
}

static bool find(const struct image *image, uint64_t address, char *name, size_t size,
                 uint64_t *offset)
{
    uint32_t count = 0;
    const Elf64_Shdr *section = sections(image, &count);
    for (uint32_t i = 0; section != NULL && i < count; i++) {
        if (section[i].sh_type != SHT_SYMTAB || section[i].sh_link >= count)
            continue;
        const Elf64_Sym *symbols = part(image, section[i].sh_offset, section[i].sh_size);
        uint64_t symbol_count = symbols != NULL ? section[i].sh_size / sizeof *symbols : 0;
        for (uint64_t k = 0; k < symbol_count; k++) {
            const Elf64_Sym *symbol = &symbols[k];
            if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
                address < symbol->st_value || address - symbol->st_value >= symbol->st_size)
                continue;
            *offset = address - symbol->st_value;
            return copy_name(image, &section[section[i].sh_link], symbol->st_name, name, size);
        }
    }
    return false;
}

bool host_symbol(uintptr_t address, char *name, size_t size, uint64_t *offset)
{
    struct image image;
    uintptr_t load_bias = 0;
    if (!map_self(&image))
        return false;
    dl_iterate_phdr(first_object, &load_bias);
    bool found = find(&image, address - load_bias, name, size, offset);
    munmap((void *)(uintptr_t)image.bytes, image.size);
    return found;
}
