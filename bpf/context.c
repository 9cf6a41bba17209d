/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The attach points, one row each. Slot names and order are those of the structs in axiom/bpf.h
 * (tests/bpf/abi_test.c compares them).
 *
 * Budgets: an observer of a 10 kHz edge has 100 us; half of it at the CPU model's 1 ns or so per
 * instruction. Policies and guards stand in the way of every actuator write, so they get a tenth.
 * Actuator helpers are missing where the write would come back to the program that makes it. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/context.h>
#include <bpf/profile.h>
#include <bpf/prog.h>

#define OBSERVER_INSNS 50000u
#define OBSERVER_NS    100000u
#define GUARD_INSNS    5000u
#define GUARD_NS       10000u
#define SLOT(n)        (1u << (n))

// clang-format off
const struct bpf_context_layout bpf_context_layouts[] = {
    { .section_prefix = "gpio/", .struct_name = "axiom_gpio_ctx", .attach_type = BPF_ATTACH_GPIO, .slot_count = 8,
      .slot_names = { "time_ns", "chip", "line", "edge", "level", "bank", "bank_level", "sequence" },
      .result = BPF_RESULT_IGNORED, .actuators_allowed = true, .stack_limit = BPF_PROFILE_FRAME_SIZE,
      .insn_budget = OBSERVER_INSNS, .time_budget_ns = OBSERVER_NS },
    { .section_prefix = "iio/", .struct_name = "axiom_iio_ctx", .attach_type = BPF_ATTACH_IIO, .slot_count = 7,
      .slot_names = { "time_ns", "device", "channel", "value", "scale_nano", "nano", "sequence" },
      .result = BPF_RESULT_FILTER, .actuators_allowed = true, .stack_limit = BPF_PROFILE_FRAME_SIZE,
      .insn_budget = OBSERVER_INSNS, .time_budget_ns = OBSERVER_NS },
    { .section_prefix = "timer/", .struct_name = "axiom_timer_ctx", .attach_type = BPF_ATTACH_TIMER, .slot_count = 5,
      .slot_names = { "scheduled_ns", "now_ns", "number", "period_ns", "sequence" },
      .result = BPF_RESULT_IGNORED, .actuators_allowed = true, .stack_limit = BPF_PROFILE_FRAME_SIZE,
      .insn_budget = OBSERVER_INSNS, .time_budget_ns = OBSERVER_NS },
    { .section_prefix = "pwm/", .struct_name = "axiom_pwm_ctx", .attach_type = BPF_ATTACH_PWM, .slot_count = 12,
      .slot_names = { "time_ns", "chip", "channel", "origin", "old_period_ns", "old_duty_ns", "old_polarity",
                      "old_enabled", "period_ns", "duty_ns", "polarity", "enabled" },
      .writable_slots = SLOT(8) | SLOT(9) | SLOT(10) | SLOT(11),
      .result = BPF_RESULT_POLICY, .actuators_allowed = false, .stack_limit = BPF_PROFILE_FRAME_SIZE,
      .insn_budget = GUARD_INSNS, .time_budget_ns = GUARD_NS },
    { .section_prefix = "guard/gpio", .struct_name = "axiom_guard_gpio_ctx", .attach_type = BPF_ATTACH_GUARD_GPIO,
      .slot_count = 6, .slot_names = { "time_ns", "chip", "line", "origin", "old_level", "level" },
      .result = BPF_RESULT_POLICY, .actuators_allowed = false, .stack_limit = BPF_PROFILE_FRAME_SIZE,
      .insn_budget = GUARD_INSNS, .time_budget_ns = GUARD_NS },
    { .section_prefix = "guard/pwm", .struct_name = "axiom_pwm_ctx", .attach_type = BPF_ATTACH_GUARD_PWM,
      .slot_count = 12,
      .slot_names = { "time_ns", "chip", "channel", "origin", "old_period_ns", "old_duty_ns", "old_polarity",
                      "old_enabled", "period_ns", "duty_ns", "polarity", "enabled" },
      .result = BPF_RESULT_POLICY, .actuators_allowed = false, .stack_limit = BPF_PROFILE_FRAME_SIZE,
      .insn_budget = GUARD_INSNS, .time_budget_ns = GUARD_NS },
};
// clang-format on
const uint32_t bpf_context_layout_count = ARRAY_SIZE(bpf_context_layouts);

/* "guard/gpio" is a whole name, "gpio/" the beginning of one: "guard/gpiox" must not match. */
static bool section_matches(const char *section, const char *prefix)
{
    if (!string_starts_with(section, prefix))
        return false;
    size_t length = strlen(prefix);
    return prefix[length - 1] == '/' || section[length] == '\0' || section[length] == '/';
}

const struct bpf_context_layout *bpf_context_by_section(const char *section)
{
    const struct bpf_context_layout *best = NULL;
    for (uint32_t i = 0; i < bpf_context_layout_count; i++) {
        const struct bpf_context_layout *row = &bpf_context_layouts[i];
        if (!section_matches(section, row->section_prefix))
            continue;
        if (best == NULL || strlen(row->section_prefix) > strlen(best->section_prefix))
            best = row;
    }
    return best;
}

const struct bpf_context_layout *bpf_context_by_attach_type(enum bpf_attach_type type)
{
    for (uint32_t i = 0; i < bpf_context_layout_count; i++) {
        if (bpf_context_layouts[i].attach_type == type)
            return &bpf_context_layouts[i];
    }
    return NULL;
}

const struct bpf_context_field *bpf_field_at(const struct bpf_context_field *fields,
                                             uint32_t field_count, int64_t offset,
                                             uint32_t size_bytes, bool write)
{
    if (offset < 0 || offset % size_bytes != 0)
        return NULL;
    for (uint32_t i = 0; i < field_count; i++) {
        const struct bpf_context_field *field = &fields[i];
        uint32_t sizes = write ? field->write_sizes : field->read_sizes;
        if (offset >= field->offset && offset + size_bytes <= field->offset + field->extent &&
            (sizes & size_bytes) != 0)
            return field;
    }
    return NULL;
}

const struct bpf_context_field *bpf_context_field_at(const struct bpf_context_layout *layout,
                                                     int64_t offset, uint32_t size_bytes,
                                                     bool write)
{
    return bpf_field_at(layout->fields, layout->field_count, offset, size_bytes, write);
}

int bpf_result_errno(uint64_t r0)
{
    int32_t value = (int32_t)(uint32_t)r0;
    if (value == 0)
        return 0;
    return value < 0 && value >= -4095 ? value : -EPERM;
}
