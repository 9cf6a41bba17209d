/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <bpf/verifier.h>

const char *bpf_reject_name(enum bpf_reject reason)
{
    static const char *const names[BPF_REJECT_COUNT] = {
        [BPF_REJECT_NONE] = "accepted",
        [BPF_REJECT_NO_VERIFIER] = "no verifier",
        [BPF_REJECT_EMPTY] = "no program",
        [BPF_REJECT_BAD_INSN] = "bad instruction",
        [BPF_REJECT_BAD_JUMP] = "bad jump",
        [BPF_REJECT_FALL_OFF] = "no exit",
        [BPF_REJECT_UNREACHABLE] = "unreachable code",
        [BPF_REJECT_UNINIT] = "not initialised",
        [BPF_REJECT_TYPE] = "wrong kind of value",
        [BPF_REJECT_POINTER_LEAK] = "pointer leak",
        [BPF_REJECT_POINTER_MATH] = "pointer arithmetic",
        [BPF_REJECT_NULL] = "may be null",
        [BPF_REJECT_OOB] = "out of bounds",
        [BPF_REJECT_ALIGN] = "misaligned",
        [BPF_REJECT_READ_ONLY] = "read-only",
        [BPF_REJECT_STACK] = "stack",
        [BPF_REJECT_CALL] = "bad call",
        [BPF_REJECT_HELPER] = "helper not available",
        [BPF_REJECT_ARGUMENT] = "bad argument",
        [BPF_REJECT_MAP] = "bad map",
        [BPF_REJECT_REFERENCE] = "unreleased reference",
        [BPF_REJECT_LOOP] = "unbounded loop",
        [BPF_REJECT_TOO_COMPLEX] = "too complex",
        [BPF_REJECT_BUDGET] = "over budget",
        [BPF_REJECT_MEMORY] = "verifier out of memory",
        [BPF_REJECT_UNSUPPORTED] = "unsupported",
        [BPF_REJECT_RELOCATION] = "not in the kernel",
    };
    if ((uint32_t)reason >= BPF_REJECT_COUNT || names[reason] == NULL)
        return "unknown";
    return names[reason];
}
