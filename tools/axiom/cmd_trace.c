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
    printf("  %-28s %-8s %12s records", channel->name, kind_names[channel->kind],
           grouped(info->count));
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
        printf(", %s bytes, %s not acknowledged, addresses", grouped(info->bytes),
               grouped(info->nacks));
        for (unsigned address = 0; address < 128; address++)
            if (info->addresses[address / 64] >> (address % 64) & 1)
                printf(" %02x", address);
    }
    if (channel->kind == TRACE_CAN || channel->kind == TRACE_SPI || channel->kind == TRACE_UART)
        printf(", %s bytes, %s damaged", grouped(info->bytes), grouped(info->damaged));
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
    printf("%s: %s, %s records in %s", path, trace_format(source), grouped(info->record_count),
           seconds_text(info->end_ns));
    if (info->simultaneous > 0)
        printf(", %s at the same time as the one before", grouped(info->simultaneous));
    putchar('\n');
    if (info->gap_count > 0)
        printf("  %s gaps, %s of data lost by the recorder\n", grouped(info->gap_count),
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

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "trace-option", required_argument, NULL, 'o' },
        { "bind", required_argument, NULL, 'b' },
        { "tolerance", required_argument, NULL, 't' },
        { "lag-ms", required_argument, NULL, 'l' },
        { "offset-ms", required_argument, NULL, 's' },
        { 0 },
    };
    const char *words[32];
    struct trace_options word_list = { words, 0 };
    struct binding_list bindings = { 0 };
    bool as_json = false;
    /* A run puts a trace's time 0 at 1 s, when the kernel has booted. */
    uint64_t tolerance = 1, lag_ms = 20, offset_ms = 1000;
    int option, code = EXIT_OK;
    while (code == EXIT_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            as_json = true;
        else if (option == 'o' && word_list.count < ARRAY_SIZE(words))
            words[word_list.count++] = optarg;
        else if (option == 'b')
            code = binding_add(&bindings, optarg);
        else if (option == 't')
            code = parse_u64("--tolerance", optarg, 1000000000, &tolerance) ? EXIT_OK : EXIT_USAGE;
        else if (option == 'l')
            code = parse_u64("--lag-ms", optarg, 3600000, &lag_ms) ? EXIT_OK : EXIT_USAGE;
        else if (option == 's')
            code = parse_u64("--offset-ms", optarg, 3600000, &offset_ms) ? EXIT_OK : EXIT_USAGE;
        else
            code = wrong_option("trace");
    }
    const char *verb = argv[optind];
    int count = argc - optind - 1;
    if (code != EXIT_OK)
        ;
    else if (count == 1 && strcmp(verb, "info") == 0)
        code = trace_info_command(argv[optind + 1], &word_list, as_json);
    else if (count == 2 && strcmp(verb, "import") == 0)
        code = convert_import(argv[optind + 1], argv[optind + 2], &word_list, &bindings);
    else if (count == 2 && strcmp(verb, "compare") == 0)
        code =
            trace_compare(argv[optind + 1], argv[optind + 2], &word_list, &bindings,
                          (int64_t)tolerance * 1000000000, lag_ms * 1000000, offset_ms * 1000000);
    else if (count == 2 && strcmp(verb, "export") == 0)
        code = convert_export(argv[optind + 1], argv[optind + 2], &word_list);
    else
        code = complain_usage(
            "trace",
            "trace wants info FILE, import FILE OUT.mcap, compare RUN.mcap FILE, or export "
            "FILE OUT.vcd|.csv|.log|.json|.mcap");
    binding_free(&bindings);
    return code;
}

const struct command command_trace = {
    .name = "trace",
    .summary = "what recordings hold; between sigrok, CSV, VCD, candump, blackbox, ULog and MCAP",
    .help =
        "usage: axiom trace info FILE [--json] [--trace-option WORD]...\n"
        "       axiom trace import FILE OUT.mcap [--bind CHANNEL=DEVICE]... [--trace-option "
        "WORD]...\n"
        "       axiom trace export FILE OUT.vcd|.csv|.log|.json|.mcap [--trace-option WORD]...\n\n"
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
        "CAN frames for can-utils\n"
        "  axiom trace export drive.mcap drive.log\n\n"
        "Words: format=csv|sr|vcd|candump|blackbox|ulog|mcap, rate=HZ, origin=first|zero, "
        "unit:COLUMN=UNIT,\n"
        "       log=NUMBER, limit=BYTES; decoders (docs/FORMATS.md): i2c:scl=LINE,sda=LINE,\n"
        "       spi:clk=LINE,mosi=LINE,..., uart:rx=LINE,baud=RATE,..., "
        "can:rx=LINE,bitrate=RATE,...\n",
    .run = run,
};
