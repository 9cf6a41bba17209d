# SPDX-License-Identifier: Apache-2.0 OR MIT
# libfdt for freestanding modules.
#
# libfdt.h wants string.h, stdlib.h and limits.h. A freestanding module must not see libc's, so Debian's three libfdt
# headers are copied to a folder of their own and include/fdt gives the few declarations that they need.
set(axiom_fdt_headers ${CMAKE_BINARY_DIR}/fdt)
foreach(header IN ITEMS libfdt.h libfdt_env.h fdt.h)
    if(NOT EXISTS /usr/include/${header})
        message(FATAL_ERROR "/usr/include/${header} is missing: apt-get install libfdt-dev")
    endif()
    configure_file(/usr/include/${header} ${axiom_fdt_headers}/${header} COPYONLY)
endforeach()
add_library(axiom_fdt INTERFACE)
target_include_directories(axiom_fdt SYSTEM INTERFACE ${axiom_fdt_headers} ${CMAKE_SOURCE_DIR}/include/fdt)
target_link_libraries(axiom_fdt INTERFACE fdt)
