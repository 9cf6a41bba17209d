/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Soundness by execution for as long as one likes, and the judge of mutants.sh.
 *
 *     bpf-soundness [PROGRAMS [SECONDS [SEED]]]        0: no limit; 20000, 0, 1
 *
 * Ends at the first program that does what the verifier said it could not, and prints it: exit 1. */
#include "soundness.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static struct soundness_counts counts;

/* An assertion of the verifier itself failed, and has said which. */
static void aborted(int number)
{
    char text[80];
    int length = snprintf(text, sizeof text, "found after %" PRIu64 " programs: assertion\n",
                          counts.programs);
    (void)!write(STDOUT_FILENO, text, (size_t)length);
    signal(number, SIG_DFL);
    raise(number);
}

int main(int argc, char **argv)
{
    static char text[40000];
    static uint8_t bytes[SOUNDNESS_BYTES_MAX];
    uint64_t limit = argc > 1 ? strtoull(argv[1], NULL, 0) : 20000;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 0;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
    struct timespec start;
    bool fine = true;
    clock_gettime(CLOCK_MONOTONIC, &start);
    signal(SIGABRT, aborted);
    soundness_begin();
    while (fine && (limit == 0 || counts.programs < limit)) {
        if (seconds > 0 && counts.programs % 64 == 0 && seconds_since(&start) > seconds)
            break;
        size_t size = soundness_bytes(seed, counts.programs, bytes);
        fine = soundness_check(bytes, size, &counts, text, sizeof text);
    }
    if (!fine)
        printf("found after %" PRIu64 " programs, %.1f s: %s\n", counts.programs,
               seconds_since(&start), text);
    else
        printf("%.1f s, seed %" PRIu64 ": nothing found\n", seconds_since(&start), seed);
    soundness_print(&counts);
    soundness_end();
    return !fine;
}
