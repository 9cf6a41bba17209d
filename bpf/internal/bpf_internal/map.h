/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What map types share. */
#pragma once
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf/map.h>

extern const struct bpf_map_ops bpf_array_ops, bpf_hash_ops, bpf_ringbuf_ops, bpf_timeseries_ops;

/* A hash of bytes that is the same on every port and in every run: no seed, no addresses. Not for
 * adversaries. */
uint64_t bpf_hash_bytes(const void *data, size_t size_bytes, uint64_t seed);

/* "map NAME: ..." into `error`; gives -EINVAL. */
#define map_refuse(spec, error, format, ...)                                            \
    bpf_error_set(error, -EINVAL, BPF_ERROR_NO_OFFSET, "map %s: " format, (spec)->name, \
                  ##__VA_ARGS__)
