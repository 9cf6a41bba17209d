/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The host edge on Linux: memory, console, end.
 *
 * Physical memory is a memfd, so that pages can be shown twice (kernel stacks between guard pages
 * now, user mappings later). Each way to get memory counts and can be told to fail. */
#define _GNU_SOURCE /* see feature_test_macros(7) */
#include <axiom/errno.h>
#include <errno.h>
#include <host/host.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

static uint64_t allocation_count, allocation_failing;

void host_fail_allocation(uint64_t nth)
{
    allocation_count = 0;
    allocation_failing = nth;
}

uint64_t host_allocation_count(void)
{
    return allocation_count;
}

static bool allocation_fails(void)
{
    return ++allocation_count == allocation_failing;
}

void *host_alloc(size_t size)
{
    return allocation_fails() ? NULL : calloc(1, size);
}

void host_free(void *at)
{
    free(at);
}

int host_memory_create(size_t size, struct host_memory *out)
{
    if (allocation_fails())
        return -ENOMEM;
    int descriptor = memfd_create("axiom-memory", MFD_CLOEXEC);
    if (descriptor < 0)
        return -ENOMEM;
    if (ftruncate(descriptor, (off_t)size) != 0)
        goto close_descriptor;
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (base == MAP_FAILED)
        goto close_descriptor;
    *out = (struct host_memory){ .descriptor = descriptor, .base = base, .size = size };
    return 0;
close_descriptor:
    close(descriptor);
    return -ENOMEM;
}

void host_memory_destroy(struct host_memory *memory)
{
    munmap(memory->base, memory->size);
    close(memory->descriptor);
    *memory = (struct host_memory){ .descriptor = -1 };
}

int host_memory_alias(const struct host_memory *memory, size_t offset, size_t size, void **out)
{
    if (allocation_fails())
        return -ENOMEM;
    char *guarded =
        mmap(NULL, size + 2u * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (guarded == MAP_FAILED)
        return -ENOMEM;
    void *at = mmap(guarded + PAGE, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                    memory->descriptor, (off_t)offset);
    if (at == MAP_FAILED) {
        munmap(guarded, size + 2u * PAGE);
        return -ENOMEM;
    }
    *out = at;
    return 0;
}

void host_memory_unalias(void *at, size_t size)
{
    munmap((char *)at - PAGE, size + 2u * PAGE);
}

int host_exec_alloc(size_t size, void **out)
{
    if (allocation_fails())
        return -ENOMEM;
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return -ENOMEM;
    *out = at;
    return 0;
}

int host_exec_seal(void *at, size_t size)
{
    __builtin___clear_cache((char *)at, (char *)at + size);
    return mprotect(at, size, PROT_READ | PROT_EXEC) == 0 ? 0 : -errno;
}

void host_exec_free(void *at, size_t size)
{
    munmap(at, size);
}

void host_console_write(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t wrote = write(STDERR_FILENO, text, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return; /* nobody listens */
        text += wrote;
        size -= (size_t)wrote;
    }
}

_Noreturn void host_abort(void)
{
    abort();
}
