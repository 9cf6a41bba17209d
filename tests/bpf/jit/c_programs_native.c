/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The generated functions by the machine's own compiler: "name round result" lines. Compiled with
 * -include c_programs.h and the generated file. */
#include "c_inputs.h"

#include <stdio.h>

int main(void)
{
    for (unsigned p = 0; p < sizeof programs / sizeof programs[0]; p++) {
        for (unsigned round = 0; round < ROUND_COUNT; round++) {
            for (unsigned i = 0; i < 8; i++)
                inputs[i] = c_input(round, i);
            printf("%s %u %llx\n", programs[p].name, round, programs[p].body());
        }
    }
    return 0;
}
