/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One boot: memory, the boot CPU's stack, the kernel, and everything given back. Also the console.
 */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <host/host.h>

#include "sim_port.h"

/* Boot code and, in sanitized builds, its large frames. */
#define BOOT_STACK_SIZE (512u * 1024u)

static void (*console)(void *context, const char *text, size_t size);
static void *console_context;

void port_begin(const struct sim_config *config)
{
    vcpus_begin();
    host_fail_allocation(config->fail_host_allocation);
    console = config->console;
    console_context = config->console_context;
}

void port_end(struct sim_result *result)
{
    result->host_allocations = host_allocation_count();
    host_fail_allocation(0);
    console = NULL;
}

static int refuse(struct sim_result *result, int error, const char *reason)
{
    result->error = error;
    format_text(result->reason, sizeof result->reason, "%s", reason);
    return error;
}

int port_boot(const struct port_boot *boot)
{
    if (boot->config->module_count > BOOT_MODULE_MAX)
        return refuse(boot->result, -E2BIG, "too many boot modules");
    void *stack;
    int err = memory_create(boot->config->memory_size, BOOT_STACK_SIZE, &stack);
    if (err)
        return refuse(boot->result, err, "the host has no memory for the machine's RAM");
    vcpus_run(boot, stack, BOOT_STACK_SIZE);
    memory_destroy(boot->result);
    return 0;
}

void arch_console_write(const char *text, size_t size)
{
    if (console != NULL)
        console(console_context, text, size);
    else
        host_console_write(text, size);
}

/* Its console is the host's, which no driver shares. */
bool arch_console_lock(void)
{
    return true;
}

void arch_console_unlock(bool taken)
{
    (void)taken;
}
