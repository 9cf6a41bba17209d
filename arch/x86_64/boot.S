/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From the boot loader's 32-bit protected mode to long mode in the upper half. (Limine comes through
 * limine_entry.S.)
 *
 * Two doors: PVH (Xen's docs/misc/pvh.pandoc: ebx = hvm_start_info; QEMU's -kernel) and multiboot2
 * (specification 2.0, 3.2: eax = magic, ebx = information; GRUB). Both come with paging off and flat
 * segments. The tables made here map the first 4 GiB three times with everything allowed: at 0, in
 * the direct map, and the first GiB of them at the image's address; kmap_init() replaces them. */

#define IMAGE_BASE 0xffffffff80000000
#define PHYS(symbol) (symbol - IMAGE_BASE)

#define DOOR_PVH 1
#define DOOR_MULTIBOOT2 2

#define CR0_PG_WP_NE_MP_PE 0x80010023
#define CR4_PAE_PGE_OSFXSR_OSXMMEXCPT 0x6a0
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900

/* --- the multiboot2 header (3.1): information requests are not needed, the address is the ELF's --- */
    .section .boot, "ax"
    .balign 8
multiboot2_header:
    .long 0xe85250d6                    /* magic */
    .long 0                             /* i386, protected mode */
    .long multiboot2_header_end - multiboot2_header
    .long -(0xe85250d6 + (multiboot2_header_end - multiboot2_header))
    .short 0, 0                         /* end tag */
    .long 8
multiboot2_header_end:

/* --- the PVH note --- */
    .section .note.Xen, "a", @note
    .balign 4
    .long 4                             /* name size */
    .long 4                             /* descriptor size */
    .long 18                            /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long pvh_entry_physical

    .section .boot, "ax"
    .code32
    .globl pvh_entry, multiboot2_entry
pvh_entry:
    movl $DOOR_PVH, %ebp
    jmp enter
multiboot2_entry:
    movl $DOOR_MULTIBOOT2, %ebp
    cmpl $0x36d76289, %eax
    je enter
    movl $0, %ebp                       /* x86_start() says that it does not know the loader */

/* ebp = door, ebx = information */
enter:
    cli
    cld
    movl $PHYS(boot_stack_top), %esp
    pushl %ebx                          /* cpuid overwrites it */

    movl $0x80000000, %eax
    cpuid
    movl $PHYS(no_long_mode), %esi
    cmpl $0x80000001, %eax
    jb refuse
    movl $0x80000001, %eax
    cpuid
    testl $(1 << 29), %edx
    jz refuse
    movl $PHYS(no_nx), %esi
    testl $(1 << 20), %edx
    jz refuse

    /* Four tables of 512 pages of 2 MiB: present, writable, large. */
    movl $PHYS(boot_pd), %edi
    movl $0x83, %eax
    movl $2048, %ecx
1:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $PHYS(boot_pd) + 3, %eax
    movl $PHYS(boot_pdpt_low), %edi
    movl $4, %ecx
1:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    loop 1b
    movl $PHYS(boot_pd) + 3, PHYS(boot_pdpt_high) + 510 * 8
    movl $PHYS(boot_pdpt_low) + 3, PHYS(boot_pml4)
    movl $PHYS(boot_pdpt_low) + 3, PHYS(boot_pml4) + 256 * 8
    movl $PHYS(boot_pdpt_high) + 3, PHYS(boot_pml4) + 511 * 8

    movl %ebp, %edi                     /* the calling convention's first two arguments */
    popl %esi
    movl $PHYS(start64), %ebp

/* Long mode with the boot tables, on to ebp; edi and esi are kept. Secondary CPUs come here too. */
    .globl enter_long_mode
enter_long_mode:
    movl $CR4_PAE_PGE_OSFXSR_OSXMMEXCPT, %eax
    movl %eax, %cr4
    movl $PHYS(boot_pml4), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_LME_NXE, %eax
    wrmsr
    movl $CR0_PG_WP_NE_MP_PE, %eax
    movl %eax, %cr0
    lgdt PHYS(boot_gdt_pointer)
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    pushl $0x08
    pushl %ebp
    lret

/* No console yet but the first serial port, as the firmware left it. esi = text */
refuse:
    movl $0x3f8, %edx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  hlt
    jmp 2b
no_long_mode:
    .asciz "axiom: this CPU has no 64-bit mode\r\n"
no_nx:
    .asciz "axiom: this CPU cannot forbid execution of data (NX)\r\n"

    .code64
start64:
    movabsq $start_high, %rax
    jmp *%rax
start_high:
    movq $boot_stack_top, %rsp
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    xorl %ebp, %ebp                     /* backtraces end here */
    call x86_start                      /* (door, information) */
    ud2

    .section .rodata
    .balign 8
    .globl boot_gdt
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff            /* 0x08: code, 64 bits, ring 0 */
    .quad 0x00cf93000000ffff            /* 0x10: data */
boot_gdt_pointer:
    .short boot_gdt_pointer - boot_gdt - 1
    .long PHYS(boot_gdt)
    .long 0

    .section .bss
    .balign 4096
    .globl boot_pml4, boot_pdpt_low, boot_pdpt_high, boot_pd, boot_stack_top
boot_pml4:
    .skip 4096
boot_pdpt_low:
    .skip 4096
boot_pdpt_high:
    .skip 4096
boot_pd:
    .skip 4 * 4096
boot_stack:
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
