/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For arch/common/board/mmio.c: loads, stores and port instructions. */
#pragma once
#include <axiom/bug.h>
#include <axiom/types.h>

#define IO_ACCESSORS(bits)                                            \
    static inline uint##bits##_t io_read##bits(const void *at)        \
    {                                                                 \
        return *(const volatile uint##bits##_t *)at;                  \
    }                                                                 \
    static inline void io_write##bits(void *at, uint##bits##_t value) \
    {                                                                 \
        *(volatile uint##bits##_t *)at = value;                       \
    }
IO_ACCESSORS(8)
IO_ACCESSORS(16)
IO_ACCESSORS(32)
IO_ACCESSORS(64)
#undef IO_ACCESSORS

#define PORT_ACCESSORS(bits, suffix)                                                   \
    static inline uint##bits##_t io_port_read##bits(uint64_t port)                     \
    {                                                                                  \
        uint##bits##_t value;                                                          \
        __asm__ volatile("in" suffix " %w1, %0" : "=a"(value) : "Nd"((uint16_t)port)); \
        return value;                                                                  \
    }                                                                                  \
    static inline void io_port_write##bits(uint64_t port, uint##bits##_t value)        \
    {                                                                                  \
        __asm__ volatile("out" suffix " %0, %w1" ::"a"(value), "Nd"((uint16_t)port));  \
    }
PORT_ACCESSORS(8, "b")
PORT_ACCESSORS(16, "w")
PORT_ACCESSORS(32, "l")
#undef PORT_ACCESSORS

static inline uint64_t io_port_read64(uint64_t port)
{
    panic("a 64-bit access to port 0x%llx", (unsigned long long)port);
}

static inline void io_port_write64(uint64_t port, uint64_t value)
{
    panic("a 64-bit access to port 0x%llx (0x%llx)", (unsigned long long)port,
          (unsigned long long)value);
}

static inline bool io_ports_contain(uint64_t base, uint64_t size)
{
    return base < 0x10000 && size <= 0x10000 - base;
}

/* Stores are not reordered with stores, nor loads with loads (SDM volume 3, 9.2.3.2). */
static inline void io_wmb(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void io_rmb(void)
{
    __asm__ volatile("" ::: "memory");
}
