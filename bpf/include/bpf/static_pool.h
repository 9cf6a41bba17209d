/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The embedded profile's memory: 64 KiB that the linker put aside, for all programs and maps.
 *
 * alloc and free fit struct bpf_env. When nothing fits any more alloc gives NULL, which everything
 * in bpf/ answers with -ENOMEM and a reason. No lock: loading is serialised by the caller. */
#pragma once
#include <axiom/types.h>

/* Once at boot, before anything else here: all of it is free. */
void bpf_static_pool_init(void);
void *bpf_static_pool_alloc(void *user, size_t size_bytes);
void bpf_static_pool_free(void *user, void *at, size_t size_bytes);
/* Bytes that are in use, with what managing them takes. */
size_t bpf_static_pool_used(void);
