/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "asm_judge.h"

#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool asm_judge_begin(struct asm_judge *judge, const char *options)
{
    judge->options = options;
    judge->count = 0;
    if (access("/usr/bin/llvm-mc-19", X_OK) != 0) {
        printf("skipped: llvm-mc-19 (Debian: llvm-19) is not installed\n");
        return false;
    }
    return true;
}

void asm_judge_add(struct asm_judge *judge, uint32_t word, const char *format, ...)
{
    ck_assert_uint_lt(judge->count, ASM_JUDGE_MAX);
    va_list args;
    va_start(args, format);
    vsnprintf(judge->texts[judge->count], sizeof judge->texts[0], format, args);
    va_end(args);
    judge->words[judge->count++] = word;
}

/* `--show-encoding` prints "encoding: [0x..,0x..,0x..,0x..]" for each instruction, in order. */
uint32_t asm_judge_end(struct asm_judge *judge)
{
    char source[] = "/tmp/axiom_asm_XXXXXX", command[512], line[512];
    int fd = mkstemp(source);
    ck_assert_int_ge(fd, 0);
    FILE *file = fdopen(fd, "w");
    for (uint32_t i = 0; i < judge->count; i++)
        fprintf(file, "%s\n", judge->texts[i]);
    fclose(file);
    snprintf(command, sizeof command, "llvm-mc-19 %s --show-encoding %s", judge->options, source);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    uint32_t seen = 0, wrong = 0;
    while (fgets(line, sizeof line, pipe) != NULL) {
        const char *at = NULL;
        for (const char *c = line; *c != '\0'; c++) {
            if (*c == '[' && c[1] == '0')
                at = c;
        }
        unsigned b[4];
        if (at == NULL || sscanf(at, "[0x%x,0x%x,0x%x,0x%x]", &b[0], &b[1], &b[2], &b[3]) != 4)
            continue;
        ck_assert_uint_lt(seen, judge->count);
        uint32_t expected = b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24;
        if (judge->words[seen] != expected && wrong++ < 20)
            printf("%s: %08" PRIx32 ", the assembler says %08" PRIx32 "\n", judge->texts[seen],
                   judge->words[seen], expected);
        seen++;
    }
    ck_assert_int_eq(pclose(pipe), 0);
    unlink(source);
    printf("%u instructions judged by llvm-mc\n", seen);
    ck_assert_uint_eq(seen, judge->count);
    return wrong;
}
