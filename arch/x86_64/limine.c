/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Limine's boot protocol (PROTOCOL.md of the Limine project; base revision 1). The loader looks through the
 * file for the requests below and puts pointers to its answers into them; pointers are into its direct
 * map (HHDM).
 *
 * It puts the image at any physical address, while this port counts on the one it was linked for (other
 * CPUs come through 32-bit code there): so the image copies itself, if there is free RAM. */
#include "limine.h"

#include <axiom/string.h>
#include <port/layout.h>

#include "cpu.h"

#define COMMON          UINT64_C(0xc7b1dd30df4c8b88), UINT64_C(0x0a82e883a194f07b)
#define BASE_REVISION   1
#define LIST_MAX        4096u /* of the loader's memory map */
#define ENTRIES_MAX     256u  /* of RAM */
#define HHDM_REACH      LOADED_MAX
#define PAGE_LARGE_RW   0x83u
#define PAGE_RW         3u
#define DIRECT_MAP_SLOT 256u

enum memory_type {
    MEMORY_USABLE = 0,
    MEMORY_RECLAIMABLE = 5, /* the loader's own: free once nothing of it is used any more */
};

struct request {
    uint64_t id[4], revision, response, argument;
};

#define REQUEST __attribute__((used, section(".limine"), aligned(8)))
REQUEST static volatile uint64_t base_revision[3] = { UINT64_C(0xf9562b2d5c95a6c8),
                                                      UINT64_C(0x6a7b384944536bdc), BASE_REVISION };
REQUEST static volatile struct request hhdm_request = {
    .id = { COMMON, UINT64_C(0x48dcf1cb8ad2b852), UINT64_C(0x63984e959a98244b) }
};
REQUEST static volatile struct request memory_request = {
    .id = { COMMON, UINT64_C(0x67cf3d9d378a806f), UINT64_C(0xe304acdfc50c3c62) }
};
REQUEST static volatile struct request module_request = {
    .id = { COMMON, UINT64_C(0x3e7e279702be32af), UINT64_C(0xca1c4f3bd1280cee) }
};
REQUEST static volatile struct request rsdp_request = {
    .id = { COMMON, UINT64_C(0xc5e77b6b397e7b43), UINT64_C(0x27637845accdcf3c) }
};
REQUEST static volatile struct request file_request = {
    .id = { COMMON, UINT64_C(0xad97e90e83f1ed67), UINT64_C(0x31eb5d1c5ff23b69) }
};
REQUEST static volatile struct request address_request = {
    .id = { COMMON, UINT64_C(0x71ba76863cc55f63), UINT64_C(0xb2644a48c516a487) }
};
void limine_entry(void);
REQUEST static volatile struct request entry_request = {
    .id = { COMMON, UINT64_C(0x13d86c035a1cd3e1), UINT64_C(0x2b0caa89d8f3026a) },
    .argument = (uint64_t)limine_entry,
};

struct memory_entry {
    uint64_t base, length, type;
};

struct file { /* the members that are read */
    uint64_t revision, address, size, path, command_line;
};

/* boot.S */
extern uint64_t boot_pml4[512], boot_pdpt_low[512], boot_pdpt_high[512], boot_pd[4 * 512];

static uint64_t hhdm, physical_base;
static struct memory_entry memory[ENTRIES_MAX];
static uint32_t memory_count;

/* --- the answers --- */

/* NULL: not all of it is in the direct map. */
static const void *answer(uint64_t pointer, uint64_t size)
{
    bool inside =
        hhdm != 0 && pointer >= hhdm && size <= HHDM_REACH && pointer - hhdm <= HHDM_REACH - size;
    return inside ? (const void *)pointer : NULL; // NOLINT: an address of the loader's
}

/* Member `index` of a response, 0 being its revision. */
static uint64_t member(const volatile struct request *request, uint32_t index)
{
    const uint64_t *response = answer(request->response, 8 * (index + 1));
    return response != NULL ? response[index] : 0;
}

static void text_copy(uint64_t pointer, char *to, size_t size)
{
    size_t length = 0;
    while (length + 1 < size) {
        const char *byte = answer(pointer + length, 1);
        if (byte == NULL || *byte == '\0')
            break;
        to[length++] = *byte;
    }
    to[length] = '\0';
}

static void memory_read(struct boot_record *out)
{
    uint64_t count = member(&memory_request, 1), list = member(&memory_request, 2);
    memory_count = 0;
    for (uint64_t i = 0; i < count && i < LIST_MAX; i++) {
        const uint64_t *pointer = answer(list + 8 * i, 8);
        const struct memory_entry *entry = pointer != NULL ? answer(*pointer, sizeof *entry) : NULL;
        if (entry == NULL || (entry->type != MEMORY_USABLE && entry->type != MEMORY_RECLAIMABLE))
            continue;
        if (memory_count < ENTRIES_MAX)
            memory[memory_count++] = *entry;
        else
            out->memory.lost += entry->length;
    }
    for (uint32_t i = 0; i < memory_count; i++)
        memmap_add(&out->memory, memory[i].base, memory[i].length);
}

/* A module's name is its command line, or the last part of its path. */
static void module_read(const struct file *file, struct boot_record *out)
{
    char name[64], path[256];
    text_copy(file->command_line, name, sizeof name);
    if (name[0] == '\0') {
        text_copy(file->path, path, sizeof path);
        const char *last = path;
        for (const char *at = path; *at != '\0'; at++)
            last = *at == '/' ? at + 1 : last;
        string_copy(name, sizeof name, last);
    }
    if (answer(file->address, file->size) != NULL)
        boot_module_add(out, file->address - hhdm, file->size, name);
}

static void modules_read(struct boot_record *out)
{
    uint64_t count = member(&module_request, 1), list = member(&module_request, 2);
    for (uint64_t i = 0; i < count && i < LOADER_MODULE_MAX; i++) {
        const uint64_t *pointer = answer(list + 8 * i, 8);
        const struct file *file = pointer != NULL ? answer(*pointer, sizeof *file) : NULL;
        if (file != NULL)
            module_read(file, out);
    }
}

const char *limine_read(struct boot_record *out)
{
    if (base_revision[2] != 0)
        return "the Limine loader does not know base revision 1";
    /* This one's pointer cannot be judged before it is known. */
    hhdm = hhdm_request.response != 0 ? ((const uint64_t *)hhdm_request.response)[1] : 0;
    if (answer(memory_request.response, 24) == NULL || answer(address_request.response, 24) == NULL)
        return "the Limine loader gives no direct map, no memory map or no address of the image";
    physical_base = member(&address_request, 1);
    out->loader = "Limine";
    out->rsdp = member(&rsdp_request, 1) != 0 ? member(&rsdp_request, 1) - hhdm : 0;
    memory_read(out);
    modules_read(out);
    const struct file *file = answer(member(&file_request, 1), sizeof *file);
    if (file != NULL)
        text_copy(file->command_line, out->command_line, sizeof out->command_line);
    return NULL;
}

/* --- the move --- */

static bool is_usable(uint64_t base, uint64_t size)
{
    for (uint32_t i = 0; i < memory_count; i++) {
        if (memory[i].type == MEMORY_USABLE && base >= memory[i].base && size <= memory[i].length &&
            base - memory[i].base <= memory[i].length - size)
            return true;
    }
    return false;
}

/* As boot.S makes them: 4 GiB at the direct map and at 0, the first of them at the image's address. */
static void tables_fill(void)
{
    for (uint64_t i = 0; i < 4ull * 512; i++)
        boot_pd[i] = i << 21 | PAGE_LARGE_RW;
    for (uint64_t i = 0; i < 4; i++)
        boot_pdpt_low[i] = (x86_image_phys(boot_pd) + (i << 12)) | PAGE_RW;
    boot_pdpt_high[510] = x86_image_phys(boot_pd) | PAGE_RW;
    boot_pml4[0] = boot_pml4[DIRECT_MAP_SLOT] = x86_image_phys(boot_pdpt_low) | PAGE_RW;
    boot_pml4[511] = x86_image_phys(boot_pdpt_high) | PAGE_RW;
}

const char *limine_move(void)
{
    uint64_t to = x86_image_phys(image_start), size = (uint64_t)(image_end - image_start);
    tables_fill();
    if (physical_base == to)
        return NULL;
    if (!is_usable(to, size))
        return "the RAM at 2 MiB, where the image must be, is taken";
    memcpy((void *)(hhdm + to), image_start, size); // NOLINT: an address of the loader's
    return NULL;
}
