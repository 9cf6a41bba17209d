/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux's helpers as the verifier sees them, for programs that are checked at a desk: rows without
 * bodies, as of Linux 6.12. Put them into bpf_env.helpers together with a context of this library.
 *
 * Who may call what is that of a privileged loader (CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN). */
#pragma once
#include <bpf/helper.h>

/* Sorted by id; some ids have several rows, one for each meaning. */
extern const struct bpf_helper bpf_linux_helpers[];
extern const uint32_t bpf_linux_helper_count;
