/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Addresses in an arena (Linux 6.9: kernel/bpf/arena.c), memory of up to 4 GiB that programs share with user space.
 *
 * User space's own addresses are numbers to the verifier: what the arena's functions give, what lies in the arena,
 * what LDDW says of its variables. addr_space_cast cuts one down to its lower half, and that is a REG_ARENA. Loads
 * and stores through it add the lower half to where the kernel has the arena, 4 GiB with guards on both sides: so
 * any value will do, no offset is followed, and a page that is not there is caught (it reads as 0). Whoever shares
 * the memory may have written anything: loads give any number, and pointers are stored as numbers are.
 *
 * That holds as long as the upper half is zero, so Linux makes 64-bit arithmetic on REG_ARENA arithmetic of 32 bits,
 * and accesses through it other instructions, for every path that comes there. Linux lets other paths bring numbers
 * to the same arithmetic, of whose 64 bits it goes on to believe what is known; here that is refused.
 *
 * Nothing here runs such programs: bpf/decode.c refuses addr_space_cast, without which there is no REG_ARENA. */
#include "arena.h"

#define LINUX_OFFSET_END (UINT32_C(1) << 29) /* Linux: BPF_MAX_VAR_OFF */

static struct reg address(void)
{
    return (struct reg){ .type = REG_ARENA, .n = scalar_unknown(BITS) };
}

/* Which arena the LDDW at `pc` names, or NULL. */
static const struct bpf_map *named_at(const struct verifier *v, uint32_t pc)
{
    uint32_t op = insn_row(v, pc)->op, index = (uint32_t)v->insns[pc].imm;
    if ((op != BPF_OP_LD_MAP && op != BPF_OP_LD_MAP_VALUE) || index >= v->request->map_count)
        return NULL;
    const struct bpf_map *map = v->request->maps[index];
    return (map->ops->bit & BPF_MAP_BIT_ARENA) != 0 ? map : NULL;
}

static bool has_arena(const struct verifier *v)
{
    for (uint32_t i = 0; i < v->request->map_count; i++)
        if ((v->request->maps[i]->ops->bit & BPF_MAP_BIT_ARENA) != 0)
            return true;
    return false;
}

static int check_arena(struct verifier *v, uint32_t pc, const struct bpf_map *map)
{
    v->state.pc = pc;
    if (v->arena != 0 && v->request->maps[v->arena - 1] != map)
        return refuse(v, -EBUSY, BPF_REJECT_MAP, "put everything into one",
                      "'%s' and '%s': one arena per program", v->request->maps[v->arena - 1]->name,
                      map->name);
    if (!has_rule(v, BPF_RULE_LINUX) || !has_rule(v, BPF_RULE_POINTER_LEAKS))
        return refuse(v, -EPERM, BPF_REJECT_MAP, "", "programs of '%s' have no arenas",
                      v->context->section_prefix);
    v->arena = (uint32_t)v->insns[pc].imm + 1;
    return 0;
}

int arena_find(struct verifier *v)
{
    for (uint32_t pc = 0; has_arena(v) && pc < v->insn_count; pc += bpf_insn_slots(&v->insns[pc])) {
        const struct bpf_map *map = named_at(v, pc);
        int err = map == NULL ? 0 : check_arena(v, pc, map);
        if (err != 0)
            return err;
    }
    return 0;
}

int arena_address(struct verifier *v, const struct bpf_map *map, uint32_t at, struct reg *out)
{
    uint64_t size = (uint64_t)map->max_entries * BPF_PAGE_SIZE;
    if (at >= LINUX_OFFSET_END || at > size)
        return refuse(v, -EINVAL, BPF_REJECT_OOB, "", "byte %u of arena '%s', which has %llu", at,
                      map->name, (unsigned long long)size);
    *out = reg_any_number();
    return 0;
}

int arena_cast(struct verifier *v, const struct bpf_insn *insn)
{
    int err = check_set(v, insn->src_reg);
    if (err != 0)
        return err;
    if (insn->imm != BPF_CAST_TO_KERNEL && insn->imm != BPF_CAST_TO_USER)
        return refuse(v, -EINVAL, BPF_REJECT_BAD_INSN, "",
                      "addr_space_cast is from space 1 to 0 or from 0 to 1");
    if (v->arena == 0)
        return refuse(v, -EINVAL, BPF_REJECT_MAP,
                      "name the arena in this program: bpf_arena_alloc_pages(&arena, ...)",
                      "addr_space_cast in a program that names no arena");
    *state_reg(&v->state, insn->dst_reg) =
        insn->imm == BPF_CAST_TO_KERNEL ? address() : reg_any_number();
    return 0;
}

bool arena_alu(struct verifier *v, const struct bpf_insn *insn, const struct reg *src, bool half,
               int *err)
{
    enum { OF_NUMBERS, OF_ADDRESSES };
    struct reg *dst = state_reg(&v->state, insn->dst_reg);
    bool is = dst->type == REG_ARENA || src->type == REG_ARENA;
    *err = 0;
    if (!half && !kind_is_known(v, is ? OF_ADDRESSES : OF_NUMBERS)) {
        *err = refuse(v, -EINVAL, BPF_REJECT_POINTER_MATH,
                      "compute with the number, and cast the result",
                      "this arithmetic is with an address in an arena, so of 32 bits, on one path, "
                      "and without on another");
        return true;
    }
    if (is)
        *dst = address();
    return is;
}

int arena_load(struct verifier *v, uint32_t reg_number, uint32_t size, bool sign_extends,
               struct reg *out)
{
    if (sign_extends)
        return refuse(v, -EOPNOTSUPP, BPF_REJECT_UNSUPPORTED,
                      "load it unsigned, and extend it then",
                      "r%u is %s: Linux 6.12 has no loads with sign extension there", reg_number,
                      describe(v, state_reg(&v->state, reg_number)).text);
    *out = reg_any_number();
    out->n = scalar_zext(&out->n, size * 8, BITS);
    return 0;
}

/* As on x86-64, where these three are loops (Linux: bpf_jit_supports_insn()). */
int arena_atomic(struct verifier *v, const struct bpf_insn *insn)
{
    const int32_t and = BPF_AND | BPF_FETCH, or = BPF_OR | BPF_FETCH, xor = BPF_XOR | BPF_FETCH;
    if (insn->imm != and&&insn->imm != or &&insn->imm != xor)
        return 0;
    return refuse(v, -EACCES, BPF_REJECT_TYPE, "compare and exchange, or do without the old value",
                  "r%u is %s: no and, or, xor there that fetch", insn->dst_reg,
                  describe(v, state_reg(&v->state, insn->dst_reg)).text);
}
