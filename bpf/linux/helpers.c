/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux's helpers, one row each: number, arguments, result, who may call it.
 *
 * The numbers are those of include/uapi/linux/bpf.h; what each takes and gives is what bpf-helpers(7)
 * and the prototypes of Linux 6.12 say; who may call it, as of 6.18 (tests/bpf/linux/tables.c asks). Where Linux lets a helper write to memory that it declares as
 * read (bpf_d_path, bpf_fib_lookup, ...), the row here says what it does: MEM_UPDATE. */
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>

#define BIT(type) (UINT64_C(1) << BPF_LINUX_##type)

/* --- Who
 * --- */
#define EVERY    (~UINT64_C(1) & ~BIT(LIRC_MODE2) & ~BIT(EXT))
#define CLS      (BIT(SCHED_CLS) | BIT(SCHED_ACT))
#define LWT_OUT_ (BIT(LWT_OUT) | BIT(LWT_IN) | BIT(LWT_XMIT) | BIT(LWT_SEG6LOCAL))
#define SK_BASE                                                                                  \
    (BIT(SOCKET_FILTER) | BIT(CGROUP_SOCK_ADDR) | CLS | BIT(XDP) | BIT(SOCK_OPS) | BIT(SK_MSG) | \
     BIT(SK_SKB) | BIT(FLOW_DISSECTOR) | LWT_OUT_ | BIT(SK_LOOKUP) | BIT(CGROUP_SKB))
#define BTF_TRACE (BIT(TRACING) | BIT(LSM) | BIT(SYSCALL))
#define PROBES                                                               \
    (BIT(KPROBE) | BIT(TRACEPOINT) | BIT(PERF_EVENT) | BIT(RAW_TRACEPOINT) | \
     BIT(RAW_TRACEPOINT_WRITABLE))
#define TRACE (PROBES | BTF_TRACE)
#define CG_ANY                                                                    \
    (BIT(CGROUP_SOCK) | BIT(CGROUP_SOCK_ADDR) | BIT(CGROUP_SKB) | BIT(SOCK_OPS) | \
     BIT(CGROUP_DEVICE) | BIT(CGROUP_SYSCTL) | BIT(CGROUP_SOCKOPT))
#define CG_CURRENT                                                                        \
    (BIT(CGROUP_SOCK) | BIT(CGROUP_SOCK_ADDR) | BIT(CGROUP_DEVICE) | BIT(CGROUP_SYSCTL) | \
     BIT(CGROUP_SOCKOPT))
#define CG_DATA (CG_CURRENT & ~BIT(CGROUP_SOCK))
#define LIRC    BIT(LIRC_MODE2)
/* Programs whose context is a struct __sk_buff that they look at or change. */
#define SKB_FILTER (BIT(SOCKET_FILTER) | BIT(CGROUP_SKB))

/* --- Which maps
 * --- */
#define M(type)   BPF_MAP_BIT_##type
#define HASHES    (M(HASH) | M(PERCPU_HASH) | M(LRU_HASH) | M(LRU_PERCPU_HASH))
#define ARRAYS    (M(ARRAY) | M(PERCPU_ARRAY))
#define UPDATED   (HASHES | ARRAYS | M(LPM_TRIE) | M(SOCKMAP) | M(SOCKHASH))
#define LOOKED_UP (UPDATED | M(ARRAY_OF_MAPS) | M(HASH_OF_MAPS) | M(DEVMAP) | M(XSKMAP))
#define PUSHED    (M(QUEUE) | M(STACK) | M(BLOOM_FILTER))

/* --- Arguments
 * --- */
#define NUM     BPF_ARG_SCALAR
#define ANY     BPF_ARG_ANYTHING
#define CTX     BPF_ARG_CONTEXT
#define MAP     BPF_ARG_MAP
#define KEY     BPF_ARG_MAP_KEY
#define VALUE   BPF_ARG_MAP_VALUE
#define IN      BPF_ARG_MEM_READ
#define OUT     BPF_ARG_MEM_WRITE
#define INOUT   BPF_ARG_MEM_UPDATE
#define SIZE    BPF_ARG_SIZE
#define SIZE0   BPF_ARG_SIZE_OR_ZERO
#define CONST   BPF_ARG_CONST_SIZE
#define STRING  BPF_ARG_CONST_STRING
#define FUNC    BPF_ARG_CALLBACK
#define STACK   BPF_ARG_STACK
#define BTF     BPF_ARG_BTF
#define SOCK    BPF_ARG_ANY_SOCK
#define COMMON  BPF_ARG_SOCK_COMMON
#define DYNPTR  BPF_ARG_DYNPTR
#define NULLED  BPF_ARG_OR_NULL
#define FIX_IN  BPF_ARG_FIXED_READ
#define FIX_OUT BPF_ARG_FIXED_WRITE
#define FIX     BPF_ARG_FIXED_UPDATE

#define SLEEPS    BPF_HELPER_MIGHT_SLEEP
#define TAKES     BPF_HELPER_ACQUIRES
#define PACKET    BPF_HELPER_CHANGES_PACKET
#define IN_PACKET BPF_HELPER_PACKET_ARGUMENTS

#define H(number, helper, who, ...)                                                         \
    {                                                                                       \
        .id = (number), .name = #helper, .prog_types = (who), .returns = BPF_RETURN_SCALAR, \
        .args = {                                                                           \
            __VA_ARGS__                                                                     \
        }                                                                                   \
    }
#define R(number, helper, who, what, ...)                                                   \
    {                                                                                       \
        .id = (number), .name = #helper, .prog_types = (who), .returns = BPF_RETURN_##what, \
        .args = {                                                                           \
            __VA_ARGS__                                                                     \
        }                                                                                   \
    }
/* With more members first. */
#define X(number, helper, who, what, members, ...)                                          \
    {                                                                                       \
        .id = (number), .name = #helper, .prog_types = (who), .returns = BPF_RETURN_##what, \
        members, .args = {                                                                  \
            __VA_ARGS__                                                                     \
        }                                                                                   \
    }
/* The same, for programs under the GPL only. */
#define HG(number, helper, who, ...)                                                        \
    {                                                                                       \
        .id = (number), .name = #helper, .prog_types = (who), .returns = BPF_RETURN_SCALAR, \
        .is_gpl = true, .args = {                                                           \
            __VA_ARGS__                                                                     \
        }                                                                                   \
    }
#define RG(number, helper, who, what, ...)                                                  \
    {                                                                                       \
        .id = (number), .name = #helper, .prog_types = (who), .returns = BPF_RETURN_##what, \
        .is_gpl = true, .args = {                                                           \
            __VA_ARGS__                                                                     \
        }                                                                                   \
    }
#define XG(number, helper, who, what, members, ...)                                         \
    {                                                                                       \
        .id = (number), .name = #helper, .prog_types = (who), .returns = BPF_RETURN_##what, \
        .is_gpl = true, members, .args = {                                                  \
            __VA_ARGS__                                                                     \
        }                                                                                   \
    }
/* Only some of the kind's attach types (Linux's enum bpf_attach_type). */
#define AT(types)         .attach_types = (types)
#define ON(type)          (UINT64_C(1) << BPF_LINUX_##type)
#define ON_TRAMPOLINES    (ON(TRACE_FENTRY) | ON(TRACE_FEXIT) | ON(MODIFY_RETURN))
#define ON_ADDRESS_CHANGES                                                                \
    (ON(INET4_BIND) | ON(INET6_BIND) | ON(INET4_CONNECT) | ON(INET6_CONNECT) |            \
     ON(UNIX_CONNECT) | ON(UDP4_SENDMSG) | ON(UDP6_SENDMSG) | ON(UNIX_SENDMSG))
#define MAPS(types) .map_types = (types)
#define FLAGS(f)    .flags = (f)
#define OF(type)    .btf_name = #type
#define GIVES(type) .return_name = #type
#define AND         ,

// clang-format off
const struct bpf_helper bpf_linux_helpers[] = {
    X(1, map_lookup_elem, EVERY | LIRC, MAP_VALUE_OR_NULL, MAPS(LOOKED_UP) AND FLAGS(IN_PACKET), MAP, KEY),
    X(2, map_update_elem, EVERY | LIRC, SCALAR, MAPS(UPDATED) AND FLAGS(IN_PACKET), MAP, KEY, VALUE, ANY),
    X(3, map_delete_elem, EVERY | LIRC, SCALAR, MAPS(UPDATED) AND FLAGS(IN_PACKET), MAP, KEY),
    HG(4, probe_read, TRACE, OUT, SIZE0, ANY),
    H(5, ktime_get_ns, EVERY | LIRC),
    XG(6, trace_printk, EVERY | LIRC, SCALAR, FLAGS(BPF_HELPER_VARIADIC), IN, SIZE),
    H(7, get_prandom_u32, EVERY | LIRC),
    X(8, get_smp_processor_id, EVERY, SCALAR, FLAGS(BPF_HELPER_KEEPS_REGISTERS), BPF_ARG_NONE),
    X(9, skb_store_bytes, CLS | BIT(LWT_XMIT) | BIT(SK_SKB), SCALAR, FLAGS(PACKET), CTX, ANY, IN, SIZE, ANY),
    X(10, l3_csum_replace, CLS | BIT(LWT_XMIT), SCALAR, FLAGS(PACKET), CTX, ANY, ANY, ANY, ANY),
    X(11, l4_csum_replace, CLS | BIT(LWT_XMIT), SCALAR, FLAGS(PACKET), CTX, ANY, ANY, ANY, ANY),
    X(12, tail_call, EVERY | LIRC, VOID, MAPS(M(PROG_ARRAY)) AND FLAGS(BPF_HELPER_TAIL_CALL | PACKET), CTX, MAP, ANY),
    X(13, clone_redirect, CLS | BIT(LWT_XMIT), SCALAR, FLAGS(PACKET), CTX, ANY, ANY),
    H(14, get_current_pid_tgid, EVERY),
    H(15, get_current_uid_gid, EVERY),
    H(16, get_current_comm, EVERY, OUT, SIZE),
    H(17, get_cgroup_classid, EVERY & ~(CLS | LWT_OUT_)),
    H(17, get_cgroup_classid, CLS | LWT_OUT_, CTX),
    X(18, skb_vlan_push, CLS, SCALAR, FLAGS(PACKET), CTX, ANY, ANY),
    X(19, skb_vlan_pop, CLS, SCALAR, FLAGS(PACKET), CTX),
    H(20, skb_get_tunnel_key, CLS | BIT(LWT_XMIT), CTX, OUT, SIZE, ANY),
    H(21, skb_set_tunnel_key, CLS | BIT(LWT_XMIT), CTX, IN, SIZE, ANY),
    XG(22, perf_event_read, EVERY, SCALAR, MAPS(M(PERF_EVENT_ARRAY)), MAP, ANY),
    H(23, redirect, CLS | BIT(XDP) | BIT(LWT_XMIT), ANY, ANY),
    H(24, get_route_realm, CLS | LWT_OUT_, CTX),
    XG(25, perf_event_output, TRACE | CLS | LWT_OUT_ | SKB_FILTER | BIT(SK_SKB) | BIT(XDP) | CG_ANY | BIT(SK_MSG) | BIT(SK_LOOKUP), SCALAR,
      MAPS(M(PERF_EVENT_ARRAY)), CTX, MAP, ANY, IN, SIZE0),
    H(26, skb_load_bytes, CLS | LWT_OUT_ | SKB_FILTER | BIT(SK_SKB) | BIT(FLOW_DISSECTOR) | BIT(SK_REUSEPORT), CTX, ANY, OUT, SIZE),
    XG(27, get_stackid, TRACE, SCALAR, MAPS(M(STACK_TRACE)), CTX, MAP, ANY),
    X(28, csum_diff, CLS | LWT_OUT_ | BIT(XDP), SCALAR, FLAGS(IN_PACKET), IN | NULLED, SIZE0, IN | NULLED, SIZE0, ANY),
    H(29, skb_get_tunnel_opt, CLS | BIT(LWT_XMIT), CTX, OUT, SIZE),
    H(30, skb_set_tunnel_opt, CLS | BIT(LWT_XMIT), CTX, IN, SIZE),
    X(31, skb_change_proto, CLS, SCALAR, FLAGS(PACKET), CTX, ANY, ANY),
    H(32, skb_change_type, CLS, CTX, ANY),
    X(33, skb_under_cgroup, CLS | LWT_OUT_, SCALAR, MAPS(M(CGROUP_ARRAY)), CTX, MAP, ANY),
    H(34, get_hash_recalc, CLS | LWT_OUT_, CTX),
    HG(35, get_current_task, EVERY),
    HG(36, probe_write_user, TRACE, ANY, IN, SIZE),
    X(37, current_task_under_cgroup, EVERY, SCALAR, MAPS(M(CGROUP_ARRAY)), MAP, ANY),
    X(38, skb_change_tail, CLS | BIT(LWT_XMIT) | BIT(SK_SKB), SCALAR, FLAGS(PACKET), CTX, ANY, ANY),
    X(39, skb_pull_data, CLS | BIT(LWT_SEG6LOCAL) | BIT(LWT_OUT) | BIT(LWT_IN) | BIT(LWT_XMIT) | BIT(SK_SKB), SCALAR, FLAGS(PACKET), CTX, ANY),
    H(40, csum_update, CLS | BIT(LWT_XMIT), CTX, ANY),
    H(41, set_hash_invalid, CLS | BIT(LWT_XMIT), CTX),
    H(42, get_numa_node_id, EVERY),
    X(43, skb_change_head, CLS | BIT(LWT_XMIT) | BIT(SK_SKB), SCALAR, FLAGS(PACKET), CTX, ANY, ANY),
    X(44, xdp_adjust_head, BIT(XDP), SCALAR, FLAGS(PACKET), CTX, ANY),
    RG(45, probe_read_str, TRACE, SIZE, OUT, SIZE0, ANY),
    H(46, get_socket_cookie, BIT(SK_REUSEPORT) | BTF_TRACE, SOCK | NULLED),
    H(46, get_socket_cookie, CLS | SKB_FILTER | BIT(SK_SKB) | BIT(CGROUP_SOCK) | BIT(CGROUP_SOCK_ADDR) | BIT(SOCK_OPS), CTX),
    H(47, get_socket_uid, CLS | SKB_FILTER | BIT(SK_SKB), CTX),
    H(48, set_hash, CLS, CTX, ANY),
    X(49, setsockopt, BIT(CGROUP_SOCKOPT), SCALAR, AT(ON(SETSOCKOPT)), SOCK, ANY, ANY, IN, SIZE),
    X(49, setsockopt, BIT(LSM), SCALAR, AT(ON(LSM_CGROUP)), SOCK, ANY, ANY, IN, SIZE),
    H(49, setsockopt, BIT(STRUCT_OPS), SOCK, ANY, ANY, IN, SIZE),
    H(49, setsockopt, BIT(CGROUP_SOCK_ADDR) | BIT(SOCK_OPS), CTX, ANY, ANY, IN, SIZE),
    X(50, skb_adjust_room, CLS | BIT(SK_SKB), SCALAR, FLAGS(PACKET), CTX, ANY, ANY, ANY),
    X(51, redirect_map, BIT(XDP), SCALAR, MAPS(M(DEVMAP) | M(CPUMAP) | M(XSKMAP)), MAP, ANY, ANY),
    X(52, sk_redirect_map, BIT(SK_SKB), SCALAR, MAPS(M(SOCKMAP)), CTX, MAP, ANY, ANY),
    X(53, sock_map_update, BIT(SOCK_OPS), SCALAR, MAPS(M(SOCKMAP)) AND FLAGS(IN_PACKET), CTX, MAP, KEY, ANY),
    X(54, xdp_adjust_meta, BIT(XDP), SCALAR, FLAGS(PACKET), CTX, ANY),
    XG(55, perf_event_read_value, EVERY, SCALAR, MAPS(M(PERF_EVENT_ARRAY)), MAP, ANY, OUT, SIZE),
    HG(56, perf_prog_read_value, BIT(PERF_EVENT), CTX, OUT, SIZE),
    X(57, getsockopt, BIT(CGROUP_SOCKOPT), SCALAR, AT(ON(SETSOCKOPT)), SOCK, ANY, ANY, OUT, SIZE),
    X(57, getsockopt, BIT(LSM), SCALAR, AT(ON(LSM_CGROUP)), SOCK, ANY, ANY, OUT, SIZE),
    H(57, getsockopt, BIT(STRUCT_OPS), SOCK, ANY, ANY, OUT, SIZE),
    H(57, getsockopt, BIT(CGROUP_SOCK_ADDR) | BIT(SOCK_OPS), CTX, ANY, ANY, OUT, SIZE),
    HG(58, override_return, BIT(KPROBE), CTX, ANY),
    H(59, sock_ops_cb_flags_set, BIT(SOCK_OPS), CTX, ANY),
    X(60, msg_redirect_map, BIT(SK_MSG), SCALAR, MAPS(M(SOCKMAP)), CTX, MAP, ANY, ANY),
    H(61, msg_apply_bytes, BIT(SK_MSG), CTX, ANY),
    H(62, msg_cork_bytes, BIT(SK_MSG), CTX, ANY),
    X(63, msg_pull_data, BIT(SK_MSG), SCALAR, FLAGS(PACKET), CTX, ANY, ANY, ANY),
    X(64, bind, BIT(CGROUP_SOCK_ADDR), SCALAR, AT(ON(INET4_CONNECT) | ON(INET6_CONNECT)), CTX, IN, SIZE),
    X(65, xdp_adjust_tail, BIT(XDP), SCALAR, FLAGS(PACKET), CTX, ANY),
    H(66, skb_get_xfrm_state, CLS, CTX, ANY, OUT, SIZE, ANY),
    RG(67, get_stack, TRACE, SIZE, CTX, OUT, SIZE0, ANY),
    H(68, skb_load_bytes_relative, CLS | SKB_FILTER | BIT(SK_REUSEPORT), CTX, ANY, OUT, SIZE, ANY),
    HG(69, fib_lookup, CLS | BIT(XDP), CTX, INOUT, SIZE, ANY),
    X(70, sock_hash_update, BIT(SOCK_OPS), SCALAR, MAPS(M(SOCKHASH)) AND FLAGS(IN_PACKET), CTX, MAP, KEY, ANY),
    X(71, msg_redirect_hash, BIT(SK_MSG), SCALAR, MAPS(M(SOCKHASH)), CTX, MAP, KEY, ANY),
    X(72, sk_redirect_hash, BIT(SK_SKB), SCALAR, MAPS(M(SOCKHASH)), CTX, MAP, KEY, ANY),
    X(73, lwt_push_encap, BIT(LWT_IN) | BIT(LWT_XMIT), SCALAR, FLAGS(PACKET), CTX, ANY, IN, SIZE),
    X(74, lwt_seg6_store_bytes, BIT(LWT_SEG6LOCAL), SCALAR, FLAGS(PACKET), CTX, ANY, IN, SIZE),
    X(75, lwt_seg6_adjust_srh, BIT(LWT_SEG6LOCAL), SCALAR, FLAGS(PACKET), CTX, ANY, ANY),
    X(76, lwt_seg6_action, BIT(LWT_SEG6LOCAL), SCALAR, FLAGS(PACKET), CTX, ANY, IN, SIZE),
    H(77, rc_repeat, LIRC, CTX),
    H(78, rc_keydown, LIRC, CTX, ANY, ANY, ANY),
    H(79, skb_cgroup_id, CLS | BIT(CGROUP_SKB), CTX),
    H(80, get_current_cgroup_id, EVERY),
    X(81, get_local_storage, CG_ANY | BIT(LSM), MAP_VALUE, MAPS(M(CGROUP_STORAGE)), MAP, BPF_ARG_ZERO),
    X(82, sk_select_reuseport, BIT(SK_REUSEPORT), SCALAR, MAPS(M(REUSEPORT) | M(SOCKMAP) | M(SOCKHASH)), CTX, MAP, KEY, ANY),
    H(83, skb_ancestor_cgroup_id, CLS | BIT(CGROUP_SKB), CTX, ANY),
    X(84, sk_lookup_tcp, CLS | BIT(CGROUP_SKB) | BIT(CGROUP_SOCK_ADDR) | BIT(XDP) | BIT(SK_SKB), SOCKET_OR_NULL, FLAGS(TAKES | IN_PACKET),
      CTX, IN, SIZE0, ANY, ANY),
    X(85, sk_lookup_udp, CLS | BIT(CGROUP_SKB) | BIT(CGROUP_SOCK_ADDR) | BIT(XDP) | BIT(SK_SKB), SOCKET_OR_NULL, FLAGS(TAKES | IN_PACKET),
      CTX, IN, SIZE0, ANY, ANY),
    H(86, sk_release, CLS | BIT(CGROUP_SKB) | BIT(CGROUP_SOCK_ADDR) | BIT(XDP) | BIT(SK_SKB) | BIT(SK_LOOKUP), SOCK | BPF_ARG_RELEASE),
    X(87, map_push_elem, EVERY | LIRC, SCALAR, MAPS(PUSHED) AND FLAGS(IN_PACKET), MAP, VALUE, ANY),
    X(88, map_pop_elem, EVERY | LIRC, SCALAR, MAPS(M(QUEUE) | M(STACK)), MAP, BPF_ARG_MAP_VALUE_OUT),
    X(89, map_peek_elem, EVERY | LIRC, SCALAR, MAPS(PUSHED), MAP, BPF_ARG_MAP_VALUE_OUT),
    X(90, msg_push_data, BIT(SK_MSG), SCALAR, FLAGS(PACKET), CTX, ANY, ANY, ANY),
    X(91, msg_pop_data, BIT(SK_MSG), SCALAR, FLAGS(PACKET), CTX, ANY, ANY, ANY),
    H(92, rc_pointer_rel, LIRC, CTX, ANY, ANY),
    X(93, spin_lock, EVERY, VOID, FLAGS(BPF_HELPER_LOCKS), BPF_ARG_SPIN_LOCK),
    X(94, spin_unlock, EVERY, VOID, FLAGS(BPF_HELPER_UNLOCKS), BPF_ARG_SPIN_LOCK),
    R(95, sk_fullsock, CLS | BIT(CGROUP_SKB), SOCKET_OR_NULL, COMMON),
    R(96, tcp_sock, CLS | BIT(CGROUP_SKB) | BIT(SOCK_OPS) | BIT(CGROUP_SOCKOPT), TCP_SOCK_OR_NULL, COMMON),
    H(97, skb_ecn_set_ce, CLS | BIT(CGROUP_SKB), CTX),
    R(98, get_listener_sock, CLS | BIT(CGROUP_SKB), SOCKET_OR_NULL, COMMON),
    X(99, skc_lookup_tcp, CLS | BIT(CGROUP_SKB) | BIT(CGROUP_SOCK_ADDR) | BIT(XDP) | BIT(SK_SKB), SOCK_COMMON_OR_NULL, FLAGS(TAKES | IN_PACKET),
      CTX, IN, SIZE0, ANY, ANY),
    XG(100, tcp_check_syncookie, CLS | BIT(XDP), SCALAR, FLAGS(IN_PACKET), SOCK, IN, SIZE, IN, SIZE),
    H(101, sysctl_get_name, BIT(CGROUP_SYSCTL), CTX, INOUT, SIZE, ANY),
    H(102, sysctl_get_current_value, BIT(CGROUP_SYSCTL), CTX, OUT, SIZE),
    H(103, sysctl_get_new_value, BIT(CGROUP_SYSCTL), CTX, OUT, SIZE),
    H(104, sysctl_set_new_value, BIT(CGROUP_SYSCTL), CTX, IN, SIZE),
    X(105, strtol, EVERY, SCALAR, .fixed_sizes = { 0 AND 0 AND 0 AND 8 }, IN, SIZE, ANY, FIX_OUT),
    X(106, strtoul, EVERY, SCALAR, .fixed_sizes = { 0 AND 0 AND 0 AND 8 }, IN, SIZE, ANY, FIX_OUT),
    X(107, sk_storage_get, BIT(TRACING), MAP_VALUE_OR_NULL, AT(ON(TRACE_RAW_TP) | ON(TRACE_FENTRY) | ON(TRACE_FEXIT) | ON(TRACE_ITER)) AND MAPS(M(SK_STORAGE)) AND OF(sock_common), MAP, BTF | NULLED, VALUE | NULLED, ANY),
    X(107, sk_storage_get, BIT(CGROUP_SOCK), MAP_VALUE_OR_NULL, MAPS(M(SK_STORAGE)), MAP, CTX, VALUE | NULLED, ANY),
    X(107, sk_storage_get, CLS | BIT(CGROUP_SKB) | BIT(CGROUP_SOCK_ADDR) | BIT(SOCK_OPS) | BIT(SK_MSG) | BIT(CGROUP_SOCKOPT) | BIT(LSM) | BIT(STRUCT_OPS),
      MAP_VALUE_OR_NULL, MAPS(M(SK_STORAGE)), MAP, SOCK, VALUE | NULLED, ANY),
    X(108, sk_storage_delete, BIT(TRACING), SCALAR, AT(ON(TRACE_RAW_TP) | ON(TRACE_FENTRY) | ON(TRACE_FEXIT) | ON(TRACE_ITER)) AND MAPS(M(SK_STORAGE)) AND OF(sock_common), MAP, BTF | NULLED),
    X(108, sk_storage_delete, CLS | BIT(CGROUP_SKB) | BIT(CGROUP_SOCK_ADDR) | BIT(SOCK_OPS) | BIT(SK_MSG) | BIT(CGROUP_SOCKOPT) | BIT(LSM) | BIT(STRUCT_OPS),
      SCALAR, MAPS(M(SK_STORAGE)), MAP, SOCK),
    H(109, send_signal, EVERY, ANY),
    XG(110, tcp_gen_syncookie, CLS | BIT(XDP), SCALAR, FLAGS(IN_PACKET), SOCK, IN, SIZE, IN, SIZE),
    XG(111, skb_output, BTF_TRACE, SCALAR, MAPS(M(PERF_EVENT_ARRAY)) AND OF(sk_buff), BTF, MAP, ANY, IN, SIZE0),
    HG(112, probe_read_user, EVERY, OUT, SIZE0, ANY),
    HG(113, probe_read_kernel, EVERY, OUT, SIZE0, ANY),
    RG(114, probe_read_user_str, EVERY, SIZE, OUT, SIZE0, ANY),
    RG(115, probe_read_kernel_str, EVERY, SIZE, OUT, SIZE0, ANY),
    X(116, tcp_send_ack, BIT(STRUCT_OPS), SCALAR, OF(tcp_sock), BTF, ANY),
    H(117, send_signal_thread, EVERY, ANY),
    H(118, jiffies64, EVERY),
    HG(119, read_branch_records, BIT(PERF_EVENT), CTX, INOUT | NULLED, SIZE0, ANY),
    H(120, get_ns_current_pid_tgid, EVERY, ANY, ANY, OUT, SIZE),
    XG(121, xdp_output, BTF_TRACE, SCALAR, MAPS(M(PERF_EVENT_ARRAY)) AND OF(xdp_buff), BTF, MAP, ANY, IN, SIZE0),
    H(122, get_netns_cookie, CLS | BIT(SOCKET_FILTER) | BIT(CGROUP_SKB) | BIT(CGROUP_SOCK) | BIT(CGROUP_SOCK_ADDR) | BIT(SOCK_OPS) | BIT(SK_MSG) | BIT(CGROUP_SOCKOPT), CTX | NULLED),
    H(123, get_current_ancestor_cgroup_id, EVERY, ANY),
    H(124, sk_assign, BIT(SK_LOOKUP), CTX, BPF_ARG_SOCKET | NULLED, ANY),
    H(124, sk_assign, CLS, CTX, SOCK, ANY),
    H(125, ktime_get_boot_ns, EVERY | LIRC),
    XG(126, seq_printf, BIT(TRACING), SCALAR, AT(ON(TRACE_ITER)) AND OF(seq_file), BTF, IN, SIZE, IN | NULLED, SIZE0),
    XG(127, seq_write, BIT(TRACING), SCALAR, AT(ON(TRACE_ITER)) AND OF(seq_file), BTF, IN, SIZE0),
    H(128, sk_cgroup_id, BIT(CGROUP_SKB), SOCK),
    H(129, sk_ancestor_cgroup_id, BIT(CGROUP_SKB), SOCK, ANY),
    X(130, ringbuf_output, EVERY, SCALAR, MAPS(M(RINGBUF)), MAP, IN, SIZE0, ANY),
    X(131, ringbuf_reserve, EVERY, RINGBUF_RECORD_OR_NULL, MAPS(M(RINGBUF)), MAP, CONST, ANY),
    R(132, ringbuf_submit, EVERY, VOID, BPF_ARG_RINGBUF_RECORD, ANY),
    R(133, ringbuf_discard, EVERY, VOID, BPF_ARG_RINGBUF_RECORD, ANY),
    X(134, ringbuf_query, EVERY, SCALAR, MAPS(M(RINGBUF)), MAP, ANY),
    H(135, csum_level, CLS | BIT(LWT_XMIT), CTX, ANY),
    X(136, skc_to_tcp6_sock, SK_BASE | BTF_TRACE, BTF_OR_NULL, GIVES(tcp6_sock), SOCK),
    X(137, skc_to_tcp_sock, SK_BASE | BTF_TRACE, BTF_OR_NULL, GIVES(tcp_sock), SOCK),
    X(138, skc_to_tcp_timewait_sock, SK_BASE | BTF_TRACE, BTF_OR_NULL, GIVES(tcp_timewait_sock), SOCK),
    X(139, skc_to_tcp_request_sock, SK_BASE | BTF_TRACE, BTF_OR_NULL, GIVES(tcp_request_sock), SOCK),
    X(140, skc_to_udp6_sock, SK_BASE | BTF_TRACE, BTF_OR_NULL, GIVES(udp6_sock), SOCK),
    X(141, get_task_stack, EVERY, SIZE, OF(task_struct), BTF, OUT, SIZE0, ANY),
    H(142, load_hdr_opt, BIT(SOCK_OPS), CTX, INOUT, SIZE, ANY),
    H(143, store_hdr_opt, BIT(SOCK_OPS), CTX, IN, SIZE, ANY),
    H(144, reserve_hdr_opt, BIT(SOCK_OPS), CTX, ANY, ANY),
    X(145, inode_storage_get, BIT(LSM), MAP_VALUE_OR_NULL, MAPS(M(INODE_STORAGE)) AND OF(inode), MAP, BTF | NULLED, VALUE | NULLED, ANY),
    X(146, inode_storage_delete, BIT(LSM), SCALAR, MAPS(M(INODE_STORAGE)) AND OF(inode), MAP, BTF | NULLED),
    X(147, d_path, BTF_TRACE, SCALAR, OF(path), BTF, INOUT, SIZE0),
    X(148, copy_from_user, EVERY, SCALAR, FLAGS(SLEEPS), OUT, SIZE0, ANY),
    H(149, snprintf_btf, EVERY, INOUT, SIZE, IN, SIZE, ANY),
    XG(150, seq_printf_btf, BIT(TRACING), SCALAR, AT(ON(TRACE_ITER)) AND OF(seq_file), BTF, IN, SIZE0, ANY),
    H(151, skb_cgroup_classid, CLS, CTX),
    H(152, redirect_neigh, CLS, ANY, IN | NULLED, SIZE0, ANY),
    R(153, per_cpu_ptr, EVERY, PERCPU_MEM_OR_NULL, BPF_ARG_BTF_PERCPU, ANY),
    R(154, this_cpu_ptr, EVERY, PERCPU_MEM, BPF_ARG_BTF_PERCPU),
    H(155, redirect_peer, CLS, ANY, ANY),
    X(156, task_storage_get, EVERY, MAP_VALUE_OR_NULL, MAPS(M(TASK_STORAGE)) AND OF(task_struct), MAP, BTF | NULLED, VALUE | NULLED, ANY),
    X(157, task_storage_delete, EVERY, SCALAR, MAPS(M(TASK_STORAGE)) AND OF(task_struct), MAP, BTF | NULLED),
    XG(158, get_current_task_btf, EVERY, BTF, GIVES(task_struct), BPF_ARG_NONE),
    X(159, bprm_opts_set, BIT(LSM), SCALAR, OF(linux_binprm), BTF, ANY),
    H(160, ktime_get_coarse_ns, SK_BASE | BIT(CGROUP_SOCK) | BIT(SK_REUSEPORT) | BIT(CGROUP_SYSCTL)),
    X(161, ima_inode_hash, BIT(LSM), SCALAR, FLAGS(SLEEPS) AND OF(inode), BTF, OUT, SIZE),
    X(162, sock_from_file, BTF_TRACE, BTF_OR_NULL, OF(file) AND GIVES(socket), BTF),
    XG(163, check_mtu, CLS | BIT(XDP), SCALAR, .fixed_sizes = { 0 AND 0 AND 4 }, CTX, ANY, FIX, ANY, ANY),
    X(164, for_each_map_elem, EVERY, SCALAR, MAPS(HASHES | ARRAYS) AND .callback = BPF_CALLBACK_MAP_ELEM, MAP, FUNC, STACK, ANY),
    HG(165, snprintf, EVERY, INOUT | NULLED, SIZE0, STRING, IN | NULLED, SIZE0),
    X(166, sys_bpf, BIT(SYSCALL), SCALAR, FLAGS(SLEEPS), ANY, IN, SIZE),
    X(167, btf_find_by_name_kind, BIT(SYSCALL), SCALAR, FLAGS(SLEEPS), IN, SIZE, ANY, ANY),
    X(168, sys_close, BIT(SYSCALL), SCALAR, FLAGS(SLEEPS), ANY),
    XG(169, timer_init, EVERY, SCALAR, MAPS(M(HASH) | M(ARRAY) | M(LRU_HASH)), BPF_ARG_TIMER, MAP, ANY),
    XG(170, timer_set_callback, EVERY, SCALAR, .callback = BPF_CALLBACK_TIMER, BPF_ARG_TIMER, FUNC),
    HG(171, timer_start, EVERY, BPF_ARG_TIMER, ANY, ANY),
    HG(172, timer_cancel, EVERY, BPF_ARG_TIMER),
    XG(173, get_func_ip, BIT(KPROBE), SCALAR, AT(1), CTX), /* neither of these: */
    X(173, get_func_ip, BIT(KPROBE), SCALAR, AT(ON(KPROBE_MULTI) | ON(UPROBE_MULTI) | ON(KPROBE_SESSION)), CTX),
    XG(173, get_func_ip, BIT(TRACING), SCALAR, AT(ON_TRAMPOLINES), CTX),
    H(174, get_attach_cookie, PROBES, CTX),
    X(174, get_attach_cookie, BIT(TRACING) | BIT(LSM), SCALAR, AT(ON(TRACE_RAW_TP) | ON_TRAMPOLINES | ON(LSM_MAC)), CTX),
    XG(175, task_pt_regs, EVERY, BTF, OF(task_struct) AND GIVES(pt_regs), BTF),
    HG(176, get_branch_snapshot, EVERY, OUT, SIZE0),
    HG(177, trace_vprintk, EVERY, IN, SIZE, IN | NULLED, SIZE0),
    X(178, skc_to_unix_sock, SK_BASE | BTF_TRACE, BTF_OR_NULL, GIVES(unix_sock), SOCK),
    X(179, kallsyms_lookup_name, BIT(SYSCALL), SCALAR, .fixed_sizes = { 0 AND 0 AND 0 AND 8 }, IN, SIZE0, ANY, FIX_OUT),
    X(180, find_vma, EVERY, SCALAR, OF(task_struct) AND .callback = BPF_CALLBACK_VMA, BTF, ANY, FUNC, STACK, ANY),
    X(181, loop, EVERY, SCALAR, .callback = BPF_CALLBACK_LOOP, NUM, FUNC, STACK, ANY),
    H(182, strncmp, EVERY, IN, SIZE, STRING),
    X(183, get_func_arg, BIT(TRACING) | BIT(LSM), SCALAR, AT(ON_TRAMPOLINES | ON(LSM_MAC)) AND .fixed_sizes = { 0 AND 0 AND 8 }, CTX, ANY, FIX_OUT),
    X(184, get_func_ret, BIT(TRACING) | BIT(LSM), SCALAR, AT(ON_TRAMPOLINES | ON(LSM_MAC)) AND .fixed_sizes = { 0 AND 8 }, CTX, FIX_OUT),
    X(185, get_func_arg_cnt, BIT(TRACING) | BIT(LSM), SCALAR, AT(ON_TRAMPOLINES | ON(LSM_MAC)), CTX),
    X(186, get_retval, BIT(CGROUP_SOCK) | BIT(CGROUP_DEVICE) | BIT(CGROUP_SYSCTL) | BIT(CGROUP_SOCKOPT), SCALAR, AT(0), BPF_ARG_NONE),
    X(186, get_retval, BIT(CGROUP_SOCK_ADDR), SCALAR, AT(ON_ADDRESS_CHANGES), BPF_ARG_NONE),
    X(186, get_retval, BIT(LSM), SCALAR, AT(ON(LSM_CGROUP)), BPF_ARG_NONE),
    X(187, set_retval, BIT(CGROUP_SOCK) | BIT(CGROUP_DEVICE) | BIT(CGROUP_SYSCTL) | BIT(CGROUP_SOCKOPT), SCALAR, AT(0), ANY),
    X(187, set_retval, BIT(CGROUP_SOCK_ADDR), SCALAR, AT(ON_ADDRESS_CHANGES), ANY),
    X(187, set_retval, BIT(LSM), SCALAR, AT(ON(LSM_CGROUP)), ANY),
    X(188, xdp_get_buff_len, BTF_TRACE, SCALAR, OF(xdp_buff), BTF),
    H(188, xdp_get_buff_len, BIT(XDP), CTX),
    H(189, xdp_load_bytes, BIT(XDP), CTX, ANY, OUT, SIZE),
    H(190, xdp_store_bytes, BIT(XDP), CTX, ANY, IN, SIZE),
    XG(191, copy_from_user_task, EVERY, SCALAR, FLAGS(SLEEPS) AND OF(task_struct), OUT, SIZE0, ANY, BTF, ANY),
    H(192, skb_set_tstamp, CLS, CTX, ANY, ANY),
    X(193, ima_file_hash, BIT(LSM), SCALAR, FLAGS(SLEEPS) AND OF(file), BTF, OUT, SIZE),
    X(194, kptr_xchg, EVERY, KPTR_OR_NULL, FLAGS(TAKES), BPF_ARG_KPTR, BTF | NULLED | BPF_ARG_RELEASE),
    X(195, map_lookup_percpu_elem, EVERY, MAP_VALUE_OR_NULL, MAPS(M(PERCPU_ARRAY) | M(PERCPU_HASH) | M(LRU_PERCPU_HASH)) AND FLAGS(IN_PACKET), MAP, KEY, ANY),
    X(196, skc_to_mptcp_sock, SK_BASE | BTF_TRACE, BTF_OR_NULL, GIVES(mptcp_sock), COMMON),
    H(197, dynptr_from_mem, EVERY, OUT, SIZE0, ANY, BPF_ARG_DYNPTR_OUT),
    X(198, ringbuf_reserve_dynptr, EVERY, SCALAR, MAPS(M(RINGBUF)), MAP, ANY, ANY, BPF_ARG_DYNPTR_OUT),
    R(199, ringbuf_submit_dynptr, EVERY, VOID, DYNPTR | BPF_ARG_RELEASE, ANY),
    R(200, ringbuf_discard_dynptr, EVERY, VOID, DYNPTR | BPF_ARG_RELEASE, ANY),
    H(201, dynptr_read, EVERY, OUT, SIZE0, DYNPTR, ANY, ANY),
    H(202, dynptr_write, EVERY, DYNPTR, ANY, IN, SIZE0, ANY),
    R(203, dynptr_data, EVERY, DYNPTR_MEM_OR_NULL, DYNPTR, ANY, CONST),
    XG(204, tcp_raw_gen_syncookie_ipv4, CLS | BIT(XDP), SCALAR, FLAGS(IN_PACKET) AND .fixed_sizes = { 20 }, FIX_IN, IN, SIZE0),
    XG(205, tcp_raw_gen_syncookie_ipv6, CLS | BIT(XDP), SCALAR, FLAGS(IN_PACKET) AND .fixed_sizes = { 40 }, FIX_IN, IN, SIZE0),
    XG(206, tcp_raw_check_syncookie_ipv4, CLS | BIT(XDP), SCALAR, FLAGS(IN_PACKET) AND .fixed_sizes = { 20 AND 20 }, FIX_IN, FIX_IN),
    XG(207, tcp_raw_check_syncookie_ipv6, CLS | BIT(XDP), SCALAR, FLAGS(IN_PACKET) AND .fixed_sizes = { 40 AND 20 }, FIX_IN, FIX_IN),
    H(208, ktime_get_tai_ns, EVERY),
    X(209, user_ringbuf_drain, EVERY, SCALAR, MAPS(M(USER_RINGBUF)) AND .callback = BPF_CALLBACK_USER_RING, MAP, FUNC, STACK, ANY),
    X(210, cgrp_storage_get, EVERY, MAP_VALUE_OR_NULL, MAPS(M(CGRP_STORAGE)) AND OF(cgroup), MAP, BTF | NULLED, VALUE | NULLED, ANY),
    X(211, cgrp_storage_delete, EVERY, SCALAR, MAPS(M(CGRP_STORAGE)) AND OF(cgroup), MAP, BTF | NULLED),
};
// clang-format on
const uint32_t bpf_linux_helper_count = ARRAY_SIZE(bpf_linux_helpers);
