/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From the firmware's handover (SBI, MMU off, a0 = hart, a1 = device tree) to the upper half.
 *
 * The image begins with Linux's header (Documentation/riscv/boot-image-header.rst), so what boots
 * Linux boots it: QEMU's -kernel, U-Boot's booti. It is linked for one address and loaded at any
 * multiple of 2 MiB: before the MMU is on, only addresses relative to pc are used. The tables made
 * here map the image with everything allowed, and RAM (the first 128 GiB) without execution;
 * kmap_init() replaces them. Nothing is mapped at its physical address: the instruction after the
 * store to satp faults, and the trap vector is the way up. */
#include "asm.h"

#define IMAGE_BASE 0xffffffff80000000
#define LEAF_RW    0xc7                 /* V R W A D */
#define LEAF_RWX   0xcf

    .section .boot, "ax"
    .option push
    .option norvc
    .globl image_entry
image_entry:
    j boot
    .word 0                             /* code1 */
    .dword 0x200000                     /* offset of the image from the start of RAM */
    .dword image_size                   /* with .bss */
    .dword 0                            /* little endian */
    .word 2                             /* version 0.2 */
    .word 0
    .dword 0
    .ascii "RISCV\0\0\0"
    .ascii "RSC\x05"
    .word 0
    .option pop

boot:
    csrw sie, zero
    csrci sstatus, 2
    lla t0, boot_entered                /* the first one boots */
    li t1, 1
    amoswap.w.aqrl t1, t1, (t0)
    bnez t1, riscv_secondary_entry
    mv s1, a0
    mv s2, a1
    lla s3, image_start                 /* where we are */

    lla t0, image_bss_start
    lla t1, image_end
1:  sd zero, (t0)
    addi t0, t0, 8
    bltu t0, t1, 1b

    lla a0, text_not_aligned
    slli t0, s3, 64 - 21
    bnez t0, refuse

    /* RAM: root entries 256 to 383, a GiB each. */
    lla s4, boot_root
    li t0, 256 * 8
    add t0, s4, t0
    li t1, LEAF_RW
    li t2, 1 << 28                      /* a GiB's page number, at bit 10 */
    li t3, 128
1:  sd t1, (t0)
    add t1, t1, t2
    addi t0, t0, 8
    addi t3, t3, -1
    bnez t3, 1b
    /* The image: entry 510, 512 pages of 2 MiB. */
    lla t0, boot_image_table
    srli t1, t0, 2
    ori t1, t1, 1
    li t2, 510 * 8
    add t2, s4, t2
    sd t1, (t2)
    srli t1, s3, 2
    ori t1, t1, LEAF_RWX
    li t2, 1 << 19
    li t3, 512
1:  sd t1, (t0)
    add t1, t1, t2
    addi t0, t0, 8
    addi t3, t3, -1
    bnez t3, 1b

    lla t0, start_high
    sub t0, t0, s3
    li t1, IMAGE_BASE
    add t0, t0, t1
    csrw stvec, t0
    srli t0, s4, 12
    li t1, 8 << 60                      /* Sv39 */
    or t0, t0, t1
    sfence.vma
    csrw satp, t0
    lla a0, text_no_sv39                /* still here: the mode is not there, the store did nothing */
    j refuse

    .balign 4
start_high:
    lla sp, boot_stack_top
    li s0, 0                            /* backtraces end here */
    mv a0, s1
    mv a1, s2
    mv a2, s3
    call riscv_start                    /* (hart, device tree, image), physical addresses */
1:  wfi
    j 1b

/* No console but the firmware's. a0 = text */
refuse:
    mv s0, a0
1:  lbu a0, (s0)
    beqz a0, 2f
    li a7, 1                            /* SBI legacy extension: console putchar */
    ecall
    addi s0, s0, 1
    j 1b
2:  li a7, 8                            /* shutdown */
    ecall
3:  wfi
    j 3b
text_not_aligned:
    .asciz "axiom: the image must be loaded at a multiple of 2 MiB\r\n"
text_no_sv39:
    .asciz "axiom: this CPU has no Sv39\r\n"

/* A CPU that SBI started: a0 = hart. OpenSBI before 1.2 may let it go before it has noted where, and with
 * what in a1 (it says "start" first): then it comes by the image's entry, or with the device tree. So
 * its struct riscv_cpu is found by its number. */
    .balign 4
    .globl riscv_secondary_entry
riscv_secondary_entry:
    csrw sie, zero
    csrci sstatus, 2
    fence rw, rw
    lla a1, riscv_cpus
    li t2, CPU_COUNT
    li t3, CPU_SIZE
    li t4, CLAIM_ASKED
1:  ld t0, CPU_HART(a1)
    lw t1, CPU_CLAIM(a1)
    bne t0, a0, 3f
    beq t1, t4, 4f
3:  add a1, a1, t3
    addi t2, t2, -1
    bnez t2, 1b
    j 2f
4:
    addi t0, a1, CPU_CLAIM
    li t1, CLAIM_COME
    amoswap.w.aqrl t1, t1, (t0)
    li t0, CLAIM_ASKED
    bne t1, t0, 2f                      /* too late: the stack is someone else's */
    ld t0, CPU_SATP(a1)
    ld sp, CPU_SATP + 8(a1)
    ld t1, CPU_SATP + 16(a1)
    csrw stvec, t1
    sfence.vma
    csrw satp, t0                       /* the next instruction is not mapped there */
1:  wfi
    j 1b
2:  li a7, 0x48534d                     /* hart stop */
    li a6, 1
    ecall
    j 1b

    .balign 4
    .globl riscv_secondary_high
riscv_secondary_high:
    li s0, 0
    call riscv_secondary_start          /* (hart) */
1:  wfi
    j 1b

/* _Noreturn void riscv_park(uint32_t *parked): the CPU's last store, then the firmware's, which does
 * not return (SBI HSM, hart stop). No stack. */
    .text
    .globl riscv_park
riscv_park:
    csrw sie, zero
    li t0, 1
    fence rw, w
    sw t0, (a0)
    li a7, 0x48534d
    li a6, 1
    ecall
1:  wfi
    j 1b

    .section .data
    .balign 4
boot_entered:
    .word 0

    .section .bss
    .balign 4096
    .globl boot_root
boot_root:
    .skip 4096
boot_image_table:
    .skip 4096
boot_stack:
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
