/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A loader that speaks Limine's protocol, for a test: QEMU enters it by PVH; it makes tables, and goes on in
 * loader.c in 64-bit mode at its own address (identity). KERNEL and MODULE are files, linked in. */
    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, 18
    .asciz "Xen"
    .long start

    .text
    .code32
    .globl start
start:
    cli
    cld
    movl %ebx, %ebp
    movl $loader_stack_top, %esp
    /* 4 GiB in pages of 2 MiB, at 0 and at the direct map (entry 288: not where the kernel has its own). */
    movl $loader_pd, %edi
    movl $0x83, %eax
    movl $2048, %ecx
1:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $loader_pd + 3, %eax
    movl $loader_pdpt, %edi
    movl $4, %ecx
1:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    loop 1b
    movl $loader_pdpt + 3, loader_pml4
    movl $loader_pdpt + 3, loader_pml4 + 288 * 8
    movl $loader_pdpt_high + 3, loader_pml4 + 511 * 8
    movl $loader_pd_high + 3, loader_pdpt_high + 510 * 8
    movl $0x20, %eax
    movl %eax, %cr4
    movl $loader_pml4, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    rdmsr
    orl $0x900, %eax
    wrmsr
    movl $0x80010011, %eax
    movl %eax, %cr0
    lgdt gdt_pointer
    ljmpl $0x28, $start64
    .code64
start64:
    movl $0x30, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %ebp, %edi
    call loader_main
    ud2

/* void loader_enter(uint64_t entry (rdi), uint64_t stack (rsi)): all other registers 0 */
    .globl loader_enter
loader_enter:
    movq %rsi, %rsp
    pushq $0
    pushq %rdi
    xorl %eax, %eax
    xorl %ebx, %ebx
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %ebp, %ebp
    ret

    .section .rodata
    .balign 8
gdt: /* as the protocol says */
    .quad 0
    .quad 0x00009b000000ffff
    .quad 0x000093000000ffff
    .quad 0x00cf9b000000ffff
    .quad 0x00cf93000000ffff
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
gdt_pointer:
    .short gdt_pointer - gdt - 1
    .long gdt
    .globl loader_kernel, loader_kernel_end, loader_module, loader_module_end
    .balign 4096
loader_kernel:
    .incbin KERNEL
loader_kernel_end:
    .balign 4096
loader_module:
    .incbin MODULE
loader_module_end:

    .section .bss
    .balign 4096
    .globl loader_pd_high
loader_pml4:
    .skip 4096
loader_pdpt:
    .skip 4096
loader_pdpt_high:
    .skip 4096
loader_pd_high:
    .skip 4096
loader_pd:
    .skip 4 * 4096
    .skip 16384
    .globl loader_stack_top
loader_stack_top:
    .section .note.GNU-stack, "", @progbits
