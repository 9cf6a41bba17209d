/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The door for Limine: 64-bit mode, the loader's tables and stack (x86_64, "Entry machine state"). */
#define CR0_PG_WP_NE_MP_PE 0x80010023
#define CR4_PAE_PGE_OSFXSR_OSXMMEXCPT 0x6a0

    .text
    .globl limine_entry
    .type limine_entry, @function
limine_entry:
    cli
    cld
    xorl %ebp, %ebp
    call x86_limine_start
    ud2
    .size limine_entry, . - limine_entry

/* _Noreturn void limine_switch(uint64_t cr3 (rdi), uint32_t door (esi)): the image is mapped at this address in
 * both tables, so execution goes on. */
    .globl limine_switch
    .type limine_switch, @function
limine_switch:
    movl $CR4_PAE_PGE_OSFXSR_OSXMMEXCPT, %eax
    movq %rax, %cr4
    movl $CR0_PG_WP_NE_MP_PE, %eax
    movq %rax, %cr0
    movq %rdi, %cr3
    lgdt limine_gdt_pointer(%rip)       /* the loader's lies in memory that will be used */
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movq $boot_stack_top, %rsp
    pushq $0x08
    leaq 1f(%rip), %rax
    pushq %rax
    lretq
1:  xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    xorl %ebp, %ebp                     /* backtraces end here */
    movl %esi, %edi
    xorl %esi, %esi
    call x86_start
    ud2
    .size limine_switch, . - limine_switch

    .section .rodata
    .balign 8
limine_gdt_pointer:
    .short 23
    .quad boot_gdt
    .section .note.GNU-stack, "", @progbits
