/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom bpf VERB: the BPF library at a desk, without a kernel. */
#include "bpf_verb.h"
#include "cli.h"
#include "signing.h"

#include <getopt.h>
#include <limits.h>
#include <string.h>

static int keygen_verb(int argc, char **argv, const struct bpf_options *options)
{
    (void)options;
    return signing_keygen(argc, argv);
}

static int sign_verb(int argc, char **argv, const struct bpf_options *options)
{
    return signing_sign(argc, argv, options->key);
}

static const struct option options[] = {
    { "json", no_argument, NULL, 'j' },
    { "program", required_argument, NULL, 'p' },
    { "context", required_argument, NULL, 'c' },
    { "repeat", required_argument, NULL, 'n' },
    { "key", required_argument, NULL, 'k' },
    { "keyring", required_argument, NULL, 'r' },
    { "output", required_argument, NULL, 'o' },
    { "kernel", no_argument, NULL, 'K' },
    { "jit", no_argument, NULL, 'J' },
    { "linux", no_argument, NULL, 'L' },
    { "btf", required_argument, NULL, 'b' },
    { "kconfig", required_argument, NULL, 'C' },
    { "log", optional_argument, NULL, 'l' },
    { "ignore-budget", no_argument, NULL, 'B' },
    { "insn-limit", required_argument, NULL, 'i' },
    { "memory", required_argument, NULL, 'm' },
    { "base", required_argument, NULL, 'S' },
    { "format", required_argument, NULL, 'f' },
    { 0 },
};

#define VERIFY_USAGE                                                \
    "[--json | --log[=insns]] [--program NAME] [--ignore-budget]\n" \
    "                        [--insn-limit N] [--memory BYTES] [--linux ...] OBJECT..."
#define DISASM_USAGE "[--program NAME] [--linux ...] OBJECT..."
#define RUN_USAGE                                                               \
    "OBJECT [--program NAME] [--context SLOT=VALUE,...] [--repeat N] [--jit]\n" \
    "                     [--ignore-budget]"
#define INFO_USAGE   "[--keyring FILE] [--ignore-budget] [--linux ...] OBJECT..."
#define BTF_USAGE    "[--format raw|c] [--base VMLINUX] FILE... | --kernel"
#define INIT_USAGE   "NAME"
#define BUILD_USAGE  "FILE.bpf.c [-o OBJECT]"
#define KEYGEN_USAGE "NAME"
#define SIGN_USAGE   "--key NAME.key OBJECT..."

static const struct verb {
    struct verb_options options;
    int words_max;     /* at least 1, unless an option says otherwise */
    const char *wants; /* what the words are */
    int (*run)(int argc, char **argv, const struct bpf_options *options);
} verbs[] = {
    { { "init", "", INIT_USAGE }, 1, "a name", bpf_init_verb },
    { { "build", "o", BUILD_USAGE }, 1, "one C file", bpf_build_verb },
    { { "verify", "jlpBimLbC", VERIFY_USAGE }, INT_MAX, "object files", bpf_verify_verb },
    { { "info", "rBLbC", INFO_USAGE }, INT_MAX, "object files", bpf_info_verb },
    { { "disasm", "pLbC", DISASM_USAGE }, INT_MAX, "object files", bpf_disasm_verb },
    { { "run", "pcnJB", RUN_USAGE }, 1, "one object file", bpf_run_verb },
    { { "btf", "fKS", BTF_USAGE }, INT_MAX, "files with types, or --kernel", bpf_btf_verb },
    { { "keygen", "", KEYGEN_USAGE }, 1, "a name for the key", keygen_verb },
    { { "sign", "k", SIGN_USAGE }, INT_MAX, "object files", sign_verb },
};
#define VERB_NAMES "init, build, verify, info, disasm, run, btf, keygen, sign"

static const struct verb *find_verb(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (strcmp(word, verbs[i].options.name) == 0)
            return &verbs[i];
    return NULL;
}

/* A number of which 0 is none. */
static int take_number(const char *option, uint64_t max, const char *why_not_0, uint64_t *out)
{
    if (!parse_u64(option, optarg, max, out))
        return EXIT_USAGE;
    return *out != 0 ? EXIT_OK : complain_usage("bpf", "%s 0 %s", option, why_not_0);
}

static int take_log(struct bpf_options *o)
{
    if (optarg != NULL && strcmp(optarg, "insns") != 0 && strcmp(optarg, "decisions") != 0)
        return complain(EXIT_USAGE, "--log=decisions or --log=insns, not '%s'", optarg);
    o->log_level =
        optarg != NULL && *optarg == 'i' ? BPF_VERIFY_LOG_INSNS : BPF_VERIFY_LOG_DECISIONS;
    return EXIT_OK;
}

static int take_format(struct bpf_options *o)
{
    o->as_c = strcmp(optarg, "c") == 0;
    return o->as_c || strcmp(optarg, "raw") == 0
               ? EXIT_OK
               : complain_usage("bpf", "--format is c or raw, not '%s'", optarg);
}

static int take_option(struct bpf_options *o, int letter)
{
    switch (letter) {
    case 'j':
        o->as_json = true;
        return EXIT_OK;
    case 'l':
        return take_log(o);
    case 'B':
        o->ignore_budget = true;
        return EXIT_OK;
    case 'i':
        return take_number("--insn-limit", UINT32_MAX, "would take no program", &o->insn_limit);
    case 'm':
        return take_number("--memory", UINT32_MAX, "would take no program", &o->memory_limit);
    case 'n':
        return take_number("--repeat", 1000000000, "would run nothing", &o->repeat);
    case 'L':
        o->of_linux = true;
        return EXIT_OK;
    case 'b':
        o->btf = optarg;
        return EXIT_OK;
    case 'S':
        o->base = optarg;
        return EXIT_OK;
    case 'C':
        o->kconfig = optarg;
        return EXIT_OK;
    case 'f':
        return take_format(o);
    case 'J':
        o->compiled = true;
        return EXIT_OK;
    case 'p':
        o->program = optarg;
        return EXIT_OK;
    case 'c':
        o->context = optarg;
        return EXIT_OK;
    case 'k':
        o->key = optarg;
        return EXIT_OK;
    case 'r':
        o->keyring = optarg;
        return EXIT_OK;
    case 'K':
        o->of_kernel = true;
        return EXIT_OK;
    case 'o':
        o->output = optarg;
        return EXIT_OK;
    default:
        return wrong_option("bpf");
    }
}

/* What no table says: options that belong together. */
static int check_together(const struct bpf_options *o)
{
    if (o->btf != NULL && !o->of_linux)
        return complain_usage("bpf", "--btf names the types of a Linux: it wants --linux");
    if (o->kconfig != NULL && !o->of_linux)
        return complain_usage("bpf", "--kconfig is the configuration of a Linux: it wants --linux");
    if (o->ignore_budget && o->of_linux)
        return complain_usage("bpf", "Linux has no budget that --ignore-budget could be about");
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct bpf_options o = { .repeat = 1 };
    char given[64] = "";
    int option, code = EXIT_OK;
    while (code == EXIT_OK && (option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        code = take_option(&o, option);
        if (code == EXIT_OK && strchr(given, option) == NULL)
            given[strlen(given)] = (char)option;
    }
    if (code != EXIT_OK)
        return code;
    if (optind == argc)
        return complain_usage("bpf", "bpf wants one of " VERB_NAMES);
    const struct verb *verb = find_verb(argv[optind]);
    if (verb == NULL)
        return complain_usage("bpf", "there is no 'bpf %s', but " VERB_NAMES, argv[optind]);
    code = refuse_options("bpf", options, given, &verb->options);
    if (code == EXIT_OK)
        code = check_together(&o);
    if (code != EXIT_OK)
        return code;
    int word_count = argc - optind - 1;
    if (o.of_kernel ? word_count != 0 : word_count < 1 || word_count > verb->words_max)
        return complain_usage("bpf", "bpf %s wants %s", verb->options.name, verb->wants);
    code = bpf_desk_begin(&o);
    if (code == EXIT_OK)
        code = verb->run(word_count, argv + optind + 1, &o);
    bpf_desk_end(&o);
    return code;
}

const struct command command_bpf = {
    .name = "bpf",
    .summary = "build, verify, run and sign BPF objects at a desk",
    .help =
        "usage: axiom bpf verify " VERIFY_USAGE "\n"
        "       axiom bpf disasm " DISASM_USAGE "\n"
        "       axiom bpf run " RUN_USAGE "\n"
        "       axiom bpf info " INFO_USAGE "\n"
        "       axiom bpf btf " BTF_USAGE "\n"
        "       axiom bpf init " INIT_USAGE "\n"
        "       axiom bpf build " BUILD_USAGE "\n"
        "       axiom bpf keygen " KEYGEN_USAGE "\n"
        "       axiom bpf sign " SIGN_USAGE "\n"
        "       --linux ... is: --linux [--btf VMLINUX] [--kconfig FILE]\n\n"
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
        "  axiom bpf disasm led.o\n"
        "  axiom bpf disasm --linux xdp_filter.o\n\n"
        "Run it once on an edge I make up; maps are printed afterwards:\n"
        "  axiom bpf run led.o --program button --context line=26,edge=2,time_ns=1000000\n\n"
        "A header of the types of an object, of Linux or of this kernel:\n"
        "  axiom bpf btf --format c /sys/kernel/btf/vmlinux > vmlinux.h\n"
        "  axiom bpf btf --base /sys/kernel/btf/vmlinux nf_nat.ko      of a module\n\n"
        "  --insn-limit N   the verifier gives up after so many instructions walked (1,000,000)\n"
        "  --memory BYTES   and with so much memory (1 MiB)\n"
        "  --ignore-budget  take programs that may exceed their attach point's budget\n"
        "  --btf VMLINUX    the types of another Linux than the running one\n"
        "  --kconfig FILE   its .config, for programs that ask for __kconfig values\n"
        "  --program NAME   this one only, where an object has several\n\n"
        "Helpers that move pins answer -EOPNOTSUPP here: for those, axiom run.\n",
    .run = run,
};
