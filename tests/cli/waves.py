# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Waveforms of buses, made from what their standards say and from nothing of ours: waves.py BUS OUT.vcd SEED.

Writes a VCD of 100 ns steps with the lines of one bus carrying made-up traffic; tests/cli/formats_test.sh has it
decoded by us and by sigrok-cli.
"""
import random
import sys

STEP_NS = 100


class Wave:
    def __init__(self, lines):
        self.lines, self.now, self.last = lines, 0, {}
        self.text = ["$timescale 1 ns $end", "$scope module bus $end"]
        self.text += [f"$var wire 1 {chr(33 + i)} {n} $end" for i, n in enumerate(lines)]
        self.text += ["$upscope $end", "$enddefinitions $end"]

    def set(self, after_ns, **levels):
        self.now += after_ns
        changes = [f"{v}{chr(33 + self.lines.index(n))}" for n, v in levels.items() if self.last.get(n) != v]
        self.last.update(levels)
        if changes:
            self.text.append(f"#{self.now // STEP_NS * STEP_NS}")
            self.text += changes

    def write(self, path):
        self.text.append(f"#{self.now + 1000000}")
        open(path, "w").write("\n".join(self.text) + "\n")


def uart(rng):
    wave, bit = Wave(["rx"]), 1e9 / 115200
    wave.set(0, rx=1)
    edge = 50000.0
    for _ in range(300):
        value = rng.randrange(256)
        bits = [0] + [value >> i & 1 for i in range(8)] + [bin(value).count("1") & 1, 1]  # even parity
        if rng.random() < 0.05:
            bits[9] ^= 1  # parity error
        for b in bits:
            wave.set(int(edge) - wave.now, rx=b)
            edge += bit
        edge += rng.choice([0, 0, bit, 7.3 * bit])
    return wave


def spi(rng):
    wave = Wave(["clk", "mosi", "miso", "cs"])
    wave.set(0, clk=0, mosi=0, miso=0, cs=1)
    for _ in range(60):
        wave.set(5000, cs=0)
        for _ in range(rng.randrange(1, 12)):
            for _ in range(8):
                wave.set(500, mosi=rng.randrange(2), miso=rng.randrange(2))
                wave.set(500, clk=1)
                wave.set(1000, clk=0)
        wave.set(1000, cs=1)
    return wave


def crc15(bits):
    crc = 0
    for b in bits:
        crc = (crc << 1 ^ (0x4599 if (crc >> 14 & 1) != b else 0)) & 0x7FFF
    return crc


def number(value, width):
    return [value >> (width - 1 - i) & 1 for i in range(width)]


def can_bits(identifier, extended, remote, data):
    """SOF to the CRC's end with stuff bits, then delimiters, an ACK, the end of the frame (ISO 11898-1)."""
    bits = [0]
    if extended:
        bits += number(identifier >> 18, 11) + [1, 1] + number(identifier & 0x3FFFF, 18) + [int(remote), 0, 0]
    else:
        bits += number(identifier, 11) + [int(remote), 0, 0]
    bits += number(len(data), 4)
    if not remote:
        for byte in data:
            bits += number(byte, 8)
    bits += number(crc15(bits), 15)
    stuffed, run = [], 0
    for b in bits:
        if stuffed and run == 5:
            stuffed.append(1 - stuffed[-1])
            run = 1
        run = run + 1 if stuffed and b == stuffed[-1] else 1
        stuffed.append(b)
    if run == 5:
        stuffed.append(1 - stuffed[-1])
    return stuffed + [1, 0, 1] + [1] * 7


def can(rng):
    wave, bit = Wave(["rx"]), 2000  # 500 kbit/s
    wave.set(0, rx=1)
    wave.set(100000)
    frames = []
    for _ in range(200):
        extended, remote = rng.random() < 0.4, rng.random() < 0.1
        identifier = rng.randrange(1 << (29 if extended else 11))
        remote = remote and sys.argv[1] == "can"
        data = [rng.choice([0, 0xFF, 0xAA, rng.randrange(256)]) for _ in range(rng.randrange(9))]
        for b in can_bits(identifier, extended, remote, data):
            wave.set(0, rx=b)
            wave.now += bit + rng.choice([0, 0, 0, -100, 100])  # a clock that is off a little
        wave.set(0, rx=1)
        wave.now += bit * rng.choice([3, 4, 20])
        text = "".join(f"{b:02X}" for b in data)
        name = f"{identifier:08X}" if extended else f"{identifier:03X}"
        frames.append(name + "#" + ((f"R{len(data)}" if data else "R") if remote else text))
    open(sys.argv[2] + ".frames", "w").write("\n".join(frames) + "\n")
    return wave


{"uart": uart, "spi": spi, "can": can, "can-data": can}[sys.argv[1]](random.Random(int(sys.argv[3]))).write(sys.argv[2])
