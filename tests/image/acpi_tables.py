#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Tables of ACPI (specification 6.5, chapter 5) for acpi_test.sh, most of them wrong: CASE.apic, CASE.hpet and CASE.mcfg.

usage: acpi_tables.py FOLDER
"""
import os
import struct
import sys


def table(signature, body, sum_is_wrong=False):
    head = struct.pack("<4sIBB6s8sI4sI", signature, 36 + len(body), 1, 0, b"AXIOM ", b"TEST    ", 1, b"AXIO", 1)
    whole = bytearray(head + body)
    whole[9] = -sum(whole) & 0xFF
    whole[9] ^= 0x55 if sum_is_wrong else 0
    return bytes(whole)


def cpu(number):
    return struct.pack("<BBBBI", 0, 8, number, number, 1)


def ioapic(address=0xFEC00000):
    return struct.pack("<BBBBII", 1, 12, 0, 0, address, 0)


def override(irq, pin, flags):
    return struct.pack("<BBBBIH", 2, 10, 0, irq, pin, flags)


def madt(*entries, **options):
    return table(b"APIC", struct.pack("<II", 0xFEE00000, 1) + b"".join(entries), **options)


def hpet(address=0xFED00000):
    return table(b"HPET", struct.pack("<IBBBBQBHB", 0x8086A201, 0, 64, 0, 0, address, 0, 0, 0))


def mcfg(address=0xB0000000, first=0, last=255):
    return table(b"MCFG", struct.pack("<QQHBBI", 0, address, 0, first, last, 0))


EDGE_HIGH, LEVEL_HIGH = 0x5, 0xD
RIGHT = (cpu(0), cpu(1), ioapic(), override(0, 2, EDGE_HIGH))
CASES = {
    "right": (madt(*RIGHT), hpet(), mcfg()),
    # A CPU between the two that there are.
    "ghost": (madt(cpu(0), cpu(9), cpu(1), ioapic()), hpet(), mcfg()),
    "checksum": (madt(*RIGHT, sum_is_wrong=True), hpet(), mcfg()),
    "cut": (madt(*RIGHT, b"\x00\x40\x07"), hpet()[:40], mcfg()[:50]),
    # Where nothing is.
    "nowhere": (madt(cpu(0), cpu(1), ioapic(0xFE000000)), hpet(0xFE100000), mcfg(0xFD000000, 0, 1)),
    "backwards": (madt(*RIGHT), hpet(), mcfg(0xB0000000, 9, 3)),
    # The first serial port's interrupt comes by a pin that the test holds.
    "storm": (madt(*RIGHT, override(4, 23, LEVEL_HIGH)), hpet(), mcfg()),
}
for name, tables in CASES.items():
    for signature, content in zip(("apic", "hpet", "mcfg"), tables):
        fixed = bytearray(content)
        if len(content) != struct.unpack_from("<I", content, 4)[0]:  # cut: it says so itself, and adds up
            struct.pack_into("<I", fixed, 4, len(fixed))
            fixed[9] = 0
            fixed[9] = -sum(fixed) & 0xFF
        with open(os.path.join(sys.argv[1], f"{name}.{signature}"), "wb") as file:
            file.write(fixed)
