/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Address spaces of user programs: a root of their own whose kernel half is the kernel's. And copies
 * from and to them, page by page through their tables: a bad pointer is found before it is used, so
 * no copy can fault. */
#include <arch/user.h>
#include <arch_impl/pte.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <port/kmap.h>
#include <port/port.h>
#include <port/pt.h>

#define FLAGS 0xfu /* enum mmu_flags */

struct arch_page_table { /* a page of its own, besides the tree's */
    struct pt pt;
};

int arch_mmu_create(const struct mmu_pages *pages, struct arch_page_table **out)
{
    struct arch_page_table *table = pages->alloc(pages->context);
    if (table == NULL)
        return -ENOMEM;
    uint64_t *root = pages->alloc(pages->context);
    if (root == NULL) {
        pages->free(pages->context, table);
        return -ENOMEM;
    }
    kmap_share(root);
    table->pt = (struct pt){ .root = root, .pages = *pages };
    *out = table;
    return 0;
}

void arch_mmu_destroy(struct arch_page_table *table)
{
    struct mmu_pages pages = table->pt.pages;
    pt_free(&table->pt, PTE_USER_FIRST, PTE_USER_LAST);
    pages.free(pages.context, table->pt.root);
    pages.free(pages.context, table);
}

int arch_mmu_map(struct arch_page_table *table, struct virt_addr at, struct phys_addr page,
                 uint32_t flags)
{
    if (at.value % PAGE_SIZE != 0 || at.value >= ARCH_USER_END || page.value % PAGE_SIZE != 0 ||
        (flags & ~FLAGS) != 0)
        return -EINVAL;
    return pt_map(&table->pt, at.value, page.value, PAGE_SIZE, flags, false);
}

static uint64_t *mapped_leaf(const struct arch_page_table *table, uint64_t at)
{
    uint64_t span;
    return at < ARCH_USER_END ? pt_find(&table->pt, at, &span) : NULL;
}

int arch_mmu_unmap(struct arch_page_table *table, struct virt_addr at)
{
    uint64_t *entry = mapped_leaf(table, at.value);
    if (entry == NULL)
        return -ENOENT;
    __atomic_store_n(entry, 0, __ATOMIC_RELEASE);
    port_tlb_flush_user();
    return 0;
}

int arch_mmu_protect(struct arch_page_table *table, struct virt_addr at, uint32_t flags)
{
    if ((flags & ~FLAGS) != 0)
        return -EINVAL;
    uint64_t *entry = mapped_leaf(table, at.value);
    if (entry == NULL)
        return -ENOENT;
    __atomic_store_n(entry, pte_leaf(pte_address(*entry), flags, 0), __ATOMIC_RELEASE);
    port_tlb_flush_user();
    return 0;
}

int arch_mmu_query(struct arch_page_table *table, struct virt_addr at, struct phys_addr *page,
                   uint32_t *flags)
{
    const uint64_t *entry = mapped_leaf(table, at.value);
    if (entry == NULL)
        return -ENOENT;
    page->value = pte_address(*entry);
    *flags = pte_flags(*entry);
    return 0;
}

int arch_user_enter(struct arch_user_regs *regs, struct arch_page_table *table, enum user_exit *out)
{
    (void)regs;
    (void)table;
    (void)out;
    return -ENOSYS; /* no process exists yet that could ask */
}

/* The kernel's address of a user byte that grants all of `need`; NULL: an access would fault. Valid
 * to the page's end. */
static char *access(struct arch_page_table *table, uint64_t at, uint32_t need)
{
    const uint64_t *entry = mapped_leaf(table, at);
    if (entry == NULL || (pte_flags(*entry) & need) != need)
        return NULL;
    char *page = arch_phys_to_virt((struct phys_addr){ pte_address(*entry) });
    return kmap_readable((uint64_t)page, PAGE_SIZE) ? page + at % PAGE_SIZE : NULL;
}

static size_t to_page_end(uint64_t address, size_t most)
{
    size_t left = PAGE_SIZE - address % PAGE_SIZE;
    return left < most ? left : most;
}

int arch_copy_from_user(struct arch_page_table *table, void *to, struct virt_addr from, size_t size,
                        size_t *done)
{
    *done = 0;
    while (*done < size) {
        uint64_t at = from.value + *done;
        const char *user = access(table, at, MMU_USER | MMU_READ);
        if (user == NULL || at < from.value)
            return -EFAULT;
        size_t take = to_page_end(at, size - *done);
        memcpy((char *)to + *done, user, take);
        *done += take;
    }
    return 0;
}

int arch_copy_to_user(struct arch_page_table *table, struct virt_addr to, const void *from,
                      size_t size, size_t *done)
{
    *done = 0;
    while (*done < size) {
        uint64_t at = to.value + *done;
        char *user = access(table, at, MMU_USER | MMU_WRITE);
        if (user == NULL || at < to.value)
            return -EFAULT;
        size_t take = to_page_end(at, size - *done);
        memcpy(user, (const char *)from + *done, take);
        *done += take;
    }
    return 0;
}
