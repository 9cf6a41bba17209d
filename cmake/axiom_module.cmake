# SPDX-License-Identifier: Apache-2.0 OR MIT
# One target per folder.
#
#   axiom_module(NAME SOURCES a.c ... [DEPENDS m ...] [PRIVATE_DEPENDS m ...] [HOSTED])
#
# A module sees its own include/ and that of the modules it DEPENDS on, and nothing else: freestanding modules
# are compiled with -nostdinc and the compiler's own header folder only, so that a wrong include is an error and
# not a habit. PRIVATE_DEPENDS are seen by the module's sources but not by those who depend on it. A HOSTED module
# may use libc. tests/boundary proves that this holds.
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include
    OUTPUT_VARIABLE axiom_compiler_include OUTPUT_STRIP_TRAILING_WHITESPACE)

add_library(axiom_freestanding INTERFACE)
target_compile_options(axiom_freestanding INTERFACE
    -ffreestanding -nostdinc -isystem ${axiom_compiler_include} -fno-stack-protector)

function(axiom_module name)
    cmake_parse_arguments(M "HOSTED" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
    if(M_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "axiom_module(${name}): unknown arguments: ${M_UNPARSED_ARGUMENTS}")
    endif()
    if(M_HOSTED AND NOT AXIOM_ARCH STREQUAL "sim")
        return() # an image has no libc
    endif()
    axiom_refuse_parent_includes(${M_SOURCES})
    add_library(${name} STATIC ${M_SOURCES})
    if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include)
        target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
    endif()
    target_link_libraries(${name} PUBLIC ${M_DEPENDS} PRIVATE ${M_PRIVATE_DEPENDS} axiom_warnings)
    if(NOT M_HOSTED)
        target_link_libraries(${name} PRIVATE axiom_freestanding)
    endif()
    set_property(GLOBAL APPEND PROPERTY AXIOM_MODULES ${name})
    set_target_properties(${name} PROPERTIES AXIOM_HOSTED "${M_HOSTED}")
endfunction()

# `..` in an include line hides an edge of the table in docs/ARCHITECTURE.md.
function(axiom_refuse_parent_includes)
    foreach(source IN LISTS ARGN)
        file(STRINGS ${source} bad REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"][^>\"]*\\.\\./")
        if(bad)
            message(FATAL_ERROR "${source}: an include line goes up with ..: ${bad}")
        endif()
    endforeach()
endfunction()

# A test program with Check; named FOLDER_NAME_test, labelled `unit` unless LABEL says otherwise.
#
#   axiom_test(NAME SOURCES x_test.c ... DEPENDS m ... [LABEL l] [TIMEOUT s])
function(axiom_test name)
    cmake_parse_arguments(T "" "LABEL;TIMEOUT" "SOURCES;DEPENDS" ${ARGN})
    if(T_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "axiom_test(${name}): unknown arguments: ${T_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT T_LABEL)
        set(T_LABEL unit)
    endif()
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 300)
    endif()
    add_executable(${name} ${T_SOURCES})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/include)
    target_link_libraries(${name} PRIVATE ${T_DEPENDS} axiom_warnings check subunit m rt pthread)
    target_compile_definitions(${name} PRIVATE AXIOM_SOURCE_DIR="${CMAKE_SOURCE_DIR}" AXIOM_BINARY_DIR="${CMAKE_BINARY_DIR}")
    add_test(NAME ${name} COMMAND ${name})
    # Check gives a case four seconds unless told; on a loaded machine a sanitizer's report alone takes longer.
    set_tests_properties(${name} PROPERTIES LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT} SKIP_RETURN_CODE 77
        ENVIRONMENT CK_DEFAULT_TIMEOUT=${T_TIMEOUT})
endfunction()

# A libFuzzer target; its corpus is tests/fuzz/corpus/NAME, its crash seeds tests/fuzz/crashes/NAME (both committed), and
# tests/fuzz/runs says how many inputs tools/test gives it.
#
#   axiom_fuzz(NAME SOURCES x_fuzz.c ... DEPENDS m ...)
function(axiom_fuzz name)
    cmake_parse_arguments(F "" "" "SOURCES;DEPENDS" ${ARGN})
    if(F_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "axiom_fuzz(${name}): unknown arguments: ${F_UNPARSED_ARGUMENTS}")
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/runs)
    file(STRINGS ${CMAKE_SOURCE_DIR}/tests/fuzz/runs row REGEX "^${name} +[0-9]+$")
    if(NOT row)
        message(FATAL_ERROR "axiom_fuzz(${name}): tests/fuzz/runs has no row \"${name} COUNT\"")
    endif()
    if(NOT AXIOM_FUZZ)
        return()
    endif()
    add_executable(fuzz_${name} ${F_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE ${F_DEPENDS} axiom_warnings)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY AXIOM_FUZZERS ${name})
endfunction()
