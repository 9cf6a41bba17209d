/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ring buffers, maps of maps, maps without values, spin locks: small programs with the verdict that Linux 6.18 gives them. */
// clang-format off
#include "common.h"
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries,4096);} rb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries,1); __type(key,int); __type(value,long long);} arr8 SEC(".maps");
struct val48 { int c; int d[11]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries,1); __type(key,long long); __type(value,struct val48);} h48 SEC(".maps");
struct vlock { int cnt; struct bpf_spin_lock l; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries,1); __type(key,int); __type(value,struct vlock);} lockm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(max_entries,1); __uint(key_size,4); __uint(value_size,8*127);} stm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries,4); __uint(key_size,4); __uint(value_size,4);} pa SEC(".maps");
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries,1); __type(key,int); __type(value,int);} in1 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries,1); __type(key,int); __type(value,int); __array(values, struct inner);} mim SEC(".maps") = { .values = { &in1 } };
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(max_entries,2); __uint(key_size,4); __uint(value_size,4);} pea SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY); __uint(max_entries,1); __uint(key_size,4); __uint(value_size,4);} cga SEC(".maps");
int g;
/* ringbuf */
SEC("tc") ACCEPT int ring_1(void*c){ long *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; *p = 1; bpf_ringbuf_submit(p,0); return 0; }
SEC("tc") REFUSE int ring_2(void*c){ long *p = bpf_ringbuf_reserve(&rb, 8, 0); bpf_ringbuf_submit(p,0); return 0; }
SEC("tc") REFUSE int ring_3(void*c){ long *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; *p = 1; bpf_ringbuf_submit(p+0,0); return *p; }
SEC("tc") REFUSE int ring_4(void*c){ char *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_ringbuf_submit(p+1,0); return 0; }
SEC("tc") REFUSE int ring_5(void*c){ char *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; p[8]=1; bpf_ringbuf_submit(p,0); return 0; }
SEC("tc") REFUSE int ring_6(void*c){ char *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_ringbuf_discard(p,0); bpf_ringbuf_discard(p,0); return 0; }
SEC("tc") ACCEPT int ring_7(void*c){ char *p = bpf_ringbuf_reserve(&rb, 0x80000000, 0); if (!p) return 0; bpf_ringbuf_discard(p,0); return 0; }
SEC("tc") REFUSE int ring_8(void*c){ char *p = bpf_ringbuf_reserve(&rb, bpf_get_prandom_u32()&7, 0); if (!p) return 0; bpf_ringbuf_discard(p,0); return 0; }
SEC("tc") ACCEPT int ring_9(void*c){ char *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_ringbuf_output(&rb, p, 8, 0); bpf_ringbuf_discard(p,0); return 0; }
SEC("tc") REFUSE int ring_10(void*c){ char *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_ringbuf_output(&rb, p, 9, 0); bpf_ringbuf_discard(p,0); return 0; }
SEC("tc") ACCEPT int ring_11(void*c){ u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; *p=(u64)&g; bpf_ringbuf_discard(p,0); return 0; }
SEC("tc") REFUSE int ring_12(void*c){ char *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_map_update_elem(&arr8, p, p, 0); bpf_ringbuf_discard(p,0); return 0; }
SEC("tc") ACCEPT int ring_13(void*c){ char *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; char x = p[bpf_get_prandom_u32()&15]; bpf_ringbuf_submit(p,0); return x; }
SEC("tc") REFUSE int ring_14(void*c){ char *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; char x = p[bpf_get_prandom_u32()&31]; bpf_ringbuf_submit(p,0); return x; }
SEC("tc") REFUSE int ring_15(void*c){ char *p = bpf_ringbuf_reserve(&arr8, 16, 0); if (!p) return 0;  bpf_ringbuf_submit(p,0); return 0; }
SEC("tc") REFUSE __naked int ring_16(void){ asm volatile("r1=%[rb] ll; r2=8; r3=0; call %[bpf_ringbuf_reserve]; *(u64*)(r10-8)=r0; r1=r0; r2=0; if r1 == 0 goto 1f; call %[bpf_ringbuf_submit]; r1=*(u64*)(r10-8); r0=*(u8*)(r1+0); 1: r0=0; exit;"::__imm(bpf_ringbuf_reserve),__imm(bpf_ringbuf_submit),__imm_addr(rb)); }
SEC("tc") REFUSE __naked int ring_17(void){ asm volatile("r1=%[rb] ll; r2=8; r3=0; call %[bpf_ringbuf_reserve]; r6 = r0; r6 += 1; if r0 == 0 goto 1f; r1=r0; r2=0; call %[bpf_ringbuf_submit]; 1: r0=0; exit;"::__imm(bpf_ringbuf_reserve),__imm(bpf_ringbuf_submit),__imm_addr(rb)); }
SEC("tc") ACCEPT __naked int ring_18(void){ asm volatile("r1=%[rb] ll; r2=8; r3=0; call %[bpf_ringbuf_reserve]; *(u64*)(r10-8)=r0; if r0 == 0 goto 1f; r1=*(u64*)(r10-8); r2=0; *(u64*)(r1+0)=r2; call %[bpf_ringbuf_submit]; 1: r0=0; exit;"::__imm(bpf_ringbuf_reserve),__imm(bpf_ringbuf_submit),__imm_addr(rb)); }
SEC("tc") ACCEPT __naked int ring_19(void){ asm volatile("r1=%[rb] ll; r2=8; r3=0; call %[bpf_ringbuf_reserve]; if r0 == 0 goto 1f; r1=r0; r2=0; r1 += 4; r1 += -4; call %[bpf_ringbuf_submit]; 1: r0=0; exit;"::__imm(bpf_ringbuf_reserve),__imm(bpf_ringbuf_submit),__imm_addr(rb)); }
SEC("tc") ACCEPT __naked int ring_20(void){ asm volatile("r6=r1; r1=%[rb] ll; r2=8; r3=0; call %[bpf_ringbuf_reserve]; if r0 == 0 goto 1f; r1=r6; r2=r0; r3=0; r4=8; r5=0; r1=r0; r2=1; call %[bpf_ringbuf_submit]; 1: r0=0; exit;"::__imm(bpf_ringbuf_reserve),__imm(bpf_ringbuf_submit),__imm_addr(rb)); }
SEC("xdp") REFUSE int ring_21(void*c){ long *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_tail_call(c,&pa,0); bpf_ringbuf_submit(p,0); return 0; }
SEC("xdp") ACCEPT int ring_22(void*c){ return bpf_ringbuf_query(&rb, 0) & 3; }
/* stack trace map */
SEC("tc") REFUSE int other_map_1(void*c){ int k=0; long *v = bpf_map_lookup_elem(&stm,&k); return 0; }
SEC("perf_event") REFUSE int other_map_2(void*c){ int k=0; long *v = bpf_map_lookup_elem(&stm,&k); return 0; }
SEC("tc") REFUSE int other_map_3(void*c){ int k=0; long *v = bpf_map_lookup_elem(&pa,&k); return 0; }
SEC("tc") REFUSE int other_map_4(void*c){ int k=0; long *v = bpf_map_lookup_elem(&pea,&k); return 0; }
SEC("tc") REFUSE int other_map_5(void*c){ int k=0; long *v = bpf_map_lookup_elem(&cga,&k); return 0; }
SEC("tc") ACCEPT int other_map_6(void*c){ int k=0; return bpf_skb_under_cgroup(c,&cga,0); }
SEC("tc") REFUSE int other_map_7(void*c){ int k=0; return bpf_skb_under_cgroup(c,&pa,0); }
SEC("perf_event") ACCEPT int other_map_8(void*c){ return bpf_get_stackid(c,&stm,0); }
SEC("perf_event") REFUSE int other_map_9(void*c){ return bpf_get_stackid(c,&pa,0); }
SEC("raw_tp") ACCEPT int other_map_10(void*c){ return bpf_get_stackid(c,&stm,0); }
SEC("tc") ACCEPT int other_map_11(void*c){ return bpf_current_task_under_cgroup(&cga,0); }
SEC("tc") REFUSE int other_map_12(void*c){ int k=0; long v=0; return bpf_map_update_elem(&stm,&k,&v,0); }
SEC("perf_event") REFUSE int other_map_13(void*c){ int k=0; long v=0; return bpf_map_delete_elem(&stm,&k); }
/* map in map */
SEC("tc") ACCEPT int inner_map_1(void*c){ int k=0; void *m = bpf_map_lookup_elem(&mim,&k); if (!m) return 0; int *v = bpf_map_lookup_elem(m,&k); return v ? *v : 0; }
SEC("tc") REFUSE int inner_map_2(void*c){ int k=0; void *m = bpf_map_lookup_elem(&mim,&k); int *v = bpf_map_lookup_elem(m,&k); return v ? *v : 0; }
SEC("tc") REFUSE int inner_map_3(void*c){ int k=0; void *m = bpf_map_lookup_elem(&mim,&k); if (!m) return 0; int *v = bpf_map_lookup_elem(m+4,&k); return v ? *v : 0; }
SEC("tc") ACCEPT int inner_map_4(void*c){ int k=0; int *m = bpf_map_lookup_elem(&mim,&k); if (!m) return 0; return *m; }
SEC("tc") REFUSE int inner_map_5(void*c){ int k=0; int *m = bpf_map_lookup_elem(&mim,&k); if (!m) return 0; *m=1; return 0; }
SEC("tc") REFUSE int inner_map_6(void*c){ int k=0; int v=0; return bpf_map_update_elem(&mim,&k,&v,0); }
SEC("tc") REFUSE int inner_map_7(void*c){ int k=0; return bpf_map_delete_elem(&mim,&k); }
SEC("tc") REFUSE __naked int inner_map_8(void){ asm volatile("r1=0; *(u32*)(r10-4)=r1; r2=r10; r2+=-4; r1=%[mim] ll; call %[bpf_map_lookup_elem]; if r0 == 0 goto 1f; r1 = r0; r1 += 1; r2=r10; r2+=-4; call %[bpf_map_lookup_elem]; 1: r0=0; exit;"::__imm(bpf_map_lookup_elem),__imm_addr(mim)); }
SEC("tc") REFUSE __naked int inner_map_9(void){ asm volatile("r1=0; *(u32*)(r10-4)=r1; r2=r10; r2+=-4; r1=%[mim] ll; call %[bpf_map_lookup_elem]; r6=r0; r2=r10; r2+=-4; r1=%[mim] ll; call %[bpf_map_lookup_elem]; if r0 == 0 goto 1f; r1 = r6; r2=r10; r2+=-4; call %[bpf_map_lookup_elem]; 1: r0=0; exit;"::__imm(bpf_map_lookup_elem),__imm_addr(mim)); }
/* map ptr */
SEC("tc") ACCEPT __naked int map_itself_1(void){ asm volatile("r1=%[arr8] ll; r0=*(u32*)(r1+0); r0=0; exit;"::__imm_addr(arr8)); }
SEC("tc") ACCEPT __naked int map_itself_2(void){ asm volatile("r1=%[arr8] ll; r0=*(u64*)(r1+0); r0=0; exit;"::__imm_addr(arr8)); }
SEC("tc") ACCEPT __naked int map_itself_3(void){ asm volatile("r1=%[arr8] ll; r0=*(u64*)(r1+1); r0=0; exit;"::__imm_addr(arr8)); }
SEC("tc") REFUSE __naked int map_itself_4(void){ asm volatile("r1=%[arr8] ll; r0=*(u64*)(r1-8); r0=0; exit;"::__imm_addr(arr8)); }
SEC("tc") REFUSE __naked int map_itself_5(void){ asm volatile("r1=%[arr8] ll; r1 += 4; r0=*(u32*)(r1-4); r0=0; exit;"::__imm_addr(arr8)); }
SEC("tc") REFUSE __naked int map_itself_6(void){ asm volatile("r1=%[arr8] ll; r2=1; *(u32*)(r1+0)=r2; r0=0; exit;"::__imm_addr(arr8)); }
SEC("tc") ACCEPT __naked int map_itself_7(void){ asm volatile("r0=0; *(u64*)(r10-8)=r0; r2=r10; r2+=-8; r1=%[arr8] ll; r1+=r0; call %[bpf_map_lookup_elem]; r0=0; exit;"::__imm(bpf_map_lookup_elem),__imm_addr(arr8)); }
SEC("tc") ACCEPT __naked int map_itself_8(void){ asm volatile("r0=0; *(u64*)(r10-8)=r0; r2=r10; r2+=-8; r1=%[arr8] ll; r0+=r1; r1=r0; call %[bpf_map_lookup_elem]; r0=0; exit;"::__imm(bpf_map_lookup_elem),__imm_addr(arr8)); }
SEC("tc") ACCEPT __naked int map_itself_9(void){ asm volatile("r6=r1; r1=0; *(u64*)(r10-8)=r1; r2=r10; r2+=-8; r8=%[arr8] ll; if r6 == 0 goto 1f; r8=%[h48] ll; 1: r1=r8; call %[bpf_map_lookup_elem]; r0=0; exit;"::__imm(bpf_map_lookup_elem),__imm_addr(arr8),__imm_addr(h48)); }
/* map ptr mixing */
SEC("tc") ACCEPT int two_maps_1(struct __sk_buff*c){ long k=0; void *m; m = c->mark ? (void*)&h48 : (void*)&arr8; asm volatile("":"+r"(m)); long *v = bpf_map_lookup_elem(m,&k); return v ? *v : 0; }
SEC("tc") REFUSE int two_maps_2(struct __sk_buff*c){ void *m; m = c->mark ? (void*)&in1 : (void*)&pa; asm volatile("":"+r"(m)); bpf_tail_call(c,m,0); return 0;}
SEC("tc") ACCEPT int two_maps_3(struct __sk_buff*c){ int k=0; struct bpf_map *m = c->mark ? (void*)&in1 : (void*)&arr8; asm volatile("":"+r"(m)); int *v = bpf_map_lookup_elem(m,&k); return v ? *v : 0; }
/* spin lock */
#define GET int k=0; struct vlock *v = bpf_map_lookup_elem(&lockm,&k); if (!v) return 0;
SEC("tc") ACCEPT int lock_1(void*c){ GET bpf_spin_lock(&v->l); v->cnt++; bpf_spin_unlock(&v->l); return 0; }
SEC("tc") REFUSE int lock_2(void*c){ GET bpf_spin_lock(&v->l); v->cnt++; return 0; }
SEC("tc") REFUSE int lock_3(void*c){ GET bpf_spin_unlock(&v->l); return 0; }
SEC("tc") REFUSE int lock_4(void*c){ GET bpf_spin_lock(&v->l); bpf_spin_lock(&v->l); bpf_spin_unlock(&v->l); return 0; }
SEC("tc") REFUSE int lock_5(void*c){ GET bpf_spin_lock(&v->l); bpf_get_prandom_u32(); bpf_spin_unlock(&v->l); return 0; }
SEC("tc") REFUSE int lock_6(void*c){ GET bpf_spin_lock((void*)v); bpf_spin_unlock((void*)v); return 0; }
SEC("tc") REFUSE int lock_7(void*c){ GET return *(int*)&v->l; }
SEC("tc") REFUSE int lock_8(void*c){ GET *(int*)&v->l=1; return 0; }
SEC("tc") REFUSE int lock_9(void*c){ GET return *(u64*)v; }
SEC("tc") REFUSE int lock_10(void*c){ GET struct vlock *w = bpf_map_lookup_elem(&lockm,&k); if (!w) return 0; bpf_spin_lock(&v->l); bpf_spin_unlock(&w->l); return 0; }
SEC("tc") REFUSE int lock_11(struct __sk_buff*c){ GET if (c->mark) bpf_spin_lock(&v->l); v->cnt++; if (c->mark) bpf_spin_unlock(&v->l); return 0; }
SEC("tc") REFUSE int lock_12(struct __sk_buff*c){ GET bpf_spin_lock(&v->l); u32 x = bpf_get_smp_processor_id();  bpf_spin_unlock(&v->l); return x; }
static __noinline int sub(struct vlock*v){ v->cnt++; return 0; }
static __noinline int subcall(struct vlock*v){ v->cnt++; return bpf_get_prandom_u32(); }
static __noinline int sublock(struct vlock*v){ bpf_spin_lock(&v->l); return 0; }
static __noinline int subunlock(struct vlock*v){ bpf_spin_unlock(&v->l); return 0; }
__noinline int gl(int a){ return a + g; }
SEC("tc") ACCEPT int lock_13(struct __sk_buff*c){ GET bpf_spin_lock(&v->l); sub(v);  bpf_spin_unlock(&v->l); return 0; }
SEC("tc") REFUSE int lock_14(struct __sk_buff*c){ GET bpf_spin_lock(&v->l); subcall(v);  bpf_spin_unlock(&v->l); return 0; }
SEC("tc") ACCEPT int lock_15(struct __sk_buff*c){ GET sublock(v); v->cnt++; bpf_spin_unlock(&v->l); return 0; }
SEC("tc") ACCEPT int lock_16(struct __sk_buff*c){ GET sublock(v); v->cnt++; subunlock(v); return 0; }
SEC("tc") ACCEPT int lock_17(struct __sk_buff*c){ GET bpf_spin_lock(&v->l); gl(5);  bpf_spin_unlock(&v->l); return 0; }
SEC("tc") REFUSE int lock_18(struct __sk_buff*c){ GET bpf_spin_lock(&v->l); bpf_tail_call(c,&pa,0);  bpf_spin_unlock(&v->l); return 0; }
SEC("raw_tp") REFUSE int lock_19(void*c){ GET bpf_spin_lock(&v->l);  bpf_spin_unlock(&v->l); return 0; }
SEC("kprobe") REFUSE int lock_20(void*c){ GET bpf_spin_lock(&v->l);  bpf_spin_unlock(&v->l); return 0; }
SEC("socket") REFUSE int lock_21(void*c){ GET bpf_spin_lock(&v->l);  bpf_spin_unlock(&v->l); return 0; }
SEC("perf_event") REFUSE int lock_22(void*c){ GET bpf_spin_lock(&v->l);  bpf_spin_unlock(&v->l); return 0; }
SEC("tc") REFUSE __naked int lock_23(void){ asm volatile("r6=r1; r1=0; *(u32*)(r10-4)=r1; r2=r10; r2+=-4; r1=%[lockm] ll; call %[bpf_map_lookup_elem]; if r0 == 0 goto 1f; r7=r0; r1=r0; r1+=4; call %[bpf_spin_lock]; r0=*(u8*)skb[0]; r1=r7; r1+=4; call %[bpf_spin_unlock]; 1: r0=0; exit;"::__imm(bpf_map_lookup_elem),__imm(bpf_spin_lock),__imm(bpf_spin_unlock),__imm_addr(lockm)); }
SEC("tc") REFUSE __naked int lock_24(void){ asm volatile("r6=r1; r1=0; *(u32*)(r10-4)=r1; r2=r10; r2+=-4; r1=%[lockm] ll; call %[bpf_map_lookup_elem]; if r0 == 0 goto 1f; r7=r0; r1=r0; r1+=4; call %[bpf_spin_lock]; goto 2f; 1: r0=0; exit; 2: r1=r7; r1+=5;  call %[bpf_spin_unlock]; r0=0; exit;"::__imm(bpf_map_lookup_elem),__imm(bpf_spin_lock),__imm(bpf_spin_unlock),__imm_addr(lockm)); }
SEC("tc") ACCEPT int lock_25(struct __sk_buff*c){ GET bpf_spin_lock(&v->l); for (int i=0;i<10;i++) v->cnt++;  bpf_spin_unlock(&v->l); return 0; }
static int cb(u32 i, void*ctx){ return 0; }
SEC("tc") REFUSE int lock_26(struct __sk_buff*c){ GET bpf_spin_lock(&v->l); bpf_loop(3,cb,0,0);  bpf_spin_unlock(&v->l); return 0; }
