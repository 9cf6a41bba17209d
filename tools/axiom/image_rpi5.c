/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom image rpi5: the files of an SD card's first (FAT) partition, which the Raspberry Pi 5's firmware
 * reads. It loads kernel, device tree, command line and initramfs and enters the kernel at EL2; see
 * docs/RPI5.md for what each line of config.txt is for. */
#include "cli.h"
#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KERNEL    "kernel_2712.img"
#define TREE      "bcm2712-rpi-5-b.dtb"
#define INITRAMFS "initramfs.cpio"

/* The kernel runs wherever it lies; at a multiple of 2 MiB its tables are smallest. Places are named
 * so that none depends on how firmware of a year takes a header or a file's size. */
static const char config[] = "# Written by axiom image rpi5.\n"
                             "arm_64bit=1\n"
                             "kernel=" KERNEL "\n"
                             "kernel_address=0x200000\n"
                             "os_check=0\n"
                             "enable_uart=1\n"
                             "uart_2ndstage=1\n"
                             "pciex4_reset=0\n"
                             "enable_rp1_uart=1\n";
static const char initramfs_line[] = "initramfs " INITRAMFS " 0x08000000\n";
static const char tree_line[] = "device_tree=" TREE "\n";

static int path_in(const struct image_options *o, const char *name, char *path, size_t size)
{
    int length = snprintf(path, size, "%s/%s", o->out, name);
    return length > 0 && (size_t)length < size
               ? EXIT_OK
               : complain(EXIT_USAGE, "%s: the path is too long", o->out);
}

static int write_text(const struct image_options *o, const char *name, const char *const *texts)
{
    char path[4200];
    int code = path_in(o, name, path, sizeof path);
    FILE *to = code == EXIT_OK ? fopen(path, "w") : NULL;
    if (code != EXIT_OK)
        return code;
    if (to == NULL)
        return complain(EXIT_IO, "%s: %s", path, strerror(errno));
    for (; *texts != NULL; texts++)
        fputs(*texts, to);
    bool good = ferror(to) == 0;
    good = fclose(to) == 0 && good;
    return good ? EXIT_OK : complain(EXIT_IO, "%s: %s", path, strerror(errno));
}

static int write_kernel(const struct image_options *o)
{
    char from[4200], to[4200];
    snprintf(from, sizeof from, "%s/build/image-aarch64/axiom-aarch64%s.img", AXIOM_SOURCE_DIR,
             o->test ? "-test" : "");
    int code = path_in(o, KERNEL, to, sizeof to);
    return code == EXIT_OK ? image_copy_file(from, to) : code;
}

/* Where there is no such file the firmware's own tree, from the card it is put on, is taken. */
static int write_tree(const struct image_options *o)
{
    char to[4200];
    int code = path_in(o, TREE, to, sizeof to);
    return code == EXIT_OK ? image_copy_file(o->tree, to) : code;
}

static int write_initramfs(const struct image_options *o)
{
    char to[4200];
    int code = path_in(o, INITRAMFS, to, sizeof to);
    return code == EXIT_OK ? image_write_initramfs(o, to) : code;
}

int image_rpi5(const struct image_options *o)
{
    bool has_initramfs = o->object_count != 0 || o->keyring != NULL;
    const char *const lines[] = { config, has_initramfs ? initramfs_line : "",
                                  o->tree != NULL ? tree_line : "", NULL };
    const char *const command_line[] = { o->append != NULL ? o->append : "", "\n", NULL };
    if (o->append != NULL && strchr(o->append, '\n') != NULL)
        return complain(EXIT_USAGE, "--append: a command line is one line");
    int code = image_build("aarch64");
    if (code == EXIT_OK && mkdir(o->out, 0777) != 0 && errno != EEXIST)
        code = complain(EXIT_IO, "%s: %s", o->out, strerror(errno));
    if (code == EXIT_OK)
        code = write_kernel(o);
    if (code == EXIT_OK)
        code = write_text(o, "config.txt", lines);
    if (code == EXIT_OK)
        code = write_text(o, "cmdline.txt", command_line);
    if (code == EXIT_OK && o->tree != NULL)
        code = write_tree(o);
    if (code == EXIT_OK && has_initramfs)
        code = write_initramfs(o);
    if (code == EXIT_OK)
        printf("wrote     %s: config.txt, cmdline.txt, " KERNEL "%s%s\n", o->out,
               o->tree != NULL ? ", " TREE : "", has_initramfs ? ", " INITRAMFS : "");
    return code;
}
