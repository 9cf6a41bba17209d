/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The page: one style sheet that follows the reader's dark or light mode, tables, inline SVG. All text of
 * the recording is escaped; nothing is loaded. Colours are Okabe and Ito's, which the colour-blind tell
 * apart. */
#include "report.h"

#include "cli.h"

#include <axiom/errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PLOT_HEIGHT  64
#define LEVEL_HEIGHT 28

static void text(FILE *to, const char *at, size_t size)
{
    for (size_t i = 0; i < size && at[i] != '\0'; i++) {
        unsigned char c = (unsigned char)at[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            fprintf(to, "&#%u;", c);
        else
            fputc(c < 0x20 || c == 0x7f ? ' ' : c, to);
    }
}

static void words(FILE *to, const char *at)
{
    text(to, at, strlen(at));
}

static void print_nano(FILE *to, int64_t nano)
{
    uint64_t size = nano < 0 ? -(uint64_t)nano : (uint64_t)nano;
    fprintf(to, "%s%" PRIu64 ".%03" PRIu64, nano < 0 ? "−" : "", size / 1000000000,
            size % 1000000000 / 1000000);
}

static void head(const struct report *report, FILE *to)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
          to);
    words(to, report->path);
    fputs("</title>\n<style>\n"
          ":root{--ink:#1a1a1a;--paper:#fff;--dim:#666;--rule:#ddd;--blue:#0072b2;--fill:#56b4e955;"
          "--good:#00795a;--bad:#b34700}\n"
          "@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#16181b;--dim:#9aa0a6;"
          "--rule:#34383d;--blue:#56b4e9;--fill:#56b4e944;--good:#2cc69a;--bad:#ff9d5c}}\n"
          "body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
          "max-width:1100px;margin:2em auto;padding:0 1em}\n"
          "h1{font-size:1.4em;overflow-wrap:anywhere}h2{font-size:1.1em;margin-top:2em;border-"
          "bottom:1px "
          "solid var(--rule)}\n"
          "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2em "
          ".8em .2em 0;border-bottom:1px solid "
          "var(--rule);vertical-align:top;overflow-wrap:anywhere}\n"
          "th{font-weight:600;color:var(--dim);white-space:nowrap}td.n,th.n{text-align:right;white-"
          "space:nowrap;"
          "font-variant-numeric:tabular-nums}\n"
          ".good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}"
          ".dim{color:var(--dim)}code{font-size:.92em}\n"
          "svg{display:block;width:100%;height:auto}svg text{font:11px system-ui,sans-serif;"
          "fill:var(--dim)}.lane{margin:.3em 0}\n"
          ".line{fill:none;stroke:var(--blue);stroke-width:1.2}.area{fill:var(--fill);stroke:var(--"
          "blue);"
          "stroke-width:.6}.mark{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:4 2}"
          ".axis{stroke:var(--rule)}\n</style></head><body>\n<h1>",
          to);
    words(to, report->path);
    fputs("</h1>\n", to);
}

/* --- what ran --- */

static void print_metadata(struct mcap_reader *reader, FILE *to)
{
    const struct mcap_info *info;
    struct mcap_error error;
    if (mcap_reader_info(reader, &info, &error) != 0)
        return;
    for (size_t i = 0; i < info->metadata_count; i++) {
        struct mcap_bytes map = info->metadata[i].map;
        struct mcap_text key, value;
        fputs("<tr><th>", to);
        text(to, info->metadata[i].name.at, info->metadata[i].name.size);
        fputs("</th><td>", to);
        while (mcap_map_next(&map, &key, &value)) {
            if (value.size == 0)
                continue;
            fputs("<code>", to);
            text(to, key.at, key.size);
            fputs("</code> ", to);
            text(to, value.at, value.size);
            fputs(" &nbsp; ", to);
        }
        fputs("</td></tr>\n", to);
    }
    for (size_t i = 0; i < info->attachment_count; i++) {
        fputs(i == 0 ? "<tr><th>attached</th><td>" : ", ", to);
        text(to, info->attachment[i].name.at, info->attachment[i].name.size);
        fprintf(to, " <span class=\"dim\">(%s)</span>",
                counted(info->attachment[i].data_size, "byte"));
        if (i + 1 == info->attachment_count)
            fputs("</td></tr>\n", to);
    }
}

static void what_ran(const struct report *report, struct mcap_reader *reader, FILE *to)
{
    fprintf(
        to,
        "<h2>What ran</h2>\n<table>\n<tr><th>length</th><td>%s of virtual time, %s%s</td></tr>\n",
        seconds_text(report->end_ns), counted(report->events, "event"),
        report->complete ? "" : " <span class=\"bad\">the recording was cut</span>");
    print_metadata(reader, to);
    if (report->last_hash != 0)
        fprintf(to, "<tr><th>state hash</th><td><code>%016" PRIx64 "</code>, the last</td></tr>\n",
                report->last_hash);
    fputs("</table>\n", to);
    if (report->program_count == 0)
        return;
    fputs(
        "<h2>Programs</h2>\n<table><tr><th>program</th><th>attached to</th><th "
        "class=\"n\">runs</th><th class=\"n\">instructions, mean</th><th class=\"n\">most</th><th "
        "class=\"n\">ended early</th></tr>\n",
        to);
    for (uint32_t i = 0; i < report->program_count; i++) {
        const struct report_program *p = &report->program[i];
        fputs("<tr><td>", to);
        words(to, p->name);
        fputs("</td><td><code>", to);
        words(to, p->attach_point);
        fprintf(to,
                "</code></td><td class=\"n\">%s</td><td class=\"n\">%" PRIu64
                "</td><td class=\"n\">%s</td><td class=\"n %s\">%s</td></tr>\n",
                grouped(p->runs), p->insn_total / p->runs, grouped(p->insn_max),
                p->errors ? "bad" : "", grouped(p->errors));
    }
    fputs("</table>\n", to);
}

/* --- verdicts --- */

static void expectations(const struct report *report, FILE *to)
{
    for (uint32_t i = 0; report->expect != NULL && i < expect_count(report->expect); i++) {
        struct expect_verdict verdict;
        expect_verdict(report->expect, i, &verdict);
        fprintf(to, "<tr><td class=\"%s\">%s</td><td><code>", verdict.holds ? "good" : "bad",
                verdict.holds ? "holds" : "fails");
        words(to, verdict.source);
        fputs("</code>", to);
        if (!verdict.holds) {
            fputs("<br>", to);
            words(to, verdict.why);
        }
        fputs("</td></tr>\n", to);
    }
}

static void comparison(const struct report *report, FILE *to)
{
    if (report->other == NULL)
        return;
    fprintf(to, "<tr><td class=\"%s\">%s</td><td>against ", report->differs ? "bad" : "good",
            report->differs ? "differs" : "equal");
    words(to, report->other);
    if (!report->differs) {
        fprintf(to, ": %s</td></tr>\n", counted(report->compared, "output"));
        return;
    }
    fprintf(to, ", first in output %s:<br><code>− ", grouped(report->compared));
    words(to, report->ours);
    fputs("</code><br><code>+ ", to);
    words(to, report->theirs);
    fputs("</code></td></tr>\n", to);
}

static void verdicts(const struct report *report, FILE *to)
{
    uint64_t errors = 0;
    for (uint32_t i = 0; i < report->program_count; i++)
        errors += report->program[i].errors;
    fputs("<h2>Verdicts</h2>\n<table>\n", to);
    comparison(report, to);
    expectations(report, to);
    fprintf(to, "<tr><td class=\"%s\">%s</td><td>runs of programs that ended early</td></tr>\n",
            errors ? "bad" : "good", grouped(errors));
    fprintf(to, "<tr><td class=\"%s\">%s</td><td>bus transactions that failed</td></tr>\n",
            report->i2c_errors ? "bad" : "good", grouped(report->i2c_errors));
    fprintf(to, "<tr><td>%s</td><td>interlock events, %s injected faults</td></tr>\n</table>\n",
            grouped(report->count[EVENT_INTERLOCK]), grouped(report->count[EVENT_FAULT]));
}

/* --- worst times --- */

static void worst_row(FILE *to, const char *what, const char *of, uint64_t ns, uint64_t at_ns)
{
    fputs("<tr><td>", to);
    fputs(what, to);
    fputs(" <code>", to);
    words(to, of);
    fprintf(to,
            "</code></td><td class=\"n\">%s</td><td class=\"n\">at %" PRIu64 ".%09" PRIu64
            " s</td></tr>\n",
            seconds_text(ns), at_ns / 1000000000, at_ns % 1000000000);
}

static void worst_times(const struct report *report, FILE *to)
{
    fputs("<h2>Worst times</h2>\n<table>\n", to);
    for (uint32_t i = 0; i < report->program_count; i++) {
        const struct report_program *p = &report->program[i];
        worst_row(to, "from cause to run of", p->name, p->late_max, p->late_max_ns);
        if (p->duration_max > 0)
            worst_row(to, "one run of", p->name, p->duration_max, p->duration_max_ns);
    }
    if (report->count[EVENT_TIMER] > 0)
        worst_row(to, "a timer's lateness", "", report->timer_late_max, report->timer_late_max_ns);
    for (uint32_t i = 0; i < report->lane_count; i++) {
        const struct report_lane *lane = &report->lane[i];
        if (!lane->holds && lane->longest_ns > 0)
            worst_row(to, "between two samples of", lane->name, lane->longest_ns,
                      lane->longest_at_ns);
    }
    fputs("</table>\n", to);
}

/* --- plots --- */

static double y_of(const struct report_lane *lane, int64_t value, double height)
{
    double span = (double)lane->greatest - (double)lane->least;
    double part = span > 0 ? ((double)value - (double)lane->least) / span : 0.5;
    return 2 + (height - 4) * (1 - part);
}

/* There along the highest of each column, back along the lowest: what decimation would hide is seen. */
static void print_area(const struct report_lane *lane, double height, FILE *to)
{
    bool any = false;
    fputs("<path class=\"area\" d=\"", to);
    for (uint32_t x = 0; x < REPORT_COLUMNS; x++) {
        if (!lane->set[x])
            continue;
        fprintf(to, "%c%u %.1f", any ? 'L' : 'M', x, y_of(lane, lane->high[x], height));
        any = true;
    }
    for (uint32_t x = REPORT_COLUMNS; x-- > 0;)
        if (lane->set[x])
            fprintf(to, "L%u %.1f", x, y_of(lane, lane->low[x], height));
    fputs("\"/>", to);
}

/* A line's level, or a PWM's duty: it holds until the next change. */
static void print_steps(const struct report_lane *lane, double height, FILE *to)
{
    bool any = false;
    int64_t held = 0;
    fputs("<path class=\"line\" d=\"", to);
    for (uint32_t x = 0; x < REPORT_COLUMNS; x++) {
        if (!lane->set[x])
            continue;
        if (any)
            fprintf(to, "L%u %.1f", x, y_of(lane, held, height));
        fprintf(to, "%c%u %.1fL%u %.1fL%u %.1f", any ? 'L' : 'M', x,
                y_of(lane, lane->low[x], height), x, y_of(lane, lane->high[x], height), x,
                y_of(lane, lane->end[x], height));
        held = lane->end[x];
        any = true;
    }
    if (any)
        fprintf(to, "L%u %.1f", REPORT_COLUMNS, y_of(lane, lane->last, height));
    fputs("\"/>", to);
}

static void print_mark(const struct report *report, double height, FILE *to)
{
    if (!report->differs || report->end_ns == 0)
        return;
    double x = (double)report->differs_ns / (double)report->end_ns * REPORT_COLUMNS;
    fprintf(to, "<line class=\"mark\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%.0f\"/>", x, x,
            height);
}

static void begin_plot(FILE *to, double height)
{
    fprintf(
        to,
        "<div class=\"lane\"><svg viewBox=\"0 -14 %u %.0f\" role=\"img\">"
        "<line class=\"axis\" x1=\"0\" y1=\"%.0f\" x2=\"%u\" y2=\"%.0f\"/><text x=\"0\" y=\"-3\">",
        REPORT_COLUMNS, height + 15, height, REPORT_COLUMNS, height);
}

static void plot_lane(const struct report *report, const struct report_lane *lane, FILE *to)
{
    double height = lane->is_level ? LEVEL_HEIGHT : PLOT_HEIGHT;
    begin_plot(to, height);
    words(to, lane->name);
    fprintf(to, " · %s", counted(lane->changes, "change"));
    if (!lane->is_level) {
        fputs(" · ", to);
        print_nano(to, lane->least);
        fputs(" to ", to);
        print_nano(to, lane->greatest);
        fprintf(to, " %s", lane->unit);
    }
    fputs("</text>", to);
    if (lane->holds)
        print_steps(lane, height, to);
    else
        print_area(lane, height, to);
    print_mark(report, height, to);
    fputs("</svg></div>\n", to);
}

static void plot_runs(const struct report *report, const struct report_program *program, FILE *to)
{
    uint32_t most = 1;
    for (uint32_t x = 0; x < REPORT_COLUMNS; x++)
        most = program->column[x] > most ? program->column[x] : most;
    begin_plot(to, LEVEL_HEIGHT);
    fputs("runs of ", to);
    words(to, program->name);
    fprintf(to, " · %s, up to %u a column</text><path class=\"line\" d=\"", grouped(program->runs),
            most);
    for (uint32_t x = 0; x < REPORT_COLUMNS; x++)
        if (program->column[x] > 0)
            fprintf(to, "M%u.5 %dV%.1f", x, LEVEL_HEIGHT,
                    LEVEL_HEIGHT - (LEVEL_HEIGHT - 2.0) * program->column[x] / most);
    fputs("\"/>", to);
    print_mark(report, LEVEL_HEIGHT, to);
    fputs("</svg></div>\n", to);
}

static void plots(const struct report *report, FILE *to)
{
    fprintf(to, "<h2>Over %s</h2>\n", seconds_text(report->end_ns));
    if (report->differs)
        fputs("<p class=\"bad\">The dashed line is the first divergence.</p>\n", to);
    for (uint32_t i = 0; i < report->lane_count; i++)
        plot_lane(report, &report->lane[i], to);
    for (uint32_t i = 0; i < report->program_count; i++)
        plot_runs(report, &report->program[i], to);
    if (report->lanes_left_out > 0)
        fprintf(to, "<p class=\"dim\">More than %u lanes: the rest is left out.</p>\n",
                REPORT_LANES);
}

static void notes(const struct report *report, FILE *to)
{
    if (report->notes == 0)
        return;
    fputs("<h2>Warnings, faults, stops</h2>\n<table>\n", to);
    for (uint64_t i = 0; i < report->notes && i < REPORT_NOTES; i++) {
        fprintf(to, "<tr><td class=\"n\">%" PRIu64 ".%09" PRIu64 " s</td><td>",
                report->note[i].time_ns / 1000000000, report->note[i].time_ns % 1000000000);
        words(to, report->note[i].text);
        fputs("</td></tr>\n", to);
    }
    fputs("</table>\n", to);
    if (report->notes > REPORT_NOTES)
        fprintf(to, "<p class=\"dim\">and %s more</p>\n", grouped(report->notes - REPORT_NOTES));
}

void report_write(const struct report *report, struct mcap_reader *reader, FILE *to)
{
    head(report, to);
    verdicts(report, to);
    what_ran(report, reader, to);
    worst_times(report, to);
    plots(report, to);
    notes(report, to);
    fputs("</body></html>\n", to);
}
