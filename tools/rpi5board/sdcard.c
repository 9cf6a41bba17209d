/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "sdcard.h"

#include <axiom/errno.h>
#include <hw/mmio.h>
#include <hw/regs/pl011.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  (256u << 20)
#define TREE_MAX  (4u << 20)
#define TREE_ROOM 8192u /* for what firmware adds */

#define KERNEL_ADDRESS_DEFAULT \
    0x200000u                   /* kernel_address of a 64-bit kernel, by the documentation */
#define FIRMWARE_END   0x80000u /* BL31 lives below (reserved-memory/atf@0) */
#define IMAGE_MAGIC_AT 0x38u    /* Linux: Documentation/arch/arm64/booting.rst */
#define IMAGE_SIZE_AT  0x10u
#define UART10         0x107d001000u

extern const uint8_t builtin_board_rpi5[], builtin_board_rpi5_end[];

static int fail(char *reason, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, SDCARD_REASON_MAX, format, arguments);
    va_end(arguments);
    return error;
}

/* --- files --- */

/* limit bytes at most. -ENOENT without a reason where the file is missing. */
static int read_file(const char *path, size_t limit, uint8_t **bytes, size_t *size, char *reason)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return fail(reason, -ENOENT, "%s cannot be opened", path);
    *bytes = NULL;
    *size = 0;
    int err = 0;
    for (size_t room = 0; !err;) {
        if (*size == room) {
            room = room != 0 ? 2 * room : 4096;
            uint8_t *more = room <= limit ? realloc(*bytes, room) : NULL;
            if (more == NULL) {
                err = fail(reason, -EFBIG, "%s has more than %zu bytes", path, limit / 2);
                break;
            }
            *bytes = more;
        }
        size_t got = fread(*bytes + *size, 1, room - *size, file);
        *size += got;
        if (got == 0)
            break;
    }
    if (!err && ferror(file))
        err = fail(reason, -EIO, "%s cannot be read", path);
    fclose(file);
    return err;
}

struct config {
    char kernel[256], initramfs[256], command_line[256], tree[256];
    uint64_t kernel_address, initramfs_address;
};

static void take_line(struct config *config, char *line)
{
    char *value = strchr(line, '=');
    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(line, "initramfs ", 10) == 0) { /* "initramfs FILE ADDRESS|followkernel", no '=' */
        char where[32] = "";
        if (sscanf(line, "initramfs %255s %31s", config->initramfs, where) < 1)
            config->initramfs[0] = '\0';
        config->initramfs_address = strtoull(where, NULL, 0); /* of the word: 0 */
        return;
    }
    if (line[0] == '#' || line[0] == '[' || value == NULL)
        return;
    *value++ = '\0';
    if (strcmp(line, "kernel") == 0)
        snprintf(config->kernel, sizeof config->kernel, "%s", value);
    else if (strcmp(line, "cmdline") == 0)
        snprintf(config->command_line, sizeof config->command_line, "%s", value);
    else if (strcmp(line, "device_tree") == 0)
        snprintf(config->tree, sizeof config->tree, "%s", value);
    else if (strcmp(line, "kernel_address") == 0)
        config->kernel_address = strtoull(value, NULL, 0);
}

static int read_config(const char *folder, struct config *config, char *reason)
{
    char path[1024], line[1024];
    *config = (struct config){ .kernel = "kernel_2712.img",
                               .command_line = "cmdline.txt",
                               .tree = "bcm2712-rpi-5-b.dtb",
                               .kernel_address = KERNEL_ADDRESS_DEFAULT };
    snprintf(path, sizeof path, "%s/config.txt", folder);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return fail(reason, -ENOENT,
                    "%s cannot be opened: is this the folder that `axiom image rpi5` wrote?", path);
    while (fgets(line, sizeof line, file) != NULL)
        take_line(config, line);
    fclose(file);
    return 0;
}

static int read_tree(struct sdcard *card, const char *folder, const char *name, const char *other,
                     char *reason)
{
    char path[1024];
    int err;
    if (other != NULL)
        return read_file(other, 2 * TREE_MAX, &card->tree, &card->tree_size, reason);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    err = read_file(path, 2 * TREE_MAX, &card->tree, &card->tree_size, reason);
    if (err != -ENOENT)
        return err;
    card->tree_size = (size_t)(builtin_board_rpi5_end - builtin_board_rpi5);
    card->tree = malloc(card->tree_size);
    if (card->tree == NULL)
        return fail(reason, -ENOMEM, "no memory");
    memcpy(card->tree, builtin_board_rpi5, card->tree_size);
    return 0;
}

static int read_command_line(struct sdcard *card, const char *folder, const char *name,
                             char *reason)
{
    char path[1024];
    uint8_t *text;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int err = read_file(path, 2 * sizeof card->command_line, &text, &size, reason);
    if (err == -ENOENT)
        return 0; /* none */
    if (!err && size >= sizeof card->command_line)
        err =
            fail(reason, -E2BIG, "%s has more than %zu bytes", path, sizeof card->command_line - 1);
    if (!err) {
        memcpy(card->command_line, text, size);
        card->command_line[size] = '\0';
        card->command_line[strcspn(card->command_line, "\r\n")] = '\0';
    }
    free(text);
    return err;
}

int sdcard_open(struct sdcard *card, const char *folder, const char *tree_path, char *reason)
{
    struct config config;
    char path[1024];
    *card = (struct sdcard){ 0 };
    int err = read_config(folder, &config, reason);
    if (err)
        return err;
    card->kernel_address = config.kernel_address;
    card->initramfs_address = config.initramfs_address;
    snprintf(path, sizeof path, "%s/%s", folder, config.kernel);
    err = read_file(path, FILE_MAX, &card->kernel, &card->kernel_size, reason);
    if (!err && config.initramfs[0] != '\0') {
        snprintf(path, sizeof path, "%s/%s", folder, config.initramfs);
        err = read_file(path, FILE_MAX, &card->initramfs, &card->initramfs_size, reason);
        if (err == -ENOENT) { /* the firmware goes on */
            fprintf(stderr, "rpi5board: %s, and the kernel gets none\n", reason);
            err = 0;
        }
    }
    if (!err)
        err = read_command_line(card, folder, config.command_line, reason);
    if (!err)
        err = read_tree(card, folder, config.tree, tree_path, reason);
    if (!err && (card->tree_size < sizeof(struct fdt_header) ||
                 fdt_check_full(card->tree, card->tree_size) != 0))
        err = fail(reason, -EINVAL, "the device tree is damaged");
    return err;
}

void sdcard_close(struct sdcard *card)
{
    free(card->kernel);
    free(card->initramfs);
    free(card->tree);
    free(card->handed);
    *card = (struct sdcard){ 0 };
}

int sdcard_hand_over(struct sdcard *card, const char *path, char *reason)
{
    card->hands_other_tree = true;
    if (strcmp(path, "none") == 0)
        return 0;
    return read_file(path, 2 * TREE_MAX, &card->handed, &card->handed_size, reason);
}

bool sdcard_append(struct sdcard *card, const char *words)
{
    size_t length = strlen(card->command_line), room = sizeof card->command_line - length;
    int added = snprintf(card->command_line + length, room, "%s%s", length != 0 ? " " : "", words);
    return added >= 0 && (size_t)added < room;
}

/* --- places in RAM --- */

static uint64_t little_endian(const uint8_t *bytes, uint32_t count)
{
    uint64_t value = 0;
    for (uint32_t i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static uint64_t aligned(uint64_t value, uint64_t to)
{
    return (value + to - 1) / to * to;
}

/* What the kernel says that it needs from its start, or the file's size. */
static uint64_t kernel_extent(const struct sdcard *card)
{
    bool is_image =
        card->kernel_size >= 64 && memcmp(card->kernel + IMAGE_MAGIC_AT, "ARM\x64", 4) == 0;
    uint64_t says = is_image ? little_endian(card->kernel + IMAGE_SIZE_AT, 8) : 0;
    return says > card->kernel_size ? says : card->kernel_size;
}

static uint64_t kernel_end(const struct sdcard *card)
{
    return aligned(card->kernel_address + kernel_extent(card), 4096);
}

static uint64_t initramfs_address(const struct sdcard *card)
{
    return card->initramfs_address != 0 ? card->initramfs_address : kernel_end(card);
}

static uint64_t tree_address(const struct sdcard *card)
{
    uint64_t end = initramfs_address(card) + card->initramfs_size;
    return aligned(end > kernel_end(card) ? end : kernel_end(card), 65536);
}

/* --- the tree --- */

static int add_chosen(const struct sdcard *card, void *tree)
{
    int chosen = fdt_path_offset(tree, "/chosen");
    if (chosen < 0)
        chosen = fdt_add_subnode(tree, 0, "chosen");
    if (chosen < 0)
        return chosen;
    uint64_t begin = initramfs_address(card);
    int err = fdt_setprop(tree, chosen, "bootargs", card->command_line,
                          (int)strlen(card->command_line) + 1);
    if (!err && card->initramfs != NULL)
        err = fdt_setprop_u64(tree, chosen, "linux,initrd-start", begin);
    if (!err && card->initramfs != NULL)
        err = fdt_setprop_u64(tree, chosen, "linux,initrd-end", begin + card->initramfs_size);
    return err;
}

/* The first bytes are in the node, too: the kernel leaves them out by reserved-memory. */
static int set_memory(void *tree, uint64_t memory)
{
    int node = fdt_path_offset(tree, "/memory@0");
    uint8_t reg[16] = { 0 };
    if (node < 0)
        return node;
    for (uint32_t i = 0; i < 8; i++)
        reg[8 + i] = (uint8_t)(memory >> (56 - 8 * i));
    return fdt_setprop(tree, node, "reg", reg, sizeof reg);
}

/* Those above `count` are not on this board. */
static int keep_cpus(void *tree, uint32_t count)
{
    char path[32];
    for (uint32_t i = 1; i < CPU_MAX; i++) {
        snprintf(path, sizeof path, "/cpus/cpu@%x", i << 8);
        int node = fdt_path_offset(tree, path);
        int err = node >= 0 && i >= count ? fdt_del_node(tree, node) : 0;
        if (err)
            return err;
    }
    return 0;
}

int sdcard_make_tree(const struct sdcard *card, uint64_t memory, uint32_t cpus, uint8_t **tree,
                     size_t *size, char *reason)
{
    size_t room = card->tree_size + strlen(card->command_line) + TREE_ROOM;
    *tree = malloc(room);
    if (*tree == NULL)
        return fail(reason, -ENOMEM, "no memory");
    int err = fdt_open_into(card->tree, *tree, (int)room);
    if (!err)
        err = set_memory(*tree, memory);
    if (!err)
        err = keep_cpus(*tree, cpus);
    if (!err)
        err = add_chosen(card, *tree);
    if (!err)
        err = fdt_pack(*tree);
    *size = err ? 0 : fdt_totalsize(*tree);
    return err ? fail(reason, -EINVAL, "the device tree: %s", fdt_strerror(err)) : 0;
}

int sdcard_load(const struct sdcard *card, uint8_t *ram, uint64_t size, const uint8_t *tree,
                size_t tree_size, struct sdcard_loaded *out, char *reason)
{
    if (card->kernel_address < FIRMWARE_END || card->kernel_address > size ||
        card->kernel_address % 4096 != 0)
        return fail(reason, -EINVAL,
                    "kernel_address 0x%llx is not a page of RAM above the firmware's 512 KiB",
                    (unsigned long long)card->kernel_address);
    if (kernel_extent(card) > size || card->initramfs_address > size ||
        tree_address(card) + tree_size > size)
        return fail(reason, -ENOSPC,
                    "kernel, initramfs and device tree need %llu bytes of RAM, there are %llu",
                    (unsigned long long)(tree_address(card) + tree_size), (unsigned long long)size);
    if (card->initramfs != NULL && initramfs_address(card) < kernel_end(card) &&
        initramfs_address(card) + card->initramfs_size > card->kernel_address)
        return fail(reason, -EINVAL, "the initramfs at 0x%llx lies over the kernel",
                    (unsigned long long)initramfs_address(card));
    memcpy(ram + card->kernel_address, card->kernel, card->kernel_size);
    if (card->initramfs != NULL)
        memcpy(ram + initramfs_address(card), card->initramfs, card->initramfs_size);
    *out = (struct sdcard_loaded){ .entry = card->kernel_address, .tree = tree_address(card) };
    if (card->hands_other_tree) {
        tree = card->handed;
        tree_size = card->handed_size;
    }
    if (tree == NULL)
        out->tree = 0;
    else if (tree_size > size - out->tree)
        return fail(reason, -ENOSPC, "the kernel's tree does not fit into RAM");
    else
        memcpy(ram + out->tree, tree, tree_size);
    return 0;
}

void sdcard_firmware_leaves(void)
{
    struct phys_addr base = { UART10 };
    struct mmio uart;
    if (mmio_map(base, 0x100, MMIO_MEMORY, &uart) != 0)
        return;                         /* the tree has none */
    mmio_write32(&uart, PL011_IBRD, 5); /* 9.216 MHz / 16 / 115200 */
    mmio_write32(&uart, PL011_FBRD, 0);
    mmio_write32(&uart, PL011_LCR_H, PL011_LCR_H_WLEN | PL011_LCR_H_FIFOS);
    mmio_write32(&uart, PL011_CR, PL011_CR_ENABLE | PL011_CR_TX | PL011_CR_RX);
    mmio_unmap(&uart);
}
