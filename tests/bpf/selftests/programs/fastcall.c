/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is spilled around bpf_fastcall calls does not count as stack, if nothing else uses these slots. */
#include "common.h"

#define ASM(text) asm volatile(text ::__imm(bpf_get_smp_processor_id), __imm(bpf_ktime_get_ns) : __clobber_all)
#define BODY(name, text) static __naked __noinline __used int name(void) { ASM(text "r0 = 0; exit;"); }
/* All of the stack, and a call. */
#define PROGRAM(verdict, name, body) \
    SEC("tc") verdict __naked int name(void) { ASM("r1 = 42; r2 = 43; *(u64 *)(r10 - 512) = r1; call " #body "; r0 = 0; exit;"); }

BODY(one_pair, "*(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 8);")
BODY(two_pairs, "*(u64 *)(r10 - 8) = r2; *(u64 *)(r10 - 16) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 16); r2 = *(u64 *)(r10 - 8);")
BODY(wrong_order, "*(u64 *)(r10 - 16) = r1; *(u64 *)(r10 - 8) = r2; call %[bpf_get_smp_processor_id]; r2 = *(u64 *)(r10 - 8); r1 = *(u64 *)(r10 - 16);")
BODY(other_register, "*(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r2 = *(u64 *)(r10 - 8);")
BODY(clobbered_register, "r0 = 1; *(u64 *)(r10 - 8) = r0; call %[bpf_get_smp_processor_id]; r0 = *(u64 *)(r10 - 8);")
BODY(kept_register, "*(u64 *)(r10 - 8) = r6; call %[bpf_get_smp_processor_id]; r6 = *(u64 *)(r10 - 8);")
BODY(other_helper, "*(u64 *)(r10 - 8) = r1; call %[bpf_ktime_get_ns]; r1 = *(u64 *)(r10 - 8);")
BODY(other_helper_too, "*(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 8); *(u64 *)(r10 - 8) = r1; call %[bpf_ktime_get_ns]; r1 = *(u64 *)(r10 - 8);")
BODY(slot_read_again, "*(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 8); r2 = *(u64 *)(r10 - 8);")
BODY(slot_read_by_copy, "r6 = r10; *(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 8); r2 = *(u64 *)(r6 - 8);")
BODY(slot_written_before, "*(u32 *)(r10 - 4) = 0; *(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 8);")
BODY(jumped_into, "if r1 == 7 goto +1; *(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 8);")
BODY(jumped_to, "if r1 == 7 goto +1; r2 = 0; *(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 8);")
BODY(twice, "*(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 8); *(u64 *)(r10 - 8) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 8);")
BODY(half_of_it, "*(u64 *)(r10 - 8) = r2; *(u64 *)(r10 - 16) = r1; call %[bpf_get_smp_processor_id]; r1 = *(u64 *)(r10 - 16); r0 = 0; r2 = *(u64 *)(r10 - 8);")

PROGRAM(ACCEPT, with_one_pair, one_pair)
PROGRAM(ACCEPT, with_two_pairs, two_pairs)
PROGRAM(REFUSE, with_wrong_order, wrong_order)
PROGRAM(REFUSE, with_other_register, other_register)
PROGRAM(REFUSE, with_clobbered_register, clobbered_register)
PROGRAM(REFUSE, with_kept_register, kept_register)
PROGRAM(REFUSE, with_other_helper, other_helper)
PROGRAM(REFUSE, with_other_helper_too, other_helper_too)
PROGRAM(REFUSE, with_slot_read_again, slot_read_again)
PROGRAM(REFUSE, with_slot_read_by_copy, slot_read_by_copy)
PROGRAM(REFUSE, with_slot_written_before, slot_written_before)
PROGRAM(REFUSE, with_jumped_into, jumped_into)
PROGRAM(ACCEPT, with_jumped_to, jumped_to)
PROGRAM(ACCEPT, with_twice, twice)
PROGRAM(REFUSE, with_half_of_it, half_of_it)
