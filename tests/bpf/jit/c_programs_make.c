/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Random C functions, free of undefined behaviour, for two compilers: clang for BPF, run by our
 * engines, and the machine's own, run natively. Both must give the same results.
 *
 *     c_programs_make COUNT SEED [signed-division] > programs.c
 *
 * Signed division and modulo need -mcpu=v4. The file wants `inputs` to exist and PROGRAM(name) to
 * begin a function. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_COUNT 8
#define VAR_COUNT   6

static uint64_t dice;
static bool signed_division;
static uint32_t helper_count, depth;

static uint32_t roll(uint32_t count)
{
    uint64_t z = dice += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 33) % count;
}

static const char *const types[] = { "u64", "s64", "u32", "s32", "u16", "s16", "u8", "s8" };
static const char *type(void)
{
    /* mostly the wide ones */
    return types[roll(4) ? roll(4) : roll(8)];
}

static void constant(void)
{
    switch (roll(5)) {
    case 0:
        printf("%u", roll(16));
        break;
    case 1:
        printf("0x%xu", 1u << roll(32));
        break;
    case 2:
        printf("(%d)", (int)roll(4000) - 2000);
        break;
    case 3:
        printf("0x%xu", roll(1u << 31));
        break;
    default:
        printf("0x%x%08xull", roll(1u << 31), roll(1u << 31));
        break;
    }
}

static void expression(uint32_t level);

static void shift(uint32_t level)
{
    const char *t = types[roll(4)];
    bool wide = strchr(t, '6') != NULL;
    printf("((%s)", t);
    expression(level + 1);
    printf(" %s (", roll(2) ? "<<" : ">>");
    expression(level + 1);
    printf(" & %d))", wide ? 63 : 31);
}

static void division(uint32_t level)
{
    const char *t = signed_division ? types[roll(4)] : types[2 * roll(2)];
    printf("((%s)", t);
    expression(level + 1);
    printf(" %s (%s)((", roll(2) ? "/" : "%", t);
    expression(level + 1);
    /* never 0, and never -1, so that the most negative number is safe */
    printf(" & 0xfff) + 1))");
}

static void rotate(uint32_t level)
{
    uint32_t bits = roll(2) ? 64 : 32, by = 1 + roll(bits - 1);
    printf("rotate%u(", bits);
    expression(level + 1);
    printf(", %u)", by);
}

static void expression(uint32_t level)
{
    static const char *const binary[] = { "+", "-", "*", "&", "|", "^", "+", "-" };
    static const char *const compares[] = { "<", ">", "<=", ">=", "==", "!=" };
    if (level > 3 || roll(4) == 0) {
        if (roll(3) == 0)
            constant();
        else if (roll(6) == 0)
            printf("array[v%u & 7]", roll(VAR_COUNT));
        else
            printf("v%u", roll(VAR_COUNT));
        return;
    }
    switch (roll(13)) {
    case 0:
        return shift(level);
    case 1:
        return division(level);
    case 2:
        return rotate(level);
    case 3:
        printf("(%s)(", type());
        expression(level + 1);
        printf(")");
        return;
    case 4:
        printf("(");
        expression(level + 1);
        printf(" %s ", compares[roll(6)]);
        expression(level + 1);
        printf(" ? ");
        expression(level + 1);
        printf(" : ");
        expression(level + 1);
        printf(")");
        return;
    case 5:
        printf("((%s)", types[roll(4)]);
        expression(level + 1);
        printf(" %s (%s)", compares[roll(6)], types[roll(4)]);
        expression(level + 1);
        printf(")");
        return;
    case 6:
        printf("__builtin_bswap%u(", 16u << roll(3));
        expression(level + 1);
        printf(")");
        return;
    case 7:
        printf("(%s)%s(", types[roll(4)], roll(2) ? "-" : "~");
        expression(level + 1);
        printf(")");
        return;
    case 8:
        if (helper_count > 0 && roll(2)) {
            printf("helper%u(", roll(helper_count));
            expression(level + 2);
            printf(", ");
            expression(level + 2);
            printf(", ");
            expression(level + 2);
            printf(")");
            return;
        }
        break;
    case 9:
        printf("%s(", roll(2) ? "little" : "big");
        expression(level + 2);
        printf(", %u)", 2 + roll(7));
        return;
    default:
        break;
    }
    printf("(");
    expression(level + 1);
    printf(" %s ", binary[roll(8)]);
    expression(level + 1);
    printf(")");
}

static void indent(void)
{
    printf("%*s", (int)(4 * depth), "");
}

static void statements(uint32_t count);

/* Many rounds of little, up or down, maybe left early. */
static void short_loop(void)
{
    uint32_t i = depth, step = 1 + roll(5), rounds = 5 + roll(28), first = roll(50);
    uint32_t last = first + step * rounds + (roll(2) ? 0 : roll(step));
    if (roll(3) == 0)
        printf("for (u32 i%u = %u; i%u > %u; i%u -= %u) {\n", i, last, i, first + step, i, step);
    else if (roll(2))
        printf("for (u32 i%u = %u; i%u < %u; i%u += %u) {\n", i, first, i, last, i, step);
    else
        printf("for (u64 i%u = %u; i%u != %u; i%u += %u) {\n", i, first, i, first + step * rounds,
               i, step);
    depth++;
    for (uint32_t count = 1 + roll(3); count != 0; count--) {
        uint32_t v = roll(VAR_COUNT), other = roll(VAR_COUNT);
        indent();
        switch (roll(6)) {
        case 0:
            printf("v%u += array[i%u & 7];\n", v, i);
            break;
        case 1:
            printf("v%u ^= array[(i%u + %u) & 7] + i%u;\n", v, i, roll(8), i);
            break;
        case 2:
            printf("array[i%u & 7] = v%u;\n", i, v);
            break;
        case 3:
            printf("v%u = v%u * 3 + i%u;\n", v, v, i);
            break;
        case 4:
            printf("if ((u32)v%u %% 17 == i%u %% 16) break;\n", v, i);
            break;
        default:
            printf("v%u |= v%u & i%u;\n", v, other, i);
            break;
        }
    }
    depth--;
    indent();
    printf("}\n");
}

static void statement(void)
{
    indent();
    switch (roll(depth < 3 ? 10 : 6)) {
    case 0:
        printf("array[");
        expression(2);
        printf(" & 7] = ");
        break;
    case 1:
        printf("v%u += ", roll(VAR_COUNT));
        break;
    case 2:
        printf("v%u ^= ", roll(VAR_COUNT));
        break;
    case 6:
    case 7:
        printf("if (");
        expression(1);
        printf(") {\n");
        depth++;
        statements(1 + roll(3));
        depth--;
        indent();
        if (roll(2)) {
            printf("} else {\n");
            depth++;
            statements(1 + roll(3));
            depth--;
            indent();
        }
        printf("}\n");
        return;
    case 8:
        printf("for (u32 i%u = 0; i%u < %u; i%u++) {\n", depth, depth, 1 + roll(9), depth);
        depth++;
        indent();
        printf("v%u += i%u;\n", roll(VAR_COUNT), depth - 1);
        statements(1 + roll(3));
        depth--;
        indent();
        printf("}\n");
        return;
    case 9:
        short_loop();
        return;
    default:
        printf("v%u = ", roll(VAR_COUNT));
        break;
    }
    expression(0);
    printf(";\n");
}

static void statements(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        statement();
}

static void variables(bool from_inputs)
{
    for (uint32_t i = 0; i < VAR_COUNT; i++) {
        if (from_inputs)
            printf("    %s v%u = (%s)inputs[%u];\n", type(), i, type(), i);
        else
            printf("    %s v%u = (%s)%c;\n", type(), i, type(), "abc"[i % 3]);
    }
    printf("    %s array[8] = { ", types[roll(8)]);
    for (uint32_t i = 0; i < 8; i++)
        printf("v%u%s", i % VAR_COUNT, i < 7 ? ", " : " };\n");
}

int main(int argc, char **argv)
{
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 20;
    dice = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    signed_division = argc > 3;
    depth = 1;
    for (uint32_t i = 0; i < 4; i++) {
        printf("static __attribute__((noinline)) u64 helper%u(u64 a, u64 b, u64 c)\n{\n", i);
        variables(false);
        statements(2 + roll(4));
        printf("    return v0 ^ v1 ^ v2 ^ array[%u];\n}\n\n", roll(8));
        helper_count = i + 1 < 3 ? i + 1 : 3;
    }
    helper_count = 4;
    for (uint32_t i = 0; i < count; i++) {
        printf("PROGRAM(program%u)\n{\n", i);
        variables(true);
        statements(3 + roll(12));
        printf("    return ");
        for (uint32_t v = 0; v < VAR_COUNT; v++)
            printf("(u64)v%u * %u + ", v, 3 + 2 * v);
        printf("array[%u];\n}\n\n", roll(8));
    }
    printf("PROGRAMS_BEGIN\n");
    for (uint32_t i = 0; i < count; i++)
        printf("PROGRAM_ROW(program%u)\n", i);
    printf("PROGRAMS_END\n");
    return 0;
}
