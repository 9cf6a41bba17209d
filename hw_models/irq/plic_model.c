/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The platform-level interrupt controller (RISC-V PLIC specification 1.0.0), with level gateways and
 * priorities of 3 bits (SiFive FU540-C000 manual, chapter 10).
 *
 * A gateway passes one request on while its line is high, and is shut until the one who claimed it
 * completes. A request that was passed on is not taken back when the line falls. Claiming does not
 * look at the threshold ("Interrupt Claim Process"). */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <hw/regs/plic.h>
#include <hw_models/models.h>

#define WORDS         (PLIC_SOURCE_MAX / 32)
#define CONTEXTS      (2 * CPU_MAX) /* machine and supervisor mode of each hart */
#define PRIORITY_MASK 7u

struct context {
    uint32_t enable[WORDS];
    uint32_t threshold;
    bool output;
};

struct plic {
    struct model model;
    uint32_t source_count; /* with source 0 */
    uint32_t priority[PLIC_SOURCE_MAX];
    uint32_t line[WORDS], pending[WORDS], shut[WORDS];
    struct context context[CONTEXTS];
};

static struct plic *plic_of(struct model *model)
{
    return CONTAINER_OF(model, struct plic, model);
}

static bool bit_of(const uint32_t *words, uint32_t source)
{
    return (words[source / 32] >> (source % 32) & 1) != 0;
}

static void bit_set(struct plic *plic, uint32_t *words, uint32_t source, bool value)
{
    uint32_t bit = BIT(source % 32), old = words[source / 32];
    model_reg_set(&plic->model, &words[source / 32], value ? old | bit : old & ~bit);
}

/* The most urgent request for a context, the lowest number of several; 0: none above `above`. */
static uint32_t most_urgent(const struct plic *plic, const struct context *context, uint32_t above)
{
    uint32_t best = 0, priority = above;
    for (uint32_t word = 0; word < WORDS; word++) {
        for (uint32_t bits = plic->pending[word] & context->enable[word]; bits != 0;
             bits &= bits - 1) {
            uint32_t source = word * 32 + (uint32_t)__builtin_ctz(bits);
            if (plic->priority[source] > priority) {
                best = source;
                priority = plic->priority[source];
            }
        }
    }
    return best;
}

static void outputs_update(struct plic *plic)
{
    for (uint32_t i = 0; i < CONTEXTS; i++) {
        struct context *context = &plic->context[i];
        bool output = most_urgent(plic, context, context->threshold) != 0;
        if (output == context->output)
            continue;
        context->output = output;
        model_line_set(&plic->model, i, 0, output);
    }
}

static void gateway_look(struct plic *plic, uint32_t source)
{
    if (bit_of(plic->line, source) && !bit_of(plic->shut, source))
        bit_set(plic, plic->pending, source, true);
}

static uint32_t claim(struct plic *plic, struct context *context)
{
    uint32_t source = most_urgent(plic, context, 0);
    if (source == 0)
        return 0;
    bit_set(plic, plic->pending, source, false);
    bit_set(plic, plic->shut, source, true);
    outputs_update(plic);
    return source;
}

/* "If the completion ID does not match an interrupt source that is currently enabled for the target,
 * the completion is silently ignored." */
static void complete(struct plic *plic, const struct context *context, uint32_t source)
{
    if (source == 0 || source >= plic->source_count || !bit_of(context->enable, source)) {
        model_warn(&plic->model, "completion of source %u, which is not enabled: ignored", source);
        return;
    }
    bit_set(plic, plic->shut, source, false);
    gateway_look(plic, source);
    outputs_update(plic);
}

/* --- registers --- */

/* Which bits of a word of sources exist. */
static uint32_t word_mask(const struct plic *plic, uint32_t word)
{
    uint32_t first = word * 32;
    if (first >= plic->source_count)
        return 0;
    uint32_t left = plic->source_count - first;
    uint32_t mask = left >= 32 ? UINT32_MAX : BIT(left) - 1;
    return word == 0 ? mask & ~UINT32_C(1) : mask;
}

/* The context whose register is at `offset`, and the offset in its part; NULL: none. */
static struct context *enable_at(struct plic *plic, uint32_t offset, uint32_t *word)
{
    if (offset < PLIC_ENABLE || offset >= PLIC_ENABLE + CONTEXTS * PLIC_ENABLE_STRIDE)
        return NULL;
    *word = (offset - PLIC_ENABLE) % PLIC_ENABLE_STRIDE / 4;
    return &plic->context[(offset - PLIC_ENABLE) / PLIC_ENABLE_STRIDE];
}

static struct context *context_at(struct plic *plic, uint32_t offset, uint32_t *reg)
{
    if (offset < PLIC_CONTEXT || offset >= PLIC_CONTEXT + CONTEXTS * PLIC_CONTEXT_STRIDE)
        return NULL;
    *reg = (offset - PLIC_CONTEXT) % PLIC_CONTEXT_STRIDE;
    return &plic->context[(offset - PLIC_CONTEXT) / PLIC_CONTEXT_STRIDE];
}

static bool is_whole(struct model *model, const struct model_access *access)
{
    if (access->size == 4 && access->offset % 4 == 0)
        return true;
    model_warn(model, "access of %u bytes at %#llx: registers are words", access->size,
               (unsigned long long)access->offset);
    return false;
}

static uint64_t plic_read(struct model *model, const struct model_access *access)
{
    struct plic *plic = plic_of(model);
    struct context *context;
    uint32_t offset = (uint32_t)access->offset, at;
    if (!is_whole(model, access))
        return 0;
    if (offset < 4 * PLIC_SOURCE_MAX)
        return plic->priority[offset / 4];
    if (offset >= PLIC_PENDING(0) && offset < PLIC_PENDING(WORDS))
        return plic->pending[(offset - PLIC_PENDING(0)) / 4];
    if ((context = enable_at(plic, offset, &at)) != NULL)
        return context->enable[at];
    if ((context = context_at(plic, offset, &at)) != NULL)
        return at == PLIC_THRESHOLD ? context->threshold
               : at == PLIC_CLAIM   ? claim(plic, context)
                                    : 0;
    return 0;
}

static void plic_write(struct model *model, const struct model_access *access, uint64_t value64)
{
    struct plic *plic = plic_of(model);
    struct context *context;
    uint32_t offset = (uint32_t)access->offset, value = (uint32_t)value64, at;
    if (!is_whole(model, access))
        return;
    if (offset < 4 * PLIC_SOURCE_MAX) {
        if (offset != 0 && offset / 4 < plic->source_count)
            model_reg_set(model, &plic->priority[offset / 4], value & PRIORITY_MASK);
    } else if ((context = enable_at(plic, offset, &at)) != NULL) {
        model_reg_set(model, &context->enable[at], value & word_mask(plic, at));
    } else if ((context = context_at(plic, offset, &at)) != NULL && at == PLIC_THRESHOLD) {
        model_reg_set(model, &context->threshold, value & PRIORITY_MASK);
    } else if (context != NULL && at == PLIC_CLAIM) {
        complete(plic, context, value);
        return;
    } else {
        model_warn(model, "write of %#x at %#x, where no register can be written", value, offset);
        return;
    }
    outputs_update(plic);
}

/* --- lines --- */

static void line_input(struct model *model, uint32_t line, uint32_t cpu, bool level)
{
    struct plic *plic = plic_of(model);
    (void)cpu;
    if (line == 0 || line >= plic->source_count)
        return;
    bit_set(plic, plic->line, line, level);
    gateway_look(plic, line);
    outputs_update(plic);
}

static int translate(struct model *model, const uint32_t *cells, uint32_t count, uint32_t *line)
{
    if (count < 1 || cells[0] == 0 || cells[0] >= plic_of(model)->source_count)
        return -EINVAL;
    *line = cells[0];
    return 0;
}

static int init(struct model *model, const struct model_node *node)
{
    struct plic *plic = plic_of(model);
    uint32_t count;
    if (model_node_u32(node, "riscv,ndev", 0, &count) != 0 || count == 0 ||
        count >= PLIC_SOURCE_MAX) {
        model_warn(model, "riscv,ndev is not in 1..%u", PLIC_SOURCE_MAX - 1);
        return -EINVAL;
    }
    plic->source_count = count + 1;
    return 0;
}

static const char *const compatible[] = { "riscv,plic0", "sifive,plic-1.0.0", NULL };

const struct model_ops plic_model = {
    .name = "plic",
    .compatible = compatible,
    .size = sizeof(struct plic),
    .init = init,
    .read = plic_read,
    .write = plic_write,
    .line_input = line_input,
    .translate = translate,
};
