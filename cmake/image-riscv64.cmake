# SPDX-License-Identifier: Apache-2.0 OR MIT
# A kernel image for RISC-V 64: anywhere within 2 GiB of pc, no floating point (it is the threads'), no global pointer.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_C_COMPILER riscv64-linux-gnu-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -mstrict-align -msmall-data-limit=0 -fno-pic -fno-pie -fno-asynchronous-unwind-tables -fno-stack-protector")
set(CMAKE_ASM_FLAGS_INIT "-march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,-m,elf64lriscv")
# The flat image beside the ELF file (cmake/axiom_image.cmake), which boot loaders want.
set(AXIOM_IMAGE_RAW ON)
