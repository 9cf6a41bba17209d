/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For arch/common/board/mmio.c: loads and stores of device memory. One instruction each, without
 * side effects on the base register: hypervisors can emulate no others (ESR_EL2.ISV). */
#pragma once
#include <axiom/bug.h>
#include <axiom/types.h>

#define IO_ACCESSORS(bits, suffix, width)                                                       \
    static inline uint##bits##_t io_read##bits(const void *at)                                  \
    {                                                                                           \
        uint##bits##_t value;                                                                   \
        __asm__ volatile("ldr" suffix " %" width "0, [%1]" : "=r"(value) : "r"(at) : "memory"); \
        return value;                                                                           \
    }                                                                                           \
    static inline void io_write##bits(void *at, uint##bits##_t value)                           \
    {                                                                                           \
        __asm__ volatile("str" suffix " %" width "0, [%1]" ::"r"(value), "r"(at) : "memory");   \
    }
IO_ACCESSORS(8, "b", "w")
IO_ACCESSORS(16, "h", "w")
IO_ACCESSORS(32, "", "w")
IO_ACCESSORS(64, "", "x")
#undef IO_ACCESSORS

/* There are no ports: io_ports_contain() keeps every region of them out. */
#define PORT_ACCESSORS(bits)                                                    \
    static inline uint##bits##_t io_port_read##bits(uint64_t port)              \
    {                                                                           \
        panic("a read of port 0x%llx", (unsigned long long)port);               \
    }                                                                           \
    static inline void io_port_write##bits(uint64_t port, uint##bits##_t value) \
    {                                                                           \
        panic("a write of port 0x%llx (0x%llx)", (unsigned long long)port,      \
              (unsigned long long)value);                                       \
    }
PORT_ACCESSORS(8)
PORT_ACCESSORS(16)
PORT_ACCESSORS(32)
PORT_ACCESSORS(64)
#undef PORT_ACCESSORS

static inline bool io_ports_contain(uint64_t base, uint64_t size)
{
    (void)base;
    (void)size;
    return false;
}

/* Devices are in the outer shareable domain (Arm ARM, B2.7.2). */
static inline void io_wmb(void)
{
    __asm__ volatile("dmb oshst" ::: "memory");
}

static inline void io_rmb(void)
{
    __asm__ volatile("dmb oshld" ::: "memory");
}
