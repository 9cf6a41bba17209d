/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The registry of event sinks, the image-wide sequence number, and the names of quantities. */
#include <axiom/event.h>

#include <axiom/errno.h>
#include <axiom/string.h>

/* Documentation/ABI/testing/sysfs-bus-iio of Linux: the part between "in_" and "_raw". */
static const char *const quantity_names[] = {
    [IIO_ACCEL_X] = "accel_x",
    [IIO_ACCEL_Y] = "accel_y",
    [IIO_ACCEL_Z] = "accel_z",
    [IIO_ANGL_VEL_X] = "anglvel_x",
    [IIO_ANGL_VEL_Y] = "anglvel_y",
    [IIO_ANGL_VEL_Z] = "anglvel_z",
    [IIO_TEMP] = "temp",
    [IIO_HUMIDITYRELATIVE] = "humidityrelative",
};
_Static_assert(ARRAY_SIZE(quantity_names) == IIO_QUANTITY_COUNT, "every quantity has a name");

static struct event_sink *sinks;
struct event_counter event_counter = { .skip = 1 };
static uint64_t (*clock_now_ns)(void);
static const struct event_lock *shared; /* NULL: one CPU at a time */

static void wanted_update(void)
{
    event_counter.wanted = 0;
    for (struct event_sink *sink = sinks; sink != NULL; sink = sink->next)
        event_counter.wanted |= sink->kinds;
}

void event_registry_reset(void)
{
    sinks = NULL;
    event_counter = (struct event_counter){ .skip = 1 };
    clock_now_ns = NULL;
    shared = NULL;
}

void event_lock_set(const struct event_lock *lock)
{
    shared = lock;
    event_counter.skip = lock == NULL;
}

static uint64_t registry_lock(void)
{
    return shared != NULL ? shared->lock() : 0;
}

static void registry_unlock(uint64_t state)
{
    if (shared != NULL && state != EVENT_LOCK_HELD)
        shared->unlock(state);
}

void event_clock_set(uint64_t (*now_ns)(void))
{
    clock_now_ns = now_ns;
}

void event_sink_add(struct event_sink *sink)
{
    uint64_t state = registry_lock();
    struct event_sink **at = &sinks;
    while (*at != NULL)
        at = &(*at)->next;
    sink->next = NULL;
    __atomic_store_n(at, sink, __ATOMIC_RELEASE);
    wanted_update();
    registry_unlock(state);
}

void event_sink_remove(struct event_sink *sink)
{
    uint64_t state = registry_lock();
    for (struct event_sink **at = &sinks; *at != NULL; at = &(*at)->next) {
        if (*at == sink) {
            *at = sink->next;
            break;
        }
    }
    wanted_update();
    registry_unlock(state);
}

static void stamp(struct event *event)
{
    event->sequence = ++event_counter.sequence;
    event->time_ns = clock_now_ns != NULL ? clock_now_ns() : 0;
    if (event->source_ns == 0)
        event->source_ns = event->time_ns;
}

static void give(const struct event *event, bool concurrent)
{
    uint32_t kind = UINT32_C(1) << event->kind;
    for (struct event_sink *sink = __atomic_load_n(&sinks, __ATOMIC_ACQUIRE); sink != NULL;
         sink = sink->next) {
        if ((sink->kinds & kind) != 0 && sink->concurrent == concurrent)
            sink->emit(sink, event);
    }
}

/* The number and the time are taken in the lock, so that both rise in the order in which sinks see
 * events; who is slow is called after it. */
static void emit_shared(struct event *event)
{
    uint64_t state = shared->lock();
    if (state == EVENT_LOCK_HELD)
        return;
    stamp(event);
    give(event, false);
    shared->unlock(state);
    give(event, true);
}

void event_emit(struct event *event)
{
    if (__builtin_expect(shared != NULL, 0)) {
        emit_shared(event);
        return;
    }
    stamp(event);
    uint32_t kind = UINT32_C(1) << event->kind;
    for (struct event_sink *sink = sinks; sink != NULL; sink = sink->next) {
        if (sink->kinds & kind)
            sink->emit(sink, event);
    }
}

const char *iio_quantity_name(uint32_t quantity)
{
    return quantity < IIO_QUANTITY_COUNT ? quantity_names[quantity] : "unknown";
}

int iio_quantity_find(const char *name)
{
    for (int i = 0; i < IIO_QUANTITY_COUNT; i++) {
        if (strcmp(quantity_names[i], name) == 0)
            return i;
    }
    return -ENOENT;
}
