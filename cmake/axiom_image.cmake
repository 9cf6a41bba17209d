# SPDX-License-Identifier: Apache-2.0 OR MIT
# A kernel image: the libraries closed in one group (they call each other in circles), linked by the port's script, twice.
#
#   axiom_image(NAME [SOURCES ...] LIBRARIES ...)   makes ${CMAKE_BINARY_DIR}/NAME.elf
#
# and NAME.img, its bytes as they lie in memory without what is zero at the end, where the port's loaders want that
# (AXIOM_IMAGE_RAW).
#
# The first pass has an empty table of symbols, the second the first's functions. The table lies behind all code, so no
# function moves between the passes; a third look makes sure of it.
function(axiom_image name)
    cmake_parse_arguments(I "" "" "SOURCES;LIBRARIES" ${ARGN})
    set(files ${I_LIBRARIES})
    list(TRANSFORM files REPLACE "(.+)" "$<TARGET_FILE:\\1>")
    set(script ${CMAKE_SOURCE_DIR}/arch/${AXIOM_ARCH}/kernel.lds)
    set(table ${CMAKE_CURRENT_BINARY_DIR}/${name}_symbols.S)
    set(empty ${CMAKE_CURRENT_BINARY_DIR}/no_symbols.S)
    if(NOT EXISTS ${empty})
        execute_process(COMMAND awk -v base=0000000000000000 -f ${CMAKE_SOURCE_DIR}/cmake/symbols.awk /dev/null
            OUTPUT_FILE ${empty})
    endif()
    foreach(pass IN ITEMS 1 2)
        set(target ${name}.elf)
        set(symbols ${table})
        if(pass EQUAL 1)
            set(target ${name}.pass1)
            set(symbols ${empty})
        endif()
        add_executable(${target} ${I_SOURCES} ${symbols})
        add_dependencies(${target} ${I_LIBRARIES})
        target_link_libraries(${target} PRIVATE -Wl,--start-group ${files} -Wl,--end-group)
        # The addon (core/addon.h) is the first library's that has one.
        target_link_options(${target} PRIVATE -Wl,-T,${script} -Wl,--gc-sections -Wl,-u,addon_init)
        set_target_properties(${target} PROPERTIES LINK_DEPENDS "${script};${files}" RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
    endforeach()
    add_custom_command(OUTPUT ${table}
        COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/symbols.sh ${CMAKE_NM} $<TARGET_FILE:${name}.pass1>
                > ${table}
        DEPENDS ${name}.pass1 ${CMAKE_SOURCE_DIR}/cmake/symbols.awk ${CMAKE_SOURCE_DIR}/cmake/symbols.sh
        COMMENT "symbols of ${name}")
    add_custom_command(TARGET ${name}.elf POST_BUILD
        COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/symbols.sh ${CMAKE_NM} $<TARGET_FILE:${name}.elf>
                > ${table}.check
        COMMAND cmake -E compare_files ${table} ${table}.check)
    if(AXIOM_IMAGE_RAW)
        add_custom_command(TARGET ${name}.elf POST_BUILD
            COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:${name}.elf> ${CMAKE_BINARY_DIR}/${name}.img)
    endif()
endfunction()
