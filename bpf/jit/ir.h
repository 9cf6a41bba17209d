/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The internal form: what the lowering makes of a program, and what the encoders turn into bytes.
 *
 * A form is a list of functions (the main program first, then each BPF function that is called and
 * not inlined). A function is a list of blocks in the order in which they stand in memory; a block
 * is a list of instructions of which only the last may jump. Instructions have up to three sources,
 * one result and one immediate; they work on virtual registers until allocate.c has run, and on
 * places of the host afterwards: encoders see only the second kind.
 *
 * Places (ir_place): 0..63 are the target's own register numbers; IR_SLOT(n) is the n-th 8-byte
 * spill slot of the function's host frame (sp + n * 8 or wherever the encoder keeps it); IR_NONE is
 * "no operand". Any source or result may be a slot; an encoder loads it through scratch registers
 * of its own, which the target does not list as allocatable.
 *
 * No instruction ties operands together: the result may be the same register as any source, also
 * of the others' (SELECT, ATOMIC, addresses). Encoders read all sources before they write `dst`,
 * or go through a scratch register.
 *
 * Everything that a BPF program can observe is said by these operations: division by zero, 32-bit
 * results with zero upper halves, masked shift counts. Nothing of the host may trap. */
#pragma once
#include <axiom/types.h>
#include <bpf/error.h>
#include <bpf/jit.h>

typedef uint32_t ir_place;
#define IR_NONE           UINT32_MAX
#define IR_SLOT_FIRST     UINT32_C(0x80000000)
#define IR_SLOT(n)        (IR_SLOT_FIRST + (n))
#define IR_IS_SLOT(p)     ((p) >= IR_SLOT_FIRST && (p) != IR_NONE)
#define IR_SLOT_NUMBER(p) ((p)-IR_SLOT_FIRST)

/* `size` is 4 or 8 where nothing else is said: the operation is done on 32 bits and the upper half
 * of the result is zero, or on 64 bits. "b" below is the place b, or imm when b is IR_NONE. imm is
 * sign-extended; with size 4 its low 32 bits count. */
enum ir_op {
    IR_NOP, /* nothing: removed */

    /* --- dst from a and b --- */
    IR_MOV, /* dst = a, or imm (any 64 bits) when a is IR_NONE. size 4: upper half zero */
    IR_ADD,
    IR_SUB,
    IR_MUL,
    IR_AND,
    IR_OR,
    IR_XOR,
    IR_SHL,
    IR_SHR,
    IR_SAR,    /* count masked with size * 8 - 1 */
    IR_ROL,    /* rotate left by b, masked likewise */
    IR_RSUB,   /* dst = imm - a */
    IR_MULHI,  /* upper 64 bits of the unsigned product; size 8, b is a place */
    IR_SMULHI, /* the same, signed */
    /* RFC 9669 §4.1: x / 0 = 0, x % 0 = x, most negative / -1 = itself, % -1 = 0. flags may say
     * IR_NOT_ZERO. */
    IR_DIV,
    IR_MOD,
    IR_SDIV,
    IR_SMOD,

    /* --- dst from a --- */
    IR_NEG,
    IR_SEXT,  /* from `from` bytes (1, 2, 4) to `size` */
    IR_ZEXT,  /* from `from` bytes (1, 2; 4 is MOV of size 4) */
    IR_BSWAP, /* swaps the low `size` bytes, 2, 4 or 8; the rest of dst is zero */
    IR_BITS,  /* dst = (a >> imm) & ((1 << disp) - 1): a field of disp bits from bit imm; size says
                 the width of a. Only if the target has IR_HAS_BITS */

    /* --- addresses: a + (b << scale) + disp. b may be IR_NONE; a never is. Only forms that
     * bpf_jit_target.address allows --- */
    IR_LEA,   /* dst = the address; size 4: its low half, the upper zero (IR_HAS_LEA32) */
    IR_LOAD,  /* dst = `size` bytes (1, 2, 4, 8) there, zero-extended; IR_SIGNED: sign-extended to
                 64 bits */
    IR_STORE, /* `size` bytes there = c, or imm when c is IR_NONE */
    IR_ADD_MEMORY, /* `size` (4, 8) bytes there += imm; not atomic (counters of the run) */

    /* Read-modify-write of `size` (4, 8) bytes at a + disp, sequentially consistent. dst = the old
     * value (size 4: zero-extended), IR_NONE: not wanted. c: the operand. */
    IR_ATOMIC_ADD,
    IR_ATOMIC_AND,
    IR_ATOMIC_OR,
    IR_ATOMIC_XOR,
    IR_ATOMIC_XCHG,
    IR_ATOMIC_CMPXCHG, /* if equal to b (low `size` bytes): = c. dst = old value always */
    IR_LOAD_ACQUIRE,   /* as LOAD, a + disp, ordered before what follows */
    IR_STORE_RELEASE,  /* as STORE of place c at a + disp, ordered after what precedes */

    /* --- comparison of a with b by `cond`, in `size` --- */
    IR_SET,    /* dst = 1 or 0 */
    IR_SELECT, /* dst = true ? c : d; all 64 bits are moved. Only if the target has IR_HAS_SELECT */
    IR_BRANCH, /* true: to block `target`; else on to the next block. Ends its block */

    /* --- the way --- */
    IR_JUMP,   /* to block `target`. Ends its block */
    IR_CALL,   /* function.calls[target] */
    IR_RETURN, /* from the function with result a (or imm, when a is IR_NONE). Ends its block */
    IR_OP_COUNT
};

enum ir_cond {
    IR_EQ,
    IR_NE,
    IR_LTU,
    IR_GEU,
    IR_LEU,
    IR_GTU,
    IR_LTS,
    IR_GES,
    IR_LES,
    IR_GTS,
    IR_TEST /* (a & b) != 0 */,
    IR_NOT_TEST /* (a & b) == 0 */
};
/* The opposite: cond ^ 1. */

enum ir_flags {
    IR_SIGNED = 1u << 0,
    IR_NOT_ZERO = 1u << 1, /* the divisor is not 0 */
    IR_LIKELY = 1u << 3,   /* a BRANCH: the condition mostly holds; mostly not */
    IR_UNLIKELY = 1u << 4,
    IR_ONE_READER = 1u << 5, /* a LOAD: one instruction reads the result, once */
    IR_BLIND = 1u << 2,      /* imm came from the program: an encoder that blinds hides it */
};

struct ir_insn {
    uint8_t op;    /* enum ir_op */
    uint8_t size;  /* bytes */
    uint8_t cond;  /* enum ir_cond; SEXT, ZEXT: `from` */
    uint8_t scale; /* log2 of the index's factor */
    uint32_t flags;
    ir_place dst, a, b, c, d;
    int32_t disp;
    union {
        int64_t imm;
        /* JUMP, CALL: in `target`; BRANCH has both: imm compared, block in `d` */
        uint64_t target;
    };
};
/* The block that a JUMP or BRANCH goes to. */
#define IR_TARGET(insn) ((insn)->op == IR_BRANCH ? (insn)->d : (uint32_t)(insn)->target)
/* How many bytes SEXT and ZEXT start from. */
#define IR_FROM(insn) ((insn)->cond)

/* A call. The arguments are places (IR_NONE: need not be passed), to be moved, all at once, into
 * the target's argument registers: run, R1 to R5. bpf_jit_moves() orders them. dst
 * takes the result, IR_NONE: not wanted. No register that the target lists as caller-saved holds
 * anything that is needed afterwards: encoders save nothing. */
#define IR_ARG_COUNT 6
enum { IR_ARG_RUN, IR_ARG_R1 };
enum ir_callee {
    IR_CALL_ADDRESS,  /* a C function at `address` */
    IR_CALL_FUNCTION, /* the form's function number `function` */
    IR_CALL_PLACE,    /* the address is in the place `pointer` */
};
struct ir_call {
    uint8_t callee; /* enum ir_callee */
    uint32_t function;
    uint64_t address;
    ir_place pointer;
    ir_place args[IR_ARG_COUNT];
};

struct ir_block {
    uint32_t first, end; /* instructions */
    bool loop_head;      /* jumped to from behind: worth aligning */
    bool starts_loop;    /* a loop's first block as the program runs, wherever it stands */
    bool only_falls;     /* nobody jumps to it: whoever comes, comes from the block before */
    uint8_t loop_depth;
    uint32_t frequency; /* how often it runs, in guessed 256ths of the function's entries */
};

struct ir_function {
    struct ir_insn *insns;
    struct ir_block *blocks;
    struct ir_call *calls;
    uint32_t insn_count, block_count, call_count;
    uint32_t first_label; /* of its block 0, among all labels of the form: emit.h */
    uint32_t code_index;  /* of its first instruction in the program */
    uint32_t slot_count;  /* spill slots */
    uint64_t saved;       /* mask of the callee-saved registers that it writes */
    bool has_calls;       /* not a leaf: the stack pointer must be aligned for calls */
    /* Where the arguments arrive: the target's argument registers are moved into these places, all
     * at once, at function entry (IR_NONE: not used). */
    ir_place params[IR_ARG_COUNT];
};

struct ir_form {
    const struct bpf_prog *prog;
    const struct bpf_jit_target *target;
    struct bpf_jit_options options;
    struct ir_function *functions;
    uint32_t function_count;
    uint32_t label_count;
    void *memory; /* what all of this lies in */
};

/* --- Moves that happen all at once --- */
struct ir_move {
    ir_place to, from;
};
/* Orders `count` (at most 8) moves so that one after the other does the same as all at once; the
 * result has at most twice as many, through `scratch` where they form a ring. */
uint32_t bpf_jit_moves(const struct ir_move *moves, uint32_t count, ir_place scratch,
                       struct ir_move *ordered);

/* --- Targets --- */
enum ir_features {
    IR_HAS_SELECT = 1u << 0,
    IR_HAS_BITS = 1u << 1,
    IR_HAS_ROTATE = 1u << 2,
    /* Addresses of LOAD, STORE: base + index without scale / scaled by the access size / any of
     * 1, 2, 4, 8; with displacement beside the index. LEA: base + (index << scale) (+ disp with
     * IR_INDEX_DISP). */
    IR_INDEX = 1u << 3,
    IR_INDEX_SIZE = 1u << 4,
    IR_INDEX_ANY = 1u << 5,
    IR_INDEX_DISP = 1u << 6,
    IR_HAS_LEA_SHIFT = 1u << 7,
    IR_HAS_LEA32 = 1u << 10,
    IR_BLINDS = 1u << 9,           /* the encoder hides IR_BLIND immediates itself */
    IR_UNALIGNED = 1u << 11,       /* loads may lie at any address */
    IR_MEMORY_OPERANDS = 1u << 12, /* the encoder makes one of a LOAD and what reads it next */
    IR_FREE_IMM32 = 1u << 8,       /* any signed 32-bit immediate costs nothing */
};

/* What a CPU of the target has beyond its base, for the encoder alone. */
enum ir_cpu {
    IR_CPU_LSE = 1u << 0,    /* AArch64: atomic instructions */
    IR_CPU_ZBA = 1u << 1,    /* RISC-V: address generation, zext.w */
    IR_CPU_ZBB = 1u << 2,    /* RISC-V: rotates, byte swap, sign extension */
    IR_CPU_ZICOND = 1u << 3, /* RISC-V: conditional zero */
    IR_CPU_BMI2 = 1u << 4,   /* x86: shifts of three operands */
};

struct emit;
struct bpf_jit_target {
    const char *name; /* "x86_64" */
    uint32_t features;
    uint32_t cpu; /* enum ir_cpu */
    /* Registers that the allocator may use, best first, as the target numbers them (below 64). The
     * others are the encoder's scratch, sp, and what the ABI reserves. */
    uint8_t caller_saved[32], callee_saved[16];
    uint8_t caller_saved_count, callee_saved_count;
    uint8_t args[IR_ARG_COUNT]; /* need not be allocatable; a scratch register may not be among */
    uint8_t result;
    uint64_t divide_clobbers;   /* mask of allocatable registers that DIV..SMOD, MULHI destroy */
    int32_t disp_min, disp_max; /* of addresses without index; the lowering keeps to it for
                                   offsets it makes, encoders handle any 32-bit one */
    /* Encodes one function at the emitter's place: emit.h. 0, or -E2BIG. */
    int (*encode)(const struct ir_form *form, uint32_t function, struct emit *emit);
};

/* --- Inside of the lowering --- */
/* Text of a function, for tests and `axiom bpf disasm --jit`: what snprintf would give. */
size_t bpf_jit_print(const struct ir_form *form, uint32_t function, char *to, size_t size);
