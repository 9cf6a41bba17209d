/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A kernel's types for struct_ops.bpf.c: the members in another order, one more, one less. */
struct device;

struct rig_ops {
    int (*start)(struct device *, int);
    long added_later;
    void (*stop)(struct device *);
    char name[16];
    unsigned int rate;
};

struct bpf_struct_ops_rig_ops {
    struct {
        int references, state;
    } common;
    struct rig_ops data __attribute__((aligned(64)));
};

struct bpf_struct_ops_rig_ops registered;
