# SPDX-License-Identifier: Apache-2.0 OR MIT
# A kernel image for x86-64: no red zone (interrupts use the interrupted stack), addresses in the top 2 GiB, no floating
# point or vector registers (they are the threads').
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-m64 -mno-red-zone -mcmodel=kernel -mgeneral-regs-only -fno-pic -fno-pie -fcf-protection=none -fno-asynchronous-unwind-tables -fno-stack-protector")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack")
