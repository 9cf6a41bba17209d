/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The safety interlock's lock, latch and list of actuators.
 *
 * Invariant: whoever writes to an actuator holds `lock` from its look at the latch to its last
 * register access (interlock_write_begin() to _end()). interlock_stop() takes the same lock, so
 * when it has it no writer is on its way, and when it lets go every pad is overridden and every
 * later writer sees the latch. Holders do a bounded number of register accesses with interrupts
 * masked and never sleep or take the lock again; hence the stop's bound: one write of each other
 * CPU, then the actuators.
 *
 * One caller cannot wait for the lock: a stop from inside a write on the same CPU. It latches and
 * overrides at once (the pad override wins over whatever the write still does), and the write's end
 * overrides once more in case the write touched the override itself. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/event.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/gpio.h>
#include <core/interlock.h>
#include <core/pwm.h>
#include <core/spinlock.h>
#include <hw/device.h>

#define ACTUATOR_MAX 32u
#define TARGET_MAX   24u /* "gpio/chip0/63" */
#define LEVEL_OFF    (-1)

struct actuator {
    enum actuator_kind kind;
    struct gpio_chip *gpio; /* the one that kind says */
    struct pwm_chip *pwm;
    uint32_t index;   /* line or channel */
    int level;        /* safe: 0, 1, or LEVEL_OFF */
    const char *name; /* the node's */
};

static struct {
    struct spinlock lock;
    /* lock protects (latched is read without it, too): */
    bool latched;
    bool force_again;           /* a stop came inside the write that holds the lock */
    struct irq_state irq_state; /* of the lock's holder */
    /* Written once at boot, then read freely: */
    struct actuator actuators[ACTUATOR_MAX];
    uint32_t actuator_count;
} interlock;

static void target_text(char *to, size_t size, enum actuator_kind kind, uint32_t chip,
                        uint32_t index)
{
    if (kind == ACTUATOR_GPIO)
        format_text(to, size, "gpio/chip%u/%u", chip, index);
    else
        format_text(to, size, "pwm/chip%u/%u", chip, index);
}

static void record(enum interlock_action action, const char *origin, const char *target)
{
    struct event event = {
        .kind = EVENT_INTERLOCK,
        .layer = EVENT_LAYER_KERNEL,
        .role = EVENT_ROLE_OUTPUT,
        .interlock = { .action = (uint8_t)action, .origin = origin, .target = target },
    };
    event_emit(&event);
}

bool interlock_latched(void)
{
    return __atomic_load_n(&interlock.latched, __ATOMIC_ACQUIRE);
}

static void force_all(void)
{
    for (uint32_t i = 0; i < interlock.actuator_count; i++) {
        const struct actuator *actuator = &interlock.actuators[i];
        if (actuator->kind == ACTUATOR_GPIO)
            actuator->gpio->ops->force_safe(actuator->gpio, actuator->index, actuator->level);
        else
            actuator->pwm->ops->force_safe(actuator->pwm, actuator->index, actuator->level > 0);
    }
}

void interlock_stop(const char *origin) NO_THREAD_SAFETY_ANALYSIS
{
    struct irq_state state = cpu_irq_save();
    bool nested = spin_is_held(&interlock.lock);
    if (!nested)
        spin_lock(&interlock.lock);
    bool was_latched = interlock.latched;
    __atomic_store_n(&interlock.latched, true, __ATOMIC_RELEASE);
    force_all();
    interlock.force_again = nested;
    if (!was_latched)
        record(INTERLOCK_STOP, origin, "");
    if (!nested)
        spin_unlock(&interlock.lock);
    cpu_irq_restore(state);
}

void interlock_configure_begin(void) NO_THREAD_SAFETY_ANALYSIS
{
    struct irq_state state = spin_lock_irqsave(&interlock.lock);
    interlock.irq_state = state;
}

int interlock_write_begin(const char *origin, enum actuator_kind kind, uint32_t chip,
                          uint32_t index) NO_THREAD_SAFETY_ANALYSIS
{
    interlock_configure_begin();
    if (!interlock.latched)
        return 0;
    char target[TARGET_MAX];
    target_text(target, sizeof target, kind, chip, index);
    record(INTERLOCK_REFUSED, origin, target);
    interlock_write_end();
    return -EPERM;
}

void interlock_write_end(void) NO_THREAD_SAFETY_ANALYSIS
{
    if (interlock.force_again) {
        interlock.force_again = false;
        force_all();
    }
    spin_unlock_irqrestore(&interlock.lock, interlock.irq_state);
}

/* The channel's own output must be quiet before its pad is given back to it. */
static void release_pwm(const struct actuator *actuator)
{
    struct pwm_chip *chip = actuator->pwm;
    struct pwm_state off = chip->state[actuator->index];
    off.duty_ns = 0;
    off.enabled = false;
    if (chip->ops->apply(chip, actuator->index, &off) == 0)
        chip->state[actuator->index] = off;
    else
        log_err("interlock: %s: the channel could not be disabled before its release",
                actuator->name);
    chip->ops->release(chip, actuator->index);
}

int interlock_rearm(const char *origin, bool privileged) NO_THREAD_SAFETY_ANALYSIS
{
    if (!privileged)
        return -EPERM;
    struct irq_state state = spin_lock_irqsave(&interlock.lock);
    if (interlock.latched) {
        for (uint32_t i = 0; i < interlock.actuator_count; i++) {
            const struct actuator *actuator = &interlock.actuators[i];
            if (actuator->kind == ACTUATOR_GPIO)
                gpio_release_safe(actuator->gpio, actuator->index);
            else
                release_pwm(actuator);
        }
        __atomic_store_n(&interlock.latched, false, __ATOMIC_RELEASE);
        record(INTERLOCK_REARM, origin, "");
    }
    spin_unlock_irqrestore(&interlock.lock, state);
    return 0;
}

static int read_level(int node, bool may_be_off, int *level)
{
    const char *text;
    if (fdt_node_string(node, "safe-state", 0, &text) != 0)
        text = "";
    if (strcmp(text, "low") == 0)
        *level = 0;
    else if (strcmp(text, "high") == 0)
        *level = 1;
    else if (may_be_off && strcmp(text, "off") == 0)
        *level = LEVEL_OFF;
    else {
        log_err("interlock: %s: safe-state must be low or high%s", fdt_node_name(node),
                may_be_off ? " or off" : "");
        return -EINVAL;
    }
    return 0;
}

/* The device and the number behind it in gpios = <&chip line flags>, pwms = <&chip channel ...>. */
static int read_target(int node, const char *property, const struct device **device,
                       uint32_t *index)
{
    uint32_t phandle;
    if (fdt_node_u32(node, property, 0, &phandle) != 0 ||
        fdt_node_u32(node, property, 1, index) != 0)
        return -EINVAL;
    int controller = fdt_node_by_phandle(phandle);
    *device = controller >= 0 ? device_at_node(controller) : NULL;
    return *device != NULL ? 0 : -ENODEV;
}

static int load_gpio(int node, struct actuator *actuator)
{
    const struct device *device;
    int err = read_target(node, "gpios", &device, &actuator->index);
    if (err == 0)
        actuator->gpio = gpio_chip_of(device);
    if (err || actuator->gpio == NULL || actuator->index >= actuator->gpio->line_count) {
        log_err("interlock: %s: gpios names no line of a bound GPIO controller",
                fdt_node_name(node));
        return -EINVAL;
    }
    actuator->kind = ACTUATOR_GPIO;
    return read_level(node, true, &actuator->level);
}

static int load_pwm(int node, struct actuator *actuator)
{
    const struct device *device;
    int err = read_target(node, "pwms", &device, &actuator->index);
    if (err == 0)
        actuator->pwm = pwm_chip_of(device);
    if (err || actuator->pwm == NULL || actuator->index >= actuator->pwm->channel_count) {
        log_err("interlock: %s: pwms names no channel of a bound PWM controller",
                fdt_node_name(node));
        return -EINVAL;
    }
    if ((actuator->pwm->forcible_channels >> actuator->index & 1) == 0) {
        log_err("interlock: %s: channel %u has no known pin, so it could not be stopped in the "
                "middle of a period; give the controller's pinctrl-0 or axiom,pins",
                fdt_node_name(node), actuator->index);
        return -EINVAL;
    }
    actuator->kind = ACTUATOR_PWM;
    return read_level(node, false, &actuator->level);
}

static int load_child(int node)
{
    if (interlock.actuator_count == ACTUATOR_MAX) {
        log_err("interlock: more than %u actuators", ACTUATOR_MAX);
        return -EINVAL;
    }
    struct actuator actuator = { .name = fdt_node_name(node) };
    uint32_t cell;
    int err = fdt_node_u32(node, "pwms", 0, &cell) == -ENOENT ? load_gpio(node, &actuator)
                                                              : load_pwm(node, &actuator);
    if (err)
        return err;
    interlock.actuators[interlock.actuator_count++] = actuator;
    return 0;
}

void interlock_init(void)
{
    spin_lock_init(&interlock.lock);
    interlock.latched = false;
    interlock.force_again = false;
    interlock.actuator_count = 0;
}

int interlock_load(void) NO_THREAD_SAFETY_ANALYSIS
{
    int node = fdt_node_by_path("/interlock");
    if (node < 0)
        return 0;
    for (int child = fdt_node_next_child(node, -1); child >= 0;
         child = fdt_node_next_child(node, child)) {
        int err = load_child(child);
        if (err)
            return err;
    }
    log_info("interlock: %u actuators", interlock.actuator_count);
    /* A stop that came while the list was being read. */
    struct irq_state state = spin_lock_irqsave(&interlock.lock);
    if (interlock.latched)
        force_all();
    spin_unlock_irqrestore(&interlock.lock, state);
    return 0;
}

void interlock_exit(void) NO_THREAD_SAFETY_ANALYSIS
{
    struct irq_state state = spin_lock_irqsave(&interlock.lock);
    interlock.actuator_count = 0;
    spin_unlock_irqrestore(&interlock.lock, state);
}
