/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Any bytes as the device tree of a whole image: the machine binds models, the kernel boots on it
 * and binds drivers, both end in good order. A tree is input: nothing in it may panic. The bytes
 * are the tree; a tree of the right structure that says wrong things is the interesting case, so
 * mutation starts from the simulated board's own. A kernel that hangs because the tree wires
 * nothing to its interrupts is ended with an error, and counts as good order. */
#include <axiom/errno.h>
#include <sim/machine.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void quiet(void *context, const char *text, size_t size)
{
    (void)context;
    (void)text;
    (void)size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* An exact copy, so that a sanitizer sees the first byte read too far; aligned as libfdt wants.
     */
    void *tree = malloc(size != 0 ? size : 1);
    if (tree == NULL)
        return 0;
    memcpy(tree, data, size);
    struct sim_config config = {
        .fdt = tree,
        .fdt_size = size,
        .memory_size = 4u << 20,
        .cpu_count = 2,
        .seed = 1,
        .end = SIM_END_HOLD,
        .end_time_ns = 5000000,
        .console = quiet,
    };
    struct sim_result result;
    sim_run(&config, &result);
    if (result.error != -EDEADLK && (result.leaked_stacks != 0 || result.leaked_exec != 0))
        abort();
    free(tree);
    return 0;
}
