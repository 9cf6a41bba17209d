/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The boot partition of an SD card, as the Pi's bootloader reads it: config.txt, the command line, the
 * kernel, an initramfs, the device tree. What it does with them: loads them into RAM and puts what it knows into
 * the tree (documentation of config.txt, Raspberry Pi Ltd). */
#pragma once
#include <axiom/types.h>

struct sdcard {
    uint8_t *kernel, *initramfs, *tree; /* initramfs: NULL for none */
    size_t kernel_size, initramfs_size, tree_size;
    /* What the kernel gets instead of the tree that the machine is made from. */
    bool hands_other_tree;
    uint8_t *handed; /* NULL: x0 is 0 */
    size_t handed_size;
    char command_line[4096];
    uint64_t kernel_address;
    uint64_t initramfs_address; /* 0: behind the kernel */
};

#define SDCARD_REASON_MAX 512

/* folder: of the card. tree_path: instead of the card's own device tree; NULL: that, or else the small one built
 * in. 0 or a negative errno with reason. Freed by sdcard_close(), also after an error. */
int sdcard_open(struct sdcard *card, const char *folder, const char *tree_path, char *reason);
void sdcard_close(struct sdcard *card);

/* More words for the kernel. False: they have no room. */
bool sdcard_append(struct sdcard *card, const char *words);

/* The kernel gets this file's bytes as they are, or with "none" no tree. 0, or a negative errno with reason. */
int sdcard_hand_over(struct sdcard *card, const char *path, char *reason);

/* Where things are in RAM when the kernel is entered. */
struct sdcard_loaded {
    uint64_t entry, tree;
};

/* What the bootloader tells the kernel in its tree (memory, bootargs, the initramfs), in a tree of the caller's
 * (free()). The machine's models are made from it, too. */
int sdcard_make_tree(const struct sdcard *card, uint64_t memory, uint32_t cpus, uint8_t **tree,
                     size_t *size, char *reason);

/* Into RAM, from physical address 0 on. -ENOSPC: it does not fit. */
int sdcard_load(const struct sdcard *card, uint8_t *ram, uint64_t size, const uint8_t *tree,
                size_t tree_size, struct sdcard_loaded *out, char *reason);

/* What firmware has done to the devices before the kernel runs: UART10 sends at 115200 baud, 8n1. */
void sdcard_firmware_leaves(void);
