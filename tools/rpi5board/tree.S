/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The device tree of a board whose SD card has none. */
    .section .rodata
    .balign 8
    .globl builtin_board_rpi5
    .globl builtin_board_rpi5_end
builtin_board_rpi5:
    .incbin AXIOM_BOARD_DTB
builtin_board_rpi5_end:
    .section .note.GNU-stack, "", %progbits
