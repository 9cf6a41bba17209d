/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The viewer at 10,000,000 events: time to the first picture, to all of the file, and for a frame at each zoom, on the
 * software canvas at 1920x1080. usage: view_bench FILE [EVENTS]: makes FILE if it is not there. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "load.h"
#include "view.h"

#include <traces/host/file_writer.h>
#include <traces/recorder.h>

#define WIDTH  1920
#define HEIGHT 1080
#define FRAMES 40
#define SLOTS  512u

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A busy machine: 12 lines, an IMU, a bus, four programs, two PWM channels, two CPUs. */
static void make_event(uint64_t i, struct event *event)
{
    static const uint8_t bytes[] = { 0x78, 0x0f, 0x04, 0x00, 0xf7, 0x08 };
    static const char *const names[] = { "step_x", "step_y", "shocks", "temperature" };
    *event = (struct event){ .time_ns = i * 1000 + (i * 7919) % 1000, .sequence = i };
    uint32_t kind = (uint32_t)(i % 16);
    if (kind < 10) {
        event->kind = EVENT_GPIO;
        event->gpio.line = (uint8_t)(4 + i % 12);
        event->gpio.level = (i / 48) & 1;
        event->role = EVENT_ROLE_INPUT;
    } else if (kind < 12) {
        event->kind = EVENT_IIO;
        event->iio.device = "imu0";
        event->iio.count = 3;
        for (uint8_t a = 0; a < 3; a++) {
            event->iio.quantity[a] = a;
            event->iio.nano[a] = (int64_t)((i * (a + 3u)) % 20011) * 1000000;
        }
        event->role = EVENT_ROLE_INPUT;
    } else if (kind < 14) {
        event->kind = EVENT_BPF_RUN;
        event->layer = EVENT_LAYER_KERNEL;
        event->role = EVENT_ROLE_OUTPUT;
        event->bpf_run.program = names[i / 16 % 4];
        event->bpf_run.attach_point = "gpio/chip0/line17/rising";
        event->bpf_run.insn_count = 30;
    } else if (kind == 14) {
        event->kind = EVENT_I2C;
        event->i2c.bus = 1;
        event->i2c.address = 0x6a;
        event->i2c.read_size = sizeof bytes;
        event->i2c.read_data = bytes;
        event->role = EVENT_ROLE_OBSERVATION;
    } else {
        event->kind = EVENT_SCHED;
        event->layer = EVENT_LAYER_KERNEL;
        event->sched.cpu = i / 16 & 1;
        event->sched.previous = "idle";
        event->sched.next = i / 32 & 1 ? "imu0" : "idle";
        event->role = EVENT_ROLE_OBSERVATION;
    }
}

static int make_file(const char *path, uint64_t events)
{
    struct mcap_error error;
    struct mcap_file_options options = { .channel_capacity = SLOTS / 2,
                                         .summary_size = TRACE_RECORDER_SUMMARY_SIZE(SLOTS / 2),
                                         .tail_reserve = TRACE_RECORDER_TAIL_RESERVE };
    struct mcap_file_writer *file;
    struct trace_recorder recorder;
    struct trace_recorder_slot *slots = calloc(SLOTS, sizeof *slots);
    if (slots == NULL || mcap_file_create(path, &options, &file, &error) != 0)
        return -1;
    trace_recorder_init(&recorder, mcap_file_writer(file), slots, SLOTS);
    struct trace_run_info info = { .version = "bench", .seed = 1, .cpu_count = 2 };
    trace_recorder_run_info(&recorder, &info);
    for (uint64_t i = 0; i < events; i++) {
        struct event event;
        make_event(i, &event);
        trace_recorder_emit(&recorder, &event);
    }
    trace_recorder_finish(&recorder, "complete");
    free(slots);
    return mcap_file_close(file, &error);
}

/* Of this process, so that other programs on the machine do not count. */
static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double draw(struct view *view, struct canvas *canvas)
{
    double from = cpu_ms();
    view_update(view);
    view_layout(view, WIDTH, HEIGHT);
    view_draw(view, canvas);
    return cpu_ms() - from;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* FRAMES frames while panning at one zoom: the median and the worst. */
static void measure_zoom(struct view *view, struct canvas *canvas, uint64_t span)
{
    double ms[FRAMES];
    uint64_t all = view_end(view) - view_start(view);
    view->fitted = false;
    view->span_ns = span;
    view->from_ns = view_start(view) + (all > span ? (all - span) / 2 : 0);
    for (int i = 0; i < FRAMES; i++) {
        view_pan(view, 13);
        ms[i] = draw(view, canvas);
    }
    qsort(ms, FRAMES, sizeof ms[0], by_value);
    printf("  %14.6f s shown: %6.2f ms of CPU time a frame, worst %6.2f ms\n", (double)span / 1e9, ms[FRAMES / 2],
           ms[FRAMES - 1]);
}

static long peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static int measure(const char *path, uint64_t memory)
{
    struct model model;
    struct view view;
    struct load *load;
    struct load_error error;
    struct canvas canvas;
    const char *reason;
    uint32_t *pixels = calloc(WIDTH * HEIGHT, sizeof *pixels);
    double started = now_ms(), started_cpu = cpu_ms();
    if (pixels == NULL || view_init(&view) != 0 || view_set_scale(&view, 1, &reason) != 0 ||
        model_init(&model) != 0)
        return 1;
    canvas_init(&canvas, pixels, WIDTH, HEIGHT, WIDTH);
    view.model[view.model_count++] = &model;
    if (load_open(path, NULL, memory, &model, &load, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    load_step(load, 4096, &error);
    draw(&view, &canvas);
    printf("first picture after %.1f ms\n", now_ms() - started);
    load_all(load, &error);
    model_trim(&model);
    double took = cpu_ms() - started_cpu;
    printf("all %" PRIu64 " events after %.0f ms of CPU time: %.2f million events/s; %" PRIu64
           " MiB of points kept, peak %ld MiB\n",
           model.event_count, took, (double)model.event_count / took / 1e3,
           model.pager->bytes >> 20, peak_mib());
    uint64_t all = view_end(&view) - view_start(&view);
    draw(&view, &canvas);
    for (uint64_t span = all; span > 10000; span /= 10) {
        measure_zoom(&view, &canvas, span);
        model_trim(&model);
    }
    printf("  %" PRIu64 " blocks read again, peak %ld MiB\n", model.pager->loads, peak_mib());
    load_close(load);
    model_free(&model);
    view_free(&view);
    free(pixels);
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t events = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000000;
    if (argc < 2)
        return 2;
    if (access(argv[1], R_OK) != 0 && make_file(argv[1], events) != 0) {
        fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
        return 6;
    }
    puts("memory for all of it");
    int code = measure(argv[1], UINT64_C(8) << 30);
    puts("memory for 64 MiB of points");
    return code != 0 ? code : measure(argv[1], UINT64_C(64) << 20);
}
