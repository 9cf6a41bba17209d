/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bodies of helpers that have a file of their own. */
#pragma once
#include <bpf/helper.h>

bpf_helper_body bpf_helper_trace_printk, bpf_helper_map_lookup_elem;
bpf_helper_body bpf_helper_map_push_elem, bpf_helper_map_pop_elem, bpf_helper_map_peek_elem,
    bpf_helper_map_lookup_percpu_elem, bpf_helper_for_each_map_elem, bpf_helper_spin_lock,
    bpf_helper_spin_unlock, bpf_helper_strncmp, bpf_helper_strtol, bpf_helper_strtoul,
    bpf_helper_ktime_get_ns, bpf_helper_jiffies64, bpf_helper_get_prandom_u32,
    bpf_helper_get_numa_node_id, bpf_helper_get_current_pid_tgid, bpf_helper_get_current_uid_gid,
    bpf_helper_get_current_comm, bpf_helper_probe_read_kernel, bpf_helper_probe_read_kernel_str,
    bpf_helper_loop, bpf_helper_tail_call, bpf_helper_csum_diff, bpf_helper_snprintf,
    bpf_helper_trace_vprintk;
