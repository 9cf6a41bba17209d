/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* References in calls, callbacks and tail calls, memory that helpers write, metadata before a packet: small programs with the
 * verdict that Linux 6.18 gives them. */
// clang-format off
#include "common.h"
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries,1); __type(key,int); __type(value,long long);} arr8 SEC(".maps");
struct val48 { int c; int d[11]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries,1); __type(key,long long); __type(value,struct val48);} h48 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries,4); __uint(key_size,4); __uint(value_size,4);} pa SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries,1); __type(key,int); __type(value,struct val48); __uint(map_flags, BPF_F_RDONLY_PROG);} ro SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries,1); __type(key,int); __type(value,struct val48); __uint(map_flags, BPF_F_WRONLY_PROG);} wo SEC(".maps");
#define A(verdict, sec, name, ...) SEC(sec) verdict __naked int name(void) { asm volatile(__VA_ARGS__); }
#define TUP "r2=0; *(u64*)(r10-8)=r2; *(u64*)(r10-16)=r2; *(u64*)(r10-24)=r2; *(u64*)(r10-32)=r2; *(u64*)(r10-40)=r2; *(u64*)(r10-48)=r2; r2=r10; r2+=-48; r3=48; r4=0; r5=0; call %[bpf_sk_lookup_tcp];"
#define I ::__imm(bpf_sk_lookup_tcp),__imm(bpf_sk_release),__imm(bpf_tail_call),__imm_addr(pa),__imm(bpf_map_lookup_elem),__imm_addr(arr8),__imm_addr(h48),__imm(bpf_get_prandom_u32),__imm(bpf_map_update_elem),__imm(bpf_trace_printk),__imm(bpf_check_mtu),__imm(bpf_skb_load_bytes),__imm(bpf_xdp_adjust_meta),__imm(bpf_probe_read_kernel),__imm(bpf_csum_diff),__imm(bpf_loop),__imm(bpf_strtol),__imm(bpf_fib_lookup)
/* ref tracking */
A(REFUSE, "tc", reference_1,TUP "r6=r0; r0=0; exit;" I)
A(REFUSE, "tc", reference_2,TUP "*(u64*)(r10-8)=r0; r0=0; exit;" I)
A(REFUSE, "tc", reference_3,TUP "r0=0; exit;" I)
A(ACCEPT, "tc", reference_4,TUP "if r0 == 0 goto 1f; r1=r0; call %[bpf_sk_release]; 1: exit;" I)
A(REFUSE, "tc", reference_5,TUP "r1=r0; call %[bpf_sk_release]; exit;" I)
A(REFUSE, "tc", reference_6,TUP "r6=r0; if r0 == 0 goto 1f; r1=r0; call %[bpf_sk_release]; r1=r6; call %[bpf_sk_release]; 1: exit;" I)
A(REFUSE, "tc", reference_7,TUP "r6=r0; if r0 != 0 goto 1f; exit; 1: r1=r6; r1+=5; call %[bpf_sk_release]; exit;" I)
A(ACCEPT, "tc", reference_8,TUP "r6=r0; if r0 != 0 goto 1f; exit; 1: r1=*(u32*)(r6+4); r1=r6; call %[bpf_sk_release]; exit;" I)
A(REFUSE, "tc", reference_9,TUP "r6=r0; if r0 != 0 goto 1f; exit; 1: r1=r6; call %[bpf_sk_release]; r1=*(u32*)(r6+4); exit;" I)
A(REFUSE, "tc", reference_10,"r7=r1;" TUP "r6=r0; r1=r7; r3=0; r2=%[pa] ll; call %[bpf_tail_call]; r1=r6; r0=0; if r6 == 0 goto 1f; r1=r6; call %[bpf_sk_release]; 1: exit;" I)
A(ACCEPT, "tc", reference_11,"r7=r1;" TUP "r6=r0; if r0 == 0 goto 1f; r1=r6; call %[bpf_sk_release]; 1: r1=r7; r3=0; r2=%[pa] ll; call %[bpf_tail_call]; r0=0; exit;" I)
A(REFUSE, "tc", reference_12,"r7=r1;" TUP "r6=r0; if r0 == 0 goto 1f; r1=r6; call %[bpf_sk_release]; 1: r1=r7; r0=*(u8*)skb[0]; r0=0; exit;" I)
A(REFUSE, "tc", reference_13,"r6=r1;" TUP "r7=r0; r0=*(u8*)skb[0]; if r7 == 0 goto 1f; r1=r7; call %[bpf_sk_release]; 1:  r0=0; exit;" I)
A(ACCEPT, "tc", reference_14,"r6=r1;" TUP "r7=r0; if r7 == 0 goto 1f; r1=r7; call %[bpf_sk_release]; 1: r0=*(u8*)skb[0]; exit;" I)
A(ACCEPT, "tc", reference_15,"r6=r1;" TUP "*(u64*)(r10-56)=r0; r1=*(u64*)(r10-56); if r1 == 0 goto 1f; call %[bpf_sk_release]; 1: r0=0; exit;" I)
A(ACCEPT, "tc", reference_16,"r6=r1;" TUP "*(u64*)(r10-56)=r0; if r0 == 0 goto 1f; r1=*(u64*)(r10-56); call %[bpf_sk_release]; 1: r0=0; exit;" I)
A(REFUSE, "tc", reference_18,TUP "r0 &= 1; exit;" I)
A(ACCEPT, "tc", reference_19,TUP "if r0 == 0 goto 1f; if r0 == 0 goto 2f; r1=r0; call %[bpf_sk_release]; 2: r0=0; 1: exit;" I)
A(ACCEPT, "tc", reference_20,"r6=r1; r8=*(u32*)(r1+0);" TUP "if r8 == 0 goto 3f; if r0 == 0 goto 1f; r1=r0; call %[bpf_sk_release]; 1: r0=0; exit; 3: if r0 != 0 goto 4f; r0=0; exit; 4: r1=r0; call %[bpf_sk_release]; r0=0; exit;" I)
A(ACCEPT, "tc", reference_21,"r6=r1; " TUP "if r0 == 0 goto 1f; r7=r0; *(u64*)(r6+48)=r0; r1=r7; call %[bpf_sk_release]; 1: r0=0; exit;" I)
A(REFUSE, "tc", reference_22,TUP "r6=r0; r0=0; if r6 == 0 goto 1f; r1=r6; r1 += -1; r1 += 1; call %[bpf_sk_release]; 1: exit;" I)
A(REFUSE, "xdp", reference_23,"r2=0; *(u64*)(r10-8)=r2; *(u64*)(r10-16)=r2; r2=r10; r2+=-16; r3=13; r4=0; r5=0; call %[bpf_sk_lookup_tcp]; r0=0; exit;" I)
A(ACCEPT, "xdp", reference_24,"r2=0; *(u64*)(r10-8)=r2; *(u64*)(r10-16)=r2; r2=r10; r2+=-16; r3=0; r4=0; r5=0; call %[bpf_sk_lookup_tcp]; if r0 == 0 goto 1f; r1=r0; call %[bpf_sk_release]; 1: exit;" I)
A(ACCEPT, "xdp", reference_25,"r2=r10; r2+=-16; r3=12; r4=0; r5=0; call %[bpf_sk_lookup_tcp]; if r0 == 0 goto 1f; r1=r0; call %[bpf_sk_release]; 1: exit;" I)
/* tail call in subprog with ref, refs across bpf calls */
static __noinline struct bpf_sock *acquire(struct __sk_buff*s){ struct bpf_sock_tuple t={}; return bpf_sk_lookup_tcp(s,&t,sizeof t.ipv4,-1,0); }
static __noinline void rel(struct bpf_sock*s){ if (s) bpf_sk_release(s); }
static __noinline int relret(struct bpf_sock*s){ bpf_sk_release(s); return 0;}
static __noinline int noth(struct bpf_sock*s){ return s->type; }
SEC("tc") ACCEPT int reference_in_call_1(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); if (k) bpf_sk_release(k); return 0; }
SEC("tc") REFUSE int reference_in_call_2(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); return 0; }
SEC("tc") ACCEPT int reference_in_call_3(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); rel(k); return 0; }
SEC("tc") ACCEPT int reference_in_call_4(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); if (!k) return 0; relret(k); return 0; }
SEC("tc") REFUSE int reference_in_call_5(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); if (!k) return 0; relret(k); return k->type; }
SEC("tc") ACCEPT int reference_in_call_6(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); if (!k) return 0; int x = noth(k); bpf_sk_release(k); return x; }
SEC("tc") ACCEPT int reference_in_call_7(struct __sk_buff*s){ for (int i=0;i<5;i++){ struct bpf_sock*k = acquire(s); if (k) bpf_sk_release(k);} return 0; }
SEC("tc") REFUSE int reference_in_call_8(struct __sk_buff*s){ struct bpf_sock*k=0; for (int i=0;i<5;i++){ k = acquire(s); } if (k) bpf_sk_release(k); return 0; }
static int cb_acq(u32 i, void**c){ struct bpf_sock*k = acquire(*c); return 0; }
static int cb_rel(u32 i, void**c){ bpf_sk_release(*c); return 0; }
static int cb_ok(u32 i, void**c){ struct bpf_sock*k = acquire(*c); if (k) bpf_sk_release(k); return 0; }
static int cb_use(u32 i, struct bpf_sock**c){ return (*c)->type & 1; }
SEC("tc") REFUSE int reference_in_call_9(struct __sk_buff*s){ bpf_loop(5,cb_acq,&s,0); return 0; }
SEC("tc") REFUSE int reference_in_call_10(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); if (!k) return 0; bpf_loop(5,cb_rel,&k,0); return 0; }
SEC("tc") ACCEPT int reference_in_call_11(struct __sk_buff*s){ bpf_loop(5,cb_ok,&s,0); return 0; }
SEC("tc") ACCEPT int reference_in_call_12(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); if (!k) return 0; bpf_loop(5,cb_use,&k,0); bpf_sk_release(k); return 0; }
SEC("tc") REFUSE int reference_in_call_13(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); if (!k) return 0; bpf_loop(1,cb_rel,&k,0); return 0; }
__noinline int gtc(struct __sk_buff*s){ bpf_tail_call(s,&pa,0); return 0; }
SEC("tc") ACCEPT int reference_in_call_14(struct __sk_buff*s){ struct bpf_sock*k = acquire(s); gtc(s); if (k) bpf_sk_release(k); return 0; }
static __noinline int stc(struct __sk_buff*s){ bpf_tail_call(s,&pa,0); return 0; }
SEC("tc") ACCEPT int reference_in_call_15(struct __sk_buff*s){ struct bpf_sock_tuple t={}; struct bpf_sock*k = bpf_sk_lookup_tcp(s,&t,sizeof t.ipv4,-1,0); stc(s); if (k) bpf_sk_release(k); return 0; }
SEC("tc") ACCEPT int reference_in_call_16(struct __sk_buff*s){ return stc(s); }
SEC("tc") REFUSE int reference_in_call_17(struct __sk_buff*s){ char b[300]; b[5]=1; bpf_probe_read_kernel(b,300,0); return stc(s); }
/* mtu */
A(ACCEPT, "tc", mtu_1,"r3=r10; r3+=-4; r2=0; r4=0; r5=0; call %[bpf_check_mtu]; r0=0; exit;" I)
A(ACCEPT, "tc", mtu_2,"r3=r10; r3+=-8; r2=0; *(u64*)(r10-8)=r2; r4=0; r5=0; call %[bpf_check_mtu]; r0=*(u32*)(r10-8); exit;" I)
A(ACCEPT, "tc", mtu_3,"r3=r10; r3+=-8; r2=0; r4=0; r5=0; call %[bpf_check_mtu]; r0=*(u32*)(r10-8); exit;" I)
A(REFUSE, "tc", mtu_4,"r3=r10; r3+=-2; r2=0; r4=0; r5=0; call %[bpf_check_mtu]; r0=0; exit;" I)
A(REFUSE, "tc", mtu_5,"r3=r10; r3+=-3; r2=0; *(u64*)(r10-8)=r2; r4=0; r5=0; call %[bpf_check_mtu]; r0=0; exit;" I)
A(REFUSE, "tc", mtu_6,"r3=r10; r3+=-6; r2=0; *(u64*)(r10-8)=r2; r4=0; r5=0; call %[bpf_check_mtu]; r0=0; exit;" I)
A(REFUSE, "tc", mtu_7,"r3=0; r2=0; r4=0; r5=0; call %[bpf_check_mtu]; r0=0; exit;" I)
A(REFUSE, "xdp", mtu_8,"r3=r1; r3=*(u32*)(r3+0); r2=0; r4=0; r5=0; call %[bpf_check_mtu]; r0=0; exit;" I)
A(ACCEPT, "xdp", mtu_9,"r3=r10; r3+=-8; r2=0; *(u32*)(r10-8)=r2; r4=0; r5=0; call %[bpf_check_mtu]; r0=*(u64*)(r10-8); exit;" I)
SEC("tc") REFUSE int mtu_10(struct __sk_buff*s){ u32 *m = (void*)(long)s->data; if ((void*)(m+1) > (void*)(long)s->data_end) return 0; return bpf_check_mtu(s,0,m,0,0); }
SEC("tc") REFUSE int mtu_11(struct __sk_buff*s){ int k=0; u32 *m = bpf_map_lookup_elem(&ro,&k); if (!m) return 0; return bpf_check_mtu(s,0,m,0,0); }
SEC("tc") ACCEPT int mtu_12(struct __sk_buff*s){ int k=0; u32 *m = bpf_map_lookup_elem(&wo,&k); if (!m) return 0; return bpf_check_mtu(s,0,m,0,0); }
const volatile u32 rodata_mtu = 5; u32 bss_mtu;
SEC("tc") REFUSE int mtu_13(struct __sk_buff*s){ return bpf_check_mtu(s,0,(void*)&rodata_mtu,0,0); }
SEC("tc") ACCEPT int mtu_14(struct __sk_buff*s){ return bpf_check_mtu(s,0,(void*)&bss_mtu,0,0); }
SEC("tc") REFUSE int number_from_text_1(void*c){ return bpf_strtol("12",3,0,(void*)&rodata_mtu); }
long lres; char lstr[5] = "123"; const char rostr[5]="12";
SEC("tc") ACCEPT int number_from_text_2(void*c){ return bpf_strtol("12",3,0,&lres); }
SEC("cgroup/sysctl") ACCEPT int number_from_text_3(void*c){ long x; bpf_strtol("12",3,0,&x); return x&1; }
SEC("cgroup/sysctl") REFUSE int number_from_text_4(void*c){ long x; bpf_strtol("12",3,0,(void*)&x+4); return x&1; }
SEC("cgroup/sysctl") REFUSE int number_from_text_5(void*c){ int x; bpf_strtol("12",3,0,(void*)&x); return x&1; }
SEC("cgroup/sysctl") REFUSE int number_from_text_6(void*c){ bpf_strtol("12",3,0,(void*)&rodata_mtu); return 1; }
SEC("cgroup/sysctl") ACCEPT int number_from_text_7(void*c){ int k=0; void*m = bpf_map_lookup_elem(&wo,&k); if (!m) return 0; bpf_strtol("12",3,0,m); return 1; }
SEC("cgroup/sysctl") ACCEPT int number_from_text_8(void*c){ int k=0; void*m = bpf_map_lookup_elem(&ro,&k); if (!m) return 0; bpf_strtol(m,3,0,&lres); return 1; }
SEC("cgroup/sysctl") ACCEPT int number_from_text_9(void*c){ char b[16]; bpf_sysctl_get_name(c,b,16,0); return b[3]&1; }
SEC("cgroup/sysctl") REFUSE int number_from_text_10(void*c){ char b[16]; bpf_sysctl_get_current_value(c,b,17); return b[3]&1; }
/* meta access */
SEC("xdp") ACCEPT int metadata_1(struct xdp_md*x){ u8*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; if (m+8>d) return 0; return *m; }
SEC("xdp") REFUSE int metadata_2(struct xdp_md*x){ u8*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; if (m-8>d) return 0; return *m; }
SEC("xdp") REFUSE int metadata_3(struct xdp_md*x){ u8*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; if (m+8>d) return 0; return *(m-1); }
SEC("xdp") REFUSE int metadata_4(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*m=(void*)(long)x->data_meta; if (m+8>e) return 0; return *m; }
SEC("xdp") REFUSE int metadata_5(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; if (d+8>m) return 0; return *d; }
SEC("xdp") REFUSE int metadata_6(struct xdp_md*x){ u8*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; u8*p=m+4; if (p>d) return 0; bpf_xdp_adjust_meta(x,0); return *m; }
SEC("xdp") ACCEPT int metadata_7(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; if (d+0xffff>e) return 0; if (m + (d[0]<<4) + 8 > d) return 0; return m[d[0]<<4]; }
SEC("xdp") REFUSE int metadata_8(struct xdp_md*x){ u8*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; if (m<d) return *m; return 0; }
SEC("xdp") REFUSE int metadata_9(struct xdp_md*x){ u8*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; if (m!=d) return *m; return 0; }
SEC("xdp") REFUSE int metadata_10(struct xdp_md*x){ u8*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; if (m-(d-m)>d) return *m; return 0; }
SEC("tc") ACCEPT int metadata_11(struct __sk_buff*x){ u8*d=(void*)(long)x->data,*m=(void*)(long)x->data_meta; if (m+8>d) return 0; *m=5; return *m; }
SEC("socket") REFUSE int metadata_12(struct __sk_buff*x){ return x->data_meta; }
/* xdp direct */
SEC("xdp") ACCEPT int packet_end_1(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data; u64 v = *(u32*)(x->data_end ? (void*)x : (void*)x); return v; }
SEC("xdp") ACCEPT int packet_end_2(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data; if (e>d+8) return d[8]; return 0;}
SEC("xdp") ACCEPT int packet_end_3(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data; if (e>=d+8) return d[7]; return 0;}
SEC("xdp") REFUSE int packet_end_4(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data; if (e>=d+8) return d[8]; return 0;}
SEC("xdp") ACCEPT int packet_end_5(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data; if (d+8 < e) return d[8]; return 0;}
SEC("xdp") REFUSE int packet_end_6(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data; if (d+8 == e) return d[7]; return 0;}
SEC("xdp") ACCEPT int packet_end_7(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data; return e-d; }
SEC("xdp") REFUSE int packet_end_8(struct xdp_md*x){ u8*e=(void*)(long)x->data_end; return e[-1]; }
SEC("xdp") REFUSE int packet_end_9(struct xdp_md*x){ u8*e=(void*)(long)x->data_end,*d=(void*)(long)x->data; if (d+8>e) return 0; asm volatile("%0 += -4":"+r"(e)); return e>d; }
