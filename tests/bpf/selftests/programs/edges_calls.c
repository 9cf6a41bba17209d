/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Rules of Linux's verifier about packets, maps of maps, rings, functions and tail calls, one program on each side;
 * the running kernel (6.18) was asked about each. */
#include "common.h"

struct inner {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u64);
} inner SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, __u32);
    __array(values, struct inner);
} outer SEC(".maps") = { .values = { &inner } };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, char[64]);
} array SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} ring SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u32);
} progs SEC(".maps");

#define ASM(text) asm volatile(text ::__imm(bpf_map_lookup_elem), __imm(bpf_map_update_elem), __imm(bpf_get_prandom_u32), \
                               __imm(bpf_ringbuf_reserve), __imm(bpf_ringbuf_submit), __imm(bpf_ringbuf_discard),         \
                               __imm(bpf_ringbuf_output), __imm(bpf_tail_call), __imm(bpf_get_stack), __imm(bpf_csum_diff),\
                               __imm(bpf_skb_load_bytes), __imm(bpf_skb_pull_data), __imm(bpf_sk_release),                \
                               __imm(bpf_sk_lookup_tcp), __imm(bpf_loop), __imm(bpf_get_smp_processor_id),                \
                               __imm_addr(array), __imm_addr(ring), __imm_addr(progs), __imm_addr(outer)                  \
                               : __clobber_all)
#define PROGRAM(section, verdict, name, text) \
    SEC(section) verdict __naked int name(void) { ASM(text "r0 = 0; exit;"); }
#define BODY(name, text) static __naked __noinline __used int name(void) { ASM(text); }

/* --- Packets: r2 its first byte, r3 its end, r4 8 bytes on --- */
#define XDP(verdict, name, text) \
    PROGRAM("xdp", verdict, name, "r6 = r1; r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 8;" text)
XDP(ACCEPT, gt_8, "if r4 > r3 goto +1; r1 = *(u64 *)(r2 + 0);")
XDP(REFUSE, gt_9, "if r4 > r3 goto +1; r1 = *(u8 *)(r2 + 8);")
XDP(ACCEPT, ge_9, "if r4 >= r3 goto +1; r1 = *(u8 *)(r2 + 8);")
XDP(REFUSE, ge_10, "if r4 >= r3 goto +1; r1 = *(u8 *)(r2 + 9);")
XDP(ACCEPT, le_8, "if r4 <= r3 goto +1; goto +1; r1 = *(u64 *)(r2 + 0);")
XDP(REFUSE, le_wrong_way, "if r4 <= r3 goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(ACCEPT, lt_9, "if r4 < r3 goto +1; goto +1; r1 = *(u8 *)(r2 + 8);")
XDP(ACCEPT, end_lt, "if r3 < r4 goto +1; r1 = *(u64 *)(r2 + 0);")
XDP(ACCEPT, end_le, "if r3 <= r4 goto +1; r1 = *(u8 *)(r2 + 8);")
XDP(ACCEPT, end_ge, "if r3 >= r4 goto +1; goto +1; r1 = *(u64 *)(r2 + 0);")
XDP(ACCEPT, end_gt, "if r3 > r4 goto +1; goto +1; r1 = *(u8 *)(r2 + 8);")
XDP(REFUSE, end_gt_wrong_way, "if r3 > r4 goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(REFUSE, eq_shows_nothing, "if r4 == r3 goto +1; goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(REFUSE, ne_shows_nothing, "if r4 != r3 goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(REFUSE, signed_shows_nothing, "if r4 s> r3 goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(REFUSE, half_shows_nothing, "if w4 > w3 goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(REFUSE, first_byte_below_end, "if r2 >= r3 goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(REFUSE, before_the_packet, "if r4 > r3 goto +1; r1 = *(u8 *)(r2 - 1);")
XDP(ACCEPT, back_from_behind, "if r4 > r3 goto +1; r1 = *(u8 *)(r4 - 8);")
XDP(REFUSE, back_too_far, "if r4 > r3 goto +1; r1 = *(u8 *)(r4 - 9);")
XDP(REFUSE, the_end_itself, "r1 = *(u8 *)(r3 - 1);")
XDP(REFUSE, the_end_moved, "r3 += -1;")
XDP(ACCEPT, the_end_copied, "r3 = r3;")
XDP(ACCEPT, distance, "r3 -= r2; if r3 < 14 goto +1; r1 = 0;")
XDP(REFUSE, distance_shows_nothing, "r3 -= r2; if r3 < 14 goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(ACCEPT, second_pointer, "r5 = *(u32 *)(r6 + 0); if r4 > r3 goto +1; r1 = *(u64 *)(r5 + 0);")
XDP(ACCEPT, second_end, "r5 = *(u32 *)(r6 + 4); if r4 > r5 goto +1; r1 = *(u64 *)(r2 + 0);")
XDP(ACCEPT, masked_index, "r5 = *(u32 *)(r6 + 12); r5 &= 7; if r4 > r3 goto +3; r2 += r5; r4 = r2; r1 = r2;")
XDP(REFUSE, masked_index_not_compared, "r5 = *(u32 *)(r6 + 12); r5 &= 7; if r4 > r3 goto +2; r2 += r5; r1 = *(u8 *)(r2 + 0);")
XDP(REFUSE, index_16_bits, "r5 = *(u32 *)(r6 + 12); r5 &= 0xffff; r2 += r5; r4 = r2; r4 += 1; if r4 > r3 goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(ACCEPT, index_15_bits, "r5 = *(u32 *)(r6 + 12); r5 &= 0x7fff; r2 += r5; r4 = r2; r4 += 1; if r4 > r3 goto +1; r1 = *(u8 *)(r2 + 0);")
XDP(ACCEPT, metadata, "r5 = *(u32 *)(r6 + 8); r1 = r5; r1 += 4; if r1 > r2 goto +1; r1 = *(u32 *)(r5 + 0);")
XDP(REFUSE, metadata_and_end, "r5 = *(u32 *)(r6 + 8); r1 = r5; r1 += 4; if r1 > r3 goto +1; r1 = *(u32 *)(r5 + 0);")
XDP(REFUSE, packet_and_moved_packet, "r5 = *(u32 *)(r6 + 8); r2 += 4; r1 = r5; r1 += 4; if r1 > r2 goto +1; r1 = *(u32 *)(r5 + 0);")
XDP(ACCEPT, packet_spilled, "*(u64 *)(r10 - 8) = r2; if r4 > r3 goto +2; r5 = *(u64 *)(r10 - 8); r1 = *(u64 *)(r5 + 0);")
XDP(REFUSE, atomic_on_packet, "if r4 > r3 goto +2; r1 = 1; lock *(u64 *)(r2 + 0) += r1;")
XDP(REFUSE, packet_data_written_to_context, "*(u32 *)(r6 + 0) = r2;")
XDP(ACCEPT, pointer_stored_in_packet, "if r4 > r3 goto +1; *(u64 *)(r2 + 0) = r6;")

/* --- Maps of maps --- */
#define OUTER                                                                                                       \
    "*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = %[outer] ll; call %[bpf_map_lookup_elem];"
#define INNER OUTER "if r0 != 0 goto +1; exit; r7 = r0; *(u32 *)(r10 - 8) = 0;"
PROGRAM("socket", ACCEPT, inner_value, INNER "r1 = r7; r2 = r10; r2 += -8; call %[bpf_map_lookup_elem]; if r0 == 0 goto +1; r1 = *(u64 *)(r0 + 0);")
PROGRAM("socket", REFUSE, inner_value_beyond, INNER "r1 = r7; r2 = r10; r2 += -8; call %[bpf_map_lookup_elem]; if r0 == 0 goto +1; r1 = *(u64 *)(r0 + 4);")
PROGRAM("socket", REFUSE, inner_not_tested, OUTER "r1 = r0; r2 = r10; r2 += -4; call %[bpf_map_lookup_elem];")
PROGRAM("socket", REFUSE, inner_moved, INNER "r1 = r7; r1 += 8; r2 = r10; r2 += -8; call %[bpf_map_lookup_elem];")
PROGRAM("socket", REFUSE, inner_dereferenced, INNER "*(u64 *)(r7 + 0) = 1;")
PROGRAM("socket", REFUSE, outer_updated, "*(u32 *)(r10 - 4) = 0; *(u64 *)(r10 - 16) = 0; r1 = %[outer] ll; r2 = r10; r2 += -4; r3 = r10; r3 += -16; r4 = 0; call %[bpf_map_update_elem];")
PROGRAM("socket", REFUSE, inner_value_tested_by_another, INNER
        "call %[bpf_get_prandom_u32]; *(u32 *)(r10 - 8) = r0; r1 = r7; r2 = r10; r2 += -8; call %[bpf_map_lookup_elem]; r8 = r0; r1 = r7; r2 = r10; r2 += -8; call %[bpf_map_lookup_elem]; if r0 == 0 goto +1; r1 = *(u64 *)(r8 + 0);")
PROGRAM("socket", ACCEPT, inner_value_tested_by_copy, INNER
        "r1 = r7; r2 = r10; r2 += -8; call %[bpf_map_lookup_elem]; r8 = r0; if r0 == 0 goto +1; r1 = *(u64 *)(r8 + 0);")

/* --- Rings --- */
#define RESERVE "r1 = %[ring] ll; r2 = 16; r3 = 0; call %[bpf_ringbuf_reserve]; r6 = r0; if r0 != 0 goto +1; exit;"
#define SUBMIT  "r1 = r6; r2 = 0; call %[bpf_ringbuf_submit];"
PROGRAM("tc", ACCEPT, record, RESERVE "*(u64 *)(r6 + 8) = 1;" SUBMIT)
PROGRAM("tc", REFUSE, record_beyond, RESERVE "*(u64 *)(r6 + 9) = 1;" SUBMIT)
PROGRAM("tc", REFUSE, record_before, RESERVE "*(u64 *)(r6 - 8) = 1;" SUBMIT)
PROGRAM("tc", REFUSE, record_moved, RESERVE "r1 = r6; r1 += 8; r2 = 0; call %[bpf_ringbuf_submit];")
PROGRAM("tc", REFUSE, record_lost, RESERVE)
PROGRAM("tc", REFUSE, record_twice, RESERVE SUBMIT SUBMIT)
PROGRAM("tc", REFUSE, record_afterwards, RESERVE SUBMIT "r1 = *(u8 *)(r6 + 0);")
PROGRAM("tc", REFUSE, record_not_tested, "r1 = %[ring] ll; r2 = 16; r3 = 0; call %[bpf_ringbuf_reserve]; r1 = r0; r2 = 0; call %[bpf_ringbuf_submit];")
PROGRAM("tc", REFUSE, record_size_varies, "call %[bpf_get_prandom_u32]; r2 = r0; r2 &= 15; r1 = %[ring] ll; r3 = 0; call %[bpf_ringbuf_reserve];")
PROGRAM("tc", REFUSE, value_as_record, "*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = %[array] ll; call %[bpf_map_lookup_elem]; if r0 != 0 goto +1; exit; r6 = r0;" SUBMIT)
PROGRAM("tc", ACCEPT, record_kept_on_the_stack, RESERVE "*(u64 *)(r10 - 8) = r6; r1 = *(u64 *)(r10 - 8); r2 = 0; call %[bpf_ringbuf_discard];")
PROGRAM("tc", REFUSE, record_and_tail_call, "r7 = r1;" RESERVE "r1 = r7; r2 = %[progs] ll; r3 = 0; call %[bpf_tail_call];" SUBMIT)
PROGRAM("tc", ACCEPT, record_then_tail_call, "r7 = r1;" RESERVE SUBMIT "r1 = r7; r2 = %[progs] ll; r3 = 0; call %[bpf_tail_call];")
PROGRAM("tc", ACCEPT, record_as_output, RESERVE "r1 = %[ring] ll; r2 = r6; r3 = 16; r4 = 0; call %[bpf_ringbuf_output];" SUBMIT)
PROGRAM("tc", REFUSE, record_as_output_beyond, RESERVE "r1 = %[ring] ll; r2 = r6; r3 = 17; r4 = 0; call %[bpf_ringbuf_output];" SUBMIT)

/* --- Functions --- */
BODY(masks, "r0 = r1; r0 &= 63; exit;")
BODY(passes, "r0 = r1; exit;")
BODY(bounds, "if r1 > 63 goto +2; r0 = r1; exit; r0 = 0; exit;")
BODY(reads_argument, "r0 = *(u8 *)(r1 + 0); exit;")
BODY(spoils_r6, "r6 = 1000; r0 = 0; exit;")
BODY(returns_nothing_known, "exit;")
BODY(stores_there, "*(u64 *)(r1 + 0) = 5; r0 = 0; exit;")
BODY(stores_its_own, "r2 = r10; r2 += -8; *(u64 *)(r1 + 0) = r2; r0 = 0; exit;")
BODY(stores_what_it_was_given, "*(u64 *)(r1 + 0) = r2; r0 = 0; exit;")
BODY(calls_tail, "r2 = %[progs] ll; r3 = 0; call %[bpf_tail_call]; r0 = 0; exit;")
BODY(pulls, "r2 = 0; call %[bpf_skb_pull_data]; r0 = 0; exit;")
#define VALUE "*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = %[array] ll; call %[bpf_map_lookup_elem]; if r0 != 0 goto +1; exit; r7 = r0; call %[bpf_get_prandom_u32]; r1 = r0;"
PROGRAM("tc", ACCEPT, masked_by_function, VALUE "call masks; r7 += r0; r1 = *(u8 *)(r7 + 0);")
PROGRAM("tc", REFUSE, not_masked_by_function, VALUE "call passes; r7 += r0; r1 = *(u8 *)(r7 + 0);")
PROGRAM("tc", ACCEPT, bounded_by_function, VALUE "call bounds; r7 += r0; r1 = *(u8 *)(r7 + 0);")
PROGRAM("tc", REFUSE, bounded_by_function_beyond, VALUE "call bounds; r7 += r0; r1 = *(u16 *)(r7 + 0);")
PROGRAM("tc", ACCEPT, copy_bounded_by_function, VALUE "r6 = r1; r6 &= 127; r1 = r6; call bounds; r7 += r0; r1 = *(u8 *)(r7 + 0);")
PROGRAM("tc", REFUSE, copy_beside_function, VALUE "r6 = r1; call bounds; r7 += r6; r1 = *(u8 *)(r7 + 0);")
PROGRAM("tc", ACCEPT, value_to_function, VALUE "r1 = r7; call reads_argument;")
PROGRAM("tc", REFUSE, number_to_function, VALUE "call reads_argument;")
PROGRAM("tc", ACCEPT, own_registers_are_kept, VALUE "r6 = 5; call spoils_r6; r7 += r6; r1 = *(u8 *)(r7 + 0);")
PROGRAM("tc", REFUSE, arguments_are_not_kept, VALUE "r2 = 5; call spoils_r6; r7 += r2;")
PROGRAM("tc", ACCEPT, no_result, "call returns_nothing_known;")
PROGRAM("tc", REFUSE, no_result_used, "call returns_nothing_known; r1 = r0;")
PROGRAM("tc", ACCEPT, stack_lent, "*(u64 *)(r10 - 16) = 90; r1 = r10; r1 += -16; call stores_there; r7 = *(u64 *)(r10 - 16); r1 = r10; r1 += -16; r1 += r7; r1 = *(u8 *)(r1 - 0);")
PROGRAM("tc", REFUSE, callees_stack_stored, "*(u64 *)(r10 - 16) = 0; r1 = r10; r1 += -16; call stores_its_own;")
PROGRAM("tc", REFUSE, own_stack_stored_by_callee, "*(u64 *)(r10 - 16) = 0; r1 = r10; r1 += -16; r2 = r10; call stores_what_it_was_given;")
PROGRAM("tc", ACCEPT, value_stored_by_callee, VALUE "r1 = r10; r1 += -16; r2 = r7; call stores_what_it_was_given; r1 = *(u64 *)(r10 - 16); r1 = *(u8 *)(r1 + 63);")
PROGRAM("tc", ACCEPT, tail_call_in_function, "call calls_tail;")
PROGRAM("tc", REFUSE, packet_after_function_with_tail_call, "r6 = *(u32 *)(r1 + 76); r2 = *(u32 *)(r1 + 80); r3 = r6; r3 += 4; if r3 > r2 goto +2; call calls_tail; r0 = *(u8 *)(r6 + 0);")
PROGRAM("tc", REFUSE, packet_after_function_that_pulls, "r6 = *(u32 *)(r1 + 76); r2 = *(u32 *)(r1 + 80); r3 = r6; r3 += 4; if r3 > r2 goto +2; call pulls; r0 = *(u8 *)(r6 + 0);")
PROGRAM("tc", REFUSE, tail_call_context_moved, "r1 += 4; r2 = %[progs] ll; r3 = 0; call %[bpf_tail_call];")
PROGRAM("tc", REFUSE, tail_call_other_map, "r2 = %[array] ll; r3 = 0; call %[bpf_tail_call];")
PROGRAM("tc", REFUSE, progs_looked_up, "*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = %[progs] ll; call %[bpf_map_lookup_elem];")

/* --- Bounded sizes of helpers --- */
PROGRAM("tc", ACCEPT, bytes_8, "r2 = 0; r3 = r10; r3 += -8; r4 = 8; call %[bpf_skb_load_bytes];")
PROGRAM("tc", REFUSE, bytes_9, "r2 = 0; r3 = r10; r3 += -8; r4 = 9; call %[bpf_skb_load_bytes];")
PROGRAM("tc", REFUSE, bytes_0, "r2 = 0; r3 = r10; r3 += -8; r4 = 0; call %[bpf_skb_load_bytes];")
PROGRAM("tc", REFUSE, bytes_0_to_8, "r6 = r1; call %[bpf_get_prandom_u32]; r4 = r0; r4 &= 8; r1 = r6; r2 = 0; r3 = r10; r3 += -8; call %[bpf_skb_load_bytes];")
PROGRAM("tc", ACCEPT, bytes_1_to_8, "r6 = r1; call %[bpf_get_prandom_u32]; r4 = r0; r4 &= 7; r4 += 1; r1 = r6; r2 = 0; r3 = r10; r3 += -8; call %[bpf_skb_load_bytes];")
PROGRAM("tc", REFUSE, bytes_1_to_9, "r6 = r1; call %[bpf_get_prandom_u32]; r4 = r0; r4 &= 8; r4 += 1; r1 = r6; r2 = 0; r3 = r10; r3 += -8; call %[bpf_skb_load_bytes];")
PROGRAM("tc", REFUSE, bytes_negative, "r6 = r1; call %[bpf_get_prandom_u32]; r4 = r0; if r4 s> 8 goto +6; r1 = r6; r2 = 0; r3 = r10; r3 += -8; call %[bpf_skb_load_bytes];")
PROGRAM("tc", REFUSE, pointer_behind_what_was_filled, "*(u64 *)(r10 - 16) = r1; r6 = r1; r2 = 0; r3 = r10; r3 += -16; r4 = 16; call %[bpf_skb_load_bytes]; r1 = *(u64 *)(r10 - 16); r0 = *(u32 *)(r1 + 0);")
PROGRAM("raw_tp/sys_enter", ACCEPT, stack_trace, "r2 = r10; r2 += -64; r3 = 64; r4 = 0; call %[bpf_get_stack]; if r0 s<= 0 goto +4; r1 = r10; r1 += -64; if r0 > 63 goto +1; r1 += r0;")
PROGRAM("raw_tp/sys_enter", ACCEPT, stack_trace_result, "r2 = r10; r2 += -64; r3 = 64; r4 = 0; call %[bpf_get_stack]; if r0 s< 0 goto +6; r1 = r10; r1 += -64; r2 = 64; r2 -= r0; r1 += r0; r1 = r1;")

/* --- Atomic operations and their alignment --- */
PROGRAM("tc", ACCEPT, atomic_stack, "*(u64 *)(r10 - 8) = 0; r1 = 1; lock *(u64 *)(r10 - 8) += r1;")
PROGRAM("tc", REFUSE, atomic_stack_misaligned, "*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r1 = 1; lock *(u64 *)(r10 - 12) += r1;")
PROGRAM("tc", ACCEPT, atomic_stack_not_set, "r1 = 1; lock *(u64 *)(r10 - 8) += r1;")
PROGRAM("tc", REFUSE, atomic_value_misaligned, VALUE "r1 = 1; lock *(u32 *)(r7 + 2) += w1;")
PROGRAM("tc", REFUSE, atomic_context, "r2 = 1; lock *(u32 *)(r1 + 8) += w2;")
PROGRAM("tc", REFUSE, atomic_fetched_as_index, VALUE "*(u64 *)(r10 - 16) = 5; r1 = 0; r1 = atomic_fetch_add((u64 *)(r10 - 16), r1); r7 += r1; r1 = *(u8 *)(r7 + 0); r1 = *(u64 *)(r10 - 16); r7 += r1; r1 = *(u8 *)(r7 + 0);")
PROGRAM("tc", REFUSE, atomic_pointer_operand_in_value, VALUE "*(u64 *)(r10 - 16) = 0; r2 = r7; r2 = atomic_fetch_or((u64 *)(r10 - 16), r2); r1 = *(u8 *)(r2 + 0);")
