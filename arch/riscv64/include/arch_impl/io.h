/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For arch/common/board/mmio.c. Accesses of a device stay in program order by fences: which regions
 * order them by themselves is the platform's (privileged specification, 3.6.5). There are no ports. */
#pragma once
#include <axiom/bug.h>
#include <axiom/types.h>

#define IO_ACCESSORS(bits)                                                      \
    static inline uint##bits##_t io_read##bits(const void *at)                  \
    {                                                                           \
        uint##bits##_t value;                                                   \
        __asm__ volatile("fence io, i" ::: "memory");                           \
        value = *(const volatile uint##bits##_t *)at;                           \
        __asm__ volatile("fence i, io" ::: "memory");                           \
        return value;                                                           \
    }                                                                           \
    static inline void io_write##bits(void *at, uint##bits##_t value)           \
    {                                                                           \
        __asm__ volatile("fence io, o" ::: "memory");                           \
        *(volatile uint##bits##_t *)at = value;                                 \
    }                                                                           \
    static inline uint##bits##_t io_port_read##bits(uint64_t port)              \
    {                                                                           \
        panic("a read of port 0x%llx", (unsigned long long)port);               \
    }                                                                           \
    static inline void io_port_write##bits(uint64_t port, uint##bits##_t value) \
    {                                                                           \
        (void)value;                                                            \
        panic("a write of port 0x%llx", (unsigned long long)port);              \
    }
IO_ACCESSORS(8)
IO_ACCESSORS(16)
IO_ACCESSORS(32)
IO_ACCESSORS(64)
#undef IO_ACCESSORS

static inline bool io_ports_contain(uint64_t base, uint64_t size)
{
    (void)base;
    (void)size;
    return false;
}

static inline void io_wmb(void)
{
    __asm__ volatile("fence ow, ow" ::: "memory");
}

static inline void io_rmb(void)
{
    __asm__ volatile("fence ir, ir" ::: "memory");
}
