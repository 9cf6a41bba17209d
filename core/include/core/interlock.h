/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The safety interlock: from interlock_stop() on, every actuator that the device tree names is in
 * its safe state and stays there, whatever any program or user does, until a privileged re-arm.
 *
 * The tree's node `axiom,interlock` (at /interlock) names the actuators: children with `gpios =
 * <&chip line flags>` and `safe-state = "low" | "high" | "off"`, or `pwms = <&chip channel period
 * flags>` and `safe-state = "low" | "high"`.
 *
 *   ARMED --interlock_stop()--> LATCHED --interlock_rearm()--> ARMED
 */
#pragma once
#include <axiom/types.h>

/* Any context, from any CPU, also inside an actuator write; bounded by the number of actuators.
 * When it returns every actuator's pad is safe and no writer that was on its way can still move
 * one. `origin` names who asks. */
void interlock_stop(const char *origin);
bool interlock_latched(void);
/* Puts the actuators back under their drivers (outputs off, PWM disabled) and allows writes again.
 * -EPERM unless `privileged`. Process context. */
int interlock_rearm(const char *origin, bool privileged);

enum actuator_kind {
    ACTUATOR_GPIO,
    ACTUATOR_PWM,
};

/* For gpio.c and pwm.c, around the driver's write to line or channel `index` of `chip`: 0 with the
 * interlock's lock held against a stop (interrupts masked), or -EPERM with the refusal recorded.
 * Every 0 is followed by interlock_write_end(). Any context. */
int interlock_write_begin(const char *origin, enum actuator_kind kind, uint32_t chip,
                          uint32_t index);
/* The same lock, latched or not, for what changes a pin without being able to move an actuator (a
 * line becomes an input; the drivers keep forced pads as they are). */
void interlock_configure_begin(void);
void interlock_write_end(void);

/* Boot, before devices: armed, no actuators. */
void interlock_init(void);
/* Boot, after all drivers are bound: reads the node; absent is fine (no actuators). -EINVAL with a
 * log line that names the child: an actuator that could not be stopped must not run. */
int interlock_load(void);
/* Before devices go. A latched stop stays on the pads. */
void interlock_exit(void);
