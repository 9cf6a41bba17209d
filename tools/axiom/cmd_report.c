/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom report: a page about a run, for people who were not there. */
#include "cli.h"
#include "report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT_LIMIT (1u << 20)

static int load_expectations(struct report *report, const char *path)
{
    struct expect_error error;
    uint8_t *text;
    size_t size;
    int code = read_whole_file(path, EXPECT_LIMIT, &text, &size);
    if (code != EXIT_OK)
        return code;
    int err = expect_parse((const char *)text, size, &report->expect, &error);
    free(text);
    if (err == -EINVAL)
        return complain(EXIT_USAGE, "%s:%u: %s", path, error.line, error.text);
    return err != 0 ? complain(EXIT_IO, "no memory") : EXIT_OK;
}

static int write_page(const struct report *report, struct mcap_reader *reader, const char *to)
{
    FILE *file = to != NULL ? fopen(to, "we") : stdout;
    if (file == NULL)
        return complain(EXIT_IO, "%s: cannot be created: %s", to, strerror(errno));
    report_write(report, reader, file);
    bool failed = fflush(file) != 0 || ferror(file);
    if (file != stdout)
        failed |= fclose(file) != 0;
    return failed ? complain(EXIT_IO, "%s: cannot be written", to != NULL ? to : "stdout")
                  : EXIT_OK;
}

static int make(struct report *report, const char *expect, const char *to)
{
    struct mcap_reader_options options = { .recover = true };
    struct mcap_reader *reader;
    struct mcap_error error;
    const struct mcap_info *info;
    if (mcap_reader_open(report->path, &options, &reader, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    int code = EXIT_OK;
    if (mcap_reader_info(reader, &info, &error) != 0)
        code = complain(EXIT_INPUT, "%s", error.text);
    if (code == EXIT_OK && expect != NULL)
        code = load_expectations(report, expect);
    int read = EXIT_OK;
    if (code == EXIT_OK) {
        report->end_ns = info->end_time;
        report->complete = info->complete;
        read = report_collect(report);
    }
    if (code == EXIT_OK && read == EXIT_OK && report->other != NULL)
        code = report_compare(report);
    /* Of a file that ends early the page says what there is, and that it does. */
    if (read != EXIT_OK && report->events == 0)
        code = read;
    report->complete &= read == EXIT_OK;
    if (code == EXIT_OK)
        code = write_page(report, reader, to);
    mcap_reader_close(reader);
    return code == EXIT_OK ? read : code;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "expect", required_argument, NULL, 'e' },
        { "output", required_argument, NULL, 'o' },
        { 0 },
    };
    const char *expect = NULL, *to = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        if (option == 'e')
            expect = optarg;
        else if (option == 'o')
            to = optarg;
        else
            return wrong_option("report");
    }
    int count = argc - optind;
    if (count != 1 && count != 2)
        return complain_usage("report",
                              "report wants a recording, and perhaps one to compare with");
    struct report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return complain(EXIT_IO, "no memory");
    report->path = argv[optind];
    report->other = count == 2 ? argv[optind + 1] : NULL;
    int code = refuse_same_file(report->path, to);
    if (code == EXIT_OK)
        code = refuse_same_file(report->other, to);
    if (code == EXIT_OK)
        code = refuse_same_file(expect, to);
    if (code == EXIT_OK)
        code = make(report, expect, to);
    if (report->expect != NULL)
        expect_free(report->expect);
    if (code == EXIT_OK && (report->failed > 0 || report->differs))
        code = EXIT_DIFFERS;
    free(report);
    return code;
}

const struct command command_report = {
    .name = "report",
    .summary = "a page about a run: what ran, verdicts, worst times, plots",
    .help =
        "usage: axiom report RUN.mcap [OTHER.mcap] [--expect FILE] [--output OUT.html] > "
        "OUT.html\n\n"
        "A page to send to somebody, in one file, without network\n"
        "  axiom report run.mcap > run.html\n"
        "With the assertions of the run, and where it first differs from another\n"
        "  axiom report new.mcap old.mcap --expect expect.txt > diff.html\n\n"
        "Exit code 0; 1: an assertion fails, or outputs differ (the page says which); 3: a file is "
        "broken (the\npage, if there is one, has what could be read).\n",
    .run = run,
};
