/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <bpf_host/exec_memory.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t whole_pages(size_t size_bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size_bytes + page - 1) & ~(page - 1);
}

static void *exec_alloc(void *user, size_t size_bytes)
{
    (void)user;
    void *at = mmap(NULL, whole_pages(size_bytes), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
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
    munmap(at, whole_pages(size_bytes));
}

const struct bpf_exec_ops bpf_host_exec = { .alloc = exec_alloc,
                                            .seal = exec_seal,
                                            .free = exec_free };
