/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The types of the kernel in this command, made by pahole from its debug information; empty where
 * the build had no pahole. */
    .section .rodata
    .balign 8
    .globl builtin_kernel_btf
    .globl builtin_kernel_btf_end
builtin_kernel_btf:
    .incbin AXIOM_KERNEL_BTF
builtin_kernel_btf_end:
    .section .note.GNU-stack, "", %progbits
