/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <bpf/debug_info.h>

const struct bpf_debug_func *bpf_debug_func_at(const struct bpf_debug_info *info,
                                               uint32_t insn_index)
{
    const struct bpf_debug_func *found = NULL;
    for (uint32_t i = 0; info != NULL && i < info->func_count; i++) {
        if (info->funcs[i].insn_index <= insn_index)
            found = &info->funcs[i];
    }
    return found;
}

const struct bpf_debug_line *bpf_debug_line_at(const struct bpf_debug_info *info,
                                               uint32_t insn_index)
{
    if (info == NULL)
        return NULL;
    uint32_t low = 0, high = info->line_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (info->lines[middle].insn_index <= insn_index)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    /* A function without lines must not borrow the last line of the one before it. */
    const struct bpf_debug_func *func = bpf_debug_func_at(info, insn_index);
    const struct bpf_debug_line *line = &info->lines[low - 1];
    return func != NULL && line->insn_index < func->insn_index ? NULL : line;
}
