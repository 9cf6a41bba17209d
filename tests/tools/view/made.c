/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "made.h"

#include <axiom/event.h>
#include <axiom/log.h>
#include <stdlib.h>
#include <string.h>
#include <traces/recorder.h>

#define SLOTS 256u

struct making {
    struct trace_recorder recorder;
    uint64_t sequence;
};

static void emit(struct making *m, struct event event, uint64_t time_ns, uint8_t layer,
                 uint8_t role)
{
    event.time_ns = time_ns;
    event.sequence = ++m->sequence;
    event.layer = layer;
    event.role = role;
    trace_recorder_emit(&m->recorder, &event);
}

static void emit_pins(struct making *m, uint32_t i, uint64_t t)
{
    struct event event = { .kind = EVENT_GPIO };
    event.gpio.line = 17;
    event.gpio.level = i & 1;
    emit(m, event, t, EVENT_LAYER_MACHINE, EVENT_ROLE_INPUT);
    if (i % 100 == 0) {
        event.gpio.line = 22;
        event.gpio.driven = 1;
        event.gpio.level = i / 100 & 1;
        emit(m, event, t, EVENT_LAYER_MACHINE, EVENT_ROLE_OUTPUT);
    }
    if (i % 50 == 0) {
        struct event pwm = { .kind = EVENT_PWM };
        pwm.pwm.enabled = i % 400 != 0;
        pwm.pwm.period_ns = 1000000;
        pwm.pwm.duty_ns = i * 1000 % 1000000;
        emit(m, pwm, t + 1, EVENT_LAYER_MACHINE, EVENT_ROLE_OUTPUT);
    }
}

static void emit_sensors(struct making *m, uint32_t i, uint64_t t)
{
    struct event event = { .kind = EVENT_IIO };
    event.iio.device = "imu0";
    event.iio.count = 3;
    for (uint8_t axis = 0; axis < 3; axis++) {
        event.iio.quantity[axis] = axis;
        event.iio.nano[axis] = (int64_t)((i * (axis + 1u)) % 200) * 100000000 - 10000000000;
    }
    emit(m, event, t + 2, EVENT_LAYER_MACHINE, EVENT_ROLE_INPUT);
    if (i % 20 == 0) {
        static const uint8_t wrote[] = { 0x2c, 0x06 },
                             answer[] = { 0x66, 0x67, 0xa2, 0x80, 0x00, 0xa2 };
        struct event bus = { .kind = EVENT_I2C };
        bus.i2c.bus = 1;
        bus.i2c.address = 0x44;
        bus.i2c.error = i % 60 == 0 ? -6 : 0;
        bus.i2c.write_size = sizeof wrote;
        bus.i2c.write_data = wrote;
        bus.i2c.read_size = i % 60 == 0 ? 0 : sizeof answer;
        bus.i2c.read_data = answer;
        emit(m, bus, t + 3, EVENT_LAYER_MACHINE, EVENT_ROLE_OBSERVATION);
    }
}

static void emit_kernel(struct making *m, uint32_t i, uint64_t t)
{
    struct event run = { .kind = EVENT_BPF_RUN };
    run.bpf_run.program = "shocks\x1b[31m";
    run.bpf_run.attach_point = "iio/imu0/accel_z";
    run.bpf_run.return_value = i % 3 == 0;
    run.bpf_run.insn_count = 30 + i % 4;
    run.bpf_run.error = i % 97 == 96 ? -7 : 0;
    emit(m, run, t + 4, EVENT_LAYER_KERNEL, EVENT_ROLE_OUTPUT);
    struct event sched = { .kind = EVENT_SCHED };
    sched.sched.previous = i & 1 ? "imu0" : "idle0";
    sched.sched.next = i & 1 ? "idle0" : "imu0";
    emit(m, sched, t + 5, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION);
    if (i % 500 != 499)
        return;
    struct event stop = { .kind = EVENT_INTERLOCK };
    stop.interlock.action = i % 1000 == 999 ? INTERLOCK_REARM : INTERLOCK_STOP;
    stop.interlock.origin = "step_x";
    stop.interlock.target = "";
    emit(m, stop, t + 6, EVENT_LAYER_KERNEL, EVENT_ROLE_OUTPUT);
    struct event log = { .kind = EVENT_LOG };
    log.text.text = "i2c: \x01\x02 \xff no answer \xe2\x80\xae turned";
    log.text.source = "";
    log.text.level = LOG_ERR;
    emit(m, log, t + 7, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION);
    struct event fault = { .kind = EVENT_FAULT };
    fault.fault.what = "nack";
    fault.fault.target = "i2c@74000";
    emit(m, fault, t + 8, EVENT_LAYER_MACHINE, EVENT_ROLE_OBSERVATION);
    struct event hash = { .kind = EVENT_HASH };
    hash.hash.hash = i * 0x9e3779b97f4a7c15u;
    emit(m, hash, t + 9, EVENT_LAYER_MACHINE, EVENT_ROLE_OUTPUT);
}

struct mcap_file_writer *made_recording(uint32_t steps)
{
    struct mcap_error error;
    struct mcap_file_options options = {
        .chunk_size = 32768,
        .channel_capacity = SLOTS / 2,
        .summary_size = TRACE_RECORDER_SUMMARY_SIZE(SLOTS / 2),
        .tail_reserve = TRACE_RECORDER_TAIL_RESERVE,
        .profile = "ros2",
    };
    struct mcap_file_writer *file;
    struct trace_recorder_slot *slots = calloc(SLOTS, sizeof *slots);
    struct making m = { .sequence = 0 };
    if (slots == NULL || mcap_memory_create(&options, &file, &error) != 0) {
        free(slots);
        return NULL;
    }
    trace_recorder_init(&m.recorder, mcap_file_writer(file), slots, SLOTS);
    struct trace_binding binding = { "step_x", "gpio/chip0/17" };
    struct trace_run_info info = { .version = "0",
                                   .board = "made",
                                   .seed = 1,
                                   .cpu_count = 1,
                                   .binding = &binding,
                                   .binding_count = 1 };
    trace_recorder_run_info(&m.recorder, &info);
    for (uint32_t i = 0; i < steps; i++) {
        uint64_t t = (uint64_t)i * 1000000;
        emit_pins(&m, i, t);
        emit_sensors(&m, i, t);
        emit_kernel(&m, i, t);
    }
    trace_recorder_finish(&m.recorder, "complete");
    free(slots);
    return file;
}
