/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Four models of the fake image. */
#include <axiom/errno.h>
#include <axiom/state_hash.h>
#include <hw/regs/arm_timer.h>
#include <hw_models/model.h>

#include "fake_image.h"

/* --- interrupt controller --- */

struct intc {
    struct model model;
    uint32_t enable, target;
    uint32_t active, soft; /* of the CPU interfaces: not hashed */
};

static uint32_t intc_pending(const struct intc *intc, uint32_t cpu)
{
    uint32_t lines = cpu == intc->target ? intc->active & intc->enable : 0;
    return lines | (intc->soft >> cpu & 1) << 31;
}

static void intc_update(struct intc *intc)
{
    for (uint32_t cpu = 0; cpu < model_cpu_count(&intc->model); cpu++)
        model_cpu_irq_set(&intc->model, cpu, intc_pending(intc, cpu) != 0);
}

static uint64_t intc_read(struct model *model, const struct model_access *access)
{
    struct intc *intc = (struct intc *)model;
    if (access->offset == INTC_PENDING)
        return intc_pending(intc, access->cpu);
    return access->offset == INTC_ENABLE ? intc->enable : intc->target;
}

static void intc_write(struct model *model, const struct model_access *access, uint64_t value)
{
    struct intc *intc = (struct intc *)model;
    if (access->offset == INTC_ENABLE)
        model_reg_set(model, &intc->enable, (uint32_t)value);
    if (access->offset == INTC_TARGET)
        model_reg_set(model, &intc->target, (uint32_t)value);
    if (access->offset == INTC_SOFT)
        intc->soft |= (uint32_t)value;
    if (access->offset == INTC_SOFT_DONE)
        intc->soft &= ~(1u << access->cpu);
    intc_update(intc);
}

static void intc_line(struct model *model, uint32_t line, uint32_t cpu, bool level)
{
    (void)cpu;
    struct intc *intc = (struct intc *)model;
    intc->active = level ? intc->active | 1u << line : intc->active & ~(1u << line);
    intc_update(intc);
}

static int intc_translate(struct model *model, const uint32_t *cells, uint32_t count,
                          uint32_t *line)
{
    (void)model;
    if (count != 2 || cells[0] >= 31)
        return -EINVAL;
    *line = cells[0];
    return 0;
}

static const struct model_ops intc_ops = {
    .name = "intc",
    .compatible = (const char *const[]){ "test,intc", NULL },
    .size = sizeof(struct intc),
    .read = intc_read,
    .write = intc_write,
    .line_input = intc_line,
    .translate = intc_translate,
};

/* --- GPIO --- */

struct gpio {
    struct model model;
    uint64_t level, changed;
    uint32_t batches;
};

static void gpio_pins(struct model *model, uint64_t mask, uint64_t level)
{
    struct gpio *gpio = (struct gpio *)model;
    uint64_t after = (gpio->level & ~mask) | (level & mask);
    uint64_t changed = after ^ gpio->level;
    gpio->batches++;
    model_reg_set64(model, &gpio->level, after);
    model_reg_set64(model, &gpio->changed, gpio->changed | changed);
    for (uint32_t line = 0; line < 64; line++) {
        uint64_t stuck = line;
        if ((changed >> line & 1) == 0 || model_fault(model, FAULT_STUCK_LINE, &stuck))
            continue;
        struct event event = { .kind = EVENT_GPIO };
        event.gpio = (struct event_gpio){ .line = (uint8_t)line,
                                          .level = after >> line & 1,
                                          .bank_level = after };
        model_emit(model, &event, EVENT_ROLE_INPUT);
    }
    model_line_set(model, 0, 0, gpio->changed != 0);
}

static uint64_t gpio_read(struct model *model, const struct model_access *access)
{
    const struct gpio *gpio = (const struct gpio *)model;
    if (access->offset == GPIO_BATCHES)
        return gpio->batches;
    return access->offset == GPIO_CHANGED ? gpio->changed : gpio->level;
}

static void gpio_write(struct model *model, const struct model_access *access, uint64_t value)
{
    struct gpio *gpio = (struct gpio *)model;
    if (access->offset == GPIO_CHANGED)
        model_reg_set64(model, &gpio->changed, gpio->changed & ~value);
    model_line_set(model, 0, 0, gpio->changed != 0);
}

static void gpio_line(struct model *model, uint32_t line, uint32_t cpu, bool level)
{
    (void)cpu;
    gpio_pins(model, UINT64_C(1) << line, (uint64_t)level << line);
}

static const struct model_ops gpio_ops = {
    .name = "gpio",
    .compatible = (const char *const[]){ "test,gpio", NULL },
    .size = sizeof(struct gpio),
    .read = gpio_read,
    .write = gpio_write,
    .line_input = gpio_line,
    .translate = intc_translate,
    .pins_input = gpio_pins,
    .line_count = 64,
};

/* --- alarm clock --- */

struct alarm {
    struct model model;
    uint64_t at;
    struct model_timer timer;
};

static void alarm_rings(struct model *model, struct model_timer *timer)
{
    (void)timer;
    model_line_set(model, 0, 0, true);
}

static uint64_t alarm_read(struct model *model, const struct model_access *access)
{
    const struct alarm *alarm = (const struct alarm *)model;
    return access->offset == ALARM_NOW ? model_time_ns(model) : alarm->at;
}

static void alarm_write(struct model *model, const struct model_access *access, uint64_t value)
{
    struct alarm *alarm = (struct alarm *)model;
    if (access->offset == ALARM_AT) {
        model_reg_set64(model, &alarm->at, value);
        model_timer_set(model, &alarm->timer, value, alarm_rings);
    } else {
        model_line_set(model, 0, 0, false);
    }
}

static bool alarm_claims(uint32_t reg)
{
    return reg == SYSREG_CNTVCT_EL0;
}

static uint64_t alarm_sysreg(struct model *model, uint32_t reg, uint32_t cpu)
{
    (void)reg;
    (void)cpu;
    return model_time_ns(model);
}

static const struct model_ops alarm_ops = {
    .name = "alarm",
    .compatible = (const char *const[]){ "test,alarm", NULL },
    .size = sizeof(struct alarm),
    .read = alarm_read,
    .write = alarm_write,
    .claims_sysreg = alarm_claims,
    .sysreg_read = alarm_sysreg,
};

/* --- sensor --- */

struct sensor {
    struct model model;
    uint64_t fifo[16];
    uint32_t count;
};

static bool sensor_put(struct sensor *sensor, uint64_t value)
{
    if (sensor->count == 16)
        return false;
    sensor->fifo[sensor->count++] = value;
    model_line_set(&sensor->model, 0, 0, true);
    return true;
}

static bool sensor_input(struct model *model, const uint8_t *quantity, const int64_t *nano,
                         uint32_t count)
{
    return count > 0 && quantity[0] == IIO_TEMP &&
           sensor_put((struct sensor *)model, (uint64_t)nano[0]);
}

static bool sensor_answer(struct model *model, const uint8_t *bytes, uint32_t size)
{
    return size == 1 && sensor_put((struct sensor *)model, bytes[0]);
}

static bool sensor_busy(const struct model *model)
{
    return ((const struct sensor *)model)->count != 0;
}

static uint64_t sensor_read(struct model *model, const struct model_access *access)
{
    struct sensor *sensor = (struct sensor *)model;
    if (access->offset == SENSOR_COUNT || sensor->count == 0)
        return sensor->count;
    uint64_t value = sensor->fifo[0];
    sensor->count--;
    for (uint32_t i = 0; i < sensor->count; i++)
        sensor->fifo[i] = sensor->fifo[i + 1];
    if (sensor->count == 0)
        model_line_set(model, 0, 0, false);
    return value;
}

static const struct model_ops sensor_ops = {
    .name = "sensor",
    .compatible = (const char *const[]){ "test,sensor", NULL },
    .size = sizeof(struct sensor),
    .read = sensor_read,
    .sensor_input = sensor_input,
    .queue_answer = sensor_answer,
    .busy = sensor_busy,
};

const struct model_ops *const model_table[] = {
    &intc_ops, &gpio_ops, &alarm_ops, &sensor_ops, NULL,
};
