/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* gantry: makes the trace of a two-axis gantry robot, and beside it what must be found in it.
 *
 * The path is planned from the seed; the lines and the sensors are made from the path and merged by
 * time. Everything is integers: equal arguments give equal bytes, on any machine. */
#include "oracle.h"
#include "output.h"
#include <axiom/errno.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: gantry --out FILE.mcap [--oracle FILE.txt] [--seconds N] [--seed N]\n"
    "\n"
    "Makes the trace of a two-axis gantry: step and direction lines, limit switches that bounce, "
    "an IMU on the head,\n"
    "a motor that grows warm. The oracle (FILE.oracle.txt unless told) says what is in it: steps, "
    "positions, when the\n"
    "soft limit is passed, how many samples vibrate, when the motor is hot.\n"
    "\n"
    "  --seconds N   length, 30 to 3600 (40)\n"
    "  --seed N      another path, other noise (1)\n";

struct arguments {
    struct plan plan;
    const char *out;
    char oracle[512];
};

static bool take_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    char *end;
    if (text == NULL || *text < '0' || *text > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && *out >= least && *out <= most;
}

static void default_oracle(struct arguments *arguments)
{
    const char *dot = strrchr(arguments->out, '.');
    const char *slash = strrchr(arguments->out, '/');
    size_t stem = dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - arguments->out)
                                                                : strlen(arguments->out);
    snprintf(arguments->oracle, sizeof arguments->oracle, "%.*s.oracle.txt", (int)stem,
             arguments->out);
}

static bool parse(int argc, char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){ .plan = { .seed = 1, .seconds = 40 } };
    uint64_t seconds = 40;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value == NULL)
            return false;
        if (strcmp(argv[i], "--out") == 0)
            arguments->out = value;
        else if (strcmp(argv[i], "--oracle") == 0)
            snprintf(arguments->oracle, sizeof arguments->oracle, "%s", value);
        else if (strcmp(argv[i], "--seconds") == 0 && take_number(value, 30, 3600, &seconds))
            continue;
        else if (strcmp(argv[i], "--seed") == 0 &&
                 take_number(value, 0, UINT64_MAX, &arguments->plan.seed))
            continue;
        else
            return false;
    }
    arguments->plan.seconds = (uint32_t)seconds;
    if (arguments->out != NULL && arguments->oracle[0] == '\0')
        default_oracle(arguments);
    return arguments->out != NULL;
}

/* The machine's state before anything moves, so that a replay can set its pins. */
static int write_initial(struct output *out)
{
    int err = 0;
    for (int line = 0; line < LINE_COUNT && err == 0; line++)
        err = output_level(out, (enum line)line, 0, 0);
    return err;
}

/* Edges and samples by time; at one time edges first. */
static int write_trace(struct output *out, const struct path *path, const struct edges *edges,
                       uint64_t seed, struct tally *tally)
{
    struct imu imu;
    struct temperature temperature;
    imu_init(&imu, path, seed);
    temperature_init(&temperature, path, seed);
    int err = write_initial(out);
    for (size_t at = 0; err == 0;) {
        uint64_t edge_ns = at < edges->count ? edges->edge[at].time_ns : TIME_NEVER;
        uint64_t imu_ns = imu_next_ns(&imu), temperature_ns = temperature_next_ns(&temperature);
        uint64_t sample_ns = imu_ns < temperature_ns ? imu_ns : temperature_ns;
        if (edge_ns == TIME_NEVER && sample_ns > path->end_ns)
            break;
        if (edge_ns <= sample_ns) {
            const struct edge *edge = &edges->edge[at++];
            err = output_level(out, (enum line)edge->line, edge->time_ns, edge->level);
        } else if (imu_ns <= temperature_ns) {
            struct imu_sample sample;
            imu_take(&imu, &sample);
            tally_imu(tally, &sample);
            err = output_imu(out, &sample);
        } else {
            bool hot;
            int64_t nano = temperature_take(&temperature, &hot);
            tally_temperature(tally, temperature_ns, hot);
            err = output_temperature(out, temperature_ns, nano);
        }
    }
    return err;
}

static int write_oracle(const struct arguments *arguments, const struct path *path,
                        const struct tally *tally)
{
    FILE *file = fopen(arguments->oracle, "we");
    if (file == NULL) {
        perror(arguments->oracle);
        return -EIO;
    }
    oracle_write(file, &arguments->plan, path, tally);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        perror(arguments->oracle);
        return -EIO;
    }
    return 0;
}

static int make(const struct arguments *arguments)
{
    struct path path;
    struct edges edges;
    struct output *out;
    struct tally tally = { 0 };
    int err = path_make(&arguments->plan, &path);
    if (err != 0)
        return err;
    err = lines_make(&path, arguments->plan.seed, &edges);
    if (err != 0)
        goto free_path;
    err = output_create(arguments->out, &arguments->plan, &out);
    if (err != 0)
        goto free_edges;
    err = write_trace(out, &path, &edges, arguments->plan.seed, &tally);
    int closed = output_close(out);
    if (err == 0)
        err = closed;
    if (err == 0)
        err = write_oracle(arguments, &path, &tally);
free_edges:
    free(edges.edge);
free_path:
    free(path.move);
    return err;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (!parse(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    int err = make(&arguments);
    if (err != 0) {
        fprintf(stderr, "gantry: %s: not made: %s\n", arguments.out, strerror(-err));
        return 6;
    }
    return 0;
}
