/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps of the running Linux by bpf(2), as a backend. */
#pragma once
#include "operations.h"

struct linux_backend {
    struct backend backend;
    int fd;
};

/* 0 or a negative errno: -EPERM where bpf(2) may not be called. Close with linux_backend_close(). */
int linux_backend_open(struct linux_backend *linux_map, const struct shape *shape);
void linux_backend_close(struct linux_backend *linux_map);
/* CPUs that a per-CPU map has values for. */
uint32_t linux_cpu_count(void);
