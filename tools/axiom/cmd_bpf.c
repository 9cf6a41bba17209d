/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom bpf VERB: the BPF library at a desk, without a kernel. */
#include "bpf_project.h"
#include "cli.h"
#include "desk.h"
#include "desk_linux.h"
#include "signing.h"
#include "verdict.h"

#include <axiom/errno.h>
#include <bpf/disasm.h>
#include <bpf/elf.h>
#include <bpf/helper.h>
#include <bpf/interp.h>
#include <bpf/jit.h>
#include <bpf/verifier.h>
#include <bpf_glue/bpf_glue.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_SIZE_MAX (64u << 20)

/* Opens the object file and makes its maps; an exit code. */
static int open_object_with(int (*open)(const char *name, const uint8_t *bytes, size_t size,
                                        struct bpf_object **out),
                            const char *path, struct bpf_object **out)
{
    uint8_t *bytes;
    size_t size;
    int code = read_whole_file(path, OBJECT_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    code = open(path, bytes, size, out);
    free(bytes);
    return code;
}

static int open_object(const char *path, struct bpf_object **out)
{
    return open_object_with(desk_open, path, out);
}

/* What `axiom bpf verify` was asked for. */
struct verify_options {
    bool of_linux, as_json;
    enum bpf_verify_log log_level;
    uint64_t insn_limit, memory_limit;
    const char *btf;
};

/* Linux's programs get a verdict only: they may call what is not here. */
static int verify_program(const struct bpf_object *object, uint32_t index,
                          const struct verify_options *options, struct bpf_verify_result *result)
{
    struct bpf_verify_request request;
    if (bpf_object_program(object, index)->failure != NULL)
        return bpf_object_verify(object, index, result);
    bpf_object_request(object, index, &request);
    request.check_only = options->of_linux;
    request.insn_limit = options->insn_limit;
    request.memory_limit = options->memory_limit;
    request.log_level = options->log_level;
    request.log = verdict_log_line;
    if (options->log_level != BPF_VERIFY_LOG_NONE) {
        char name[160];
        snprintf(name, sizeof name, "%s:", request.name);
        verdict_log_line(NULL, name);
    }
    return bpf_object_verify_request(object, index, &request, result);
}

static int verify_object(const char *path, const struct verify_options *options, json_t *list)
{
    struct bpf_object *object;
    bool of_linux = options->of_linux;
    int code = open_object_with(of_linux ? desk_linux_open : desk_open, path, &object);
    if (code != EXIT_OK) {
        if (list != NULL)
            json_array_append_new(list, verdict_json_of_file(path, last_complaint()));
        return code;
    }
    if (bpf_object_program_count(object) == 0) {
        code = complain(EXIT_INPUT,
                        "%s: no program in it: a function needs SEC(\"gpio/...\") or alike", path);
        if (list != NULL)
            json_array_append_new(list, verdict_json_of_file(path, last_complaint()));
    }
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        const struct bpf_object_program *program = bpf_object_program(object, i);
        struct bpf_verify_result *result = calloc(1, sizeof *result);
        if (result == NULL) {
            code = complain(EXIT_IO, "no memory");
            break;
        }
        if (program->context == NULL) {
            snprintf(result->text, sizeof result->text, "section '%s' names no attach point",
                     program->section);
            snprintf(result->mend, sizeof result->mend, "%s",
                     of_linux ? "without --linux it may be one of Axiom's"
                              : "SEC(\"gpio/chip0/line17/rising\"), for instance; programs for "
                                "Linux: --linux");
            result->reason = BPF_REJECT_UNSUPPORTED;
            code = EXIT_REFUSED;
        } else if (!of_linux && bpf_glue_check_section(program->section, program->context, result->text,
                                                       sizeof result->text) != 0) {
            result->reason = BPF_REJECT_UNSUPPORTED;
            code = EXIT_REFUSED;
        } else if (verify_program(object, i, options, result) != 0) {
            code = EXIT_REFUSED;
        }
        if (list != NULL)
            json_array_append_new(list, verdict_json(path, object, program, result));
        else
            verdict_print(object, program, result);
        if (result->prog != NULL)
            bpf_prog_destroy(result->prog);
        free(result);
    }
    bpf_object_close(object);
    return code;
}

static int bpf_verify_command(int argc, char **argv, const struct verify_options *options)
{
    bool of_linux = options->of_linux, as_json = options->as_json;
    int worst = of_linux ? desk_linux_begin(options->btf) : EXIT_OK;
    if (as_json && options->log_level != BPF_VERIFY_LOG_NONE)
        return complain_usage("bpf", "--log and --json do not go together");
    if (worst != EXIT_OK)
        return worst;
    json_t *list = as_json ? json_array() : NULL;
    for (int i = 0; i < argc; i++) {
        int code = verify_object(argv[i], options, list);
        if (code != EXIT_OK)
            worst = code;
    }
    if (of_linux)
        desk_linux_end();
    if (list != NULL) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(list);
    }
    return worst;
}

static void print_line(void *user, const char *line)
{
    (void)user;
    puts(line);
}

static int bpf_disasm_command(int argc, char **argv)
{
    for (int file = 0; file < argc; file++) {
        struct bpf_object *object;
        int code = open_object(argv[file], &object);
        if (code != EXIT_OK)
            return code;
        uint32_t map_count = bpf_object_map_count(object);
        struct bpf_map **maps = calloc(map_count + 1, sizeof(struct bpf_map *));
        for (uint32_t i = 0; maps != NULL && i < map_count; i++)
            maps[i] = bpf_object_map(object, i);
        for (uint32_t i = 0; maps != NULL && i < bpf_object_program_count(object); i++) {
            const struct bpf_object_program *program = bpf_object_program(object, i);
            struct bpf_disasm_names names = {
                .env = desk_env(), .maps = maps, .map_count = map_count, .debug = &program->debug
            };
            printf("%s%s: section %s\n", i ? "\n" : "", program->name, program->section);
            bpf_disasm_program(program->insns, program->insn_count, &names, print_line, NULL);
        }
        free(maps);
        bpf_object_close(object);
    }
    return EXIT_OK;
}

/* --context line=17,level=1: values of slots by name, others 0. */
static bool fill_context(const struct bpf_context_layout *layout, const char *text, uint64_t *slots)
{
    char copy[512];
    if (strlen(text) >= sizeof copy) {
        complain(EXIT_USAGE, "--context is too long");
        return false;
    }
    strcpy(copy, text);
    char *rest = copy;
    for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ",")) {
        if (*word == '\0')
            continue;
        char *value = strchr(word, '=');
        if (value != NULL)
            *value++ = '\0';
        uint32_t slot = 0;
        while (slot < layout->slot_count && strcmp(layout->slot_names[slot], word) != 0)
            slot++;
        char *end = value;
        uint64_t number = 0;
        errno = 0; /* as a 64-bit word: -1 and 18446744073709551615 are the same */
        if (value != NULL)
            number = *value == '-' ? (uint64_t)strtoll(value, &end, 0) : strtoull(value, &end, 0);
        if (slot == layout->slot_count || value == NULL || *value == '\0' || *end != '\0' ||
            errno != 0) {
            fprintf(stderr,
                    "axiom: --context: '%s' is not NAME=NUMBER, 64 bits, with a NAME of %s:", word,
                    layout->struct_name);
            for (uint32_t i = 0; i < layout->slot_count; i++)
                fprintf(stderr, " %s", layout->slot_names[i]);
            fputc('\n', stderr);
            return false;
        }
        slots[slot] = number;
    }
    return true;
}

/* Compiled for this machine, with what the interpreter counts. */
static int run_compiled(const struct bpf_prog *prog, uint64_t *slots, uint64_t repeat,
                        struct bpf_run *run, uint64_t *r0)
{
    const struct bpf_jit_options options = { .count_insns = true };
    struct bpf_jit *jit;
    struct bpf_error error;
    if (bpf_jit_create(prog, NULL, &options, &jit, &error) != 0)
        return complain(EXIT_REFUSED, "%s", error.text);
    for (uint64_t i = 0; i < repeat; i++)
        *r0 = bpf_jit_run(jit, slots, run);
    bpf_jit_destroy(jit);
    return EXIT_OK;
}

static int run_program(struct bpf_object *object, uint32_t index, const char *context,
                       uint64_t repeat, bool compiled)
{
    static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
    const struct bpf_object_program *program = bpf_object_program(object, index);
    uint64_t slots[AXIOM_BPF_CONTEXT_SLOT_MAX] = { 0 };
    if (program->context == NULL)
        return complain(EXIT_REFUSED, "section '%s' names no attach point", program->section);
    if (!fill_context(program->context, context, slots))
        return EXIT_USAGE;
    struct bpf_verify_result result = { 0 };
    if (bpf_object_verify(object, index, &result) != 0) {
        verdict_print(object, program, &result);
        return EXIT_REFUSED;
    }
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    uint64_t r0 = 0;
    int code = EXIT_OK;
    if (compiled)
        code = run_compiled(result.prog, slots, repeat, &run, &r0);
    for (uint64_t i = 0; i < repeat && !compiled; i++)
        r0 = bpf_prog_run(result.prog, slots, &run);
    if (code != EXIT_OK) {
        bpf_prog_destroy(result.prog);
        return code;
    }
    printf("%s returned %" PRId64 " (0x%" PRIx64 ") after %" PRIu64 " instructions%s\n",
           program->name, (int64_t)r0, r0, run.insn_count, run.error ? ", ended early" : "");
    bpf_prog_destroy(result.prog);
    return EXIT_OK;
}

static void print_maps(const struct bpf_object *object)
{
    for (uint32_t i = 0; i < bpf_object_map_count(object); i++) {
        struct bpf_map *map = bpf_object_map(object, i);
        struct bpf_map_entry entry;
        uint64_t cursor = 0;
        for (int shown = 0; shown < 16 && bpf_map_iterate(map, &cursor, &entry); shown++) {
            printf("  %s[", map->name);
            for (uint32_t b = 0; b < entry.key_size; b++)
                printf("%02x", ((const uint8_t *)entry.key)[b]);
            printf("] =");
            for (uint32_t b = 0; b < entry.value_size && b < 64; b++)
                printf("%s%02x", b % 8 == 0 ? " " : "", ((const uint8_t *)entry.value)[b]);
            printf("%s\n", entry.value_size > 64 ? " ..." : "");
        }
    }
}

static int bpf_run_command(int argc, char **argv, const char *name, const char *context,
                           uint64_t repeat, bool compiled)
{
    if (argc != 1)
        return complain_usage("bpf", "bpf run wants one object file");
    struct bpf_object *object;
    int code = open_object(argv[0], &object);
    if (code != EXIT_OK)
        return code;
    uint32_t count = bpf_object_program_count(object), index = 0;
    while (index < count && name != NULL &&
           strcmp(bpf_object_program(object, index)->name, name) != 0)
        index++;
    if (index == count) {
        code = complain(EXIT_INPUT, "%s has no program '%s'", argv[0], name != NULL ? name : "");
    } else {
        code = run_program(object, index, context, repeat, compiled);
        if (code == EXIT_OK)
            print_maps(object);
    }
    bpf_object_close(object);
    return code;
}

#define VERBS "init, build, verify, info, disasm, run, btf, keygen, sign"

static bool is_verb(const char *word)
{
    static const char *const verbs[] = { "init", "build", "verify", "info", "disasm",
                                         "run",  "btf",   "keygen", "sign" };
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (strcmp(word, verbs[i]) == 0)
            return true;
    return false;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },          { "program", required_argument, NULL, 'p' },
        { "context", required_argument, NULL, 'c' }, { "repeat", required_argument, NULL, 'n' },
        { "key", required_argument, NULL, 'k' },     { "keyring", required_argument, NULL, 'r' },
        { "output", required_argument, NULL, 'o' },  { "kernel", no_argument, NULL, 'K' },
        { "jit", no_argument, NULL, 'J' },           { "linux", no_argument, NULL, 'L' },
        { "btf", required_argument, NULL, 'b' },     { "log", optional_argument, NULL, 'l' },
        { "ignore-budget", no_argument, NULL, 'B' }, { "insn-limit", required_argument, NULL, 'i' },
        { "memory", required_argument, NULL, 'm' },  { "format", required_argument, NULL, 'f' },
        { 0 },
    };
    struct verify_options verify = { 0 };
    bool of_kernel = false, compiled = false;
    const char *format = "raw";
    const char *program = NULL, *context = "", *key = NULL, *keyring = NULL, *output = NULL;
    uint64_t repeat = 1;
    int option;
    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        switch (option) {
        case 'j':
            verify.as_json = true;
            break;
        case 'l':
            if (optarg != NULL && strcmp(optarg, "insns") != 0 && strcmp(optarg, "decisions") != 0)
                return complain(EXIT_USAGE, "--log=decisions or --log=insns, not '%s'", optarg);
            verify.log_level =
                optarg != NULL && *optarg == 'i' ? BPF_VERIFY_LOG_INSNS : BPF_VERIFY_LOG_DECISIONS;
            break;
        case 'B':
            desk_ignore_budget(true);
            break;
        case 'i':
            if (!parse_u64("--insn-limit", optarg, UINT32_MAX, &verify.insn_limit))
                return EXIT_USAGE;
            break;
        case 'm':
            if (!parse_u64("--memory", optarg, UINT32_MAX, &verify.memory_limit))
                return EXIT_USAGE;
            break;
        case 'L':
            verify.of_linux = true;
            break;
        case 'b':
            verify.btf = optarg;
            break;
        case 'f':
            format = optarg;
            break;
        case 'J':
            compiled = true;
            break;
        case 'p':
            program = optarg;
            break;
        case 'c':
            context = optarg;
            break;
        case 'k':
            key = optarg;
            break;
        case 'r':
            keyring = optarg;
            break;
        case 'K':
            of_kernel = true;
            break;
        case 'o':
            output = optarg;
            break;
        case 'n':
            if (!parse_u64("--repeat", optarg, 1000000000, &repeat))
                return EXIT_USAGE;
            if (repeat == 0)
                return complain_usage("bpf", "--repeat 0 would run nothing");
            break;
        default:
            return wrong_option("bpf");
        }
    }
    bool as_c = strcmp(format, "c") == 0;
    if (!as_c && strcmp(format, "raw") != 0)
        return complain_usage("bpf", "--format is c or raw, not '%s'", format);
    if (of_kernel && optind + 1 == argc && strcmp(argv[optind], "btf") == 0)
        return bpf_print_kernel_types(as_c);
    if (optind == argc)
        return complain_usage("bpf", "bpf wants one of " VERBS);
    const char *verb = argv[optind];
    if (!is_verb(verb))
        return complain_usage("bpf", "there is no 'bpf %s', but " VERBS, verb);
    if (optind + 1 == argc)
        return complain_usage("bpf", "bpf %s wants what to do it with", verb);
    if (verify.btf != NULL && !verify.of_linux)
        return complain_usage("bpf", "--btf names the types of a Linux: it wants --linux");
    argc -= optind + 1;
    argv += optind + 1;
    if (strcmp(verb, "verify") == 0)
        return bpf_verify_command(argc, argv, &verify);
    if (strcmp(verb, "disasm") == 0)
        return bpf_disasm_command(argc, argv);
    if (strcmp(verb, "run") == 0)
        return bpf_run_command(argc, argv, program, context, repeat, compiled);
    if (strcmp(verb, "info") == 0)
        return bpf_info(argc, argv, keyring);
    if (strcmp(verb, "btf") == 0)
        return bpf_print_types(argc, argv, as_c);
    if (strcmp(verb, "init") == 0)
        return bpf_project_init(argc, argv);
    if (strcmp(verb, "build") == 0)
        return bpf_project_build(argc, argv, output);
    if (strcmp(verb, "keygen") == 0)
        return signing_keygen(argc, argv);
    if (strcmp(verb, "sign") == 0)
        return signing_sign(argc, argv, key);
    return complain_usage("bpf", "there is no 'bpf %s'", verb);
}

const struct command command_bpf = {
    .name = "bpf",
    .summary = "build, verify, run and sign BPF objects at a desk",
    .help =
        "usage: axiom bpf verify [--json | --log[=insns]] [--ignore-budget] [--insn-limit N]\n"
        "                        [--memory BYTES] [--linux [--btf VMLINUX]] OBJECT...\n"
        "       axiom bpf disasm OBJECT...\n"
        "       axiom bpf run OBJECT [--program NAME] [--context SLOT=VALUE,...] [--repeat N] "
        "[--jit]\n"
        "       axiom bpf info [--keyring FILE] OBJECT...\n"
        "       axiom bpf btf [--format raw|c] FILE... | --kernel\n"
        "       axiom bpf init NAME\n"
        "       axiom bpf build FILE.bpf.c [-o OBJECT]\n"
        "       axiom bpf keygen NAME\n"
        "       axiom bpf sign --key NAME.key OBJECT...\n\n"
        "A first program:\n"
        "  axiom bpf init led && cd led && axiom bpf build led.bpf.c && axiom bpf info led.o\n\n"
        "Only what my team signed runs on the robot:\n"
        "  axiom bpf keygen team\n"
        "  axiom bpf sign --key team.key led.o\n"
        "  axiom run button.csv --bpf led.o --require-signed --keyring team.pub\n\n"
        "Would the kernel take my program, and if not, why?\n"
        "  clang -target bpf -O2 -g -I include/uapi -c led.bpf.c -o led.o\n"
        "  axiom bpf verify led.o\n\n"
        "Would Linux take this one (without running it), with the types of the running kernel?\n"
        "  axiom bpf verify --log led.o                one line for each decision on the way\n"
        "  axiom bpf verify --linux xdp_filter.o\n\n"
        "What did the compiler make of it, beside the source?\n"
        "  axiom bpf disasm led.o\n\n"
        "Run it once on an edge I make up; maps are printed afterwards:\n"
        "  axiom bpf run led.o --program button --context line=26,edge=2,time_ns=1000000\n\n"
        "A header of the types of an object, of Linux or of this kernel:\n"
        "  axiom bpf btf --format c /sys/kernel/btf/vmlinux > vmlinux.h\n\n"
        "Helpers that move pins answer -EOPNOTSUPP here: for those, axiom run.\n",
    .run = run,
};
