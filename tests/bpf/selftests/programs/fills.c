/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a load of part of the stack knows of the number stored there: small programs with the verdict that Linux 6.18 gives them. */
// clang-format off
#include "common.h"
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries,1); __type(key,int); __type(value,char[64]);} arr SEC(".maps");
#define T(verdict, n, ...) SEC("tc") verdict __naked int n(void){ asm volatile("r2=*(u32*)(r1+76); r3=*(u32*)(r1+80);" __VA_ARGS__ " r0=r2; r0+=r4; if r0 > r3 goto 1f; r0=*(u32*)(r2+0); 1: r0=0; exit;"); }
T(ACCEPT, fill_1,"w4=20; *(u32*)(r10-8)=r4; r4=*(u32*)(r10-8);")
T(ACCEPT, fill_2,"w4=20; *(u32*)(r10-8)=r4; r4=*(u16*)(r10-8);")
T(REFUSE, fill_3,"w4=20; *(u32*)(r10-8)=r4; r4=*(u16*)(r10-6);")
T(REFUSE, fill_4,"w4=20; *(u32*)(r10-8)=r4; r4=*(u64*)(r10-8);")
T(REFUSE, fill_5,"w4=20; *(u32*)(r10-4)=r4; *(u32*)(r10-8)=r4; r4=*(u64*)(r10-8);")
T(REFUSE, fill_6,"w4=20; *(u32*)(r10-4)=r4; r4=*(u32*)(r10-4);")
T(REFUSE, fill_7,"w4=20; *(u32*)(r10-4)=r4; r4=*(u16*)(r10-4);")
T(ACCEPT, fill_8,"w4=20; *(u16*)(r10-8)=r4; r4=*(u16*)(r10-8);")
T(REFUSE, fill_9,"w4=20; *(u16*)(r10-4)=r4; r4=*(u16*)(r10-4);")
T(ACCEPT, fill_10,"w4=20; *(u8*)(r10-8)=r4; r4=*(u8*)(r10-8);")
T(REFUSE, fill_11,"w4=20; *(u8*)(r10-1)=r4; r4=*(u8*)(r10-1);")
T(ACCEPT, fill_12,"w4=20; *(u64*)(r10-8)=r4; r4=*(u8*)(r10-8);")
T(REFUSE, fill_13,"w4=20; r4 <<= 32; *(u64*)(r10-8)=r4; r4=*(u32*)(r10-4);")
T(REFUSE, fill_14,"w4=20; *(u32*)(r10-8)=r4; r4=0; *(u32*)(r10-4)=r4; r4=*(u64*)(r10-8);")
T(REFUSE, fill_15,"w4=20; r5=0; *(u64*)(r10-8)=r5; *(u8*)(r10-8)=r4; r4=*(u64*)(r10-8);")
T(REFUSE, fill_16,"r4=*(u32*)(r1+0); r4 &= 0xffff; *(u32*)(r10-8)=r4; r4=*(u32*)(r10-8);")
T(REFUSE, fill_17,"r4=*(u32*)(r1+0); if r4 > 40 goto 2f; *(u32*)(r10-8)=r4; r4=*(u32*)(r10-8); 2:")
T(REFUSE, fill_18,"r4=*(u32*)(r1+0); *(u32*)(r10-8)=r4; r4=*(u32*)(r10-8); if r4 > 40 goto 2f; r4=*(u32*)(r10-8); 2:")
T(REFUSE, fill_19,"r4=*(u32*)(r1+0); *(u64*)(r10-8)=r4; if r4 > 40 goto 2f; r4=*(u32*)(r10-8); 2: if r4 > 40 goto 1f;")
T(REFUSE, fill_20,"r4=*(u32*)(r1+0); *(u32*)(r10-4)=r4; if r4 > 40 goto 1f; r4=*(u32*)(r10-4);")
T(REFUSE, fill_21,"r4=20; *(u64*)(r10-8)=r4; *(u32*)(r10-4)=r4; r4=*(u32*)(r10-8);")
T(REFUSE, fill_22,"r4=20; *(u64*)(r10-8)=r4; *(u8*)(r10-1)=r4; r4=*(u32*)(r10-8);")
T(REFUSE, fill_23,"r4=20; *(u64*)(r10-8)=r4; *(u8*)(r10-1)=r4; r4=*(u8*)(r10-8);")
T(REFUSE, fill_24,"*(u64*)(r10-8)=20; *(u8*)(r10-1)=0; r4=*(u8*)(r10-8);")
T(REFUSE, fill_25,"*(u64*)(r10-8)=0; *(u8*)(r10-1)=1; r4=*(u8*)(r10-8); r4 += 20;")
T(ACCEPT, fill_26,"*(u64*)(r10-8)=0; *(u8*)(r10-8)=20; r4=*(u8*)(r10-8); ")
T(REFUSE, fill_27,"*(u16*)(r10-6)=20; r4=*(u16*)(r10-6);")
T(REFUSE, fill_28,"*(u32*)(r10-8)=0; *(u16*)(r10-8)=20; r4=*(u32*)(r10-8);")
