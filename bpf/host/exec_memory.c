/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <bpf_host/exec_memory.h>

#include <errno.h>
#include <sys/mman.h>

static void *exec_alloc(void *user, size_t size_bytes)
{
    (void)user;
    void *at = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* __builtin___clear_cache: DC CVAU and IC IVAU on AArch64, the system call riscv_flush_icache (all
 * harts) on RISC-V, nothing on x86. */
static int exec_seal(void *user, void *at, size_t size_bytes)
{
    (void)user;
    if (mprotect(at, size_bytes, PROT_READ | PROT_EXEC) != 0)
        return -errno;
    __builtin___clear_cache((char *)at, (char *)at + size_bytes);
    return 0;
}

static void exec_free(void *user, void *at, size_t size_bytes)
{
    (void)user;
    munmap(at, size_bytes);
}

const struct bpf_exec_ops bpf_host_exec_ops = { exec_alloc, exec_seal, exec_free };
