# SPDX-License-Identifier: Apache-2.0 OR MIT
# Options and warnings of every target of ours.
option(AXIOM_SANITIZE "Build with ASan and UBSan" OFF)
set(AXIOM_ARCH sim CACHE STRING "The port: sim (a host process), or a folder of arch/ (a kernel image)")
option(AXIOM_FUZZ "Build the libFuzzer targets (clang only)" OFF)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")

add_library(axiom_warnings INTERFACE)
target_compile_options(axiom_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wvla -Wmissing-prototypes -Wstrict-prototypes -Werror
    -fno-common -fno-strict-aliasing -fno-omit-frame-pointer
    # The same bytes whatever folder it was built in.
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
# An image is as large as what it uses; loops and branches are not worth padding.
if(NOT AXIOM_ARCH STREQUAL "sim")
    target_compile_options(axiom_warnings INTERFACE -ffunction-sections -fdata-sections -fno-align-loops -fno-align-jumps)
endif()
if(AXIOM_SANITIZE)
    target_compile_options(axiom_warnings INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all)
    target_link_options(axiom_warnings INTERFACE -fsanitize=address,undefined)
endif()
if(AXIOM_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
        message(FATAL_ERROR "AXIOM_FUZZ needs clang: use the preset dev-clang")
    endif()
    target_compile_options(axiom_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
