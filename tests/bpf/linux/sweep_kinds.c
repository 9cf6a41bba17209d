/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "sweep.h"

#define LOOKUP4(map) "*(u32 *)(r10 - 72) = 0; r1 = map[" map "]; r2 = r10; r2 += -72; call $1; r6 = r0; "
#define LOOKUP8(map) "*(u64 *)(r10 - 72) = 0; r1 = map[" map "]; r2 = r10; r2 += -72; call $1; r6 = r0; "
/* A key of which nothing is known: newer kernels know that an array has its constant ones. */
#define LOOKUP_ANY(map) "*(u32 *)(r10 - 72) = r7; r1 = map[" map "]; r2 = r10; r2 += -72; call $1; r6 = r0"
#define CHECKED      "if r6 != 0 goto +2; r0 = 0; exit; "
#define RESERVE      "r1 = map[ring]; r2 = 64; r3 = 0; call $131; r6 = r0; "
#define RELEASE      "r1 = r6; call $86"
#define LOOKUP_SOCKET(helper)                                                                    \
    "*(u64 *)(r10 - 80) = 0; *(u32 *)(r10 - 72) = 0; r1 = r9; r2 = r10; r2 += -80; r3 = 12; r4 = -1; " \
    "r5 = 0; call $" helper "; r6 = r0; "
#define PACKET(at, end)                                                                  \
    "r6 = *(u32 *)(r9 " at "); r1 = *(u32 *)(r9 " end "); r2 = r6; r2 += 16; "             \
    "if r2 <= r1 goto +2; r0 = 0; exit; "
#define PACKET8(at, end)                                                                 \
    "r6 = *(u64 *)(r9 " at "); r1 = *(u64 *)(r9 " end "); r2 = r6; r2 += 16; "             \
    "if r2 <= r1 goto +2; r0 = 0; exit; "
#define RING_DYNPTR "r1 = map[ring]; r2 = 64; r3 = 0; r4 = r10; r4 += -96; call $198; "
#define DROP_DYNPTR "r1 = r10; r1 += -96; r2 = 0; call $200"
#define TASK        "r1 = 1; .insn 0x85 0 2 0 {bpf_task_from_pid}; r6 = r0; "
#define DROP_TASK   "r1 = r6; .insn 0x85 0 2 0 {bpf_task_release}"
#define CGROUP      "r1 = 1; .insn 0x85 0 2 0 {bpf_cgroup_from_id}; r6 = r0; "
#define DROP_CGROUP "r1 = r6; .insn 0x85 0 2 0 {bpf_cgroup_release}"
#define NODE        "r1 = 18; r2 = 0; .insn 0x85 0 2 0 {bpf_obj_new_impl}; r6 = r0; "
#define DROP_NODE   "r1 = r6; r2 = 0; .insn 0x85 0 2 0 {bpf_obj_drop_impl}"
#define MASK        ".insn 0x85 0 2 0 {bpf_cpumask_create}; r6 = r0; "
#define DROP_MASK   "r1 = r6; .insn 0x85 0 2 0 {bpf_cpumask_release}"

#define TO_KERNEL   ".insn 0xbf 6 7 1 1" /* r6 = addr_space_cast(r7, 0, 1) */

#define K(name, section, begin, end) { name, section, NULL, begin, end }

// clang-format off
const struct sweep_kind sweep_kinds[] = {
    K("number", "tc", "call $5; r6 = r0", ""),
    K("number_32", "tc", "r6 = r7; r6 <<= 1", ""),
    K("number_0_7", "tc", "call $5; r6 = r0; r6 &= 7", ""),
    K("number_signed", "tc", "call $5; r6 = r0; if r6 s< 4 goto +2; r0 = 0; exit; if r6 s> -4 goto +2; r0 = 0; exit", ""),
    K("zero", "tc", "r6 = 0", ""),
    K("one", "tc", "r6 = 1", ""),
    K("minus_one", "tc", "r6 = -1", ""),
    K("not_set", "tc", "", ""),
    K("stack", "tc", "r6 = r10; r6 += -64", ""),
    K("stack_not_set", "tc", "r6 = r10; r6 += -160", ""),
    K("frame", "tc", "r6 = r10", ""),
    K("stack_variable", "tc", "call $5; r0 &= 24; r6 = r10; r6 += -64; r6 += r0", ""),
    K("stack_number", "raw_tp", "*(u64 *)(r10 - 64) = r7; r6 = r10; r6 += -64", ""),
    K("stack_spilled", "tc", "*(u64 *)(r10 - 64) = r8; r6 = r10; r6 += -64", ""),
    K("context_tc", "tc", "r6 = r9", ""),
    K("context_xdp", "xdp", "r6 = r9", ""),
    K("context_socket", "socket", "r6 = r9", ""),
    K("context_raw_tp", "raw_tp", "r6 = r9", ""),
    K("context_tp_btf", "tp_btf", "r6 = r9", ""),
    K("context_kprobe", "kprobe", "r6 = r9", ""),
    K("context_tracepoint", "tracepoint", "r6 = r9", ""),
    K("context_perf_event", "perf_event", "r6 = r9", ""),
    K("context_syscall", "syscall", "r6 = r9", ""),
    K("context_sock_addr", "cgroup/connect4", "r6 = r9", ""),
    K("context_sock_ops", "sockops", "r6 = r9", ""),
    K("context_sockopt", "cgroup/getsockopt", "r6 = r9", ""),
    K("context_sk_lookup", "sk_lookup", "r6 = r9", ""),
    K("context_sk_msg", "sk_msg", "r6 = r9", ""),
    K("context_netfilter", "netfilter", "r6 = r9", ""),
    K("array_value", "tc", LOOKUP4("array") CHECKED, ""),
    K("array_value_or_null", "tc", LOOKUP_ANY("array"), ""),
    K("hash_value", "tc", LOOKUP8("hash") CHECKED, ""),
    K("hash_value_or_null", "tc", LOOKUP8("hash"), ""),
    K("value_variable", "tc", LOOKUP4("array") CHECKED "call $5; r0 &= 31; r6 += r0", ""),
    K("value_direct", "tc", "r6 = &map[single] + 8", ""),
    K("value_frozen", "tc", "r6 = &map[rdonly] + 0", ""),
    K("value_thawed", "tc", "r6 = &map[thawed] + 0", ""),
    K("value_write_only", "tc", "r6 = &map[wronly] + 0", ""),
    K("value_read_only_hash", "tc", LOOKUP8("rohash") CHECKED, ""),
    K("value_locked", "tc", LOOKUP4("locked") CHECKED, ""),
    K("value_locked_or_null", "tc", LOOKUP_ANY("locked"), ""),
    K("value_timed", "tc", LOOKUP4("timed") CHECKED, ""),
    K("value_worked", "tc", LOOKUP4("worked") CHECKED, ""),
    K("value_kptrs", "tc", LOOKUP4("kptrs") CHECKED, ""),
    K("value_percpu", "tc", LOOKUP4("parray") CHECKED, ""),
    K("value_trie", "xdp", LOOKUP8("trie") CHECKED, ""),
    K("value_devmap", "xdp", LOOKUP4("devs") CHECKED, ""),
    K("value_xskmap", "xdp", LOOKUP4("xsks") CHECKED, ""),
    K("map", "tc", "r6 = map[array]", ""),
    K("map_ring", "tc", "r6 = map[ring]", ""),
    K("map_progs", "tc", "r6 = map[progs]", ""),
    K("inner_map", "tc", LOOKUP4("amaps") CHECKED, ""),
    K("inner_map_or_null", "tc", LOOKUP4("amaps"), ""),
    K("inner_value", "tc", LOOKUP4("amaps") CHECKED
      "r1 = r6; r2 = r10; r2 += -72; call $1; r6 = r0; " CHECKED, ""),
    K("function", "tc", "r6 = function +0", ""),
    K("packet", "tc", PACKET("+ 76", "+ 80"), ""),
    K("packet_unchecked", "tc", "r6 = *(u32 *)(r9 + 76)", ""),
    K("packet_end", "tc", "r6 = *(u32 *)(r9 + 80)", ""),
    K("packet_meta", "tc", "r6 = *(u32 *)(r9 + 140)", ""),
    K("packet_meta_checked", "tc", PACKET("+ 140", "+ 76"), ""),
    K("packet_variable", "xdp", "r6 = *(u32 *)(r9 + 0); r1 = *(u32 *)(r9 + 4); r2 = r7; r2 &= 255; r6 += r2; "
      "r2 = r6; r2 += 16; if r2 <= r1 goto +2; r0 = 0; exit", ""),
    K("packet_xdp", "xdp", PACKET("+ 0", "+ 4"), ""),
    K("packet_cgroup_skb", "cgroup_skb/ingress", PACKET("+ 76", "+ 80"), ""),
    K("packet_lwt_in", "lwt_in", PACKET("+ 76", "+ 80"), ""),
    K("packet_sk_skb", "sk_skb", PACKET("+ 76", "+ 80"), ""),
    K("packet_flow", "flow_dissector", PACKET("+ 76", "+ 80"), ""),
    K("packet_sk_msg", "sk_msg", PACKET8("+ 0", "+ 8"), ""),
    K("packet_sk_reuseport", "sk_reuseport", PACKET8("+ 0", "+ 8"), ""),
    K("packet_sockopt", "cgroup/getsockopt", PACKET8("+ 8", "+ 16"), ""),
    K("packet_sock_ops", "sockops", PACKET8("+ 192", "+ 200"), ""),
    K("flow_keys", "flow_dissector", "r6 = *(u64 *)(r9 + 144)", ""),
    K("buffer", "raw_tp.w", "r6 = *(u64 *)(r9 + 0)", ""),
    K("sock_common", "tc", "r6 = *(u64 *)(r9 + 168); " CHECKED, ""),
    K("sock_common_or_null", "tc", "r6 = *(u64 *)(r9 + 168)", ""),
    K("sock", "tc", "r1 = *(u64 *)(r9 + 168); if r1 != 0 goto +2; r0 = 0; exit; call $95; r6 = r0; " CHECKED, ""),
    K("sock_or_null", "tc", "r1 = *(u64 *)(r9 + 168); if r1 != 0 goto +2; r0 = 0; exit; call $95; r6 = r0", ""),
    K("tcp_sock", "tc", "r1 = *(u64 *)(r9 + 168); if r1 != 0 goto +2; r0 = 0; exit; call $96; r6 = r0; " CHECKED, ""),
    K("listener", "tc", "r1 = *(u64 *)(r9 + 168); if r1 != 0 goto +2; r0 = 0; exit; call $98; r6 = r0; " CHECKED, ""),
    K("sock_found", "tc", LOOKUP_SOCKET("84") CHECKED, RELEASE),
    K("sock_found_or_null", "tc", LOOKUP_SOCKET("84"), "if r6 == 0 goto +2; " RELEASE),
    K("sock_found_kept", "tc", LOOKUP_SOCKET("84") CHECKED, ""),
    K("skc_found", "xdp", LOOKUP_SOCKET("99") CHECKED, RELEASE),
    K("skc_found_or_null", "tc", LOOKUP_SOCKET("99"), "if r6 == 0 goto +2; " RELEASE),
    K("sock_sock_addr", "cgroup/connect4", "r6 = *(u64 *)(r9 + 64)", ""),
    K("sock_sockopt", "cgroup/getsockopt", "r6 = *(u64 *)(r9 + 0)", ""),
    K("sock_sk_lookup", "sk_lookup", "r6 = *(u64 *)(r9 + 0); " CHECKED, ""),
    K("sock_sk_msg", "sk_msg", "r6 = *(u64 *)(r9 + 72)", ""),
    K("sock_sock_ops", "sockops", "r6 = *(u64 *)(r9 + 184); " CHECKED, ""),
    K("tcp_sock_btf", "tc", "r1 = *(u64 *)(r9 + 168); if r1 != 0 goto +2; r0 = 0; exit; call $137; r6 = r0; " CHECKED, ""),
    K("tcp_sock_btf_or_null", "tc", "r1 = *(u64 *)(r9 + 168); if r1 != 0 goto +2; r0 = 0; exit; call $137; r6 = r0", ""),
    K("record", "tc", RESERVE CHECKED, "r1 = r6; r2 = 0; call $133"),
    K("record_or_null", "tc", RESERVE, "if r6 == 0 goto +3; r1 = r6; r2 = 0; call $133"),
    K("record_kept", "tc", RESERVE CHECKED, ""),
    K("dynptr_ring", "tc", RING_DYNPTR "r6 = r10; r6 += -96", DROP_DYNPTR),
    K("dynptr_ring_kept", "tc", RING_DYNPTR "r6 = r10; r6 += -96", ""),
    K("dynptr_data", "tc", RING_DYNPTR "r1 = r10; r1 += -96; r2 = 0; r3 = 16; call $203; r6 = r0; "
      "if r6 != 0 goto +6; " DROP_DYNPTR "; r0 = 0; exit", DROP_DYNPTR),
    K("dynptr_local", "tc", "r1 = r8; r2 = 16; r3 = 0; r4 = r10; r4 += -96; call $197; r6 = r10; r6 += -96", ""),
    K("dynptr_skb", "tc", "r1 = r9; r2 = 0; r3 = r10; r3 += -96; .insn 0x85 0 2 0 {bpf_dynptr_from_skb}; r6 = r10; r6 += -96", ""),
    K("dynptr_slice", "tc", "r1 = r9; r2 = 0; r3 = r10; r3 += -96; .insn 0x85 0 2 0 {bpf_dynptr_from_skb}; r1 = r10; r1 += -96; "
      "r2 = 0; r3 = r10; r3 += -64; r4 = 16; .insn 0x85 0 2 0 {bpf_dynptr_slice}; r6 = r0; " CHECKED, ""),
    K("dynptr_slice_write", "tc", "r1 = r9; r2 = 0; r3 = r10; r3 += -96; .insn 0x85 0 2 0 {bpf_dynptr_from_skb}; r1 = r10; r1 += -96; "
      "r2 = 0; r3 = r10; r3 += -64; r4 = 16; .insn 0x85 0 2 0 {bpf_dynptr_slice_rdwr}; r6 = r0; " CHECKED, ""),
    K("iterator", "tc", "r1 = r10; r1 += -96; r2 = 0; r3 = 4; .insn 0x85 0 2 0 {bpf_iter_num_new}; r6 = r10; r6 += -96",
      "r1 = r10; r1 += -96; .insn 0x85 0 2 0 {bpf_iter_num_destroy}"),
    K("iterator_element", "tc", "r1 = r10; r1 += -96; r2 = 0; r3 = 4; .insn 0x85 0 2 0 {bpf_iter_num_new}; "
      "r1 = r10; r1 += -96; .insn 0x85 0 2 0 {bpf_iter_num_next}; r6 = r0; "
      "if r6 != 0 goto +5; r1 = r10; r1 += -96; .insn 0x85 0 2 0 {bpf_iter_num_destroy}; r0 = 0; exit",
      "r1 = r10; r1 += -96; .insn 0x85 0 2 0 {bpf_iter_num_destroy}"),
    K("task", "tc", TASK CHECKED, DROP_TASK),
    K("task_or_null", "tc", TASK, "if r6 == 0 goto +2; " DROP_TASK),
    K("task_kept", "tc", TASK CHECKED, ""),
    K("task_current", "raw_tp", "call $158; r6 = r0", ""),
    K("cgroup", "tc", CGROUP CHECKED, DROP_CGROUP),
    K("node", "tc", NODE CHECKED, DROP_NODE),
    K("node_or_null", "tc", NODE, "if r6 == 0 goto +3; " DROP_NODE),
    K("cpumask", "tp_btf", MASK CHECKED, DROP_MASK),
    K("kptr_loaded", "tc", LOOKUP4("kptrs") CHECKED "r6 = *(u64 *)(r6 + 0); " CHECKED, ""),
    K("kptr_loaded_trusted", "tc", LOOKUP4("kptrs") CHECKED "r6 = *(u64 *)(r6 + 8); " CHECKED, ""),
    K("kptr_loaded_sleeping", "syscall", LOOKUP4("kptrs") CHECKED "r6 = *(u64 *)(r6 + 8); " CHECKED, ""),
    K("kptr_in_section", "syscall", LOOKUP4("kptrs") CHECKED "*(u64 *)(r10 - 80) = r6; .insn 0x85 0 2 0 {bpf_rcu_read_lock}; r6 = *(u64 *)(r10 - 80); "
      "r6 = *(u64 *)(r6 + 8); if r6 != 0 goto +3; .insn 0x85 0 2 0 {bpf_rcu_read_unlock}; r0 = 0; exit",
      ".insn 0x85 0 2 0 {bpf_rcu_read_unlock}"),
    K("kptr_taken", "tc", LOOKUP4("kptrs") CHECKED "r1 = r6; r1 += 8; r2 = 0; call $194; r6 = r0; " CHECKED, DROP_TASK),
    K("kptr_taken_or_null", "tc", LOOKUP4("kptrs") CHECKED "r1 = r6; r1 += 8; r2 = 0; call $194; r6 = r0",
      "if r6 == 0 goto +2; " DROP_TASK),
    K("task_argument", "tp_btf", "r6 = *(u64 *)(r9 + 8)", ""),
    K("task_walked", "tp_btf", "r6 = *(u64 *)(r9 + 8); r1 = 0; r6 += 0", ""),
    K("iter_task", "iter", "r6 = *(u64 *)(r9 + 8)", ""),
    K("iter_task_checked", "iter", "r6 = *(u64 *)(r9 + 8); " CHECKED, ""),
    K("iter_meta", "iter", "r6 = *(u64 *)(r9 + 0)", ""),
    { "iter_key", "iter", "bpf_iter_bpf_map_elem", "r6 = *(u64 *)(r9 + 16); " CHECKED, "" },
    { "iter_value", "iter", "bpf_iter_bpf_map_elem", "r6 = *(u64 *)(r9 + 24); " CHECKED, "" },
    { "iter_value_or_null", "iter", "bpf_iter_bpf_map_elem", "r6 = *(u64 *)(r9 + 24)", "" },
    { "iter_map", "iter", "bpf_iter_bpf_map_elem", "r6 = *(u64 *)(r9 + 8); " CHECKED, "" },
    K("nf_state", "netfilter", "r6 = *(u64 *)(r9 + 0)", ""),
    K("nf_skb", "netfilter", "r6 = *(u64 *)(r9 + 8)", ""),
    K("cgroup_storage", "cgroup_skb/ingress", "r1 = map[cgstore]; r2 = 0; call $81; r6 = r0", ""),
    K("sk_storage", "tc", "r2 = *(u64 *)(r9 + 168); if r2 != 0 goto +2; r0 = 0; exit; r1 = r2; call $95; if r0 != 0 goto +2; r0 = 0; exit; "
      "r1 = map[skstore]; r2 = r0; r3 = 0; r4 = 1; call $107; r6 = r0; " CHECKED, ""),
    K("task_storage", "raw_tp", "call $158; r1 = map[taskstore]; r2 = r0; r3 = 0; r4 = 1; call $156; r6 = r0; " CHECKED, ""),
    K("kern_ctx", "tc", "r1 = r9; .insn 0x85 0 2 0 {bpf_cast_to_kern_ctx}; r6 = r0", ""),
    K("rdonly_cast", "raw_tp", "r1 = r9; r2 = {struct task_struct}; .insn 0x85 0 2 0 {bpf_rdonly_cast}; r6 = r0", ""),
    K("arena", "tc", "r1 = map[arena]; " TO_KERNEL, ""),
    K("arena_sleeping", "syscall", "r1 = map[arena]; " TO_KERNEL, ""),
    K("arena_of_variable", "tc", "r7 = &map[arena] + 8; " TO_KERNEL, ""),
    K("arena_user", "tc", "r1 = map[arena]; .insn 0xbf 6 7 1 65536", ""),
    K("arena_variable", "tc", "r6 = &map[arena] + 8", ""),
    K("arena_end", "tc", "r6 = &map[arena] + 16384", ""),
    K("arena_pages", "syscall", "r1 = map[arena]; r2 = 0; r3 = 1; r4 = -1; r5 = 0; .insn 0x85 0 2 0 {bpf_arena_alloc_pages}; r6 = r0", ""),
    K("map_arena", "syscall", "r6 = map[arena]", ""),
};
// clang-format on
const uint32_t sweep_kind_count = sizeof sweep_kinds / sizeof *sweep_kinds;
