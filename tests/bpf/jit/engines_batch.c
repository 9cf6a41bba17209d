/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Thousands of generated programs in one process, so that qemu-user is started once.
 *
 *     engines_batch COUNT SEED [FILE]   programs made here; those that ran are written to FILE
 *     engines_batch FILE                those, on another CPU: the digest must be the same
 *
 * (The generator's programs depend on the compiler's order of evaluation, so each CPU would make its
 * own.) */
#include "engines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct engines_counts counts;

static bool check(const struct generated *program)
{
    static char text[30000];
    bool fine = engines_check(program, &counts, text, sizeof text);
    if (!fine)
        printf("program %" PRIu64 ": %s\n", counts.programs, text);
    return fine;
}

static bool make(uint64_t count, uint64_t seed, FILE *file)
{
    static struct generated program;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[400];
        uint64_t state = seed * 1000003 + i, accepted = counts.accepted;
        for (size_t b = 0; b < sizeof bytes; b++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[b] = (uint8_t)(state >> 56);
        }
        generate_program(bytes, sizeof bytes, &program);
        if (!check(&program))
            return false;
        if (file != NULL && counts.accepted > accepted)
            fwrite(&program, sizeof program, 1, file);
    }
    /* A generator whose programs are all refused would prove nothing. */
    return counts.accepted > count / 20;
}

static bool repeat(FILE *file)
{
    static struct generated program;
    while (fread(&program, sizeof program, 1, file) == 1) {
        if (!check(&program))
            return false;
    }
    return counts.programs > 0 && counts.accepted == counts.programs;
}

int main(int argc, char **argv)
{
    bool makes = argc >= 3;
    const char *path = makes ? argv[3] : argv[1];
    FILE *file = path == NULL ? NULL : fopen(path, makes ? "wb" : "rb");
    if (argc < 2 || (path != NULL && file == NULL)) {
        fprintf(stderr, "usage: engines_batch COUNT SEED [FILE] | engines_batch FILE\n");
        return 2;
    }
    engines_begin();
    bool fine =
        makes ? make(strtoull(argv[1], NULL, 0), strtoull(argv[2], NULL, 0), file) : repeat(file);
    engines_end();
    if (file != NULL)
        fclose(file);
    printf("%" PRIu64 " programs, %" PRIu64 " accepted, %" PRIu64 " compiled runs, %" PRIu64
           " instructions\n",
           counts.programs, counts.accepted, counts.runs, counts.insns);
    printf("digest %016" PRIx64 "\n", counts.digest);
    return fine ? 0 : 1;
}
