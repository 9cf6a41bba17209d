/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A secondary CPU's first instructions: copied to page TRAMPOLINE below 1 MiB, entered in real mode
 * with cs = page << 8 (Intel SDM volume 3, 8.4.4.1). From there by the boot CPU's path to long mode
 * (boot.S), and off the boot tables at once. */
#define IMAGE_BASE 0xffffffff80000000
#define PHYS(symbol) (symbol - IMAGE_BASE)
#define TRAMPOLINE 0x8000
#define HERE(symbol) (TRAMPOLINE + symbol - trampoline_start)

    .section .rodata
    .code16
    .globl trampoline_start, trampoline_end
trampoline_start:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl HERE(gdt_pointer)
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $0x08, $HERE(protected)
    .code32
protected:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $HERE(stack), %esp
    movl $PHYS(secondary64), %ebp
    movl $PHYS(enter_long_mode), %eax
    jmp *%eax
    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff            /* code, 32 bits */
    .quad 0x00cf93000000ffff            /* data */
gdt_pointer:
    .short gdt_pointer - gdt - 1
    .long HERE(gdt)
    .skip 64
    .balign 16
stack:
trampoline_end:

    .section .boot, "ax"
    .code64
secondary64:
    movabsq $secondary_high, %rax
    jmp *%rax
secondary_high:
    movq x86_kernel_cr3, %rax
    movq %rax, %cr3
    movq secondary_stack_top, %rsp
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    pushq $0
    pushq $0
    movq %rsp, %rbp
    call x86_secondary_start
    ud2

    .section .note.GNU-stack, "", @progbits
