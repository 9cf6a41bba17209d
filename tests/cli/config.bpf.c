/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program whose verdict is a Linux's configuration: it reads beyond its context on what is no 1000 Hz kernel of 6.1 or later. */
#define SEC(name) __attribute__((section(name), used))

#define KCONFIG __attribute__((section(".kconfig")))
extern int CONFIG_HZ KCONFIG;
extern unsigned LINUX_KERNEL_VERSION KCONFIG;

SEC("socket")
int hurried(const unsigned *context)
{
    return CONFIG_HZ == 1000 && LINUX_KERNEL_VERSION >= 0x60100 ? 0 : (int)context[2000];
}

char gpl[] SEC("license") = "GPL";
