/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Refusals in words: what is wrong, in which source line, and what usually mends it. */
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf/debug_info.h>

#include "walk.h"

/* Appends to result->text; false when it is full. */
static void append(struct bpf_verify_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void append(struct bpf_verify_result *result, const char *format, ...)
{
    va_list arguments;
    size_t length = strlen(result->text);
    va_start(arguments, format);
    format_text_va(result->text + length, sizeof result->text - length, format, arguments);
    va_end(arguments);
}

static void add_source_line(struct verifier *v)
{
    struct bpf_verify_result *result = v->result;
    const struct bpf_debug_line *line = bpf_debug_line_at(v->request->debug, result->insn_index);
    if (line == NULL)
        return;
    const char *text = line->text != NULL ? line->text : "";
    while (*text == ' ' || *text == '\t')
        text++;
    string_copy(result->source_file, sizeof result->source_file,
                line->file != NULL ? line->file : "");
    string_copy(result->source_text, sizeof result->source_text, text);
    result->source_line = line->line;
    append(result, "\n  at %s:%u%s%s", result->source_file, result->source_line,
           *text != '\0' ? ": " : "", text);
}

static uint32_t line_of(const struct verifier *v, uint32_t pc)
{
    const struct bpf_debug_line *line = bpf_debug_line_at(v->request->debug, pc);
    return line != NULL ? line->line : pc;
}

/* What the path decided last, the oldest first. */
static void keep_decisions(struct verifier *v)
{
    struct bpf_verify_result *result = v->result;
    const struct decisions *d = &v->state.decisions;
    result->path_total = d->count;
    result->path_count = d->count < DECISIONS_KEPT ? d->count : DECISIONS_KEPT;
    for (uint32_t i = 0; i < result->path_count; i++) {
        uint32_t last = d->last[(d->count - result->path_count + i) % DECISIONS_KEPT];
        uint32_t from = DECISION_WHICH(last) / 2, to = from + 1;
        if (DECISION_WHICH(last) & 1)
            to = (uint32_t)((int64_t)to + v->insns[from].offset);
        result->path[i] = (struct bpf_verify_decision){ from, to, DECISION_TIMES(last) };
    }
}
_Static_assert(DECISIONS_KEPT <= BPF_VERIFY_PATH_MAX, "all that are kept are told");

/* "by way of: line 31 to 33, 40 to 38" */
static void add_path(struct verifier *v)
{
    const struct bpf_verify_result *result = v->result;
    bool has_lines = bpf_debug_line_at(v->request->debug, result->insn_index) != NULL;
    for (uint32_t i = 0; i < result->path_count; i++) {
        const struct bpf_verify_decision *d = &result->path[i];
        append(v->result, "%s %u to %u",
               i == 0 ? (has_lines ? "\n  by way of: line" : "\n  by way of: insn") : ",",
               line_of(v, d->insn_index), line_of(v, d->to_index));
        if (d->times > 1)
            append(v->result, " (%u times)", d->times);
    }
}

/* Of a call: its arguments, as far as they are set. */
static uint32_t arguments_set(const struct verifier *v, uint32_t *numbers)
{
    const struct frame *f = &v->state.frames[v->state.frame_count - 1];
    uint32_t count = 0;
    while (count < 5 && f->regs[count + 1].type != REG_UNSET) {
        numbers[count] = count + 1;
        count++;
    }
    return count;
}

uint32_t registers_read(const struct verifier *v, uint32_t *numbers)
{
    const struct bpf_insn *insn = &v->insns[v->state.pc];
    uint32_t class = BPF_CLASS(insn->opcode), count = 0;
    bool jumps = class == BPF_JMP || class == BPF_JMP32,
         computes = class == BPF_ALU || class == BPF_ALU64;
    if (jumps && BPF_OP(insn->opcode) == BPF_CALL)
        return arguments_set(v, numbers);
    if (jumps && BPF_OP(insn->opcode) == BPF_EXIT) {
        numbers[0] = 0;
        return 1;
    }
    if (class == BPF_LD || (jumps && BPF_OP(insn->opcode) == BPF_JA))
        return 0;
    if (class != BPF_LDX && !(computes && BPF_OP(insn->opcode) == BPF_MOV))
        numbers[count++] = insn->dst_reg;
    bool source =
        class == BPF_LDX || class == BPF_STX ||
        ((computes || jumps) && BPF_SRC(insn->opcode) == BPF_X && BPF_OP(insn->opcode) != BPF_END);
    if (source && (count == 0 || insn->src_reg != insn->dst_reg))
        numbers[count++] = insn->src_reg;
    return count;
}

/* Is the refusal about values that the instruction reads? */
static bool is_about_values(enum bpf_reject reason)
{
    return reason == BPF_REJECT_TYPE || reason == BPF_REJECT_POINTER_LEAK ||
           reason == BPF_REJECT_POINTER_MATH || reason == BPF_REJECT_NULL ||
           reason == BPF_REJECT_OOB || reason == BPF_REJECT_ALIGN ||
           reason == BPF_REJECT_READ_ONLY || reason == BPF_REJECT_ARGUMENT ||
           reason == BPF_REJECT_MAP || reason == BPF_REJECT_UNINIT ||
           reason == BPF_REJECT_REFERENCE;
}

static void keep_registers(struct verifier *v)
{
    struct bpf_verify_result *result = v->result;
    uint32_t numbers[BPF_VERIFY_REGISTER_MAX];
    result->register_count = 0;
    if (v->state.frames == NULL || v->state.frame_count == 0 || !is_about_values(result->reason))
        return;
    result->register_count = registers_read(v, numbers);
    for (uint32_t i = 0; i < result->register_count; i++) {
        const struct reg *r = &v->state.frames[v->state.frame_count - 1].regs[numbers[i]];
        result->registers[i].number = numbers[i];
        string_copy(result->registers[i].value, sizeof result->registers[i].value,
                    describe(v, r).text);
    }
}

static void add_registers(struct bpf_verify_result *result)
{
    for (uint32_t i = 0; i < result->register_count; i++)
        append(result, "%sr%u is %s", i == 0 ? "\n  where " : ", ", result->registers[i].number,
               result->registers[i].value);
}

int refuse(struct verifier *v, int error, enum bpf_reject reason, const char *mend,
           const char *format, ...)
{
    struct bpf_verify_result *result = v->result;
    va_list arguments;
    result->reason = reason;
    result->insn_index = v->state.pc;
    va_start(arguments, format);
    format_text_va(result->what, sizeof result->what, format, arguments);
    va_end(arguments);
    string_copy(result->mend, sizeof result->mend, mend);
    keep_decisions(v);
    keep_registers(v);
    format_text(result->text, sizeof result->text, "insn %u: %s", result->insn_index, result->what);
    add_source_line(v);
    add_path(v);
    add_registers(result);
    if (mend[0] != '\0')
        append(result, "\n  usually mended so: %s", mend);
    return error;
}

/* --- Where the work went
 * ---------------------------------------------------------------------------------------------------------
 */

/* The first instruction of its source line. */
static uint32_t place_of(const struct verifier *v, uint32_t pc)
{
    const struct bpf_debug_line *line = bpf_debug_line_at(v->request->debug, pc);
    if (line == NULL)
        return pc;
    /* The lines of a statement come in pieces. */
    const struct bpf_debug_line *first = v->request->debug->lines;
    while (first->line != line->line || first->file != line->file)
        first++;
    return first->insn_index;
}

void explain_sample(struct verifier *v)
{
    struct samples *s = &v->samples;
    uint32_t pc = v->state.pc, free = SAMPLE_PLACES;
    s->count++;
    for (uint32_t i = 0; i < SAMPLE_PLACES; i++) {
        if (s->places[i].hits != 0 && s->places[i].pc == pc) {
            s->places[i].hits++;
            return;
        }
        if (s->places[i].hits == 0)
            free = i;
    }
    if (free < SAMPLE_PLACES) {
        s->places[free].pc = pc;
        s->places[free].hits = 1;
        return;
    }
    for (uint32_t i = 0; i < SAMPLE_PLACES; i++)
        s->places[i].hits--;
}

static void keep_hot(struct verifier *v)
{
    struct bpf_verify_result *result = v->result;
    struct samples s = v->samples;
    for (uint32_t i = 0; i < SAMPLE_PLACES; i++)
        if (s.places[i].hits != 0)
            s.places[i].pc = place_of(v, s.places[i].pc);
    for (uint32_t i = 0; i < SAMPLE_PLACES; i++)
        for (uint32_t j = i + 1; j < SAMPLE_PLACES; j++)
            if (s.places[j].hits != 0 && s.places[j].pc == s.places[i].pc) {
                s.places[i].hits += s.places[j].hits;
                s.places[j].hits = 0;
            }
    result->hot_count = 0;
    while (result->hot_count < BPF_VERIFY_HOT_MAX) {
        uint32_t most = 0;
        for (uint32_t i = 1; i < SAMPLE_PLACES; i++)
            if (s.places[i].hits > s.places[most].hits)
                most = i;
        uint32_t percent = s.count != 0 ? s.places[most].hits * 100u / s.count : 0;
        if (percent == 0)
            return;
        result->hot[result->hot_count++] = (struct bpf_verify_hot){ s.places[most].pc, percent };
        s.places[most].hits = 0;
    }
}

int refuse_complex(struct verifier *v, int error, enum bpf_reject reason, const char *mend,
                   const char *what)
{
    struct bpf_verify_result *result = v->result;
    bool has_lines = bpf_debug_line_at(v->request->debug, v->state.pc) != NULL;
    refuse(v, error, reason, mend, "%s", what);
    keep_hot(v);
    for (uint32_t i = 0; i < result->hot_count; i++)
        append(result, "%s %s %u (%u %%)", i == 0 ? "\n  most of the work went to" : ",",
               has_lines ? "line" : "insn", line_of(v, result->hot[i].insn_index),
               result->hot[i].percent);
    return error;
}

void explain_note_worst(struct verifier *v, const struct cost *more)
{
    uint64_t ns = v->state.ns + more->ns +
                  (v->state.insns + more->insns) * (uint64_t)(v->env->insn_cost_ps + 1u) / 1000u;
    if (v->nested != 0 || ns < v->worst_ns || more->insns >= COST_MAX)
        return;
    v->worst_ns = ns;
    v->worst = v->state.decisions;
}

void explain_worst(struct verifier *v)
{
    v->state.decisions = v->worst;
    v->state.pc = 0;
}

void explain_lost(struct verifier *v)
{
    struct bpf_verify_result *result = v->result;
    char was[sizeof result->text];
    result->reason = BPF_REJECT_MEMORY;
    string_copy(was, sizeof was, result->text);
    format_text(result->text, sizeof result->text,
                "too complex for this budget of %zu bytes: paths had to be merged, and so it seems "
                "that, at %s",
                v->memory_limit, was);
    string_copy(was, sizeof was, result->what);
    format_text(result->what, sizeof result->what,
                "too complex for this budget of %zu bytes: paths had to be merged, and so it seems "
                "that %s",
                v->memory_limit, was);
}

void explain_forget(struct verifier *v)
{
    struct bpf_verify_result *result = v->result;
    result->reason = BPF_REJECT_NONE;
    result->text[0] = result->what[0] = result->mend[0] = '\0';
    result->path_count = result->path_total = result->register_count = result->hot_count = 0;
    result->insn_index = 0;
    result->source_file[0] = '\0';
    result->source_line = 0;
    result->source_text[0] = '\0';
}

int refuse_memory(struct verifier *v)
{
    char what[160];
    format_text(
        what, sizeof what,
        "too complex for this budget of %zu bytes: it was used up here, after %llu instructions",
        v->memory_limit, (unsigned long long)v->walked);
    return refuse_complex(v, -ENOMEM, BPF_REJECT_MEMORY,
                          "give the verifier more memory, or make the program simpler here", what);
}

/* Ends that say nothing: with what is known of the lowest bits, they come up where all else is unknown. */
static bool is_far(const struct scalar *n)
{
    return n->smin < INT64_MIN / 2 && n->smax > INT64_MAX / 2;
}

static void number_text(char *to, size_t size, const struct scalar *n)
{
    uint64_t bits = n->t.value | n->t.mask, step = bits & (0 - bits);
    if (scalar_is_const(n))
        format_text(to, size, "%lld", (long long)n->smin);
    else if (n->smin >= 0)
        format_text(to, size, "%llu..%llu", (unsigned long long)n->umin,
                    (unsigned long long)n->umax);
    else if (is_far(n) && step > 1)
        format_text(to, size, "any multiple of %llu", (unsigned long long)step);
    else if (is_far(n))
        format_text(to, size, "anything");
    else
        format_text(to, size, "%lld..%lld", (long long)n->smin, (long long)n->smax);
}

struct description describe_number(const struct scalar *n)
{
    struct description out;
    number_text(out.text, sizeof out.text, n);
    return out;
}

static const char *map_name(const struct verifier *v, const struct reg *r)
{
    return r->map < v->request->map_count ? v->request->maps[r->map]->name : "?";
}

/* "a kernel object (struct task_struct)"; by its number where the type has no name. */
static void object_text(const struct verifier *v, const struct reg *r, char *to, size_t size)
{
    bool own = (r->attr & REG_OWN_TYPE) != 0;
    const struct bpf_btf *btf = own ? v->request->btf : v->request->kernel_btf;
    const char *what = own ? "an object of the program's own" : "a kernel object";
    struct bpf_btf_type type;
    if (btf == NULL || !bpf_btf_type_at(btf, r->type_id, &type) || type.name[0] == '\0')
        format_text(to, size, "%s (BTF type %u)", what, r->type_id);
    else
        format_text(to, size, "%s (%s%.32s)", what,
                    type.kind == BPF_BTF_STRUCT  ? "struct "
                    : type.kind == BPF_BTF_UNION ? "union "
                                                 : "",
                    type.name);
}

struct description describe(const struct verifier *v, const struct reg *r)
{
    struct description out;
    char n[48], object[80];
    const char *or_null = r->may_be_null ? " or NULL" : "";
    number_text(n, sizeof n, &r->n);
    switch ((enum reg_type)r->type) {
    case REG_NUMBER:
        format_text(out.text, sizeof out.text, "a number (%s)", n);
        break;
    case REG_CONTEXT:
        format_text(out.text, sizeof out.text, "the context + %s", n);
        break;
    case REG_STACK:
        format_text(out.text, sizeof out.text, "the stack at r10 + %s", n);
        break;
    case REG_MAP:
        format_text(out.text, sizeof out.text, "the map '%s' itself", map_name(v, r));
        break;
    case REG_MAP_VALUE:
        format_text(out.text, sizeof out.text, "a value of map '%s' (%u bytes)%s + %s",
                    map_name(v, r), r->size, or_null, n);
        break;
    case REG_RECORD:
        format_text(out.text, sizeof out.text, "a ring buffer record (%u bytes)%s + %s", r->size,
                    or_null, n);
        break;
    case REG_MAP_KEY:
        format_text(out.text, sizeof out.text, "a key of map '%s' (%u bytes) + %s", map_name(v, r),
                    r->size, n);
        break;
    case REG_MEM:
        format_text(out.text, sizeof out.text, "memory (%u bytes)%s + %s", r->size, or_null, n);
        break;
    case REG_BUFFER:
        format_text(out.text, sizeof out.text, "a tracepoint's buffer + %s", n);
        break;
    case REG_PACKET:
        format_text(out.text, sizeof out.text, "the packet (%u bytes known) + %s", r->size, n);
        break;
    case REG_PACKET_META:
        format_text(out.text, sizeof out.text, "the packet's metadata (%u bytes known) + %s",
                    r->size, n);
        break;
    case REG_PACKET_END:
        format_text(out.text, sizeof out.text, "the packet's end");
        break;
    case REG_SOCKET:
        format_text(out.text, sizeof out.text, "a socket%s + %s", or_null, n);
        break;
    case REG_BTF:
        object_text(v, r, object, sizeof object);
        format_text(out.text, sizeof out.text, "%s%s + %s", object, or_null, n);
        break;
    case REG_ARENA:
        format_text(out.text, sizeof out.text, "an address in an arena");
        break;
    case REG_FUNCTION:
        format_text(out.text, sizeof out.text, "the function at insn %u", r->function);
        break;
    case REG_DYNPTR:
    case REG_SLOT_DYNPTR:
        format_text(out.text, sizeof out.text, "a dynptr");
        break;
    case REG_SLOT_ITERATOR:
        format_text(out.text, sizeof out.text, "an iterator");
        break;
    case REG_SLOT_IRQ_FLAGS:
        format_text(out.text, sizeof out.text, "saved interrupt flags");
        break;
    case REG_UNSET:
    case REG_TYPE_COUNT:
        format_text(out.text, sizeof out.text, "not set");
        break;
    }
    return out;
}
