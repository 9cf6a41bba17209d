/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A driver for tests that does what a recorded bus master did: the node "axiom,test-i2c-client" has the
 * requests as cells, each its time in us, how many bytes are written, how many read, and the bytes. A
 * thread makes each at its time; `start-ms` is added to them. As trouble_driver.c, its table stands before
 * the archive's. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/i2c.h>
#include <core/mm.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/wait.h>
#include <drivers/table.h>

#define BYTES_MAX 64u

struct client {
    struct device *device;
    struct i2c_adapter *adapter;
    uint16_t address;
    uint32_t start_ms, next; /* the next cell */
    struct thread *thread;
    struct wait_queue stopping;
};

static bool take(struct client *client, uint32_t *cell)
{
    return device_property_u32(client->device, "requests", client->next++, cell) == 0;
}

static void request(struct client *client, uint32_t write_size, uint32_t read_size)
{
    uint8_t out[BYTES_MAX], in[BYTES_MAX];
    for (uint32_t i = 0; i < write_size; i++) {
        uint32_t byte = 0;
        take(client, &byte);
        out[i] = (uint8_t)byte;
    }
    int err = i2c_write_read(client->adapter, client->address, out, (uint16_t)write_size, in,
                             (uint16_t)read_size);
    if (err)
        log_warning("i2c client: error %d", -err);
}

static int run(void *argument)
{
    struct client *client = argument;
    uint32_t time_us, write_size, read_size, count = 0;
    while (take(client, &time_us) && take(client, &write_size) && take(client, &read_size) &&
           write_size <= BYTES_MAX && read_size <= BYTES_MAX) {
        uint64_t at_ns = (uint64_t)client->start_ms * NSEC_PER_MSEC + time_us * NSEC_PER_USEC;
        if (wait_event_until(&client->stopping, thread_should_stop(), at_ns) == 0)
            return 0;
        request(client, write_size, read_size);
        count++;
    }
    log_info("i2c client: %u requests made", count);
    return 0;
}

static int client_probe(struct device *device)
{
    struct client *client = kzalloc(sizeof *client);
    if (client == NULL)
        return -ENOMEM;
    const struct thread_options options = { .name = "i2c-client",
                                            .entry = run,
                                            .argument = client,
                                            .sched = { .policy = SCHED_POLICY_FIFO,
                                                       .priority = 50 } };
    client->device = device;
    wait_queue_init(&client->stopping);
    int err = i2c_client(device, &client->adapter, &client->address);
    if (err == 0)
        err = device_property_u32(device, "start-ms", 0, &client->start_ms);
    if (err == 0)
        err = thread_create(&options, &client->thread);
    if (err) {
        kfree(client);
        return err;
    }
    device_set_data(device, client);
    return 0;
}

static void client_remove(struct device *device)
{
    struct client *client = device_data(device);
    thread_stop(client->thread);
    (void)thread_join(client->thread);
    kfree(client);
}

static const char *const client_compatible[] = { "axiom,test-i2c-client", NULL };
static const struct driver client_driver = {
    .name = "i2c-client",
    .compatible = client_compatible,
    .probe = client_probe,
    .remove = client_remove,
};

const struct driver *const driver_table[] = {
    &gic_v2_driver,     &arm_timer_driver, &bcm2712_mip_driver, &rp1_driver,
    &rp1_clocks_driver, &rp1_gpio_driver,  &rp1_pwm_driver,     &dw_i2c_driver,
    &sht3x_driver,      &lsm6dso_driver,   &client_driver,      NULL,
};
