/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The fields of Linux's contexts, as lists for contexts.c. Offsets are those of the structs in Linux's
 * include/uapi/linux/bpf.h; what is allowed is what the is_valid_access() functions of 6.12 say
 * (net/core/filter.c, kernel/bpf/cgroup.c, kernel/trace/bpf_trace.c).
 *
 * In the names: N narrow reads of a 4-byte field, E exactly its size only; a W behind it: may be
 * written with all 4 bytes. */
#pragma once
#include <bpf/context.h>

#define FIELD(at, bytes, reads, writes, text)                                              \
    {                                                                                      \
        .offset = (at), .extent = (bytes), .read_sizes = (reads), .write_sizes = (writes), \
        .name = (text)                                                                     \
    }
#define N(at, text)            FIELD(at, 4, 1 | 2 | 4, 0, text)
#define NW(at, text)           FIELD(at, 4, 1 | 2 | 4, 4, text)
/* Narrow reads of its beginning only. */
#define F(at, text) FIELD(at, 1, 1, 0, text), FIELD(at, 2, 2, 0, text), FIELD(at, 4, 4, 0, text)
#define E(at, text)            FIELD(at, 4, 4, 0, text)
#define EW(at, text)           FIELD(at, 4, 4, 4, text)
#define E8(at, text)           FIELD(at, 8, 8, 0, text)
#define E8W(at, text)          FIELD(at, 8, 8, 8, text)
#define WORDS(at, count, text) FIELD(at, 4 * (count), 4, 0, text)
#define POINTER(at, bytes, what, text)                                                           \
    {                                                                                            \
        .offset = (at), .extent = (bytes), .kind = (what), .read_sizes = (bytes), .name = (text) \
    }
#define SOCKET(at, type, null, text)                                            \
    {                                                                           \
        .offset = (at), .extent = 8, .kind = BPF_FIELD_SOCKET, .read_sizes = 8, \
        .may_be_null = (null), .target_type = (type), .name = (text)            \
    }

// clang-format off
/* struct __sk_buff: each argument is N or NW, by whether programs of the kind may write the field. */
#define SKB_BEGIN(mark_, queue_, priority_, index_, cb_sizes)                                     \
    N(0, "len"), N(4, "pkt_type"), mark_(8, "mark"), queue_(12, "queue_mapping"), N(16, "protocol"), \
    N(20, "vlan_present"), N(24, "vlan_tci"), N(28, "vlan_proto"), priority_(32, "priority"),      \
    N(36, "ingress_ifindex"), N(40, "ifindex"), index_(44, "tc_index"),                           \
    FIELD(48, 20, 15, cb_sizes, "cb"), N(68, "hash")
#define SKB_NO_MARK(priority_, index_)                                                            \
    N(0, "len"), N(4, "pkt_type"), N(12, "queue_mapping"), N(16, "protocol"),                      \
    N(20, "vlan_present"), N(24, "vlan_tci"), N(28, "vlan_proto"), priority_(32, "priority"),      \
    N(36, "ingress_ifindex"), N(40, "ifindex"), index_(44, "tc_index"),                           \
    FIELD(48, 20, 15, 0, "cb"), N(68, "hash")
#define SKB_DATA                                                                                  \
    POINTER(76, 4, BPF_FIELD_PACKET, "data"), POINTER(80, 4, BPF_FIELD_PACKET_END, "data_end")
#define SKB_ADDRESSES                                                                             \
    N(88, "family"), E(92, "remote_ip4"), E(96, "local_ip4"), WORDS(100, 4, "remote_ip6"),         \
    WORDS(116, 4, "local_ip6"), N(132, "remote_port"), N(136, "local_port")
#define SKB_SOCKET SOCKET(168, "sock_common", true, "sk")

static const struct bpf_context_field socket_filter_fields[] = {
    SKB_BEGIN(N, N, N, N, 15), N(84, "napi_id"), N(164, "gso_segs"), SKB_SOCKET, N(176, "gso_size"),
};
static const struct bpf_context_field tc_fields[] = {
    SKB_BEGIN(NW, NW, NW, NW, 15), NW(72, "tc_classid"), SKB_DATA, N(84, "napi_id"),
    POINTER(140, 4, BPF_FIELD_PACKET_META, "data_meta"), E8W(152, "tstamp"), N(160, "wire_len"),
    N(164, "gso_segs"), SKB_SOCKET, N(176, "gso_size"), FIELD(180, 1, 1, 0, "tstamp_type"),
    E8(184, "hwtstamp"),
};
static const struct bpf_context_field cgroup_skb_fields[] = {
    SKB_BEGIN(NW, N, NW, N, 15), SKB_DATA, N(84, "napi_id"), SKB_ADDRESSES, E8W(152, "tstamp"),
    N(164, "gso_segs"), SKB_SOCKET, N(176, "gso_size"), E8(184, "hwtstamp"),
};
static const struct bpf_context_field lwt_fields[] = {
    SKB_BEGIN(NW, N, NW, N, 15), SKB_DATA, N(84, "napi_id"), N(164, "gso_segs"), SKB_SOCKET,
    N(176, "gso_size"),
};
static const struct bpf_context_field sk_skb_fields[] = {
    SKB_NO_MARK(NW, NW), SKB_DATA, N(84, "napi_id"), SKB_ADDRESSES, N(164, "gso_segs"), SKB_SOCKET,
    N(176, "gso_size"),
};
static const struct bpf_context_field flow_dissector_fields[] = {
    SKB_DATA,
    { .offset = 144, .extent = 8, .kind = BPF_FIELD_MEMORY, .read_sizes = 8, .target_size = 56,
      .target_writable = true, .name = "flow_keys" },
};

/* struct xdp_md */
#define XDP_FIELDS                                                                                \
    POINTER(0, 4, BPF_FIELD_PACKET, "data"), POINTER(4, 4, BPF_FIELD_PACKET_END, "data_end"),      \
    POINTER(8, 4, BPF_FIELD_PACKET_META, "data_meta"), E(12, "ingress_ifindex"),                   \
    E(16, "rx_queue_index")
static const struct bpf_context_field xdp_fields[] = { XDP_FIELDS };
static const struct bpf_context_field xdp_devmap_fields[] = { XDP_FIELDS, E(20, "egress_ifindex") };

/* struct bpf_sock */
#define SOCK_TAIL                                                                                 \
    FIELD(48, 2, 1 | 2, 0, "dst_port"), E(48, "dst_port"), N(52, "dst_ip4"),                       \
    FIELD(56, 16, 1 | 2 | 4, 0, "dst_ip6"), F(72, "state"), F(76, "rx_queue_mapping")
#define SOCK_TYPE F(4, "family"), F(8, "type"), F(12, "protocol")
static const struct bpf_context_field sock_create_fields[] = {
    EW(0, "bound_dev_if"), SOCK_TYPE, EW(16, "mark"), EW(20, "priority"), SOCK_TAIL,
};
static const struct bpf_context_field post_bind4_fields[] = {
    SOCK_TYPE, N(24, "src_ip4"), F(44, "src_port"), SOCK_TAIL,
};
static const struct bpf_context_field post_bind6_fields[] = {
    SOCK_TYPE, FIELD(28, 16, 1 | 2 | 4, 0, "src_ip6"), F(44, "src_port"), SOCK_TAIL,
};

/* The same as a socket that a pointer shows, less of it where it may not be a full one; struct
 * bpf_tcp_sock, struct bpf_xdp_sock */
#define SOCK_ADDRESS                                                                              \
    N(24, "src_ip4"), FIELD(28, 16, 1 | 2 | 4, 0, "src_ip6"), F(44, "src_port"), SOCK_TAIL
static const struct bpf_context_field sock_common_fields[] = {
    E(0, "bound_dev_if"), F(4, "family"), SOCK_ADDRESS,
};
static const struct bpf_context_field sock_fields[] = {
    E(0, "bound_dev_if"), SOCK_TYPE, E(16, "mark"), E(20, "priority"), SOCK_ADDRESS,
};
static const struct bpf_context_field tcp_sock_fields[] = {
    E(0, "snd_cwnd"), E(4, "srtt_us"), E(8, "rtt_min"), E(12, "snd_ssthresh"), E(16, "rcv_nxt"),
    E(20, "snd_nxt"), E(24, "snd_una"), E(28, "mss_cache"), E(32, "ecn_flags"), E(36, "rate_delivered"),
    E(40, "rate_interval_us"), E(44, "packets_out"), E(48, "retrans_out"), E(52, "total_retrans"),
    E(56, "segs_in"), E(60, "data_segs_in"), E(64, "segs_out"), E(68, "data_segs_out"), E(72, "lost_out"),
    E(76, "sacked_out"), E8(80, "bytes_received"), E8(88, "bytes_acked"), E(96, "dsack_dups"),
    E(100, "delivered"), E(104, "delivered_ce"), E(108, "icsk_retransmits"),
};
static const struct bpf_context_field xdp_sock_fields[] = { E(0, "queue_id") };
static const struct bpf_socket_layout socket_layouts[] = {
    { "bpf_sock_common", sock_common_fields, ARRAY_SIZE(sock_common_fields) },
    { "bpf_sock", sock_fields, ARRAY_SIZE(sock_fields) },
    { "bpf_tcp_sock", tcp_sock_fields, ARRAY_SIZE(tcp_sock_fields) },
    { "bpf_xdp_sock", xdp_sock_fields, ARRAY_SIZE(xdp_sock_fields) },
};

/* struct bpf_sock_addr */
#define ADDR_TAIL                                                                                 \
    NW(24, "user_port"), E(28, "family"), E(32, "type"), E(36, "protocol")
#define ADDR_SOCKET SOCKET(64, "sock", false, "sk")
#define IP6(at, text) FIELD(at, 16, 15, 4 | 8, text)
static const struct bpf_context_field addr4_fields[] = {
    E(0, "user_family"), NW(4, "user_ip4"), ADDR_TAIL, ADDR_SOCKET,
};
static const struct bpf_context_field addr6_fields[] = {
    E(0, "user_family"), IP6(8, "user_ip6"), ADDR_TAIL, ADDR_SOCKET,
};
static const struct bpf_context_field sendmsg4_fields[] = {
    E(0, "user_family"), NW(4, "user_ip4"), ADDR_TAIL, NW(40, "msg_src_ip4"), ADDR_SOCKET,
};
static const struct bpf_context_field sendmsg6_fields[] = {
    E(0, "user_family"), IP6(8, "user_ip6"), ADDR_TAIL, IP6(44, "msg_src_ip6"), ADDR_SOCKET,
};
static const struct bpf_context_field addr_unix_fields[] = {
    E(0, "user_family"), ADDR_TAIL, ADDR_SOCKET,
};

/* struct bpf_sock_ops */
static const struct bpf_context_field sock_ops_fields[] = {
    E(0, "op"), EW(4, "reply"), WORDS(8, 3, "replylong"), E(20, "family"), E(24, "remote_ip4"),
    E(28, "local_ip4"), WORDS(32, 4, "remote_ip6"), WORDS(48, 4, "local_ip6"), E(64, "remote_port"),
    E(68, "local_port"), E(72, "is_fullsock"), E(76, "snd_cwnd"), E(80, "srtt_us"),
    E(84, "bpf_sock_ops_cb_flags"), E(88, "state"), E(92, "rtt_min"), E(96, "snd_ssthresh"),
    E(100, "rcv_nxt"), E(104, "snd_nxt"), E(108, "snd_una"), E(112, "mss_cache"), E(116, "ecn_flags"),
    E(120, "rate_delivered"), E(124, "rate_interval_us"), E(128, "packets_out"), E(132, "retrans_out"),
    E(136, "total_retrans"), E(140, "segs_in"), E(144, "data_segs_in"), E(148, "segs_out"),
    E(152, "data_segs_out"), E(156, "lost_out"), E(160, "sacked_out"), EW(164, "sk_txhash"),
    E8(168, "bytes_received"), E8(176, "bytes_acked"), SOCKET(184, "sock", true, "sk"),
    POINTER(192, 8, BPF_FIELD_PACKET, "skb_data"), POINTER(200, 8, BPF_FIELD_PACKET_END, "skb_data_end"),
    E(208, "skb_len"), F(212, "skb_tcp_flags"), E8(216, "skb_hwtstamp"),
};

/* struct sk_msg_md */
static const struct bpf_context_field sk_msg_fields[] = {
    POINTER(0, 8, BPF_FIELD_PACKET, "data"), POINTER(8, 8, BPF_FIELD_PACKET_END, "data_end"),
    E(16, "family"), E(20, "remote_ip4"), E(24, "local_ip4"), WORDS(28, 4, "remote_ip6"),
    WORDS(44, 4, "local_ip6"), E(60, "remote_port"), E(64, "local_port"), E(68, "size"),
    SOCKET(72, "sock", false, "sk"),
};

/* struct sk_reuseport_md */
#define REUSEPORT_FIELDS                                                                          \
    POINTER(0, 8, BPF_FIELD_PACKET, "data"), POINTER(8, 8, BPF_FIELD_PACKET_END, "data_end"),      \
    N(16, "len"), FIELD(20, 4, 2 | 4, 0, "eth_protocol"), N(24, "ip_protocol"), N(28, "bind_inany"), E(32, "hash"), \
    SOCKET(40, "sock", false, "sk"), SOCKET(48, "sock_common", true, "migrating_sk")
static const struct bpf_context_field sk_reuseport_fields[] = { REUSEPORT_FIELDS };

/* struct bpf_sk_lookup */
static const struct bpf_context_field sk_lookup_fields[] = {
    SOCKET(0, "sock", true, "sk"), N(8, "family"), N(12, "protocol"), N(16, "remote_ip4"),
    FIELD(20, 16, 1 | 2 | 4, 0, "remote_ip6"), FIELD(36, 2, 1 | 2, 0, "remote_port"),
    E(36, "remote_port"), FIELD(38, 2, 1 | 2, 0, "zero"), N(40, "local_ip4"),
    FIELD(44, 16, 1 | 2 | 4, 0, "local_ip6"), N(60, "local_port"), N(64, "ingress_ifindex"),
};

/* struct bpf_cgroup_dev_ctx, struct bpf_sysctl, struct bpf_sockopt */
static const struct bpf_context_field cgroup_dev_fields[] = {
    N(0, "access_type"), E(4, "major"), E(8, "minor"),
};
static const struct bpf_context_field sysctl_fields[] = { N(0, "write"), NW(4, "file_pos") };
#define SOCKOPT_BEGIN                                                                             \
    SOCKET(0, "sock", false, "sk"), POINTER(8, 8, BPF_FIELD_PACKET, "optval"),                     \
    POINTER(16, 8, BPF_FIELD_PACKET_END, "optval_end")
static const struct bpf_context_field getsockopt_fields[] = {
    SOCKOPT_BEGIN, E(24, "level"), E(28, "optname"), EW(32, "optlen"), EW(36, "retval"),
};
static const struct bpf_context_field setsockopt_fields[] = {
    SOCKOPT_BEGIN, EW(24, "level"), EW(28, "optname"), EW(32, "optlen"),
};

/* struct pt_regs of x86-64, the record of a tracepoint, struct bpf_perf_event_data, arguments of a
 * raw tracepoint and of a syscall program. */
static const struct bpf_context_field kprobe_fields[] = { FIELD(0, 168, 15, 0, "regs") };
static const struct bpf_context_field tracepoint_fields[] = { FIELD(8, 8184, 15, 0, "record") };
static const struct bpf_context_field perf_event_fields[] = {
    FIELD(0, 168, 8, 0, "regs"), FIELD(168, 16, 15, 0, "sample"),
};
static const struct bpf_context_field raw_tp_fields[] = { FIELD(0, 96, 15, 0, "args") };
static const struct bpf_context_field raw_tp_writable_fields[] = {
    POINTER(0, 8, BPF_FIELD_BUFFER, "buffer"), FIELD(1, 1, 1, 0, "args"), FIELD(2, 2, 1 | 2, 0, "args"),
    FIELD(4, 4, 1 | 2 | 4, 0, "args"), FIELD(8, 88, 15, 0, "args"),
};
static const struct bpf_context_field lirc_fields[] = { E(0, "sample") };
static const struct bpf_context_field syscall_fields[] = { FIELD(0, 65535, 15, 15, "args") };
/* struct bpf_nf_ctx */
static const struct bpf_context_field netfilter_fields[] = {
    { .offset = 0, .extent = 8, .kind = BPF_FIELD_BTF, .read_sizes = 8, .target_type = "nf_hook_state",
      .name = "state" },
    { .offset = 8, .extent = 8, .kind = BPF_FIELD_BTF, .read_sizes = 8, .target_type = "sk_buff",
      .name = "skb" },
};
// clang-format on
