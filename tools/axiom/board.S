/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The simulated Pi 5's device tree, inside the command. */
    .section .rodata
    .balign 8
    .globl builtin_board
    .globl builtin_board_end
builtin_board:
    .incbin AXIOM_BOARD_DTB
builtin_board_end:
    .section .note.GNU-stack, "", %progbits
