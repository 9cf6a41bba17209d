/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom trace info|import|export: recordings of all kinds, without running anything. */
#include "cli.h"
#include "propose.h"
#include "recording_info.h"
#include "trace_compare.h"
#include "trace_convert.h"

#include <axiom/errno.h>
#include <traces/info.h>
#include <traces/source.h>

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
    [TRACE_LEVEL] = "line",  [TRACE_SCALAR] = "number", [TRACE_SCAN] = "sensor",
    [TRACE_I2C] = "I2C bus", [TRACE_SPI] = "SPI bus",   [TRACE_UART] = "UART",
    [TRACE_CAN] = "CAN bus",
};

static void print_number(int64_t nano)
{
    printf("%s%" PRId64 ".%06" PRId64, nano < 0 ? "-" : "", (nano < 0 ? -nano : nano) / 1000000000,
           (nano < 0 ? -nano : nano) % 1000000000 / 1000);
}

static void print_channel(const struct trace_channel *channel,
                          const struct trace_channel_info *info)
{
    printf("  %-28s %-8s %12s record%s", channel->name, kind_names[channel->kind],
           grouped(info->count), info->count == 1 ? "" : "s");
    if (info->mean_millihertz > 0)
        printf(", %" PRIu64 ".%03" PRIu64 " Hz", info->mean_millihertz / 1000,
               info->mean_millihertz % 1000);
    if (info->longest_ns > 0)
        printf(", apart %s to %s", seconds_text(info->shortest_ns), seconds_text(info->longest_ns));
    if (channel->kind == TRACE_LEVEL)
        printf(", %s rising, %s falling, high %s", grouped(info->rising), grouped(info->falling),
               seconds_text(info->high_ns));
    if (channel->kind == TRACE_SCALAR && info->count > 0) {
        printf(", ");
        print_number(info->least[0]);
        printf(" to ");
        print_number(info->greatest[0]);
        printf(" %s", channel->unit);
    }
    if (channel->kind == TRACE_I2C) {
        printf(", %s, %s not acknowledged, addresses", counted(info->bytes, "byte"),
               grouped(info->nacks));
        for (unsigned address = 0; address < 128; address++)
            if (info->addresses[address / 64] >> (address % 64) & 1)
                printf(" %02x", address);
    }
    if (channel->kind == TRACE_CAN || channel->kind == TRACE_SPI || channel->kind == TRACE_UART)
        printf(", %s, %s damaged", counted(info->bytes, "byte"), grouped(info->damaged));
    if (channel->note[0] != '\0')
        printf(" (%s)", channel->note);
    putchar('\n');
}

static json_t *channel_json(const struct trace_channel *channel,
                            const struct trace_channel_info *info)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name", channel->name, "kind",
                     kind_names[channel->kind], "records", (json_int_t)info->count, "first_ns",
                     (json_int_t)info->first_ns, "last_ns", (json_int_t)info->last_ns,
                     "mean_millihertz", (json_int_t)info->mean_millihertz, "rising",
                     (json_int_t)info->rising, "falling", (json_int_t)info->falling, "longest_ns",
                     (json_int_t)info->longest_ns);
}

static void print_info(const char *path, const struct trace_source *source,
                       const struct trace_info *info, const struct trace_options *words,
                       bool as_json)
{
    if (as_json) {
        json_t *channels = json_array();
        for (uint32_t i = 0; i < info->channel_count; i++)
            json_array_append_new(channels,
                                  channel_json(trace_channel_at(source, i), &info->channel[i]));
        json_t *json =
            json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "file", path, "format",
                      trace_format(source), "records", (json_int_t)info->record_count, "end_ns",
                      (json_int_t)info->end_ns, "gaps", (json_int_t)info->gap_count, "gap_ns",
                      (json_int_t)info->gap_ns, "simultaneous", (json_int_t)info->simultaneous,
                      "channels", channels);
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
        return;
    }
    printf("%s: %s, %s in %s", path, trace_format(source), counted(info->record_count, "record"),
           seconds_text(info->end_ns));
    if (info->simultaneous > 0)
        printf(", %s at the same time as the one before", grouped(info->simultaneous));
    putchar('\n');
    if (info->gap_count > 0)
        printf("  %s, %s of data lost by the recorder\n", counted(info->gap_count, "gap"),
               seconds_text(info->gap_ns));
    for (uint32_t i = 0; i < info->channel_count; i++)
        print_channel(trace_channel_at(source, i), &info->channel[i]);
    propose_run(path, source, info, words);
}

static int trace_info_command(const char *path, const struct trace_options *words, bool as_json)
{
    if (is_recording(path))
        return recording_info(path, as_json);
    struct trace_source *source;
    struct trace_error error;
    if (trace_open(path, words, &source, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    struct trace_info info;
    int err = trace_info_collect(source, &info, &error);
    print_info(path, source, &info, words, as_json);
    int code = err ? complain(EXIT_INPUT, "%s", error.text) : EXIT_OK;
    if (trace_warning(source)[0] != '\0')
        complain(EXIT_OK, "%s", trace_warning(source));
    trace_info_free(&info);
    trace_close(source);
    return code;
}

static const struct option options[] = {
    { "json", no_argument, NULL, 'j' },
    { "trace-option", required_argument, NULL, 'o' },
    { "bind", required_argument, NULL, 'b' },
    { "tolerance", required_argument, NULL, 't' },
    { "lag-ms", required_argument, NULL, 'l' },
    { "offset-ms", required_argument, NULL, 's' },
    { 0 },
};

struct trace_request {
    const char *words[32]; /* of --trace-option */
    struct trace_options options;
    struct binding_list bindings;
    bool as_json;
    uint64_t tolerance, lag_ms, offset_ms;
};

static int info_verb(char **argv, const struct trace_request *r)
{
    return trace_info_command(argv[0], &r->options, r->as_json);
}

static int import_verb(char **argv, const struct trace_request *r)
{
    const char *dot = strrchr(argv[1], '.');
    if (dot == NULL || strcmp(dot, ".mcap") != 0)
        return complain(EXIT_USAGE, "%s: what import makes is MCAP, and the name must end in .mcap",
                        argv[1]);
    return convert_import(argv[0], argv[1], &r->options, &r->bindings);
}

static int compare_verb(char **argv, const struct trace_request *r)
{
    return trace_compare(argv[0], argv[1], &r->options, &r->bindings,
                         (int64_t)r->tolerance * 1000000000, r->lag_ms * 1000000,
                         r->offset_ms * 1000000);
}

static int export_verb(char **argv, const struct trace_request *r)
{
    return convert_export(argv[0], argv[1], &r->options);
}

#define INFO_USAGE   "FILE [--json] [--trace-option WORD]..."
#define IMPORT_USAGE "FILE OUT.mcap [--bind CHANNEL=DEVICE]... [--trace-option WORD]..."
#define EXPORT_USAGE "FILE OUT.vcd|.csv|.log|.json|.mcap [--trace-option WORD]..."
#define COMPARE_USAGE                                          \
    "RUN.mcap FILE --bind CHANNEL=DEVICE... [--tolerance N]\n" \
    "                           [--lag-ms MS] [--offset-ms MS] [--trace-option WORD]..."

static const struct verb {
    struct verb_options options;
    int word_count;
    int (*run)(char **argv, const struct trace_request *request);
} verbs[] = {
    { { "info", "jo", INFO_USAGE }, 1, info_verb },
    { { "import", "ob", IMPORT_USAGE }, 2, import_verb },
    { { "export", "o", EXPORT_USAGE }, 2, export_verb },
    { { "compare", "obtls", COMPARE_USAGE }, 2, compare_verb },
};

static const struct verb *find_verb(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (word != NULL && strcmp(word, verbs[i].options.name) == 0)
            return &verbs[i];
    return NULL;
}

static int take_number(const char *option, uint64_t max, uint64_t *out)
{
    return parse_u64(option, optarg, max, out) ? EXIT_OK : EXIT_USAGE;
}

static int take_option(struct trace_request *r, int letter)
{
    switch (letter) {
    case 'j':
        r->as_json = true;
        return EXIT_OK;
    case 'o':
        if (r->options.count == ARRAY_SIZE(r->words))
            return complain(EXIT_USAGE, "too many --trace-option");
        r->words[r->options.count++] = optarg;
        return EXIT_OK;
    case 'b':
        return binding_add(&r->bindings, optarg);
    case 't':
        return take_number("--tolerance", 1000000000, &r->tolerance);
    case 'l':
        return take_number("--lag-ms", 3600000, &r->lag_ms);
    case 's':
        return take_number("--offset-ms", 3600000, &r->offset_ms);
    default:
        return wrong_option("trace");
    }
}

static int run_verb(int argc, char **argv, const char *given, const struct trace_request *r)
{
    const struct verb *verb = find_verb(argv[0]);
    if (verb == NULL)
        return complain_usage(
            "trace",
            "trace wants info FILE, import FILE OUT.mcap, compare RUN.mcap FILE, or export "
            "FILE OUT.vcd|.csv|.log|.json|.mcap");
    int code = refuse_options("trace", options, given, &verb->options);
    if (code == EXIT_OK && argc - 1 != verb->word_count)
        return complain_usage("trace", "usage: axiom trace %s %s", verb->options.name,
                              verb->options.usage);
    if (code == EXIT_OK && verb->word_count == 2)
        code = refuse_same_file(argv[1], argv[2]);
    return code == EXIT_OK ? verb->run(argv + 1, r) : code;
}

static int run(int argc, char **argv)
{
    /* A run puts a trace's time 0 at 1 s, when the kernel has booted. */
    struct trace_request r = { .tolerance = 1, .lag_ms = 20, .offset_ms = 1000 };
    char given[16] = "";
    int option, code = EXIT_OK;
    r.options.word = r.words;
    while (code == EXIT_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        code = take_option(&r, option);
        if (code == EXIT_OK && strchr(given, option) == NULL)
            given[strlen(given)] = (char)option;
    }
    if (code == EXIT_OK)
        code = run_verb(argc - optind, argv + optind, given, &r);
    binding_free(&r.bindings);
    return code;
}

const struct command command_trace = {
    .name = "trace",
    .summary = "what recordings hold; between sigrok, CSV, VCD, candump, blackbox, ULog and MCAP",
    .help = "usage: axiom trace info " INFO_USAGE "\n"
            "       axiom trace import " IMPORT_USAGE "\n"
            "       axiom trace export " EXPORT_USAGE "\n"
            "       axiom trace compare " COMPARE_USAGE "\n\n"
            "What is in this capture, how fast, with which gaps, and how would I bind it?\n"
            "  axiom trace info smoothieware.sr\n"
            "The columns have no time: say the rate\n"
            "  axiom trace info serve.csv --trace-option rate=480\n"
            "Decode a bus out of captured lines as one more channel\n"
            "  axiom trace info sht31.sr --trace-option i2c:scl=2,sda=1,name=bus\n"
            "Make an MCAP of it that Foxglove plots\n"
            "  axiom trace import smoothieware.sr moves.mcap --bind 5=gpio/chip0/17 --bind "
            "6=gpio/chip0/27\n"
            "A recording for a logic analyser's eyes\n"
            "  axiom trace export run.mcap run.vcd\n\n"
            "A run for ui.perfetto.dev, and as a bag of ROS 2\n"
            "  axiom trace export run.mcap run.json\n"
            "  axiom trace export run.mcap bag.mcap\n"
            "Does what the run drove agree with what the machine's own capture shows?\n"
            "  axiom trace compare run.mcap spindle.csv --bind spindle=pwm/chip0/0/us\n"
            "CAN frames for can-utils\n"
            "  axiom trace export drive.mcap drive.log\n\n"
            "compare: --tolerance N in the channel's unit (1), --lag-ms how late the run may be "
            "(20), --offset-ms where the\n"
            "         trace's time 0 lies in the run (1000)\n"
            "Words: format=csv|sr|vcd|candump|blackbox|ulog|mcap, rate=HZ, origin=first|zero, "
            "unit:COLUMN=UNIT,\n"
            "       log=NUMBER, limit=BYTES; decoders (docs/FORMATS.md): i2c:scl=LINE,sda=LINE,\n"
            "       spi:clk=LINE,mosi=LINE,..., uart:rx=LINE,baud=RATE,..., "
            "can:rx=LINE,bitrate=RATE,...\n",
    .run = run,
};
