/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sockets, netfilter hooks and maps of sockets: small programs with the verdict that Linux 6.18 gives them. */
// clang-format off
#include "common.h"
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *p) __ksym __weak;
/* netfilter */
SEC("netfilter") ACCEPT int netfilter_1(struct bpf_nf_ctx *c){ return c->state->in ? 1:0; }
SEC("netfilter") ACCEPT int netfilter_2(struct bpf_nf_ctx *c){ struct sk_buff *s = c->skb; return s->len > 20; }
SEC("netfilter") REFUSE __naked int netfilter_3(void){ asm volatile("r2=*(u32*)(r1+0); r0=0; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_4(void){ asm volatile("r2=*(u64*)(r1+16); r0=0; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_5(void){ asm volatile("r2=*(u64*)(r1+4); r0=0; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_6(void){ asm volatile("*(u64*)(r1+0)=r10; r0=0; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_6b(void){ asm volatile("r2 = 0; *(u64*)(r1+8)=r2; r0=0; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_7(void){ asm volatile("r2=*(u64*)(r1+8); r3=0; *(u8*)(r2+0)=r3; r0=0; exit;"); }
SEC("netfilter") ACCEPT __naked int netfilter_8(void){ asm volatile("r2=*(u64*)(r1+0); r0=*(u8*)(r2+0); r0 &= 1; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_9(void){ asm volatile("r0=*(u64*)(r1+8); r0 = *(u64*)(r0+%[o]); r0=1; exit;"::__imm_const(o, sizeof(struct sk_buff))); }
SEC("netfilter") REFUSE __naked int netfilter_10(void){ asm volatile("r1+=8; r0=*(u64*)(r1+0);  r0=1; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_11(void){ asm volatile("r2 = 8; r1+=r2; r0=*(u64*)(r1+0);  r0=1; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_12(void){ asm volatile("r1=*(u64*)(r1+8); r0 = r1;  exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_13(void){ asm volatile("r0=2;  exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_14(void){ asm volatile("r0=-1;  exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_15(void){ asm volatile("w0=-1;  exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_16(void){ asm volatile("call %[bpf_get_prandom_u32]; exit;"::__imm(bpf_get_prandom_u32)); }
SEC("netfilter") ACCEPT __naked int netfilter_17(void){ asm volatile("call %[bpf_get_prandom_u32]; r0 &= 1; exit;"::__imm(bpf_get_prandom_u32)); }
SEC("netfilter") ACCEPT int netfilter_18(struct bpf_nf_ctx *c){ struct bpf_dynptr d; char b[20]={}; if (bpf_dynptr_from_skb((void*)c->skb, 0, &d)) return 1; char *p = bpf_dynptr_read(b,20,&d,0,0)?0:b; return 1; }
SEC("netfilter") ACCEPT int netfilter_18b(struct bpf_nf_ctx *c){ struct bpf_dynptr d; char b[20]={}; if (bpf_dynptr_from_skb((void*)c->skb, 0, &d)) return 1; bpf_dynptr_write(&d,0,b,20,0); return 1; }
SEC("netfilter") ACCEPT int netfilter_19(struct bpf_nf_ctx *c){ struct sk_buff *s = c->skb; struct sock *sk = s->sk; return sk ? sk->sk_protocol & 1 : 0; }
SEC("netfilter") ACCEPT int netfilter_20(struct bpf_nf_ctx *c){ const struct nf_hook_state *s = c->state; return s->net ? s->hook & 1: 0; }
SEC("netfilter") REFUSE int netfilter_21(struct bpf_nf_ctx *c){ bpf_skb_load_bytes((void*)c->skb, 0, (void*)&c, 1); return 1; }
SEC("netfilter") ACCEPT __naked int netfilter_22(void){ asm volatile("r1=*(u64*)(r1+8); r1 += 8; r0=*(u64*)(r1-8); r0 = 0; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_23(void){ asm volatile("r2 = 1; lock *(u64*)(r1+0) += r2; r0 = 0; exit;"); }
SEC("netfilter") REFUSE __naked int netfilter_24(void){ asm volatile("r0 = *(u64*)(r1+0); r0 ^= r0; exit;"); }
/* sock */
struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key,int); __type(value,long long);} stg SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_SOCKMAP); __uint(max_entries,2); __type(key,int); __type(value,int);} sockmap SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_SOCKHASH); __uint(max_entries,2); __type(key,int); __type(value,int);} sockhash SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_XSKMAP); __uint(max_entries,2); __type(key,int); __type(value,int);} xskmap SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY); __uint(max_entries,2); __type(key,int); __type(value,__u64);} rsa SEC(".maps");
#define SK(verdict, sec, name, body) SEC(sec) verdict int name(struct __sk_buff *skb) { struct bpf_sock *sk = skb->sk; body; return 0; }
SK(ACCEPT, "cgroup/skb", socket_1, if (!sk) return 0; return sk->family & 1)
SK(REFUSE, "cgroup/skb", socket_2, return sk->family & 1)
SK(ACCEPT, "cgroup/skb", socket_3, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return sk->type & 1)
SK(REFUSE, "cgroup/skb", socket_4, if (!sk) return 0; sk = bpf_sk_fullsock(sk);  return sk->type & 1)
SK(REFUSE, "cgroup/skb", socket_5, if (!sk) return 0; return sk->type & 1)
SK(REFUSE, "cgroup/skb", socket_6, sk = bpf_sk_fullsock(sk); if (!sk) return 0; return sk->type & 1)
SK(ACCEPT, "cgroup/skb", socket_7, if (!sk) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); if (!t) return 0; return t->snd_cwnd & 1)
SK(REFUSE, "cgroup/skb", socket_8, if (!sk) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); return t->snd_cwnd & 1)
SK(ACCEPT, "cgroup/skb", socket_9, if (!sk) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); if (!t) return 0; return t->bytes_acked & 1)
SK(REFUSE, "cgroup/skb", socket_10, if (!sk) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); if (!t) return 0; return *(u8*)&t->snd_cwnd & 1)
SK(REFUSE, "cgroup/skb", socket_11, if (!sk) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); if (!t) return 0; return *(u32*)&t->bytes_acked & 1)
SK(REFUSE, "cgroup/skb", socket_12, if (!sk) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); if (!t) return 0; return *(u64*)((char*)t + sizeof *t) & 1)
SK(ACCEPT, "cgroup/skb", socket_13, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *(u64*)&sk->state & 1)
SK(ACCEPT, "cgroup/skb", socket_14, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *(u16*)&sk->dst_port & 1)
SK(REFUSE, "cgroup/skb", socket_15, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *((u8*)&sk->dst_port+1) & 1)
SK(REFUSE, "cgroup/skb", socket_16, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *((u8*)&sk->dst_port+2) & 1)
SK(REFUSE, "cgroup/skb", socket_17, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *(u16*)((u8*)&sk->dst_port+2) & 1)
SK(ACCEPT, "cgroup/skb", socket_18, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *(u32*)((u8*)&sk->dst_port) & 1)
SK(REFUSE, "cgroup/skb", socket_19, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *((u8*)&sk->dst_ip6[0]+1) & 1)
SK(REFUSE, "cgroup/skb", socket_20, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *((u16*)&sk->src_ip6[0]+1) & 1)
SK(REFUSE, "cgroup/skb", socket_21, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *((u8*)&sk->src_port+2) & 1)
SK(REFUSE, "cgroup/skb", socket_22, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *((u8*)&sk->type+1) & 1)
SK(REFUSE, "cgroup/skb", socket_23, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return *((u8*)&sk->mark) & 1)
SK(REFUSE, "cgroup/skb", socket_24, if (!sk) return 0; sk->mark = 5)
SK(ACCEPT, "cgroup/skb", socket_25, if (!sk) return 0; return sk->rx_queue_mapping & 1)
SK(ACCEPT, "cgroup/skb", socket_26, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; return sk->rx_queue_mapping & 1)
SK(REFUSE, "tc", socket_30, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; bpf_sk_release(sk))
SK(REFUSE, "tc", socket_31, if (!sk) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); if (!t) return 0; bpf_sk_release((void*)t))
SK(REFUSE, "tc", socket_32, if (!sk) return 0; bpf_sk_release(sk))
SK(REFUSE, "tc", socket_33, bpf_sk_storage_get(&stg, sk, 0, 0))
SK(ACCEPT, "tc", socket_34, if (!sk) return 0; bpf_sk_storage_get(&stg, sk, 0, 0))
SK(ACCEPT, "tc", socket_35, if (!sk) return 0; long long v = 1; sk = bpf_sk_fullsock(sk); if (!sk) return 0; bpf_sk_storage_get(&stg, sk, &v, 1))
SK(REFUSE, "tc", socket_36, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; bpf_sk_storage_get(&stg, sk, (void*)1, 1))
SK(REFUSE, "tc", socket_37, if (!sk) return 0; int v; sk = bpf_sk_fullsock(sk); if (!sk) return 0; bpf_sk_storage_get(&stg, sk, &v, 1))
SK(ACCEPT, "tc", socket_38, if (!sk) return 0; bpf_sk_storage_delete(&stg, sk))
SK(REFUSE, "tc", socket_39, sk = bpf_skc_to_tcp_sock(sk); if (!sk) return 0)
SK(REFUSE, "tc", socket_40, sk = (void*)bpf_skc_to_tcp_sock(sk); if (!sk) return 0; return ((struct tcp_sock*)sk)->snd_cwnd & 1)
SK(ACCEPT, "tc", socket_41, if (!sk) return 0; sk = (void*)bpf_get_listener_sock(sk); if (!sk) return 0; return sk->state & 1)
SK(ACCEPT, "tc", socket_42, if (!sk) return 0; int k = 0; bpf_map_update_elem(&sockmap, &k, sk, 0))
SK(ACCEPT, "tc", socket_43, if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; int k = 0; bpf_map_update_elem(&sockmap, &k, sk, 0))
SK(ACCEPT, "tc", socket_44, int k = 0; bpf_map_delete_elem(&sockmap, &k))
SK(REFUSE, "cgroup/skb", socket_45, int k = 0; bpf_map_delete_elem(&sockmap, &k))
SK(ACCEPT, "socket", socket_46, int k = 0; bpf_map_delete_elem(&sockhash, &k))
SK(ACCEPT, "tc", socket_47, int k = 0; sk = bpf_map_lookup_elem(&sockmap, &k); if (sk) bpf_sk_release(sk))
SK(REFUSE, "tc", socket_48, int k = 0; sk = bpf_map_lookup_elem(&sockmap, &k))
SK(ACCEPT, "tc", socket_49, int k = 0; sk = bpf_map_lookup_elem(&sockhash, &k); if (sk) { int t= sk->type; bpf_sk_release(sk); return t & 1;})
SK(ACCEPT, "sk_skb/stream_verdict", socket_50, int k = 0; sk = bpf_map_lookup_elem(&sockhash, &k); if (sk) { int t= sk->type; bpf_sk_release(sk); return t & 1;})
SK(ACCEPT, "tc", socket_51, int k = 0; sk = bpf_map_lookup_elem(&xskmap, &k))
SEC("xdp") ACCEPT int socket_52(struct xdp_md *x){ int k = 0; struct bpf_xdp_sock *s = bpf_map_lookup_elem(&xskmap, &k); return s ? s->queue_id : 0; }
SEC("xdp") REFUSE int socket_53(struct xdp_md *x){ int k = 0; struct bpf_xdp_sock *s = bpf_map_lookup_elem(&xskmap, &k); return s->queue_id; }
SEC("xdp") REFUSE int socket_54(struct xdp_md *x){ int k = 0; struct bpf_xdp_sock *s = bpf_map_lookup_elem(&xskmap, &k); if (s) s->queue_id = 1; return 0; }
SEC("xdp") ACCEPT int socket_55(struct xdp_md *x){ int k = 0; struct bpf_sock *s = bpf_map_lookup_elem(&sockmap, &k); if (s) bpf_sk_release(s); return 0; }
SEC("sk_reuseport") ACCEPT int socket_56(struct sk_reuseport_md *x){ int k = 0; return bpf_sk_select_reuseport(x, &rsa, &k, 0); }
SEC("sk_reuseport") ACCEPT int socket_57(struct sk_reuseport_md *x){ int k = 0; return bpf_sk_select_reuseport(x, &sockmap, &k, 0); }
SEC("sk_reuseport") ACCEPT int socket_58(struct sk_reuseport_md *x){ int k = 0; return bpf_sk_select_reuseport(x, &sockhash, &k, 0); }
SEC("sk_reuseport") REFUSE int socket_59(struct sk_reuseport_md *x){ int k = 0; return bpf_sk_select_reuseport(x, &xskmap, &k, 0); }
SEC("sk_reuseport") REFUSE int socket_60(struct sk_reuseport_md *x){ int k = 0; struct bpf_sock *s = bpf_map_lookup_elem(&rsa, &k); if (s) bpf_sk_release(s); return 0; }
SEC("sk_reuseport") ACCEPT int socket_61(struct sk_reuseport_md *x){ return x->sk->family & 1; }
SEC("sk_reuseport/migrate") REFUSE int socket_62(struct sk_reuseport_md *x){ return x->migrating_sk->family & 1; }
SEC("sk_reuseport/migrate") REFUSE int socket_63(struct sk_reuseport_md *x){ if (!x->migrating_sk) return 0; return x->migrating_sk->family & 1; }
SEC("sk_lookup") REFUSE int socket_64(struct bpf_sk_lookup *x){ return x->sk ? x->sk->family&1 : 1; }
SEC("sk_lookup") ACCEPT int socket_65(struct bpf_sk_lookup *x){ int k=0; struct bpf_sock *s = bpf_map_lookup_elem(&sockmap, &k); if (!s) return 1; bpf_sk_assign(x, s, 0); bpf_sk_release(s); return 1; }
SEC("sk_lookup") ACCEPT int socket_66(struct bpf_sk_lookup *x){ bpf_sk_assign(x, NULL, 0);  return 1; }
SEC("sk_lookup") REFUSE int socket_67(struct bpf_sk_lookup *x){ return 2; }
SEC("sk_lookup") ACCEPT int socket_68(struct bpf_sk_lookup *x){ return x->remote_port & 1; }
SEC("sk_lookup") ACCEPT int socket_69(struct bpf_sk_lookup *x){ return *(u16*)&x->remote_port & 1; }
SEC("sk_lookup") REFUSE int socket_70(struct bpf_sk_lookup *x){ return *((u16*)&x->remote_port+1) & 1; }
SEC("sk_lookup") REFUSE int socket_71(struct bpf_sk_lookup *x){ return *((u8*)&x->local_ip6[3]+3) & 1; }
SEC("sk_lookup") ACCEPT int socket_72(struct bpf_sk_lookup *x){ return *((u64*)&x->local_ip6[0]) & 1; }
SEC("sk_lookup") REFUSE int socket_73(struct bpf_sk_lookup *x){ return x->cookie & 1; }
SEC("sk_lookup") ACCEPT int socket_74(struct bpf_sk_lookup *x){ return x->ingress_ifindex & 1; }
SEC("tc") REFUSE int socket_75(struct __sk_buff *x){ bpf_sk_assign(x, NULL, 0);  return 1; }
SEC("tc") ACCEPT int socket_76(struct __sk_buff *x){ struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_skc_lookup_tcp(x, &t, sizeof t.ipv4, -1, 0); if (!s) return 0; bpf_sk_assign(x, s, 0); bpf_sk_release(s);  return 1; }
SEC("tc") REFUSE int socket_77(struct __sk_buff *x){ struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_skc_lookup_tcp(x, &t, sizeof t.ipv4, -1, 0); if (!s) return 0; int k = s->type; bpf_sk_release(s);  return k; }
SEC("tc") ACCEPT int socket_78(struct __sk_buff *x){ struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_skc_lookup_tcp(x, &t, sizeof t.ipv4, -1, 0); if (!s) return 0; struct bpf_sock *f = bpf_sk_fullsock(s);if (!f) { bpf_sk_release(s); return 0; } int k = f->type; bpf_sk_release(f);  return k; }
SEC("tc") REFUSE int socket_79(struct __sk_buff *x){ struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_skc_lookup_tcp(x, &t, sizeof t.ipv4, -1, 0); if (!s) return 0; struct bpf_sock *f = bpf_sk_fullsock(s);if (!f) { bpf_sk_release(s); return 0; } bpf_sk_release(s);  return f->type; }
SEC("tc") REFUSE int socket_80(struct __sk_buff *x){ struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_sk_lookup_tcp(x, &t, sizeof t.ipv4, -1, 0); if (!s) return 0; struct bpf_tcp_sock *f = bpf_tcp_sock(s); bpf_sk_release(s); if (!f) return 0;  return f->snd_cwnd; }
SEC("tc") ACCEPT int socket_81(struct __sk_buff *x){ struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_sk_lookup_tcp(x, &t, sizeof t.ipv4, -1, 0); if (!s) return 0; struct bpf_tcp_sock *f = bpf_tcp_sock(s); if (!f) { bpf_sk_release(s); return 0;} bpf_sk_release((void*)f); return 0; }
SEC("tc") REFUSE int socket_82(struct __sk_buff *x){ struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_sk_lookup_tcp(x, &t, sizeof t.ipv4, -1, 0); struct bpf_tcp_sock *f = bpf_tcp_sock(s); if (s) bpf_sk_release(s); return 0; }
SEC("tc") REFUSE int socket_83(struct __sk_buff *x){ struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_sk_lookup_udp(x, &t, sizeof t.ipv4, -1, 0); if (s) { s->mark = 5; bpf_sk_release(s);} return 0; }
SEC("cgroup/sock_create") ACCEPT int socket_84(struct bpf_sock *s){ s->mark = 5; s->priority = 1; s->bound_dev_if = 3; return 1; }
SEC("cgroup/sock_create") REFUSE int socket_85(struct bpf_sock *s){ s->type = 5; return 1; }
SEC("cgroup/post_bind4") REFUSE int socket_86(struct bpf_sock *s){ s->mark = 5; return 1; }
SEC("cgroup/post_bind4") ACCEPT int socket_87(struct bpf_sock *s){ return s->src_ip4 == 5; }
SEC("cgroup/post_bind6") REFUSE int socket_88(struct bpf_sock *s){ return s->src_ip4 == 5; }
SEC("cgroup/post_bind4") REFUSE int socket_89(struct bpf_sock *s){ return s->src_ip6[0] == 5; }
SEC("cgroup/post_bind4") ACCEPT int socket_90(struct bpf_sock *s){ return s->dst_port & 1; }
