/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Limine's boot protocol from the loader's side, written from its PROTOCOL.md: loads the kernel's segments at a
 * physical address of its own choice, maps them where they were linked for, looks for requests and answers. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HHDM          UINT64_C(0xffff900000000000)
#define KERNEL_AT     UINT64_C(0x4000000) /* physical; not what the kernel was linked for */
#define KERNEL_SIZE   UINT64_C(0x1000000)
#define IMAGE_BASE    UINT64_C(0xffffffff80000000)
#define ENTRIES_MAX   40u
#define E820_RAM      1u
#define MAGIC_0       UINT64_C(0xc7b1dd30df4c8b88)
#define MAGIC_1       UINT64_C(0x0a82e883a194f07b)
#define REVISION_0    UINT64_C(0xf9562b2d5c95a6c8)
#define REVISION_1    UINT64_C(0x6a7b384944536bdc)
#define USABLE        0u
#define RESERVED      1u
#define RECLAIMABLE   5u
#define KERNEL_MEMORY 6u

extern const uint8_t loader_kernel[], loader_module[], loader_module_end[];
extern uint64_t loader_pd_high[512];
extern uint8_t loader_stack_top[], loader_image_start[], loader_image_end[];
void loader_enter(uint64_t entry, uint64_t stack);
void loader_main(const void *pvh);

struct pvh {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp, memory_map;
    uint32_t memory_map_count, reserved;
};

struct pvh_memory {
    uint64_t base, size;
    uint32_t type, reserved;
};

struct segment { /* ELF64 program header */
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, file_size, memory_size, align;
};

struct entry {
    uint64_t base, length, type;
};

struct file {
    uint64_t revision, address, size, path, command_line, rest[12];
};

static struct entry entries[ENTRIES_MAX];
static uint64_t entry_pointers[ENTRIES_MAX], entry_count;
static struct file kernel_file, module_file;
static uint64_t module_pointers[1];
static uint64_t physical_base, virtual_base;
static uint64_t answers[16][4];
static uint32_t answer_count;
static uint64_t rsdp_address;

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *at, int value, size_t size);

void *memcpy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)to)[i] = ((const volatile uint8_t *)from)[i];
    return to;
}

void *memset(void *at, int value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile uint8_t *)at)[i] = (uint8_t)value;
    return at;
}

static uint64_t high(const volatile void *at)
{
    return (uint64_t)at + HHDM;
}

static void entry_add(uint64_t base, uint64_t length, uint64_t type)
{
    if (length == 0 || entry_count == ENTRIES_MAX)
        return;
    entries[entry_count] = (struct entry){ base, length, type };
    entry_pointers[entry_count] = high(&entries[entry_count]);
    entry_count++;
}

/* A piece of RAM, cut where the loader and the kernel lie: entries stay sorted and apart. */
static void ram_add(uint64_t base, uint64_t end)
{
    uint64_t here = (uint64_t)loader_image_start & ~UINT64_C(0xfff);
    uint64_t here_end = ((uint64_t)loader_image_end + 0xfff) & ~UINT64_C(0xfff);
    const struct entry taken[] = { { here, here_end - here, RECLAIMABLE },
                                   { KERNEL_AT, KERNEL_SIZE, KERNEL_MEMORY } };
    for (uint32_t i = 0; i < 2; i++) {
        if (taken[i].base < base || taken[i].base + taken[i].length > end)
            continue;
        entry_add(base, taken[i].base - base, USABLE);
        entry_add(taken[i].base, taken[i].length, taken[i].type);
        base = taken[i].base + taken[i].length;
    }
    entry_add(base, end - base, USABLE);
}

static void memory_answer(const struct pvh *pvh)
{
    const struct pvh_memory *map = (const void *)pvh->memory_map;
    for (uint32_t i = 0; i < pvh->memory_map_count; i++) {
        uint64_t base = (map[i].base + 0xfff) & ~UINT64_C(0xfff);
        uint64_t end = (map[i].base + map[i].size) & ~UINT64_C(0xfff);
        if (base < 0x1000)
            base = 0x1000;
        if (map[i].type == E820_RAM && base < end)
            ram_add(base, end);
        else if (map[i].type != E820_RAM)
            entry_add(map[i].base, map[i].size, RESERVED);
    }
}

static uint64_t kernel_load(void)
{
    uint64_t entry = *(const uint64_t *)(loader_kernel + 24);
    const struct segment *segments =
        (const void *)(loader_kernel + *(const uint64_t *)(loader_kernel + 32));
    uint16_t count = *(const uint16_t *)(loader_kernel + 56);
    virtual_base = UINT64_MAX;
    for (uint16_t i = 0; i < count; i++) {
        if (segments[i].type == 1 && segments[i].vaddr < virtual_base)
            virtual_base = segments[i].vaddr;
    }
    physical_base = KERNEL_AT;
    memset((void *)physical_base, 0x5a, KERNEL_SIZE);
    for (uint16_t i = 0; i < count; i++) {
        uint64_t to = physical_base + segments[i].vaddr - virtual_base;
        if (segments[i].type != 1)
            continue;
        memcpy((void *)to, loader_kernel + segments[i].offset, segments[i].file_size);
        memset((void *)(to + segments[i].file_size), 0,
               segments[i].memory_size - segments[i].file_size);
    }
    uint64_t first = (virtual_base - IMAGE_BASE) >> 21;
    for (uint64_t i = 0; i < KERNEL_SIZE >> 21; i++)
        loader_pd_high[first + i] = (physical_base + (i << 21)) | 0x83;
    return entry;
}

/* One response: its revision and up to three members. */
static uint64_t answer(uint64_t a, uint64_t b)
{
    uint64_t *at = answers[answer_count++];
    at[0] = 0;
    at[1] = a;
    at[2] = b;
    return high(at);
}

static void request_answer(uint64_t *request, uint64_t *entry)
{
    switch (request[2]) {
    case UINT64_C(0x48dcf1cb8ad2b852):
        request[5] = answer(HHDM, 0);
        break;
    case UINT64_C(0x67cf3d9d378a806f):
        request[5] = answer(entry_count, high(entry_pointers));
        break;
    case UINT64_C(0x3e7e279702be32af):
        request[5] = answer(1, high(module_pointers));
        break;
    case UINT64_C(0xc5e77b6b397e7b43):
        request[5] = answer(rsdp_address + HHDM, 0);
        break;
    case UINT64_C(0xad97e90e83f1ed67):
        request[5] = answer(high(&kernel_file), 0);
        break;
    case UINT64_C(0x71ba76863cc55f63):
        request[5] = answer(physical_base, virtual_base);
        break;
    case UINT64_C(0x13d86c035a1cd3e1):
        request[5] = answer(0, 0);
        *entry = request[6];
        break;
    default:
        break;
    }
}

void loader_main(const void *info)
{
    const struct pvh *pvh = info;
    uint64_t entry = kernel_load();
    rsdp_address = pvh->rsdp;
    kernel_file.command_line = pvh->command_line + HHDM;
    module_file.address = high(loader_module);
    module_file.size = (uint64_t)(loader_module_end - loader_module);
    module_file.path = high("/boot/button_led.bpf.o");
    module_file.command_line = high("");
    module_pointers[0] = high(&module_file);
    memory_answer(pvh);
    uint64_t *words = (uint64_t *)physical_base;
    for (uint64_t i = 0; i < KERNEL_SIZE / 8 - 8; i++) {
        if (words[i] == MAGIC_0 && words[i + 1] == MAGIC_1)
            request_answer(&words[i], &entry);
        if (words[i] == REVISION_0 && words[i + 1] == REVISION_1 && words[i + 2] <= 1)
            words[i + 2] = 0;
    }
    loader_enter(entry, high(loader_stack_top));
}
