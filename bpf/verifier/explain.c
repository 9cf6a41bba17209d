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

/* "by way of: line 31 to 33, 40 to 38": what the path decided last, the oldest first. */
static void add_decisions(struct verifier *v)
{
    const struct decisions *d = &v->state.decisions;
    uint32_t first = d->count > DECISIONS_KEPT ? d->count - DECISIONS_KEPT : 0;
    bool has_lines = bpf_debug_line_at(v->request->debug, v->state.pc) != NULL;
    for (uint32_t i = first; i < d->count; i++) {
        uint32_t from = d->last[i % DECISIONS_KEPT] / 2, to = from + 1;
        if (d->last[i % DECISIONS_KEPT] & 1)
            to = (uint32_t)((int64_t)to + v->insns[from].offset);
        append(v->result, "%s %u to %u",
               i == first ? (has_lines ? "\n  by way of: line" : "\n  by way of: insn") : ",",
               line_of(v, from), line_of(v, to));
    }
}

int refuse(struct verifier *v, int error, enum bpf_reject reason, const char *mend,
           const char *format, ...)
{
    struct bpf_verify_result *result = v->result;
    va_list arguments;
    result->reason = reason;
    result->insn_index = v->state.pc;
    format_text(result->text, sizeof result->text, "insn %u: ", v->state.pc);
    size_t length = strlen(result->text);
    va_start(arguments, format);
    format_text_va(result->text + length, sizeof result->text - length, format, arguments);
    va_end(arguments);
    add_source_line(v);
    if (mend[0] != '\0')
        append(result, "\n  usually mended so: %s", mend);
    add_decisions(v);
    return error;
}

void explain_lost(struct verifier *v)
{
    struct bpf_verify_result *result = v->result;
    char was[sizeof result->text];
    string_copy(was, sizeof was, result->text);
    result->reason = BPF_REJECT_MEMORY;
    format_text(result->text, sizeof result->text,
                "too complex for this budget of %zu bytes: paths had to be merged, and so it seems "
                "that, at %s",
                v->memory_limit, was);
}

void explain_forget(struct verifier *v)
{
    struct bpf_verify_result *result = v->result;
    result->reason = BPF_REJECT_NONE;
    result->text[0] = '\0';
    result->insn_index = 0;
    result->source_file[0] = '\0';
    result->source_line = 0;
    result->source_text[0] = '\0';
}

int refuse_memory(struct verifier *v)
{
    return refuse(
        v, -ENOMEM, BPF_REJECT_MEMORY,
        "give the verifier more memory, or make the program simpler here",
        "too complex for this budget of %zu bytes: it was used up here, after %llu instructions",
        v->memory_limit, (unsigned long long)v->walked);
}

static void number_text(char *to, size_t size, const struct scalar *n)
{
    if (scalar_is_const(n))
        format_text(to, size, "%lld", (long long)n->smin);
    else if (n->smin >= 0)
        format_text(to, size, "%llu..%llu", (unsigned long long)n->umin,
                    (unsigned long long)n->umax);
    else if (n->smin == INT64_MIN && n->smax == INT64_MAX)
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

struct description describe(const struct verifier *v, const struct reg *r)
{
    struct description out;
    char n[48];
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
        format_text(out.text, sizeof out.text, "a kernel object (BTF type %u)%s + %s", r->type_id,
                    or_null, n);
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
