/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "space.h"

#include <arch_impl/pte.h>
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <port/layout.h>
#include <port/pt.h>

#include "cpu.h"

extern const char boot_extra_size[];   /* kernel.lds: its address is the number */
extern const char arm_boot_code_end[]; /* boot.S */
extern const char arm_root_replace_here[];
void arm_root_replace(uint64_t ttbr1, uint64_t here);

static struct pt boot;
static uint64_t image_at, next_page, pages_end;
static uint64_t device_next;

struct boot_memory space_extra(void)
{
    uint64_t end = space_image_phys(image_end);
    return (struct boot_memory){ { end }, (uint64_t)boot_extra_size };
}

static void *page_take(void *context)
{
    (void)context;
    if (next_page == pages_end)
        return NULL;
    void *page = arch_phys_to_virt((struct phys_addr){ next_page });
    next_page += PAGE_SIZE;
    memset(page, 0, PAGE_SIZE);
    return page;
}

void space_init(uint64_t image, uint64_t root, uint64_t next)
{
    image_at = image;
    next_page = next;
    struct boot_memory extra = space_extra();
    pages_end = extra.base.value + extra.size;
    boot = (struct pt){ .root = arch_phys_to_virt((struct phys_addr){ root }),
                        .pages = { .alloc = page_take } };
    device_next = ARCH_WINDOW_BASE;
}

uint64_t space_image_phys(const void *at)
{
    return image_at + ((uint64_t)at - (uint64_t)image_start);
}

static bool reached(uint64_t at)
{
    uint64_t span;
    return pt_find(&boot, (uint64_t)arch_phys_to_virt((struct phys_addr){ at }), &span) != NULL;
}

/* From hole to hole: neighbours may have mapped a first or last page already. */
int space_reach(uint64_t base, uint64_t size)
{
    uint64_t at = align_down64(base, PAGE_SIZE), end = align_up64(base + size, PAGE_SIZE);
    if (end < at || end > PHYSICAL_END)
        return -ENOMEM;
    while (at < end) {
        if (reached(at)) {
            at += PAGE_SIZE;
            continue;
        }
        uint64_t stop = end;
        while (reached(stop - PAGE_SIZE))
            stop -= PAGE_SIZE;
        int err = pt_map(&boot, (uint64_t)arch_phys_to_virt((struct phys_addr){ at }), at,
                         stop - at, MMU_READ | MMU_WRITE, true);
        if (err)
            return err;
        at = end;
    }
    return 0;
}

void *space_device(uint64_t base)
{
    uint64_t page = align_down64(base, PAGE_SIZE);
    uint64_t at = device_next;
    if (pt_map(&boot, at, page, PAGE_SIZE, MMU_READ | MMU_WRITE | KMAP_DEVICE, false) != 0)
        return NULL;
    device_next += PAGE_SIZE;
    return (void *)(at + base % PAGE_SIZE);
}

static void *map_page(void *context)
{
    uint64_t page = memmap_take(context, PAGE_SIZE, PHYSICAL_END);
    if (page == 0)
        return NULL;
    void *at = arch_phys_to_virt((struct phys_addr){ page });
    memset(at, 0, PAGE_SIZE);
    return at;
}

uint64_t space_idmap(struct memmap *map)
{
    struct pt idmap = { .pages = { .alloc = map_page, .context = map } };
    uint64_t start = space_image_phys(image_start);
    uint64_t end = align_up64(space_image_phys(arm_boot_code_end), PAGE_SIZE);
    idmap.root = map_page(map);
    if (idmap.root == NULL ||
        pt_map(&idmap, start, start, end - start, MMU_READ | MMU_EXEC, false) != 0)
        return 0;
    return arch_virt_to_phys(idmap.root).value;
}

void space_replace(uint64_t root)
{
    arm_root_replace(root + PAGE_SIZE / 2, space_image_phys(arm_root_replace_here));
    arm_cpu_protect();
}
