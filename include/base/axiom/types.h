/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Types everyone uses. Addresses are structs of one member: mixing physical and virtual ones does not compile. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct phys_addr {
    uint64_t value;
};

struct virt_addr {
    uint64_t value;
};

#define ARRAY_SIZE(array)                   (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#define NSEC_PER_USEC 1000u
#define NSEC_PER_MSEC 1000000u
#define NSEC_PER_SEC  1000000000u

/* A deadline that never comes. */
#define TIME_NEVER UINT64_MAX

/* The most virtual or real CPUs that an image serves. */
#define CPU_MAX 8u
