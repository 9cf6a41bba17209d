/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The same but for one return: trace_test.sh sees that a comparison finds it. */
#define EDGE_THAT_DIFFERS 300
#include "edges.bpf.c"
