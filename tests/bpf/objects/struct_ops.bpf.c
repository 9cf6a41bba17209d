/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs as members of a kernel's struct, which is another version of the one here. */
#include <axiom/bpf.h>

char LICENSE[] SEC("license") = "GPL";

struct device;

struct rig_ops___old {
    unsigned int rate;
    char name[16];
    int removed;
    void (*stop)(struct device *);
    int (*start)(struct device *, int);
};

SEC("struct_ops/start")
int start(uint64_t *arguments)
{
    return (int)arguments[1];
}

SEC("struct_ops")
void stop(uint64_t *arguments)
{
    (void)arguments;
}

SEC(".struct_ops")
struct rig_ops___old rig = {
    .rate = 50, .name = "rig", .start = (void *)start, .stop = (void *)stop
};

SEC(".struct_ops.link")
struct rig_ops___old linked = { .name = "linked", .start = (void *)start };
