/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* User space. Copies walk the page table page by page, so a bad pointer is found before it is used
 * and a fault leaves the bytes before it copied. Entering user mode is not possible yet on this
 * port (docs/CAVEATS.md): user programs will be host processes behind a stub. */
#include <arch/user.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>

#include "page_table.h"

int arch_user_enter(struct arch_user_regs *regs, struct arch_page_table *table, enum user_exit *out)
{
    (void)regs;
    (void)table;
    (void)out;
    log_warning("arch/sim: user programs cannot run in the simulated port yet");
    return -ENOSYS;
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
        const char *user = page_table_access(table, at, MMU_USER | MMU_READ);
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
        char *user = page_table_access(table, at, MMU_USER | MMU_WRITE);
        if (user == NULL || at < to.value)
            return -EFAULT;
        size_t take = to_page_end(at, size - *done);
        memcpy(user, (const char *)from + *done, take);
        *done += take;
    }
    return 0;
}
