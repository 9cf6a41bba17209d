/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One run of the whole image between two marks that strace shows. */
#include <stdio.h>
#include <unistd.h>

#include "whole_image.h"

static void quiet(void *context, const char *text, size_t size)
{
    (void)context;
    (void)text;
    (void)size;
}

static void mark(const char *text, size_t size)
{
    ssize_t nowhere = write(-1, text, size);
    (void)nowhere;
}

int main(void)
{
    struct sim_config config;
    struct wave wave;
    struct sim_result result;
    struct output_digest digest;
    if (!whole_image_config(&config, &wave, 500))
        return 1;
    output_digest_init(&digest);
    config.sinks = (struct event_sink *const[]){ &digest.sink };
    config.sink_count = 1;
    config.cpu_count = 4;
    config.schedule = (struct sim_schedule){ SIM_SCHEDULE_SEEDED, .switch_one_in = 10 };
    config.console = quiet;
    mark("replay begins", 13);
    int err = sim_run(&config, &result);
    mark("replay ends", 11);
    if (err || result.kernel_error || result.input_count != 500)
        fprintf(stderr, "run: %d %s, kernel %d\n", err, result.reason, result.kernel_error);
    return err != 0 || result.kernel_error != 0 || result.input_count != 500;
}
