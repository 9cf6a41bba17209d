# SPDX-License-Identifier: Apache-2.0 OR MIT
# Boards that the firmware does not describe: device trees compiled by dtc at build time.
#
#   axiom_dtb(name)   compiles name.dts of this folder into build/.../boards/name.dtb
#
# A program finds it at ${CMAKE_BINARY_DIR}/boards/name.dtb and depends on the target axiom_boards.
find_program(AXIOM_DTC NAMES dtc REQUIRED)
add_custom_target(axiom_boards ALL)

function(axiom_dtb name)
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/${name}.dts)
    set(output ${CMAKE_BINARY_DIR}/boards/${name}.dtb)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/boards)
    # -@ is left out: overlays are merged by the firmware, and symbols would only grow the tree.
    add_custom_command(OUTPUT ${output}
        COMMAND ${AXIOM_DTC} -q -I dts -O dtb -o ${output} ${source}
        DEPENDS ${source}
        COMMENT "dtb ${name}")
    add_custom_target(axiom_board_${name} DEPENDS ${output})
    add_dependencies(axiom_boards axiom_board_${name})
endfunction()
