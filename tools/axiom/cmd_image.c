/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom image: what a machine boots from.
 *
 *   iso   a disc for PCs: GRUB's rescue image for BIOS and UEFI, which loads the kernel by multiboot2 and
 *         the programs as one module, a cpio archive
 *   rpi5  the files of an SD card for a Raspberry Pi 5 (image_rpi5.c) */
#include "image.h"

#include "cli.h"
#include "initramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEYRING "bpf.keyring" /* the name by which the kernel knows it */

/* Runs a program with its words; what it prints goes to `log`. 127: it is not there. */
static int run_program(char *const *words, const char *log)
{
    pid_t child = fork();
    if (child == 0) {
        int descriptor = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(descriptor, STDOUT_FILENO);
        dup2(descriptor, STDERR_FILENO);
        execvp(words[0], words);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

int image_copy_file(const char *from, const char *to)
{
    uint8_t *bytes;
    size_t size;
    int code = read_whole_file(from, (size_t)1 << 28, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    FILE *file = fopen(to, "wb");
    bool good = file != NULL && fwrite(bytes, 1, size, file) == size;
    free(bytes);
    if (file != NULL)
        good = fclose(file) == 0 && good;
    return good ? EXIT_OK : complain(EXIT_IO, "%s: %s", to, strerror(errno));
}

int image_write_initramfs(const struct image_options *o, const char *path)
{
    FILE *to = fopen(path, "wb");
    if (to == NULL)
        return complain(EXIT_IO, "%s: %s", path, strerror(errno));
    int code = o->keyring != NULL ? initramfs_add(to, o->keyring, KEYRING) : EXIT_OK;
    for (uint32_t i = 0; i < o->object_count && code == EXIT_OK; i++)
        code = initramfs_add(to, o->objects[i], NULL);
    if (code == EXIT_OK && !initramfs_end(to))
        code = complain(EXIT_IO, "%s: %s", path, strerror(errno));
    fclose(to);
    return code;
}

int image_check_file(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || access(path, R_OK) != 0)
        return complain(EXIT_INPUT, "%s: %s", path, strerror(errno));
    return S_ISREG(status.st_mode) ? EXIT_OK : complain(EXIT_INPUT, "%s is no file", path);
}

/* The first word of a flattened device tree (Devicetree Specification 0.4, 5.2). */
static int check_tree(const char *path)
{
    static const uint8_t magic[4] = { 0xd0, 0x0d, 0xfe, 0xed };
    uint8_t first[4] = { 0 };
    int code = image_check_file(path);
    if (code != EXIT_OK)
        return code;
    FILE *file = fopen(path, "rb");
    bool is_tree = file != NULL && fread(first, sizeof first, 1, file) == 1 &&
                   memcmp(first, magic, sizeof magic) == 0;
    if (file != NULL)
        fclose(file);
    return is_tree
               ? EXIT_OK
               : complain(EXIT_INPUT, "%s is no device tree blob: make one with dtc -O dtb", path);
}

int image_check_files(const struct image_options *o)
{
    int code = o->keyring != NULL ? image_check_file(o->keyring) : EXIT_OK;
    if (code == EXIT_OK && o->tree != NULL)
        code = check_tree(o->tree);
    for (uint32_t i = 0; i < o->object_count && code == EXIT_OK; i++) {
        code = image_check_file(o->objects[i]);
        if (code == EXIT_OK)
            code = refuse_same_file(o->objects[i], o->out);
    }
    return code;
}

int image_build(const char *arch)
{
    char command[4200];
    snprintf(command, sizeof command, "'%s/tools/build-image' %s >&2", AXIOM_SOURCE_DIR, arch);
    return system(command) == 0
               ? EXIT_OK
               : complain(EXIT_IO, "the image for %s could not be built (see above)", arch);
}

/* A command line is text in GRUB's own language: what means something there is refused. */
static bool plain(const char *text)
{
    return strpbrk(text, "'\"\\$;\n{}|&<>`") == NULL;
}

static int write_config(const struct image_options *o, const char *folder, bool has_module)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/boot/grub/grub.cfg", folder);
    FILE *to = fopen(path, "w");
    if (to == NULL)
        return complain(EXIT_IO, "%s: %s", path, strerror(errno));
    fprintf(to,
            "set timeout=0\nserial --unit=0 --speed=115200\nterminal_output console serial\n"
            "menuentry axiom {\n    multiboot2 /boot/axiom.elf %s\n",
            o->append != NULL ? o->append : "");
    if (has_module)
        fprintf(to, "    module2 /boot/initramfs.cpio initramfs\n");
    fprintf(to, "    boot\n}\n");
    return fclose(to) == 0 ? EXIT_OK : complain(EXIT_IO, "%s: %s", path, strerror(errno));
}

static int make_folders(const char *folder)
{
    static const char *const parts[] = { "boot", "boot/grub" };
    char path[4200];
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        if (mkdir(path, 0700) != 0)
            return complain(EXIT_IO, "%s: %s", path, strerror(errno));
    }
    return EXIT_OK;
}

/* Told before anything is built: what comes of a wrong name is grub-mkrescue's or a disk's error else. */
static int check_out(const struct image_options *o, bool is_folder)
{
    struct stat status;
    if (stat(o->out, &status) == 0) {
        if (is_folder == S_ISDIR(status.st_mode))
            return access(o->out, W_OK) == 0 ? EXIT_OK
                                             : complain(EXIT_IO, "%s: %s", o->out, strerror(errno));
        return complain(EXIT_USAGE,
                        is_folder ? "%s is a file, not a folder to write an SD card's files into"
                                  : "%s is a folder: name the disc's file, as %s/axiom.iso",
                        o->out, o->out);
    }
    if (errno != ENOENT)
        return complain(EXIT_IO, "%s: %s", o->out, strerror(errno));
    char parent[4096];
    snprintf(parent, sizeof parent, "%s", o->out);
    size_t length = strlen(parent);
    while (length > 1 && parent[length - 1] == '/')
        parent[--length] = '\0';
    char *slash = strrchr(parent, '/');
    if (slash != NULL)
        slash[slash == parent] = '\0';
    const char *folder = slash != NULL ? parent : ".";
    return access(folder, W_OK) == 0 ? EXIT_OK
                                     : complain(EXIT_IO, "%s: %s", folder, strerror(errno));
}

static int write_disc(const struct image_options *o, const char *folder)
{
    char log[4200], root[4200];
    snprintf(log, sizeof log, "%s.log", folder);
    snprintf(root, sizeof root, "%s", folder);
    char mkrescue[] = "grub-mkrescue", option[] = "-o", out[4096];
    snprintf(out, sizeof out, "%s", o->out);
    char *const words[] = { mkrescue, option, out, root, NULL };
    int status = run_program(words, log);
    int code = EXIT_OK;
    if (status == 127)
        code =
            complain(EXIT_IO, "grub-mkrescue is missing (apt-get install grub-common grub-pc-bin "
                              "grub-efi-amd64-bin xorriso mtools)");
    else if (status != 0)
        code = complain(EXIT_IO, "grub-mkrescue failed with %d; does it have xorriso and mtools?",
                        status);
    unlink(log);
    return code;
}

static int make_iso(const struct image_options *o, const char *folder)
{
    char image[4200], to[4200], archive[4200];
    bool has_module = o->object_count != 0 || o->keyring != NULL;
    snprintf(image, sizeof image, "%s/build/image-x86_64/axiom-x86_64%s.elf", AXIOM_SOURCE_DIR,
             o->test ? "-test" : "");
    snprintf(to, sizeof to, "%s/boot/axiom.elf", folder);
    snprintf(archive, sizeof archive, "%s/boot/initramfs.cpio", folder);
    int code = make_folders(folder);
    if (code == EXIT_OK)
        code = image_copy_file(image, to);
    if (code == EXIT_OK && has_module)
        code = image_write_initramfs(o, archive);
    if (code == EXIT_OK)
        code = write_config(o, folder, has_module);
    return code == EXIT_OK ? write_disc(o, folder) : code;
}

static void remove_folder(const char *folder)
{
    static const char *const files[] = { "boot/axiom.elf", "boot/initramfs.cpio",
                                         "boot/grub/grub.cfg" };
    static const char *const folders[] = { "boot/grub", "boot", "" };
    char path[4200];
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        rmdir(path);
    }
}

static int iso(const struct image_options *o)
{
    if (o->append != NULL && !plain(o->append))
        return complain(EXIT_USAGE,
                        "--append: GRUB's own signs ('\"\\$;{}|&<>`) cannot be passed on");
    int code = image_build("x86_64");
    if (code != EXIT_OK)
        return code;
    char folder[] = "/tmp/axiom-iso.XXXXXX";
    if (mkdtemp(folder) == NULL)
        return complain(EXIT_IO, "/tmp: %s", strerror(errno));
    code = make_iso(o, folder);
    remove_folder(folder);
    struct stat status;
    if (code == EXIT_OK && stat(o->out, &status) == 0)
        printf("wrote     %s (%s): for BIOS and UEFI\n", o->out,
               counted((uint64_t)status.st_size, "byte"));
    return code;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "bpf", required_argument, NULL, 'b' },    { "keyring", required_argument, NULL, 'k' },
        { "append", required_argument, NULL, 'a' }, { "dtb", required_argument, NULL, 'd' },
        { "test", no_argument, NULL, 'T' },         { 0 },
    };
    struct image_options o = { .out = NULL };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'b':
            if (o.object_count == IMAGE_OBJECTS_MAX)
                return complain(EXIT_USAGE, "more than %d BPF objects", IMAGE_OBJECTS_MAX);
            o.objects[o.object_count++] = optarg;
            break;
        case 'k':
            o.keyring = optarg;
            break;
        case 'a':
            o.append = optarg;
            break;
        case 'd':
            o.tree = optarg;
            break;
        case 'T':
            o.test = true;
            break;
        default:
            return wrong_option("image");
        }
    }
    if (argc - optind != 2)
        return complain_usage("image", "image wants a kind and where to: axiom image iso OUT.iso");
    const char *kind = argv[optind];
    o.out = argv[optind + 1];
    bool is_rpi5 = strcmp(kind, "rpi5") == 0;
    if (!is_rpi5 && o.tree != NULL)
        return complain(EXIT_USAGE, "--dtb goes with rpi5");
    if (!is_rpi5 && strcmp(kind, "iso") != 0)
        return complain(EXIT_USAGE, "there is no image of kind '%s'; there are iso and rpi5", kind);
    int code = image_check_files(&o);
    if (code == EXIT_OK)
        code = check_out(&o, is_rpi5);
    if (code != EXIT_OK)
        return code;
    return is_rpi5 ? image_rpi5(&o) : iso(&o);
}

static const char help[] =
    "usage: axiom image iso OUT.iso [OPTION]...\n"
    "       axiom image rpi5 FOLDER [OPTION]...\n\n"
    "Writes what a machine boots from; builds the kernel first.\n\n"
    "  iso              a disc for PCs with BIOS or UEFI (GRUB; grub-mkrescue makes it)\n"
    "  rpi5             the files of an SD card for a Raspberry Pi 5 (docs/RPI5.md)\n\n"
    "  --bpf OBJECT     a BPF object to load and attach at boot; any number\n"
    "  --keyring FILE   whose signatures count (axiom bpf keygen); add --append "
    "bpf.require_signed\n"
    "  --append TEXT    words for the kernel's command line\n"
    "  --dtb FILE       rpi5: the board's device tree; else the firmware's own\n"
    "  --test           the kernel with its own test suite\n\n"
    "Examples:\n"
    "  axiom image iso axiom.iso --bpf button_led.o\n"
    "  axiom image rpi5 /media/you/bootfs --bpf button_led.o\n"
    "  qemu-system-x86_64 -M q35 -cpu max -cdrom axiom.iso -serial stdio\n";

const struct command command_image = {
    .name = "image",
    .summary = "write what a machine boots from: a disc for PCs, an SD card for a Raspberry Pi 5",
    .help = help,
    .run = run,
};
