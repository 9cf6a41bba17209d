/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* rpi5board: a simulated Raspberry Pi 5 boots what `axiom image rpi5` has written. */
#include "board.h"
#include "ram_file.h"
#include "unicorn_private.h"

#include <cli.h>
#include <session.h>
#include <traces/source.h>

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
    "usage: rpi5board FOLDER [--dtb FILE] [--smp N] [--mem MIB] [--trace FILE [--bind "
    "CHANNEL=DEVICE]...]\n"
    "                 [--record FILE] [--kernel-record FILE --stop-after MS] [--append TEXT]\n"
    "                 [--fault FILE] [--seed N] [--for SECONDS] [--stats] [--kernel-dtb FILE] "
    "[--watchdog N]\n"
    "\n"
    "Boots the SD card's folder that `axiom image rpi5` wrote on a simulated Raspberry Pi 5: the "
    "very image, on\n"
    "Unicorn's CPUs and Axiom's models. UART10 is stdout.\n"
    "\n"
    "  --dtb FILE     the board's device tree; else the card's bcm2712-rpi-5-b.dtb, else a small "
    "one\n"
    "  --smp N        CPUs, 1 to 4 (4)\n"
    "  --mem MIB      RAM (256)\n"
    "  --trace FILE   what happens at pins and sensors, from one second on, as with `axiom run`\n"
    "  --record FILE  what the machine saw, as MCAP\n"
    "  --kernel-record FILE  what the kernel itself recorded, in the board's RAM, on the board's "
    "time\n"
    "  --stop-after MS  the kernel ends by itself so long after its boot\n"
    "  --append TEXT  more words for the kernel's command line\n"
    "  --for SECONDS  switch the board off after so much virtual time (60 without a trace)\n"
    "  --kernel-dtb FILE  what the kernel gets in the place of the tree, as it is; \"none\" for "
    "none at all\n"
    "  --watchdog N   give up when for N million instructions no CPU has touched a device or "
    "waited "
    "(2000)\n"
    "  --self-test    try what the board needs of libunicorn, and end\n"
    "\n"
    "Exit: 0 switched off, or the time is over; 1 it wants to boot again; 5 it hangs; else as "
    "`axiom run`.\n"
    "Example: axiom image rpi5 sdcard --bpf stop.bpf.o && rpi5board sdcard --for 5\n";

#define BOOT_MS 10000u /* a kernel that takes longer to come to its programs is not waited for */

enum option_id {
    OPTION_DTB = 256,
    OPTION_SMP,
    OPTION_MEM,
    OPTION_TRACE,
    OPTION_BIND,
    OPTION_RECORD,
    OPTION_KERNEL_RECORD,
    OPTION_STOP_AFTER,
    OPTION_APPEND,
    OPTION_KERNEL_DTB,
    OPTION_WATCHDOG,
    OPTION_FAULT,
    OPTION_SEED,
    OPTION_FOR,
    OPTION_STATS,
    OPTION_SELF_TEST,
    OPTION_HELP,
};

static const struct option options[] = {
    { "dtb", required_argument, NULL, OPTION_DTB },
    { "smp", required_argument, NULL, OPTION_SMP },
    { "mem", required_argument, NULL, OPTION_MEM },
    { "trace", required_argument, NULL, OPTION_TRACE },
    { "bind", required_argument, NULL, OPTION_BIND },
    { "record", required_argument, NULL, OPTION_RECORD },
    { "kernel-record", required_argument, NULL, OPTION_KERNEL_RECORD },
    { "stop-after", required_argument, NULL, OPTION_STOP_AFTER },
    { "append", required_argument, NULL, OPTION_APPEND },
    { "kernel-dtb", required_argument, NULL, OPTION_KERNEL_DTB },
    { "watchdog", required_argument, NULL, OPTION_WATCHDOG },
    { "fault", required_argument, NULL, OPTION_FAULT },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "for", required_argument, NULL, OPTION_FOR },
    { "stats", no_argument, NULL, OPTION_STATS },
    { "self-test", no_argument, NULL, OPTION_SELF_TEST },
    { "help", no_argument, NULL, OPTION_HELP },
    { 0 },
};

struct arguments {
    const char *folder, *tree, *trace, *faults, *append, *kernel_tree;
    uint64_t memory_mib, cpus, seconds, stop_after_ms, watchdog_million;
    struct ram_file kernel_record;
    int kernel_record_code;
    bool stats, self_test, help;
    struct binding_list bindings;
    struct session session;
};

static int take(struct arguments *a, int option)
{
    switch (option) {
    case OPTION_DTB:
        a->tree = optarg;
        return EXIT_OK;
    case OPTION_SMP:
        if (!parse_u64("--smp", optarg, 4, &a->cpus) || a->cpus == 0)
            return complain(EXIT_USAGE, "--smp wants 1 to 4");
        return EXIT_OK;
    case OPTION_MEM:
        if (!parse_u64("--mem", optarg, 4096, &a->memory_mib) || a->memory_mib < 8)
            return complain(EXIT_USAGE, "--mem wants 8 to 4096");
        return EXIT_OK;
    case OPTION_TRACE:
        a->trace = optarg;
        return EXIT_OK;
    case OPTION_BIND:
        return binding_add(&a->bindings, optarg);
    case OPTION_RECORD:
        a->session.record_path = optarg;
        return EXIT_OK;
    case OPTION_KERNEL_RECORD:
        a->kernel_record.path = optarg;
        return EXIT_OK;
    case OPTION_STOP_AFTER:
        if (!parse_u64("--stop-after", optarg, 1000000000, &a->stop_after_ms) ||
            a->stop_after_ms == 0)
            return complain(EXIT_USAGE, "--stop-after wants 1 to 1000000000 ms");
        return EXIT_OK;
    case OPTION_APPEND:
        a->append = optarg;
        return EXIT_OK;
    case OPTION_KERNEL_DTB:
        a->kernel_tree = optarg;
        return EXIT_OK;
    case OPTION_WATCHDOG:
        return parse_u64("--watchdog", optarg, 1000000000, &a->watchdog_million) ? EXIT_OK
                                                                                 : EXIT_USAGE;
    case OPTION_FAULT:
        a->faults = optarg;
        return EXIT_OK;
    case OPTION_SEED:
        return parse_u64("--seed", optarg, UINT64_MAX, &a->session.seed) ? EXIT_OK : EXIT_USAGE;
    case OPTION_FOR:
        return parse_u64("--for", optarg, 1000000, &a->seconds) ? EXIT_OK : EXIT_USAGE;
    case OPTION_STATS:
        a->stats = true;
        return EXIT_OK;
    case OPTION_SELF_TEST:
        a->self_test = true;
        return EXIT_OK;
    case OPTION_HELP:
        a->help = true;
        return EXIT_OK;
    default:
        return EXIT_USAGE;
    }
}

static int parse(struct arguments *a, int count, char **values)
{
    int option, code = EXIT_OK;
    while (code == EXIT_OK && (option = getopt_long(count, values, "", options, NULL)) != -1)
        code = take(a, option);
    if (code != EXIT_OK || a->help || a->self_test)
        return code;
    if (count - optind != 1)
        return complain(EXIT_USAGE, "which SD card folder? (--help)");
    if (a->kernel_record.path != NULL && a->stop_after_ms == 0)
        return complain(EXIT_USAGE, "--kernel-record: when does the kernel end? (--stop-after MS)");
    a->folder = values[optind];
    return EXIT_OK;
}

static void to_stdout(void *context, const char *label, const uint8_t *bytes, uint32_t size)
{
    (void)label;
    fwrite(bytes, 1, size, stdout);
    ram_file_console(context, bytes, size);
}

static void look(void *context, const uint8_t *ram, uint64_t size)
{
    struct arguments *a = context;
    a->kernel_record_code = ram_file_fetch(&a->kernel_record, ram, size);
}

/* What this run adds to the card's command line. */
static int append(const struct arguments *a, struct sdcard *card)
{
    char words[64] = "";
    if (a->stop_after_ms != 0)
        snprintf(words, sizeof words, "stop_after_ms=%" PRIu64, a->stop_after_ms);
    bool good = (a->append == NULL || sdcard_append(card, a->append)) &&
                (a->kernel_record.path == NULL || sdcard_append(card, "record")) &&
                (words[0] == '\0' || sdcard_append(card, words));
    return good ? EXIT_OK : complain(EXIT_INPUT, "the kernel's command line has no room for more");
}

static int open_trace(struct arguments *a, struct trace_source **source, struct feed *feed)
{
    struct session *s = &a->session;
    struct trace_error error;
    if (a->trace == NULL)
        return EXIT_OK;
    if (trace_open(a->trace, NULL, source, &error) != 0)
        return complain(EXIT_INPUT, "%s: %s", a->trace, error.text);
    int code = feed_open(feed, *source, &a->bindings, s->fdt, s->fdt_size);
    if (code == EXIT_OK)
        s->feed = feed;
    return code;
}

static void tell(const struct arguments *a)
{
    if (!a->stats)
        return;
    const struct sim_result *r = &a->session.result;
    fprintf(stderr, "rpi5board: %.6f s, %s instructions, state hash %016llx\n",
            (double)r->end_time_ns / 1e9, grouped(board_instructions()),
            (unsigned long long)r->state_hash);
}

static int boot(struct arguments *a, const struct sdcard *card)
{
    struct session *s = &a->session;
    struct trace_source *source = NULL;
    struct feed feed = { 0 };
    char reason[SDCARD_REASON_MAX];
    if (sdcard_make_tree(card, a->memory_mib << 20, (uint32_t)a->cpus, &s->fdt, &s->fdt_size,
                         reason) != 0)
        return complain(EXIT_INPUT, "%s", reason);
    s->board = strdup("rpi5board");
    s->cpu_count = (uint32_t)a->cpus;
    s->cpu_model = SIM_CPU_RPI5; /* inputs come when they come */
    s->end_time_ns = (a->seconds != 0 || a->trace != NULL ? a->seconds : 60) * NSEC_PER_SEC;
    s->serial = to_stdout;
    s->serial_context = &a->kernel_record;
    if (a->stop_after_ms != 0) /* the trace's end does not cut the power */
        s->settle_ns += (a->stop_after_ms + BOOT_MS) * NSEC_PER_MSEC;
    if (a->kernel_record.path != NULL)
        board_look_into_ram(look, a);
    s->quiet = true;
    board_insert(card, a->memory_mib << 20);
    board_watchdog(a->watchdog_million * 1000000);
    int code = read_whole_text(a->faults, &s->fault_script);
    if (code == EXIT_OK)
        code = open_trace(a, &source, &feed);
    if (code == EXIT_OK)
        code = session_run(s);
    fflush(stdout);
    if (code == EXIT_OK)
        code = a->kernel_record_code;
    if (code == EXIT_OK && board_ended() == BOARD_END_RESET)
        code = EXIT_DIFFERS;
    tell(a);
    if (s->feed != NULL)
        feed_close(&feed);
    if (source != NULL)
        trace_close(source);
    return code;
}

static int run(struct arguments *a)
{
    struct sdcard card;
    char reason[SDCARD_REASON_MAX];
    if (!unicorn_private_check(reason, sizeof reason))
        return complain(EXIT_IO, "%s", reason);
    if (a->self_test) {
        printf("libunicorn does what the board needs\n");
        return EXIT_OK;
    }
    int err = sdcard_open(&card, a->folder, a->tree, reason);
    if (!err && a->kernel_tree != NULL)
        err = sdcard_hand_over(&card, a->kernel_tree, reason);
    int code = err ? complain(EXIT_INPUT, "%s", reason) : append(a, &card);
    if (code == EXIT_OK)
        code = boot(a, &card);
    sdcard_close(&card);
    return code;
}

/* Under AddressSanitizer: stacks of allocations are not needed for each that the library makes, nor another stack for
 * signals at each of its long jumps; both cost a third of the time. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "malloc_context_size=1:use_sigaltstack=0";
}

int main(int count, char **values)
{
    struct arguments a = { .memory_mib = 256, .cpus = 4, .watchdog_million = 2000 };
    setvbuf(stdout, NULL, _IOLBF, 0);
    session_init(&a.session);
    int code = parse(&a, count, values);
    if (code == EXIT_OK && a.help)
        fputs(usage_text, stdout);
    else if (code == EXIT_OK)
        code = run(&a);
    binding_free(&a.bindings);
    session_free(&a.session);
    return code;
}
