/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux's kinds of program, one row per section name of libbpf (tools/lib/bpf/libbpf.c, section_defs):
 * the longest matching name wins. What the fields are is in fields.h; what a program may return is
 * Linux's check_return_code(). */
#include <axiom/string.h>
#include <bpf/prog.h>
#include <bpf_linux/contexts.h>

#include "fields.h"

/* What a privileged user's program may do on x86-64. */
#define LINUX_RULES \
    (BPF_RULE_POINTER_LEAKS | BPF_RULE_UNINIT_STACK | BPF_RULE_UNALIGNED | BPF_RULE_LINUX)
#define DW   BPF_RULE_PACKET_WRITE
#define LP   BPF_RULE_LEGACY_PACKET
#define BA   BPF_RULE_BTF_ARGUMENTS
#define SL   BPF_RULE_SLEEPABLE
#define HOOK (BPF_RULE_RESULT_32 | BPF_RULE_HOOK_RESULT)

#define ROW(section, type, expected, more, ...)                                                    \
    {                                                                                              \
        .section_prefix = (section), .attach_type = BPF_ATTACH_TYPE_COUNT,                         \
        .prog_type = BPF_LINUX_##type, .expected_type = (expected), .rules = LINUX_RULES | (more), \
        .stack_limit = BPF_FRAME_SIZE_MAX, .result = BPF_RESULT_IGNORED,                           \
        .actuators_allowed = false, .sockets = socket_layouts, __VA_ARGS__                         \
    }
#define FIELDS(list, type, bytes) \
    .struct_name = (type), .fields = (list), .field_count = ARRAY_SIZE(list), .size_bytes = (bytes)
#define SKB(list)            FIELDS(list, "__sk_buff", 192)
#define XDP(list)            FIELDS(list, "xdp_md", 24)
#define SOCK(list)           FIELDS(list, "bpf_sock", 80)
#define ADDR(list)           FIELDS(list, "bpf_sock_addr", 72)
#define SOCKOPT(list)        FIELDS(list, "bpf_sockopt", 40)
#define KPROBE               FIELDS(kprobe_fields, "pt_regs", 168)
#define RAW_TP               FIELDS(raw_tp_fields, "bpf_raw_tracepoint_args", 96)
#define RAW_TP_WRITE         FIELDS(raw_tp_writable_fields, "bpf_raw_tracepoint_args", 96)
#define TRACEPOINT           FIELDS(tracepoint_fields, "trace_event", 8192)
#define REUSEPORT            FIELDS(sk_reuseport_fields, "sk_reuseport_md", 56)
#define ARGUMENTS            .struct_name = "arguments", .size_bytes = 96
#define RETURNS(least, most) .result_checked = true, .result_min = (least), .result_max = (most)

// clang-format off
const struct bpf_context_layout bpf_linux_contexts[] = {
    ROW("socket", SOCKET_FILTER, 0, LP, SKB(socket_filter_fields)),
    ROW("sk_reuseport/migrate", SK_REUSEPORT, BPF_LINUX_REUSEPORT_MIGRATE, 0, REUSEPORT),
    ROW("sk_reuseport", SK_REUSEPORT, BPF_LINUX_REUSEPORT_SELECT, 0, REUSEPORT),
    ROW("kprobe+", KPROBE, 0, 0, KPROBE),
    ROW("kretprobe+", KPROBE, 0, 0, KPROBE),
    ROW("uprobe+", KPROBE, 0, 0, KPROBE),
    ROW("uprobe.s+", KPROBE, 0, SL, KPROBE),
    ROW("uretprobe+", KPROBE, 0, 0, KPROBE),
    ROW("uretprobe.s+", KPROBE, 0, SL, KPROBE),
    ROW("kprobe.multi+", KPROBE, BPF_LINUX_KPROBE_MULTI, 0, KPROBE),
    ROW("kretprobe.multi+", KPROBE, BPF_LINUX_KPROBE_MULTI, 0, KPROBE),
    ROW("kprobe.session+", KPROBE, BPF_LINUX_KPROBE_SESSION, 0, KPROBE, RETURNS(0, 1)),
    ROW("uprobe.multi+", KPROBE, BPF_LINUX_UPROBE_MULTI, 0, KPROBE),
    ROW("uretprobe.multi+", KPROBE, BPF_LINUX_UPROBE_MULTI, 0, KPROBE),
    ROW("uprobe.multi.s+", KPROBE, BPF_LINUX_UPROBE_MULTI, SL, KPROBE),
    ROW("uretprobe.multi.s+", KPROBE, BPF_LINUX_UPROBE_MULTI, SL, KPROBE),
    ROW("ksyscall+", KPROBE, 0, 0, KPROBE),
    ROW("kretsyscall+", KPROBE, 0, 0, KPROBE),
    ROW("usdt+", KPROBE, 0, 0, KPROBE),
    ROW("usdt.s+", KPROBE, 0, SL, KPROBE),
    ROW("tc/ingress", SCHED_CLS, BPF_LINUX_TCX_INGRESS, LP | DW, SKB(tc_fields)),
    ROW("tc/egress", SCHED_CLS, BPF_LINUX_TCX_EGRESS, LP | DW, SKB(tc_fields)),
    ROW("tcx/ingress", SCHED_CLS, BPF_LINUX_TCX_INGRESS, LP | DW, SKB(tc_fields)),
    ROW("tcx/egress", SCHED_CLS, BPF_LINUX_TCX_EGRESS, LP | DW, SKB(tc_fields)),
    ROW("tc", SCHED_CLS, 0, LP | DW, SKB(tc_fields)),
    ROW("classifier", SCHED_CLS, 0, LP | DW, SKB(tc_fields)),
    ROW("action", SCHED_ACT, 0, LP | DW, SKB(tc_fields)),
    ROW("netkit/primary", SCHED_CLS, BPF_LINUX_NETKIT_PRIMARY, LP | DW, SKB(tc_fields)),
    ROW("netkit/peer", SCHED_CLS, BPF_LINUX_NETKIT_PEER, LP | DW, SKB(tc_fields)),
    ROW("tracepoint+", TRACEPOINT, 0, 0, TRACEPOINT),
    ROW("tp+", TRACEPOINT, 0, 0, TRACEPOINT),
    ROW("raw_tracepoint+", RAW_TRACEPOINT, 0, 0, RAW_TP),
    ROW("raw_tp+", RAW_TRACEPOINT, 0, 0, RAW_TP),
    ROW("raw_tracepoint.w+", RAW_TRACEPOINT_WRITABLE, 0, 0, RAW_TP_WRITE),
    ROW("raw_tp.w+", RAW_TRACEPOINT_WRITABLE, 0, 0, RAW_TP_WRITE),
    ROW("tp_btf+", TRACING, BPF_LINUX_TRACE_RAW_TP, BA, ARGUMENTS),
    ROW("fentry+", TRACING, BPF_LINUX_TRACE_FENTRY, BA, ARGUMENTS, RETURNS(0, 0)),
    ROW("fmod_ret+", TRACING, BPF_LINUX_MODIFY_RETURN, BA, ARGUMENTS),
    ROW("fexit+", TRACING, BPF_LINUX_TRACE_FEXIT, BA, ARGUMENTS, RETURNS(0, 0)),
    ROW("fentry.s+", TRACING, BPF_LINUX_TRACE_FENTRY, BA | SL, ARGUMENTS, RETURNS(0, 0)),
    ROW("fmod_ret.s+", TRACING, BPF_LINUX_MODIFY_RETURN, BA | SL, ARGUMENTS),
    ROW("fexit.s+", TRACING, BPF_LINUX_TRACE_FEXIT, BA | SL, ARGUMENTS, RETURNS(0, 0)),
    ROW("freplace+", EXT, 0, BA, ARGUMENTS),
    /* Hooks that return a truth value (kernel/bpf/bpf_lsm.c). */
    ROW("lsm/xfrm_state_pol_flow_match", LSM, BPF_LINUX_LSM_MAC, BA | HOOK, ARGUMENTS, RETURNS(0, 1)),
    ROW("lsm/audit_rule_known", LSM, BPF_LINUX_LSM_MAC, BA | HOOK, ARGUMENTS, RETURNS(0, 1)),
    ROW("lsm/inode_xattr_skipcap", LSM, BPF_LINUX_LSM_MAC, BA | HOOK, ARGUMENTS, RETURNS(0, 1)),
    ROW("lsm+", LSM, BPF_LINUX_LSM_MAC, BA | HOOK, ARGUMENTS, RETURNS(-4095, 0)),
    ROW("lsm.s+", LSM, BPF_LINUX_LSM_MAC, BA | SL | HOOK, ARGUMENTS, RETURNS(-4095, 0)),
    ROW("lsm_cgroup+", LSM, BPF_LINUX_LSM_CGROUP, BA, ARGUMENTS, RETURNS(0, 1)),
    ROW("iter+", TRACING, BPF_LINUX_TRACE_ITER, BA, ARGUMENTS, RETURNS(0, 1)),
    ROW("iter.s+", TRACING, BPF_LINUX_TRACE_ITER, BA | SL, ARGUMENTS, RETURNS(0, 1)),
    ROW("syscall", SYSCALL, 0, SL, FIELDS(syscall_fields, "arguments", 65535)),
    ROW("xdp.frags/devmap", XDP, BPF_LINUX_XDP_DEVMAP, DW, XDP(xdp_devmap_fields)),
    ROW("xdp/devmap", XDP, BPF_LINUX_XDP_DEVMAP, DW, XDP(xdp_devmap_fields)),
    ROW("xdp.frags/cpumap", XDP, BPF_LINUX_XDP_CPUMAP, DW, XDP(xdp_fields)),
    ROW("xdp/cpumap", XDP, BPF_LINUX_XDP_CPUMAP, DW, XDP(xdp_fields)),
    ROW("xdp.frags", XDP, BPF_LINUX_XDP_HOOK, DW, XDP(xdp_fields)),
    ROW("xdp", XDP, BPF_LINUX_XDP_HOOK, DW, XDP(xdp_fields)),
    ROW("perf_event", PERF_EVENT, 0, 0, FIELDS(perf_event_fields, "bpf_perf_event_data", 184)),
    ROW("lwt_in", LWT_IN, 0, 0, SKB(lwt_fields)),
    ROW("lwt_out", LWT_OUT, 0, 0, SKB(lwt_fields)),
    ROW("lwt_xmit", LWT_XMIT, 0, DW, SKB(lwt_fields)),
    ROW("lwt_seg6local", LWT_SEG6LOCAL, 0, 0, SKB(lwt_fields)),
    ROW("sockops", SOCK_OPS, BPF_LINUX_CGROUP_SOCK_OPS, 0, FIELDS(sock_ops_fields, "bpf_sock_ops", 224), RETURNS(0, 1)),
    ROW("sk_skb/stream_parser", SK_SKB, BPF_LINUX_SK_SKB_STREAM_PARSER, DW, SKB(sk_skb_fields)),
    ROW("sk_skb/stream_verdict", SK_SKB, BPF_LINUX_SK_SKB_STREAM_VERDICT, DW, SKB(sk_skb_fields)),
    ROW("sk_skb/verdict", SK_SKB, BPF_LINUX_SK_SKB_VERDICT, DW, SKB(sk_skb_fields)),
    ROW("sk_skb", SK_SKB, 0, DW, SKB(sk_skb_fields)),
    ROW("sk_msg", SK_MSG, BPF_LINUX_SK_MSG_VERDICT, DW, FIELDS(sk_msg_fields, "sk_msg_md", 80)),
    ROW("lirc_mode2", LIRC_MODE2, BPF_LINUX_LIRC, 0, FIELDS(lirc_fields, "sample", 4)),
    ROW("flow_dissector", FLOW_DISSECTOR, BPF_LINUX_FLOW_DISSECTOR_HOOK, 0, SKB(flow_dissector_fields)),
    ROW("cgroup_skb/ingress", CGROUP_SKB, BPF_LINUX_CGROUP_INET_INGRESS, 0, SKB(cgroup_skb_fields), RETURNS(0, 1)),
    ROW("cgroup_skb/egress", CGROUP_SKB, BPF_LINUX_CGROUP_INET_EGRESS, 0, SKB(cgroup_skb_fields), RETURNS(0, 3)),
    ROW("cgroup/skb", CGROUP_SKB, 0, 0, SKB(cgroup_skb_fields), RETURNS(0, 1)),
    ROW("cgroup/sock_create", CGROUP_SOCK, BPF_LINUX_CGROUP_INET_SOCK_CREATE, 0, SOCK(sock_create_fields), RETURNS(0, 1)),
    ROW("cgroup/sock_release", CGROUP_SOCK, BPF_LINUX_CGROUP_INET_SOCK_RELEASE, 0, SOCK(sock_create_fields), RETURNS(0, 1)),
    ROW("cgroup/sock", CGROUP_SOCK, BPF_LINUX_CGROUP_INET_SOCK_CREATE, 0, SOCK(sock_create_fields), RETURNS(0, 1)),
    ROW("cgroup/post_bind4", CGROUP_SOCK, BPF_LINUX_INET4_POST_BIND, 0, SOCK(post_bind4_fields), RETURNS(0, 1)),
    ROW("cgroup/post_bind6", CGROUP_SOCK, BPF_LINUX_INET6_POST_BIND, 0, SOCK(post_bind6_fields), RETURNS(0, 1)),
    ROW("cgroup/bind4", CGROUP_SOCK_ADDR, BPF_LINUX_INET4_BIND, 0, ADDR(addr4_fields), RETURNS(0, 3)),
    ROW("cgroup/bind6", CGROUP_SOCK_ADDR, BPF_LINUX_INET6_BIND, 0, ADDR(addr6_fields), RETURNS(0, 3)),
    ROW("cgroup/connect4", CGROUP_SOCK_ADDR, BPF_LINUX_INET4_CONNECT, 0, ADDR(addr4_fields), RETURNS(0, 1)),
    ROW("cgroup/connect6", CGROUP_SOCK_ADDR, BPF_LINUX_INET6_CONNECT, 0, ADDR(addr6_fields), RETURNS(0, 1)),
    ROW("cgroup/connect_unix", CGROUP_SOCK_ADDR, BPF_LINUX_UNIX_CONNECT, 0, ADDR(addr_unix_fields), RETURNS(0, 1)),
    ROW("cgroup/sendmsg4", CGROUP_SOCK_ADDR, BPF_LINUX_UDP4_SENDMSG, 0, ADDR(sendmsg4_fields), RETURNS(0, 1)),
    ROW("cgroup/sendmsg6", CGROUP_SOCK_ADDR, BPF_LINUX_UDP6_SENDMSG, 0, ADDR(sendmsg6_fields), RETURNS(0, 1)),
    ROW("cgroup/sendmsg_unix", CGROUP_SOCK_ADDR, BPF_LINUX_UNIX_SENDMSG, 0, ADDR(addr_unix_fields), RETURNS(0, 1)),
    ROW("cgroup/recvmsg4", CGROUP_SOCK_ADDR, BPF_LINUX_UDP4_RECVMSG, 0, ADDR(addr4_fields), RETURNS(1, 1)),
    ROW("cgroup/recvmsg6", CGROUP_SOCK_ADDR, BPF_LINUX_UDP6_RECVMSG, 0, ADDR(addr6_fields), RETURNS(1, 1)),
    ROW("cgroup/recvmsg_unix", CGROUP_SOCK_ADDR, BPF_LINUX_UNIX_RECVMSG, 0, ADDR(addr_unix_fields), RETURNS(1, 1)),
    ROW("cgroup/getpeername4", CGROUP_SOCK_ADDR, BPF_LINUX_INET4_GETPEERNAME, 0, ADDR(addr4_fields), RETURNS(1, 1)),
    ROW("cgroup/getpeername6", CGROUP_SOCK_ADDR, BPF_LINUX_INET6_GETPEERNAME, 0, ADDR(addr6_fields), RETURNS(1, 1)),
    ROW("cgroup/getpeername_unix", CGROUP_SOCK_ADDR, BPF_LINUX_UNIX_GETPEERNAME, 0, ADDR(addr_unix_fields), RETURNS(1, 1)),
    ROW("cgroup/getsockname4", CGROUP_SOCK_ADDR, BPF_LINUX_INET4_GETSOCKNAME, 0, ADDR(addr4_fields), RETURNS(1, 1)),
    ROW("cgroup/getsockname6", CGROUP_SOCK_ADDR, BPF_LINUX_INET6_GETSOCKNAME, 0, ADDR(addr6_fields), RETURNS(1, 1)),
    ROW("cgroup/getsockname_unix", CGROUP_SOCK_ADDR, BPF_LINUX_UNIX_GETSOCKNAME, 0, ADDR(addr_unix_fields), RETURNS(1, 1)),
    ROW("cgroup/sysctl", CGROUP_SYSCTL, BPF_LINUX_SYSCTL_HOOK, 0, FIELDS(sysctl_fields, "bpf_sysctl", 8), RETURNS(0, 1)),
    ROW("cgroup/getsockopt", CGROUP_SOCKOPT, BPF_LINUX_GETSOCKOPT, DW, SOCKOPT(getsockopt_fields), RETURNS(0, 1)),
    ROW("cgroup/setsockopt", CGROUP_SOCKOPT, BPF_LINUX_SETSOCKOPT, DW, SOCKOPT(setsockopt_fields), RETURNS(0, 1)),
    ROW("cgroup/dev", CGROUP_DEVICE, BPF_LINUX_CGROUP_DEVICE_HOOK, 0, FIELDS(cgroup_dev_fields, "bpf_cgroup_dev_ctx", 12), RETURNS(0, 1)),
    ROW("struct_ops+", STRUCT_OPS, 0, BA, ARGUMENTS),
    ROW("struct_ops.s+", STRUCT_OPS, 0, BA | SL, ARGUMENTS),
    ROW("sk_lookup", SK_LOOKUP, BPF_LINUX_SK_LOOKUP_HOOK, 0, FIELDS(sk_lookup_fields, "bpf_sk_lookup", 72), RETURNS(0, 1)),
    ROW("netfilter", NETFILTER, BPF_LINUX_NETFILTER_HOOK, 0, FIELDS(netfilter_fields, "bpf_nf_ctx", 16), RETURNS(0, 1)),
};
// clang-format on
const uint32_t bpf_linux_context_count = ARRAY_SIZE(bpf_linux_contexts);

/* "name+" matches "name" and "name/...", "name" only itself (libbpf: sec_def_matches). */
static bool section_matches(const char *section, const char *name)
{
    size_t length = strlen(name);
    if (name[length - 1] != '+')
        return strcmp(section, name) == 0;
    return strncmp(section, name, length - 1) == 0 &&
           (section[length - 1] == '\0' || section[length - 1] == '/');
}

/* Hooks whose results Linux could not use: nothing attaches to them (kernel/bpf/bpf_lsm.c). */
static bool is_disabled_hook(const char *section)
{
    static const char *const hooks[] = {
        "vm_enough_memory",    "inode_need_killpriv", "inode_getsecurity",   "inode_listsecurity",
        "inode_copy_up_xattr", "getselfattr",         "getprocattr",         "setprocattr",
        "key_getsecurity",     "audit_rule_match",    "xfrm_decode_session", "ismaclabel",
    };
    const char *slash = strchr(section, '/');
    if (slash == NULL || strncmp(section, "lsm", 3) != 0)
        return false;
    for (uint32_t i = 0; i < ARRAY_SIZE(hooks); i++)
        if (strcmp(slash + 1, hooks[i]) == 0)
            return true;
    return false;
}

const struct bpf_context_layout *bpf_linux_context_by_section(const char *section)
{
    /* "?name": libbpf does not load it unless asked. */
    if (section[0] == '?')
        section++;
    if (is_disabled_hook(section))
        return NULL;
    for (uint32_t i = 0; i < bpf_linux_context_count; i++)
        if (section_matches(section, bpf_linux_contexts[i].section_prefix))
            return &bpf_linux_contexts[i];
    return NULL;
}
