# SPDX-License-Identifier: Apache-2.0 OR MIT
# libfdt for freestanding modules: its headers want string.h, stdlib.h and limits.h, which must not be libc's;
# include/fdt has the few declarations that they need.
add_library(axiom_fdt INTERFACE)
target_include_directories(axiom_fdt SYSTEM INTERFACE ${CMAKE_SOURCE_DIR}/include/fdt)

if(AXIOM_ARCH STREQUAL "sim")
    # In a host process it is Debian's library; its headers are copied to a folder of their own.
    set(axiom_fdt_headers ${CMAKE_BINARY_DIR}/fdt)
    foreach(header IN ITEMS libfdt.h libfdt_env.h fdt.h)
        if(NOT EXISTS /usr/include/${header})
            message(FATAL_ERROR "/usr/include/${header} is missing: apt-get install libfdt-dev")
        endif()
        configure_file(/usr/include/${header} ${axiom_fdt_headers}/${header} COPYONLY)
    endforeach()
    target_include_directories(axiom_fdt SYSTEM INTERFACE ${axiom_fdt_headers})
    target_link_libraries(axiom_fdt INTERFACE fdt)
else()
    # In an image it is compiled from Linux's copy, taken out once for all images.
    set(axiom_fdt_sources ${CMAKE_SOURCE_DIR}/build/cache/libfdt)
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/cmake/libfdt_sources.sh ${axiom_fdt_sources} RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "no libfdt sources (see above)")
    endif()
    set(files fdt.c fdt_addresses.c fdt_empty_tree.c fdt_ro.c fdt_rw.c fdt_strerror.c fdt_sw.c fdt_wip.c)
    list(TRANSFORM files PREPEND ${axiom_fdt_sources}/)
    add_library(axiom_fdt_image STATIC ${files})
    target_include_directories(axiom_fdt_image SYSTEM PUBLIC ${axiom_fdt_sources} ${CMAKE_SOURCE_DIR}/include/fdt)
    target_include_directories(axiom_fdt_image PRIVATE ${CMAKE_SOURCE_DIR}/include/base)
    target_compile_options(axiom_fdt_image PRIVATE -w -Os -ffunction-sections)
    target_link_libraries(axiom_fdt_image PRIVATE axiom_freestanding)
    target_include_directories(axiom_fdt SYSTEM INTERFACE ${axiom_fdt_sources})
    # The library itself is the image's to link (arch/image): it is one of a group that call each other.
endif()
