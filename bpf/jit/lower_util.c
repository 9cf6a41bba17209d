/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory, growing lists, and what instructions read and do: what every pass of the lowering needs. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>

#include "lower.h"

/* The first chunk; each next one is as large as all before, up to the second. */
#define CHUNK_SIZE     ((size_t)4 << 10)
#define CHUNK_SIZE_MAX ((size_t)128 << 10)

/* One that was used before, or a new one; NULL without memory. */
static struct lower_chunk *find_chunk(struct lower_memory *memory, size_t size)
{
    for (struct lower_chunk **link = &memory->spare; *link != NULL; link = &(*link)->next) {
        struct lower_chunk *chunk = *link;
        if (chunk->size_bytes < size)
            continue;
        *link = chunk->next;
        return chunk;
    }
    size_t usual = memory->chunks == NULL ? CHUNK_SIZE : memory->chunks->usual * 2;
    usual = usual > CHUNK_SIZE_MAX ? CHUNK_SIZE_MAX : usual;
    size_t room = size > usual ? size : usual;
    struct lower_chunk *chunk = bpf_env_alloc(memory->env, sizeof *chunk + room);
    if (chunk == NULL)
        return NULL;
    chunk->usual = usual;
    chunk->size_bytes = room;
    return chunk;
}

static void *take(struct lower_memory *memory, size_t count, size_t size_bytes, bool clear)
{
    size_t size = (size_t)align_up64(count * size_bytes, 16);
    struct lower_chunk *chunk = memory->chunks;
    if (chunk == NULL || chunk->size_bytes - chunk->used < size) {
        chunk = find_chunk(memory, size);
        if (chunk == NULL)
            return NULL;
        chunk->next = memory->chunks;
        memory->chunks = chunk;
    }
    uint8_t *at = chunk->data + chunk->used;
    if (clear && chunk->used < chunk->dirty)
        memset(at, 0, chunk->dirty - chunk->used < size ? chunk->dirty - chunk->used : size);
    chunk->used += size;
    if (chunk->used > chunk->dirty)
        chunk->dirty = chunk->used;
    return at;
}

void *lower_alloc(struct lower_memory *memory, size_t count, size_t size_bytes)
{
    return take(memory, count, size_bytes, true);
}

void *lower_alloc_raw(struct lower_memory *memory, size_t count, size_t size_bytes)
{
    return take(memory, count, size_bytes, false);
}

void lower_reuse(struct lower_memory *memory)
{
    while (memory->chunks != NULL) {
        struct lower_chunk *chunk = memory->chunks;
        memory->chunks = chunk->next;
        chunk->used = 0;
        chunk->next = memory->spare;
        memory->spare = chunk;
    }
}

void lower_free_all(struct lower_memory *memory)
{
    lower_reuse(memory);
    while (memory->spare != NULL) {
        struct lower_chunk *chunk = memory->spare;
        memory->spare = chunk->next;
        bpf_env_free(memory->env, chunk, sizeof *chunk + chunk->size_bytes);
    }
}

/* The list `items`, with room for one more. */
static void *grown(struct lower *f, void *items, uint32_t count, uint32_t *capacity,
                   size_t item_size)
{
    if (count < *capacity)
        return items;
    uint32_t room = *capacity == 0 ? 64 : *capacity * 2;
    void *larger = lower_alloc_raw(f->scratch, room, item_size);
    if (larger == NULL)
        return NULL;
    if (count != 0)
        memcpy(larger, items, count * item_size);
    *capacity = room;
    return larger;
}

int lower_expect(struct lower *f, uint32_t count)
{
    struct ir_insn *insns = f->old_insns;
    uint32_t capacity = f->old_capacity;
    if (capacity < count) {
        insns = lower_alloc_raw(f->scratch, count, sizeof *insns);
        if (insns == NULL)
            return -ENOMEM;
        capacity = count;
    }
    f->old_insns = f->insns;
    f->old_capacity = f->insn_capacity;
    f->insns = insns;
    f->insn_count = 0;
    f->insn_capacity = capacity;
    return 0;
}

bool lower_grow(struct lower *f)
{
    struct ir_insn *insns = grown(f, f->insns, f->insn_count, &f->insn_capacity, sizeof *f->insns);
    if (insns != NULL)
        f->insns = insns;
    return insns != NULL;
}

struct ir_block *lower_append_block(struct lower *f)
{
    struct ir_block *blocks =
        grown(f, f->blocks, f->block_count, &f->block_capacity, sizeof *f->blocks);
    if (blocks == NULL)
        return NULL;
    f->blocks = blocks;
    struct ir_block *block = &blocks[f->block_count++];
    *block = (struct ir_block){ .first = f->insn_count, .end = f->insn_count };
    return block;
}

struct ir_call *lower_append_call(struct lower *f)
{
    struct ir_call *calls = grown(f, f->calls, f->call_count, &f->call_capacity, sizeof *f->calls);
    if (calls == NULL)
        return NULL;
    f->calls = calls;
    struct ir_call *call = &calls[f->call_count++];
    *call = (struct ir_call){ .pointer = IR_NONE };
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++)
        call->args[i] = IR_NONE;
    return call;
}

bool lower_is_pure(const struct ir_insn *insn)
{
    switch ((enum ir_op)insn->op) {
    case IR_STORE:
    case IR_ADD_MEMORY:
    case IR_ATOMIC_ADD:
    case IR_ATOMIC_AND:
    case IR_ATOMIC_OR:
    case IR_ATOMIC_XOR:
    case IR_ATOMIC_XCHG:
    case IR_ATOMIC_CMPXCHG:
    case IR_LOAD_ACQUIRE:
    case IR_STORE_RELEASE:
    case IR_BRANCH:
    case IR_JUMP:
    case IR_CALL:
    case IR_RETURN:
        return false;
    default:
        return true;
    }
}

uint32_t lower_successors(const struct lower *f, uint32_t block, uint32_t to[2])
{
    const struct ir_insn *last = lower_last(f, block);
    uint32_t count = 0;
    if (last != NULL && (last->op == IR_BRANCH || last->op == IR_JUMP))
        to[count++] = IR_TARGET(last);
    if (lower_falls_through(last) && block + 1 < f->block_count)
        to[count++] = block + 1;
    return count;
}

uint32_t lower_call_sources(struct lower *f, struct ir_insn *insn, ir_place *to[LOWER_SOURCE_MAX],
                            uint32_t count)
{
    struct ir_call *call = &f->calls[insn->target];
    if (call->pointer != IR_NONE)
        to[count++] = &call->pointer;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (call->args[i] != IR_NONE)
            to[count++] = &call->args[i];
    }
    return count;
}
