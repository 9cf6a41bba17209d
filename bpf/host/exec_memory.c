/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Executable memory of a Linux process. Mapping a page, touching it first and unmapping it cost more
 * than compiling a small program, so the pages of small programs come from one mapping that stays: a
 * bit for each page says whether it is given out. A page that is free is writable; sealing and freeing
 * turn it round, never is it writable and executable. Any thread may call: bits change atomically. */
#include <bpf_host/exec_memory.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEPT_PAGES 64u /* bits of a word */
#define SMALL_MAX  8u  /* pages that are taken from them at once */

static uint8_t *kept; /* NULL: not mapped yet */
static uint64_t taken;

static size_t page_size(void)
{
    static size_t size;
    if (size == 0)
        size = (size_t)sysconf(_SC_PAGESIZE);
    return size;
}

static size_t whole_pages(size_t size_bytes)
{
    return (size_bytes + page_size() - 1) & ~(page_size() - 1);
}

static void *map_pages(size_t size_bytes)
{
    void *at = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static uint8_t *kept_pages(void)
{
    uint8_t *pages = __atomic_load_n(&kept, __ATOMIC_ACQUIRE), *before = NULL;
    if (pages != NULL)
        return pages;
    pages = map_pages(KEPT_PAGES * page_size());
    if (pages == NULL || __atomic_compare_exchange_n(&kept, &before, pages, false, __ATOMIC_ACQ_REL,
                                                     __ATOMIC_ACQUIRE))
        return pages;
    munmap(pages, KEPT_PAGES * page_size()); /* another thread was first */
    return before;
}

static uint64_t bits_of(size_t first, size_t count)
{
    return ((UINT64_C(1) << count) - 1) << first;
}

static bool is_kept(const uint8_t *at)
{
    const uint8_t *pages = __atomic_load_n(&kept, __ATOMIC_ACQUIRE);
    return pages != NULL && at >= pages && at < pages + KEPT_PAGES * page_size();
}

static void *take_kept(size_t count)
{
    uint8_t *pages = kept_pages();
    uint64_t before = __atomic_load_n(&taken, __ATOMIC_RELAXED);
    for (size_t first = 0; pages != NULL && first + count <= KEPT_PAGES;) {
        if ((before & bits_of(first, count)) != 0)
            first++;
        else if (__atomic_compare_exchange_n(&taken, &before, before | bits_of(first, count), false,
                                             __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return pages + first * page_size();
    }
    return NULL;
}

static void *exec_alloc(void *user, size_t size_bytes)
{
    (void)user;
    size_t count = whole_pages(size_bytes) / page_size();
    void *at = count == 0 || count > SMALL_MAX ? NULL : take_kept(count);
    return at != NULL ? at : map_pages(whole_pages(size_bytes));
}

static int exec_seal(void *user, void *at, size_t size_bytes)
{
    (void)user;
    __builtin___clear_cache((char *)at, (char *)at + size_bytes);
    return mprotect(at, whole_pages(size_bytes), PROT_READ | PROT_EXEC) == 0 ? 0 : -errno;
}

static void exec_free(void *user, void *at, size_t size_bytes)
{
    (void)user;
    size_t size = whole_pages(size_bytes);
    if (!is_kept(at)) {
        munmap(at, size);
        return;
    }
    /* Pages that cannot be written any more are not given out again. */
    if (mprotect(at, size, PROT_READ | PROT_WRITE) == 0)
        __atomic_fetch_and(
            &taken, ~bits_of((size_t)((uint8_t *)at - kept) / page_size(), size / page_size()),
            __ATOMIC_ACQ_REL);
}

const struct bpf_exec_ops bpf_host_exec = { .alloc = exec_alloc,
                                            .seal = exec_seal,
                                            .free = exec_free };
