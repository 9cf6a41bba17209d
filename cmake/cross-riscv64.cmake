# SPDX-License-Identifier: Apache-2.0 OR MIT
# Debian's gcc-riscv64-linux-gnu; static programs, so that qemu-riscv64-static needs no libraries of that architecture.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_C_COMPILER riscv64-linux-gnu-gcc)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
