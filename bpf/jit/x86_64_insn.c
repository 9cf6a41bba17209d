/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "x86_64.h"

/* ModRM, SIB and displacement (SDM 2.1.5). rbp and r13 as base need a displacement, rsp and r12 a
 * SIB byte. */
static void emit_modrm(struct emit *e, uint32_t reg, struct x86_rm rm)
{
    uint32_t middle = (reg & 7) << 3;
    if (!rm.is_memory) {
        emit8(e, 0xc0 | middle | (rm.reg & 7));
        return;
    }
    uint32_t mod = rm.disp == 0 && (rm.reg & 7) != RBP ? 0 : x86_fits8(rm.disp) ? 0x40 : 0x80;
    if (rm.index == X86_NO_REG && (rm.reg & 7) != RSP) {
        emit8(e, mod | middle | (rm.reg & 7));
    } else {
        uint32_t index = rm.index == X86_NO_REG ? RSP : rm.index & 7u;
        emit8(e, mod | middle | RSP);
        emit8(e, (uint32_t)rm.scale << 6 | index << 3 | (rm.reg & 7));
    }
    if (mod == 0x40)
        emit8(e, (uint32_t)rm.disp);
    else if (mod == 0x80)
        emit32(e, (uint32_t)rm.disp);
}

void x86_op(struct emit *e, uint32_t opcode, uint32_t size, uint32_t reg, struct x86_rm rm)
{
    uint32_t rex = (size == 8 ? 8u : 0) | (reg >> 3 & 1) << 2 | (rm.reg >> 3 & 1);
    if (rm.is_memory && rm.index != X86_NO_REG)
        rex |= (rm.index >> 3 & 1u) << 1;
    if (size == 2)
        emit8(e, 0x66);
    if (rex != 0 || (opcode & X86_FORCE_REX) != 0)
        emit8(e, 0x40 | rex);
    if ((opcode & 0xff00) != 0)
        emit8(e, 0x0f);
    emit8(e, opcode & 0xff);
    emit_modrm(e, reg, rm);
}

/* The three-byte VEX prefix (SDM 2.3.5): `map` 2 is 0f 38, 3 is 0f 3a; `prefix` 1 is 66, 2 f3, 3 f2. */
static void emit_vex(struct emit *e, uint32_t map, uint32_t prefix, uint32_t size, uint32_t reg,
                     uint32_t second, struct x86_rm rm)
{
    bool has_index = rm.is_memory && rm.index != X86_NO_REG;
    emit8(e, 0xc4);
    emit8(e, (~reg >> 3 & 1) << 7 | (has_index ? ~(uint32_t)rm.index >> 3 & 1 : 1) << 6 |
                 (~(uint32_t)rm.reg >> 3 & 1) << 5 | map);
    emit8(e, (size == 8 ? 0x80u : 0) | (~second & 15) << 3 | prefix);
}

void x86_shift_by(struct emit *e, enum x86_shift op, uint32_t size, uint32_t reg, struct x86_rm rm,
                  uint32_t count)
{
    emit_vex(e, 2, op, size, reg, count, rm);
    emit8(e, 0xf7);
    emit_modrm(e, reg, rm);
}

void x86_rorx(struct emit *e, uint32_t size, uint32_t reg, struct x86_rm rm, uint32_t imm)
{
    emit_vex(e, 3, 3, size, reg, 0, rm);
    emit8(e, 0xf0);
    emit_modrm(e, reg, rm);
    emit8(e, imm);
}

void x86_alu_reg(struct emit *e, enum x86_alu op, uint32_t size, uint32_t dst, struct x86_rm src)
{
    x86_op(e, (uint32_t)op * 8 + 3, size, dst, src);
}

void x86_alu_imm(struct emit *e, enum x86_alu op, uint32_t size, struct x86_rm dst, int32_t imm)
{
    x86_op(e, x86_fits8(imm) ? 0x83 : 0x81, size, op, dst);
    if (x86_fits8(imm))
        emit8(e, (uint32_t)imm);
    else
        emit32(e, (uint32_t)imm);
}

void x86_mov(struct emit *e, uint32_t size, uint32_t dst, struct x86_rm src)
{
    x86_op(e, 0x8b, size, dst, src);
}

void x86_mov_imm(struct emit *e, uint32_t dst, uint64_t value)
{
    if (value == 0) {
        x86_op(e, 0x33, 4, dst, x86_reg_rm(dst));
    } else if (value <= UINT32_MAX) {
        if (dst >= R8)
            emit8(e, 0x41);
        emit8(e, 0xb8 | (dst & 7));
        emit32(e, (uint32_t)value);
    } else if (x86_fits32((int64_t)value)) {
        x86_op(e, 0xc7, 8, 0, x86_reg_rm(dst));
        emit32(e, (uint32_t)value);
    } else {
        emit8(e, 0x48 | (dst >= R8));
        emit8(e, 0xb8 | (dst & 7));
        emit64(e, value);
    }
}

void x86_clear_keeping_flags(struct emit *e, uint32_t dst)
{
    if (dst >= R8)
        emit8(e, 0x41);
    emit8(e, 0xb8 | (dst & 7));
    emit32(e, 0);
}

void x86_store(struct emit *e, uint32_t size, struct x86_rm to, uint32_t src)
{
    uint32_t force = size == 1 && src >= RSP ? X86_FORCE_REX : 0;
    x86_op(e, (size == 1 ? 0x88u : 0x89u) | force, size, src, to);
}

void x86_store_imm(struct emit *e, uint32_t size, struct x86_rm to, int32_t imm)
{
    x86_op(e, size == 1 ? 0xc6 : 0xc7, size, 0, to);
    if (size == 1)
        emit8(e, (uint32_t)imm);
    else if (size == 2)
        emit16(e, (uint32_t)imm);
    else
        emit32(e, (uint32_t)imm);
}

void x86_push(struct emit *e, uint32_t reg)
{
    if (reg >= R8)
        emit8(e, 0x41);
    emit8(e, 0x50 | (reg & 7));
}

void x86_pop(struct emit *e, uint32_t reg)
{
    if (reg >= R8)
        emit8(e, 0x41);
    emit8(e, 0x58 | (reg & 7));
}

/* SDM volume 2B, NOP: the recommended multi-byte forms. */
void x86_nops(struct emit *e, uint32_t count)
{
    static const uint8_t forms[9][9] = {
        { 0x90 },
        { 0x66, 0x90 },
        { 0x0f, 0x1f, 0x00 },
        { 0x0f, 0x1f, 0x40, 0x00 },
        { 0x0f, 0x1f, 0x44, 0x00, 0x00 },
        { 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
        { 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
        { 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
        { 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
    };
    while (count != 0) {
        uint32_t take = count > 9 ? 9 : count;
        for (uint32_t i = 0; i < take; i++)
            emit8(e, forms[take - 1][i]);
        count -= take;
    }
}
