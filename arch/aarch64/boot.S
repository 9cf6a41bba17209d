/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The header of an arm64 Linux Image, and from there to C (Linux, Documentation/arch/arm64/booting.rst):
 * entered at EL1 or EL2 with the MMU off, x0 = the device tree's physical address.
 *
 * Everything up to `high` runs wherever the image was loaded, so addresses are formed relative to
 * the pc. Page tables of this time lie behind the image: the image under its own address, under the
 * direct map's and under its physical one (TTBR0), in small pages, so it may lie at any page.
 *
 * Threads run with SPSel 0; the other stack pointer is for exceptions (vectors.S). */
    .arch armv8.1-a

#define SCTLR_OFF 0x30d00800            /* its bits that are one (D19.2.118): everything is off */
#define BOOT_STACK 0x4000
#define DIRECT_BASE 0xffff800000000000

    .section .boot, "ax"
    .globl image_header
image_header:
    b primary
    .long 0
    .quad 0                             /* no offset from a multiple of 2 MiB needed */
    .quad image_memory_size
    .quad 0xa                           /* little endian, 4 KiB pages, anywhere in memory */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0

primary:
    msr daifset, #0xf
    mov x21, x0
    bl el1_enter
    adrp x24, image_start
    adrp x25, image_end
    add x20, x25, #BOOT_STACK           /* the next free page */
    mov x19, x20                        /* the root */
    add x20, x20, #0x1000
    mov x6, x19
1:  stp xzr, xzr, [x6], #16
    cmp x6, x20
    b.ne 1b
    ldr x26, =image_memory_size
    ldr x0, =image_start
    mov x1, x24
    bl map_pages
    mov x0, x24
    mov x1, x24
    bl map_pages
    ldr x0, =DIRECT_BASE
    add x0, x0, x24
    mov x1, x24
    bl map_pages

    /* They were written behind the cache's back: what it may hold of them is not to be found. */
    mov x0, x19
    ldr x2, =boot_extra_size
    add x2, x2, x25
    mrs x3, ctr_el0
    ubfx x3, x3, #16, #4
    mov x4, #4
    lsl x3, x4, x3
1:  dc ivac, x0
    add x0, x0, x3
    cmp x0, x2
    b.lo 1b
    dsb sy

    mov x0, x19
    add x1, x19, #0x800                 /* the kernel's half of the root */
    bl mmu_registers
    ldr x3, =high
    msr sctlr_el1, x4
    isb
    br x3
high:
    ldr x0, =DIRECT_BASE + BOOT_STACK   /* where the kernel's tables have it too */
    add x0, x0, x25
    msr spsel, #0
    mov sp, x0
    adrp x0, image_bss_start
    add x0, x0, :lo12:image_bss_start
    adrp x1, image_data_end
1:  stp xzr, xzr, [x0], #16
    cmp x0, x1
    b.lo 1b
    stp xzr, xzr, [sp, #-16]!           /* the last frame record */
    mov x29, sp
    mov x0, x21
    mov x1, x24
    mov x2, x19
    mov x3, x20
    bl arm_start
    brk #0

/* Maps [x0, x0 + x26) to [x1, ...), in pages that the kernel may do anything with. x19 is the root,
 * x20 the next free page; changes x0-x8. */
map_pages:
    add x2, x0, x26
    mov x7, #0x703                      /* a page: valid, inner shareable, accessed; write-back */
    movk x7, #0x40, lsl #48             /* not the user's to execute */
1:  mov x3, x19
    mov x4, #39
2:  lsr x5, x0, x4
    and x5, x5, #511
    add x5, x3, x5, lsl #3
    ldr x3, [x5]
    cbnz x3, 4f
    mov x3, x20
    add x20, x20, #0x1000
    mov x6, x3
3:  stp xzr, xzr, [x6], #16
    cmp x6, x20
    b.ne 3b
    orr x6, x3, #3
    str x6, [x5]
4:  and x3, x3, #0xfffffffffffff000
    sub x4, x4, #9
    cmp x4, #12
    b.ne 2b
    ubfx x5, x0, #12, #9
    orr x6, x1, x7
    str x6, [x3, x5, lsl #3]
    add x0, x0, #0x1000
    add x1, x1, #0x1000
    cmp x0, x2
    b.ne 1b
    ret

/* Tables x0 (TTBR0) and x1 (TTBR1), and how they are read; what SCTLR_EL1 is to become in x4. The
 * same on every CPU. Changes x2, x3. */
mmu_registers:
    msr ttbr0_el1, x0
    msr ttbr1_el1, x1
    mov x2, #0x04ff                     /* attribute 0: write-back; 1: Device-nGnRE */
    msr mair_el1, x2
    /* 47 bits each; 4 KiB; walks write-back, inner shareable; addresses as long as the CPU has, up to
     * 48 bits. */
    ldr x2, =(17 | 1 << 8 | 1 << 10 | 3 << 12 | 17 << 16 | 1 << 24 | 1 << 26 | 3 << 28 | 2 << 30)
    mrs x3, id_aa64mmfr0_el1
    and x3, x3, #0xf
    cmp x3, #5
    mov x4, #5
    csel x3, x3, x4, lo
    bfi x2, x3, #32, #3
    msr tcr_el1, x2
    isb
    tlbi vmalle1
    ic iallu
    dsb nsh
    isb
    ldr x4, =SCTLR_OFF | 1 << 0 | 1 << 2 | 1 << 3 | 1 << 12 /* MMU, caches, stack alignment */
    mrs x3, id_aa64mmfr1_el1            /* PAN: set at exceptions (SPAN 0) */
    ubfx x3, x3, #20, #4
    cbz x3, 1f
    bic x4, x4, #1 << 23
1:  ret

/* At EL1 with the MMU off, interrupts masked; from EL2 or EL1. */
el1_enter:
    ldr x0, =SCTLR_OFF
    msr sctlr_el1, x0
    isb
    mrs x0, CurrentEL
    cmp x0, #2 << 2
    b.eq 1f
    msr spsel, #0
    ret
1:  mov x0, #1 << 31                    /* EL1 is AArch64; nothing traps */
    msr hcr_el2, x0
    isb
    mrs x0, cnthctl_el2
    orr x0, x0, #3                      /* the counter and the physical timer are EL1's too */
    msr cnthctl_el2, x0
    msr cntvoff_el2, xzr
    mov x0, #0x33ff                     /* FPU and SIMD do not trap */
    msr cptr_el2, x0
    msr hstr_el2, xzr
    msr vttbr_el2, xzr
    mrs x0, mdcr_el2
    and x0, x0, #0x1f                   /* all counters stay where they are */
    msr mdcr_el2, x0
    mrs x0, midr_el1
    msr vpidr_el2, x0
    mrs x0, mpidr_el1
    msr vmpidr_el2, x0
    mrs x0, id_aa64pfr0_el1             /* GICv3's interface by system registers? */
    ubfx x0, x0, #24, #4
    cbz x0, 2f
    mrs x0, S3_4_C12_C9_5               /* ICC_SRE_EL2: used, and EL1 may decide for itself */
    orr x0, x0, #1
    orr x0, x0, #8
    msr S3_4_C12_C9_5, x0
    isb
    msr S3_4_C12_C11_0, xzr             /* ICH_HCR_EL2: no virtual interrupts */
2:  mrs x0, id_aa64mmfr0_el1            /* fine-grained traps: none */
    ubfx x0, x0, #56, #4
    cbz x0, 3f
    msr S3_4_C1_C1_4, xzr               /* HFGRTR_EL2, HFGWTR_EL2, HFGITR_EL2 */
    msr S3_4_C1_C1_5, xzr
    msr S3_4_C1_C1_6, xzr
    msr S3_4_C3_C1_4, xzr               /* HDFGRTR_EL2, HDFGWTR_EL2 */
    msr S3_4_C3_C1_5, xzr
3:  mov x0, #0x3c4                      /* EL1 with SP_EL0, all masked */
    msr spsr_el2, x0
    msr elr_el2, x30
    eret

/* Another CPU, by PSCI: as above, and x0 is the physical address of its struct arm_start_record
 * (smp.h). Its stack is used only if nobody has given up waiting. */
    .globl arm_secondary_entry
arm_secondary_entry:
    msr daifset, #0xf
    mov x19, x0
    bl el1_enter
    ldp x0, x1, [x19]
    ldp x20, x21, [x19, #16]            /* stack; the record's virtual address */
    bl mmu_registers
    ldr x3, =1f
    msr sctlr_el1, x4
    isb
    br x3
1:  add x0, x21, #32
2:  ldaxr w1, [x0]
    stlxr w2, wzr, [x0]
    cbnz w2, 2b
    cbnz w1, 4f
3:  wfi
    b 3b
4:  mov sp, x20
    stp xzr, xzr, [sp, #-16]!
    mov x29, sp
    ldr w0, [x21, #36]
    bl arm_secondary_start
    brk #0

/* void arm_root_replace(uint64_t ttbr1 (x0), physical address of the line marked below (x1)): all
 * translations of the kernel are others from here on. In between there are none, so the CPU runs by
 * its physical address; break before make (Arm ARM, D8.14.1). */
    .globl arm_root_replace, arm_root_replace_here
    .type arm_root_replace, @function
arm_root_replace:
    br x1
arm_root_replace_here:
    mrs x2, tcr_el1
    orr x3, x2, #1 << 23                /* EPD1: no walks from TTBR1 */
    msr tcr_el1, x3
    isb
    tlbi vmalle1
    dsb nsh
    isb
    msr ttbr1_el1, x0
    msr tcr_el1, x2
    isb
    ret
    .size arm_root_replace, . - arm_root_replace

    .ltorg
    .globl arm_boot_code_end
arm_boot_code_end:

    .section .note.GNU-stack, "", %progbits
