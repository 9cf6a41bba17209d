/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* LLVM's assembler judges instruction emitters: each word comes with the text that it should be;
 * all texts are assembled in one go and every word must be the assembler's. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define ASM_JUDGE_MAX 16384

struct asm_judge {
    const char *options; /* -triple=... -mattr=... */
    uint32_t count;
    uint32_t words[ASM_JUDGE_MAX];
    char texts[ASM_JUDGE_MAX][64];
};

/* False, with a line that says so, where the assembler is not installed. */
bool asm_judge_begin(struct asm_judge *judge, const char *options);
void asm_judge_add(struct asm_judge *judge, uint32_t word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Prints what differs; gives how many differ. */
uint32_t asm_judge_end(struct asm_judge *judge);
