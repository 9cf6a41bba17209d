/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Single rules of Linux's verifier, one program on each side of it; the running kernel (6.18) was asked about each. */
#include "common.h"

#define ASM(text) asm volatile(text ::__imm(bpf_map_lookup_elem), __imm(bpf_get_prandom_u32), \
                               __imm(bpf_ktime_get_ns), __imm_addr(array) : __clobber_all)

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, char[64]);
} array SEC(".maps");

/* r0: a value of `array` (64 bytes), not NULL; r6: any number. */
#define BEGIN                                 \
    "call %[bpf_get_prandom_u32];"            \
    "r6 = r0;"                                \
    "*(u32 *)(r10 - 4) = 0;"                  \
    "r2 = r10; r2 += -4;"                     \
    "r1 = %[array] ll;"                       \
    "call %[bpf_map_lookup_elem];"            \
    "if r0 != 0 goto +1;"                     \
    "exit;"
#define END "r0 = 0; exit;"
#define PROGRAM(section, verdict, name, text)                \
    SEC(section) verdict __naked int name(void) { ASM(text); }
#define VALUE(verdict, name, text) PROGRAM("socket", verdict, name, BEGIN text END)

/* --- Masks, sign and zero extension --- */
VALUE(ACCEPT, mask_63, "r6 &= 63; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, mask_64, "r6 &= 64; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, mask_63_two_bytes, "r6 &= 63; r0 += r6; r1 = *(u16 *)(r0 + 0);")
VALUE(ACCEPT, mask_62_two_bytes, "r6 &= 62; r0 += r6; r1 = *(u16 *)(r0 + 0);")
VALUE(REFUSE, mask_negative, "r6 &= -2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, mask_half, "w6 &= 63; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, shifted_down, "w6 >>= 26; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, shifted_down_all, "r6 <<= 32; r6 s>>= 58; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, shifted_down_logical, "r6 <<= 32; r6 >>= 58; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, movsx_byte, "r6 = (s8)r6; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, movsx_byte_masked_before, "r6 &= 63; r6 = (s8)r6; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, movsx_half_masked_before, "w6 &= 0xbf; w6 = (s8)w6; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, movsx_compared, "r6 = (s8)r6; if r6 s< 0 goto +3; if r6 s> 63 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, movsx_compared_above, "r6 = (s8)r6; if r6 s> 63 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, movsx_word, "r6 = (s32)r6; if r6 s> 63 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, zero_extended, "w6 = w6; if w6 > 63 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, upper_half_not_compared, "r6 <<= 8; if w6 > 63 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, remainder, "w6 %%= 7; if r6 > 63 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, remainder_alone, "w6 %%= 7; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, signed_quotient, "r6 s/= 64; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, signed_remainder, "r6 s%%= 64; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, half_signed_quotient_of_constant, "w6 = 64; w6 s/= 2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, product, "r6 &= 15; r6 *= 4; r0 += r6; r1 = *(u32 *)(r0 + 0);")
VALUE(REFUSE, product_too_large, "r6 &= 15; r6 *= 5; r0 += r6; r1 = *(u32 *)(r0 + 0);")
VALUE(ACCEPT, disjunction, "r6 &= 48; r6 |= 15; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, disjunction_too_large, "r6 &= 48; r6 |= 64; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, exclusive, "r6 &= 31; r6 ^= 63; r0 += r6; r1 = *(u8 *)(r0 + 0);")

/* --- Tests of bits --- */
VALUE(ACCEPT, jset_upper, "r1 = 0xffffffc0 ll; w6 = w6; if r6 & 0xffffffc0 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, jset_half, "if w6 & 0xffffffc0 goto +3; w6 = w6; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, jset_one_bit, "r6 &= 127; if r6 & 32 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, jset_top_bit, "r6 &= 127; if r6 & 64 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, jset_set, "r6 &= 127; if r6 & 64 goto +1; goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, jset_register, "r6 &= 127; r1 = 64; if r6 & r1 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 0);")

/* --- Copies compared later --- */
VALUE(ACCEPT, copy_compared, "r7 = r6; if r6 > 63 goto +2; r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, copy_on_stack_compared, "*(u64 *)(r10 - 16) = r6; if r6 > 63 goto +3; r7 = *(u64 *)(r10 - 16); r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, copy_changed, "r7 = r6; r6 += 1; r6 &= 255; if r6 > 63 goto +2; r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, copy_plus_constant, "w6 = w6; r7 = r6; r7 += 8; if r7 > 63 goto +2; r0 += r6; r1 = *(u8 *)(r0 + 8);")
VALUE(REFUSE, copy_half, "r7 = r6; w7 = w7; r6 <<= 1; if r6 > 63 goto +2; r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, copy_half_of_half, "w6 = w6; w7 = w6; if r6 > 63 goto +2; r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, half_copy_of_64_bits, "r6 <<= 16; r7 = r6; w8 = w7; if w8 > 63 goto +2; r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, copy_compared_unequal, "r7 = r6; if r6 != 5 goto +1; goto +2; r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, copy_compared_equal, "r7 = r6; if r6 == 5 goto +1; goto +2; r0 += r7; r1 = *(u8 *)(r0 + 0);")

/* --- The stack --- */
VALUE(ACCEPT, stack_variable_read, "*(u64 *)(r10 - 16) = 1; *(u64 *)(r10 - 24) = 1; r6 &= 8; r1 = r10; r1 += -24; r1 += r6; r2 = *(u64 *)(r1 + 0);")
VALUE(REFUSE, stack_variable_read_beyond, "*(u64 *)(r10 - 16) = 1; *(u64 *)(r10 - 8) = 1; r6 &= 8; r1 = r10; r1 += -8; r1 += r6; r2 = *(u64 *)(r1 + 0);")
VALUE(ACCEPT, stack_not_set_read, "r1 = *(u64 *)(r10 - 64);")
VALUE(ACCEPT, stack_partly_set_read, "*(u32 *)(r10 - 64) = 1; r1 = *(u64 *)(r10 - 64);")
VALUE(ACCEPT, stack_variable_not_set_read, "r6 &= 8; r1 = r10; r1 += -64; r1 += r6; r2 = *(u64 *)(r1 + 0);")
VALUE(REFUSE, stack_pointer_partly_read, "*(u64 *)(r10 - 16) = r0; r1 = *(u32 *)(r10 - 16); r0 += r1; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, stack_pointer_spoilt, "*(u64 *)(r10 - 16) = r0; *(u8 *)(r10 - 13) = 0; r1 = *(u64 *)(r10 - 16); r2 = *(u8 *)(r1 + 0);")
VALUE(REFUSE, stack_pointer_spoilt_by_variable, "*(u64 *)(r10 - 16) = r0; *(u64 *)(r10 - 24) = 0; r6 &= 8; r1 = r10; r1 += -24; r1 += r6; r2 = 1; *(u64 *)(r1 + 0) = r2; r1 = *(u64 *)(r10 - 16); r2 = *(u8 *)(r1 + 0);")
VALUE(ACCEPT, stack_pointer_kept, "*(u64 *)(r10 - 16) = r0; *(u64 *)(r10 - 24) = 0; r1 = *(u64 *)(r10 - 16); r2 = *(u8 *)(r1 + 0);")
VALUE(REFUSE, stack_too_deep, "*(u64 *)(r10 - 520) = 0;")
VALUE(REFUSE, stack_misaligned, "*(u64 *)(r10 - 12) = 0;")
VALUE(REFUSE, stack_spill_subtracted, "r1 = r10; r1 -= 8;")
VALUE(ACCEPT, stack_word_range_kept, "w6 &= 63; *(u32 *)(r10 - 16) = r6; r7 = *(u32 *)(r10 - 16); r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, stack_word_upper_half, "r6 &= 63; *(u64 *)(r10 - 16) = r6; r7 = *(u32 *)(r10 - 12); r0 += r7; r0 += 63; r1 = *(u16 *)(r0 + 0);")
VALUE(ACCEPT, stack_byte_of_number, "r6 &= 63; *(u64 *)(r10 - 16) = r6; r7 = *(u8 *)(r10 - 16); r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(REFUSE, stack_word_of_large, "*(u64 *)(r10 - 16) = r6; r7 = *(u32 *)(r10 - 16); if r6 > 63 goto +0; r0 += r7; r1 = *(u8 *)(r0 + 0);")
VALUE(ACCEPT, stack_signed_fill, "r6 &= 63; *(u64 *)(r10 - 16) = r6; r7 = *(s32 *)(r10 - 16); r0 += r7; r1 = *(u8 *)(r0 + 0);")

/* --- Registers that nothing was put into --- */
PROGRAM("socket", REFUSE, not_set_r0, "exit;")
PROGRAM("socket", REFUSE, not_set_r2, "r0 = r2; exit;")
PROGRAM("socket", REFUSE, not_set_half, "w0 = w5; r0 = 0; exit;")
PROGRAM("socket", REFUSE, not_set_after_call, "r1 = 5; call %[bpf_ktime_get_ns]; r0 = r1; exit;")
PROGRAM("socket", REFUSE, not_set_negated, "r3 = -r3; r0 = 0; exit;")
PROGRAM("socket", REFUSE, not_set_stored, "*(u64 *)(r10 - 8) = r4; r0 = 0; exit;")
PROGRAM("socket", REFUSE, not_set_on_one_way, "call %[bpf_ktime_get_ns]; if r0 == 0 goto +1; r7 = 1; r0 = r7; exit;")
PROGRAM("socket", REFUSE, frame_pointer_written, "r10 = 0; r0 = 0; exit;")
PROGRAM("socket", REFUSE, frame_pointer_moved, "r10 += -8; r0 = 0; exit;")
