# SPDX-License-Identifier: Apache-2.0 OR MIT
ends 37 ktest=null 1 "page fault: write at 0x0000000000000008: a NULL pointer" " sepc " " ktest_port_end+0x"
ends 37 ktest=text 1 "page fault: write at 0xffffffff80000000: not allowed there" " ktest_port_end+0x"
ends 37 ktest=nx 1 "page fault: execution at" "not allowed there"
ends 37 ktest=overflow 1 "is not usable (overflow?)" " recurse"
