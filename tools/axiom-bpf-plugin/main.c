/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Plugin for the runner of bpf_conformance (github.com/Alan-Jowett/bpf_conformance): runs one
 * unverified program.
 *
 *     axiom-bpf-plugin [MEMORY-HEX] [--interpret | --jit] [--program HEX] < program-hex
 *
 * The program is hex bytes, from stdin where --program does not give it. R1 is the memory, R2 its size. Prints R0 in hex; exit 0 if
 * the program ran. --interpret (the default) and --jit choose the engine; other options of the runner
 * (--elf, ...) are refused. */
#include <bpf/jit.h>
#include <bpf_host/exec_memory.h>
#include <bpf_unverified/conformance.h>
#include <bpf_unverified/unverified.h>

#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_SIZE_MAX (8u << 20)
#define INSN_LIMIT       UINT64_C(1000000000)
#define TIME_LIMIT_S     10u

/* Bytes from hex digits with white space between; the count, or -1. */
static long parse_hex(const char *text, uint8_t *to, size_t size)
{
    size_t count = 0;
    int high = -1;
    for (; *text != '\0'; text++) {
        if (isspace((unsigned char)*text))
            continue;
        if (!isxdigit((unsigned char)*text))
            return -1;
        int digit =
            isdigit((unsigned char)*text) ? *text - '0' : tolower((unsigned char)*text) - 'a' + 10;
        if (high < 0) {
            high = digit;
            continue;
        }
        if (count == size)
            return -1;
        to[count++] = (uint8_t)(high << 4 | digit);
        high = -1;
    }
    return high < 0 ? (long)count : -1;
}

static void *plugin_alloc(void *user, size_t size_bytes)
{
    (void)user;
    return calloc(1, size_bytes);
}

static void plugin_free(void *user, void *at, size_t size_bytes)
{
    (void)user, (void)size_bytes;
    free(at);
}

/* Compiled programs that nobody has verified do not count their instructions. */
static void on_alarm(int signal_number)
{
    static const char text[] = "the program does not end\n";
    (void)signal_number;
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    _exit(written < 0 ? 2 : 1);
}

/* 0, or 1 after saying why not. */
static int run_compiled(const struct bpf_prog *prog, void *memory, size_t memory_size,
                        struct bpf_run *state, uint64_t *r0)
{
    struct bpf_jit *jit;
    struct bpf_error error;
    if (bpf_jit_create(prog, NULL, NULL, &jit, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    signal(SIGALRM, on_alarm);
    alarm(TIME_LIMIT_S);
    *r0 = bpf_jit_run_unverified(jit, memory, memory_size, state);
    alarm(0);
    bpf_jit_destroy(jit);
    return 0;
}

static int run(const struct bpf_insn *insns, uint32_t insn_count, void *memory, size_t memory_size,
               bool compiled)
{
    static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
    const struct bpf_env env = { .alloc = plugin_alloc,
                                 .free = plugin_free,
                                 .exec = &bpf_host_exec,
                                 .helpers = bpf_conformance_helpers,
                                 .helper_count = bpf_conformance_helper_count };
    const struct bpf_verify_request request = {
        .env = &env, .name = "plugin", .insns = insns, .insn_count = insn_count
    };
    struct bpf_prog *prog;
    struct bpf_error error;
    if (bpf_prog_create_unverified(&request, &prog, &error) != 0) {
        fprintf(stderr, "byte %" PRIu64 ": %s\n", error.offset, error.text);
        return 1;
    }
    struct bpf_run state = { .stack = stack, .stack_size = sizeof stack, .insn_limit = INSN_LIMIT };
    uint64_t r0 = 0;
    int failed = 0;
    if (compiled)
        failed = run_compiled(prog, memory, memory_size, &state, &r0);
    else
        r0 = bpf_prog_run_unverified(prog, memory, memory_size, &state);
    bpf_prog_destroy(prog);
    if (failed)
        return 1;
    if (state.error != 0) {
        fprintf(stderr, "ended at instruction %u with error %d\n", state.error_insn, state.error);
        return 1;
    }
    printf("%" PRIx64 "\n", r0);
    return 0;
}

int main(int argc, char **argv)
{
    static char text[PROGRAM_SIZE_MAX * 3 + 2];
    uint8_t *bytes = malloc(PROGRAM_SIZE_MAX);
    uint8_t *memory = NULL;
    long memory_size = 0;
    bool compiled = false;
    const char *program = NULL;
    if (bytes == NULL)
        return 1;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '\0' || strcmp(argv[i], "--interpret") == 0)
            continue;
        if (strcmp(argv[i], "--jit") == 0) {
            compiled = true;
            continue;
        }
        if (strcmp(argv[i], "--program") == 0 && i + 1 < argc) {
            program = argv[++i];
            continue;
        }
        if (strcmp(argv[i], "--help") == 0) {
            puts("usage: axiom-bpf-plugin [MEMORY-HEX] [--interpret | --jit] [--program HEX]\n"
                 "Runs an unverified program, hex bytes on stdin, and prints R0 in hex.");
            return 0;
        }
        memory = realloc(memory, strlen(argv[i]) / 2 + 1);
        memory_size = memory == NULL ? -1 : parse_hex(argv[i], memory, strlen(argv[i]) / 2);
        if (memory_size < 0) {
            fprintf(stderr, "%s: neither memory in hex nor an option that this plugin has\n",
                    argv[i]);
            return 2;
        }
    }
    if (program == NULL)
        text[fread(text, 1, sizeof text - 1, stdin)] = '\0';
    long size = parse_hex(program != NULL ? program : text, bytes, PROGRAM_SIZE_MAX);
    if (size <= 0 || size % (long)sizeof(struct bpf_insn) != 0) {
        fprintf(stderr, "%s holds no program: hex bytes, a multiple of 8\n",
                program != NULL ? "--program" : "stdin");
        return 3;
    }
    int status = run((const struct bpf_insn *)(const void *)bytes,
                     (uint32_t)((size_t)size / sizeof(struct bpf_insn)),
                     memory_size > 0 ? memory : NULL, (size_t)memory_size, compiled);
    free(memory);
    free(bytes);
    return status;
}
