/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the functions of c_programs_make.c want, for BPF and for the machine itself; included before
 * them. No header of the system: clang -target bpf has none. */
#pragma once
typedef unsigned long long u64;
typedef long long s64;
typedef unsigned u32;
typedef int s32;
typedef unsigned short u16;
typedef short s16;
typedef unsigned char u8;
typedef signed char s8;

#define ROUND_COUNT 6

/* Filled before each round: by the test, or by c_programs_native.c. */
u64 inputs[8];

static inline u64 rotate64(u64 value, u32 by)
{
    return value << by | value >> (64 - by);
}

static inline u64 rotate32(u32 value, u32 by)
{
    return value << by | value >> (32 - by);
}

/* The bytes of the inputs from one of them on, put together in both orders. */
static inline u64 little(u64 at, u32 size)
{
    const u8 *bytes = (const u8 *)inputs + (at & 31);
    u64 value = 0;
    for (u32 i = 0; i < size; i++)
        value |= (u64)bytes[i] << 8 * i;
    return value;
}

static inline u64 big(u64 at, u32 size)
{
    const u8 *bytes = (const u8 *)inputs + (at & 31);
    u64 value = 0;
    for (u32 i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

#ifdef __bpf__
#define PROGRAM(name) __attribute__((section("timer/1000hz"), used)) u64 name(void *context)
#define PROGRAMS_BEGIN
#define PROGRAM_ROW(name)
#define PROGRAMS_END
#else
#define PROGRAM(name) static u64 name(void)
#define PROGRAMS_BEGIN     \
    static const struct {  \
        const char *name;  \
        u64 (*body)(void); \
    } programs[] = {
#define PROGRAM_ROW(name) { #name, name },
#define PROGRAMS_END \
    }                \
    ;
#endif
