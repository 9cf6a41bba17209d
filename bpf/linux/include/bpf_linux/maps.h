/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps of Linux programs at a desk. */
#pragma once
#include <bpf/map.h>

/* As bpf_map_create(); types that only Linux has are stand-ins without contents: good for
 * verifying, not for running. Their definitions are held to Linux's own rules and errno. */
int bpf_linux_map_create(const struct bpf_env *env, const struct bpf_map_spec *spec,
                         struct bpf_map **out, struct bpf_error *error);
