/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The kernel's test suite in the simulated port: one boot of the whole image.
 *
 * usage: kernel_in_sim CPUS [COMMAND LINE] */
#include <sim/machine.h>
#include <stdio.h>
#include <stdlib.h>

static void console(void *context, const char *text, size_t size)
{
    (void)context;
    fwrite(text, 1, size, stdout);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static uint64_t tree[16384];
    FILE *file = fopen(AXIOM_BINARY_DIR "/boards/sim-rpi5.dtb", "rb");
    if (file == NULL || argc < 2) {
        fprintf(stderr, "usage: kernel_in_sim CPUS [COMMAND LINE], after the boards are built\n");
        return 2;
    }
    size_t tree_size = fread(tree, 1, sizeof tree, file);
    fclose(file);
    const struct sim_config config = {
        .fdt = tree,
        .fdt_size = tree_size,
        .memory_size = 64u << 20,
        .cpu_count = (uint32_t)atoi(argv[1]),
        .seed = 1,
        .schedule = { .policy = SIM_SCHEDULE_SEEDED, .switch_one_in = 50 },
        .command_line = argc > 2 ? argv[2] : "",
        .end = SIM_END_HOLD,
        .console = console,
    };
    struct sim_result result;
    int err = sim_run(&config, &result);
    if (err || result.kernel_error)
        printf("Bail out! sim: error %d (%s), kernel: %d\n", err, result.reason,
               result.kernel_error);
    return err || result.kernel_error ? 1 : 0;
}
