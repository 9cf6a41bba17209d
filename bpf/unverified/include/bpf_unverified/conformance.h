/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The helpers that bpf_conformance's cases call, by the numbers they use (0 to 5). */
#pragma once
#include <bpf/helper.h>

extern const struct bpf_helper bpf_conformance_helpers[];
extern const uint32_t bpf_conformance_helper_count;
