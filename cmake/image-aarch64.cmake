# SPDX-License-Identifier: Apache-2.0 OR MIT
# A kernel image for AArch64 (ARMv8.0 and later): no floating point or SIMD registers (they are the threads'), atomics in
# line. Loaders want a raw file that begins with the arm64 Linux header.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-march=armv8-a -mgeneral-regs-only -mcmodel=small -mno-outline-atomics -fno-pic -fno-pie -fno-asynchronous-unwind-tables -fno-stack-protector")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack")
set(AXIOM_IMAGE_RAW ON)
