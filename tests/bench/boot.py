#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What `./tools/bench boot` measures: an image under QEMU, against one that only prints a line. Times are the host's, so
# they are told as medians with their spread; what is counted in instructions (icount) is the same in each run.
#
# Under icount an instruction takes 2^shift ns. The kernel's clock is the board's: it counts in 1 ns on the PC (TSC), 16 ns
# on AArch64's virt, 100 ns on RISC-V's. shift is the least for which an instruction is not shorter than that.
#
# usage: boot.py ARCH IMAGE_FOLDER EDGE_OBJECT [RUNS]
import os, statistics, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
HANG_S = 120  # no boot takes so long
ARCHES = {
    "x86_64": dict(
        qemu=["qemu-system-x86_64", "-M", "q35,hpet=off", "-cpu", "max", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"],
        suffix="elf", shift=0, cc=["gcc", "-m32", "-Wl,-melf_i386", "-Wl,-Ttext=0x200000"]),
    "aarch64": dict(
        qemu=["qemu-system-aarch64", "-M", "virt", "-cpu", "max", "-nic", "none", "-semihosting-config", "enable=on,target=native"],
        suffix="img", shift=4, cc=["aarch64-linux-gnu-gcc"], objcopy="aarch64-linux-gnu-objcopy"),
    "riscv64": dict(
        qemu=["qemu-system-riscv64", "-M", "virt", "-cpu", "rv64", "-nic", "none", "-semihosting-config", "enable=on,target=native"],
        suffix="img", shift=7, cc=["riscv64-linux-gnu-gcc"], objcopy="riscv64-linux-gnu-objcopy",
        firmware="Boot HART MEDELEG"),  # the last line of OpenSBI 1.1
}
COMMON = ["-accel", "tcg", "-m", "128", "-smp", "1", "-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot"]


def boot(words):
    """The console's lines, each with when it came (s since QEMU's start)."""
    start = time.perf_counter()
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        killer = threading.Timer(HANG_S, process.kill)
        killer.start()
        lines = [(time.perf_counter() - start, line.decode(errors="replace").strip()) for line in process.stdout]
        killer.cancel()
    return lines


def when(lines, text):
    for at, line in lines:
        if text in line:
            return at
    sys.exit("no line with '%s' came:\n%s" % (text, "\n".join(line for _, line in lines)))


def spread(name, values, unit="ms", scale=1e3):
    values = sorted(v * scale for v in values)
    print("  %-44s %9.1f %s   (%.1f to %.1f, %d runs)" % (name, statistics.median(values), unit, values[0], values[-1], len(values)))
    return statistics.median(values)


def times(arch, image, bare, edge, runs):
    kernel = dict(first=[], thread=[], complete=[])
    least, firmware = [], []
    words = arch["qemu"] + COMMON
    for _ in range(runs):  # interleaved, so that the host's moods meet both
        least.append(when(boot(words + ["-kernel", bare]), "bare"))
        lines = boot(words + ["-kernel", image, "-append", "exit=debug", "-initrd", edge])
        if "firmware" in arch:
            firmware.append(when(lines, arch["firmware"]))
        kernel["first"].append(when(lines, "axiom"))
        kernel["thread"].append(when(lines, "[ "))
        kernel["complete"].append(when(lines, "boot: complete"))
    print("from QEMU's start")
    if firmware:
        spread("firmware, before both: its last line", firmware)
    base = spread("bare image: its line", least)
    first = spread("kernel: first line", kernel["first"])
    spread("kernel: first thread's first line", kernel["thread"])
    spread("kernel: boot complete, a program attached", kernel["complete"])
    print("  first line / bare image                      %9.2f      (aim: at most 2)" % (first / base))
    return lines


NAMES = {
    "alarm_idle": "interrupt entry to handler (alarm, idle CPU)",
    "edge_to_program": "edge to the program's first instruction",
    "edge_to_actuator": "edge to the actuator's driver",
    "switch": "context switch (yield)",
    "emergency_stop": "emergency stop, 8 actuators",
    "alarm_busy": "the alarm on a busy CPU",
    "masked_longest": "longest time with interrupts masked, seen so",
}


def figures(lines):
    found = {}
    for _, line in lines:
        words = line.split()
        if len(words) > 2 and words[0] == "bench" and words[1] in NAMES:
            found[words[1]] = [int(word) for word in words[2:]]
    if set(found) != set(NAMES) or not any(line == "bench end" for _, line in lines):
        sys.exit("the image did not measure all:\n" + "\n".join(line for _, line in lines))
    return found


def counted(arch, image, edge):
    shift = arch["shift"]
    words = arch["qemu"] + COMMON + ["-icount", "shift=%d,sleep=off" % shift, "-kernel", image, "-initrd", edge,
                                     "-append", "exit=debug bench-shift=%d" % shift]
    first, second = figures(boot(words)), figures(boot(words))
    print("instructions (icount; least, median, 99 of 100, most)%s" % ("" if first == second else "   NOT REPEATABLE"))
    for name, text in NAMES.items():
        print("  %-44s %s" % (text, " ".join("%9d" % round(value / (1 << shift)) for value in first[name])))


def jitter(arch, image, edge, runs):
    words = arch["qemu"] + COMMON + ["-kernel", image, "-append", "exit=debug", "-initrd", edge]
    rows = [figures(boot(words)) for _ in range(runs)]
    print("timer jitter, host time under TCG (medians over runs of: least, median, 99 of 100, most)")
    for name in ("alarm_idle", "alarm_busy"):
        columns = zip(*(row[name] for row in rows))
        print("  %-44s %s ns" % (NAMES[name], " ".join("%9d" % statistics.median(column) for column in columns)))


def sizes(lines, image):
    total = 0
    for _, line in lines:
        words = line.split()
        if words[:2] == ["bench", "image_bytes"]:
            pairs = list(zip(words[2::2], map(int, words[3::2])))
            total = sum(size for _, size in pairs)
            print("image in memory, bytes: %s; together %d (aim: 1 MB)" % (", ".join("%s %d" % pair for pair in pairs), total))
    pages = next(line.split() for _, line in lines if line.startswith("bench pages_in_use"))
    given = next(int(line.split()[2]) for _, line in lines if line.startswith("bench ram_given"))
    print("memory after boot, KiB")
    print("  image %d; pages of the core %d; not given to the core of 128 MiB (firmware, image, tables, code pool) %d" % (
        total // 1024, int(pages[2]) * 4, 128 * 1024 - given // 1024))
    print("  together %d KiB (aim: 4096)" % (128 * 1024 - given // 1024 + int(pages[2]) * 4))
    steps = [(int(line.split()[2]), line.split("pages: ")[1]) for _, line in lines if line.startswith("bench step")]
    print("  of the core's, by step of the boot: " + ", ".join("%s %d" % (name, count * 4) for count, name in steps if count))


def make_bare(name, arch, folder):
    """The image that only prints a line, of the format of the kernel's."""
    elf, raw = os.path.join(folder, "bare.elf"), os.path.join(folder, "bare.img")
    subprocess.check_call(arch["cc"] + ["-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,-estart",
                                        os.path.join(HERE, "image", "bare_%s.S" % name), "-o", elf])
    if "objcopy" not in arch:
        return elf
    # Bytes alone, entered at the first: QEMU enters a RISC-V ELF file at its lowest address, the file's header.
    subprocess.check_call([arch["objcopy"], "-O", "binary", "-j", ".text", elf, raw])
    return raw


def main():
    name, folder, edge = sys.argv[1:4]
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 9
    arch = ARCHES[name]
    image = os.path.join(folder, "axiom-%s-bench.%s" % (name, arch["suffix"]))
    with tempfile.TemporaryDirectory() as work:
        lines = times(arch, image, make_bare(name, arch, work), edge, runs)
        sizes(lines, image)
        counted(arch, image, edge)
        jitter(arch, image, edge, max(3, runs // 3))


main()
