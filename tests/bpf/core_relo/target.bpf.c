/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The types as the target has them: moved, grown, split and renamed against those in probe.bpf.c. */
#include <axiom/bpf.h>

enum mode { MODE_NEW, MODE_A, MODE_B = 77 };
enum only_there { ONLY_THERE = 3 };

struct inner {
    int pad[3];
    long deep;
    char text[8];
};

struct sensor {
    uint64_t added;
    const char *name;
    uint32_t unsigned_now_wide_pad;
    uint64_t grows; /* was 32 bits */
    uint16_t shrinks;
    int signed_grows_pad;
    int64_t signed_grows;
    struct {
        int unnamed_pad;
        union {
            uint32_t hidden;
            uint8_t hidden_bytes[4];
        };
    };
    uint32_t low_bits : 5, middle_bits : 11;
    int32_t signed_bits : 7;
    uint64_t far_bits : 40;
    struct inner inner_array[5];
    struct inner *pointer;
    int matrix[4][6];
    enum mode mode;
    int tail[];
};

struct flavored {
    int one;
    int two;
};

union either {
    char c;
    double d[2];
};

typedef struct {
    int first;
    int second;
} record_t;

typedef int (*callback_t)(struct sensor *sensor, enum mode mode);

struct sensor sensor;
struct flavored flavored;
union either either;
record_t record;
callback_t callback;
enum only_there only_there;

SEC("socket")
int keep(void *context)
{
    return sensor.tail[0] + flavored.two + either.c + record.second + (callback != NULL) + (int)only_there;
}
