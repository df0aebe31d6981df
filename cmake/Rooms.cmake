# A room is a folder compiled to one static library. Its headers are reachable, as "<room>/x.h", only from a room that
# names it in USES: each room has its own include root (its door), so a forbidden include is a compile error, not a
# review remark.
#
#   add_room(<room> DIR <folder> SOURCES a.c … [USES room…] [LIBS lib…] [TEST_USES room…] [PURE])
#
# Every <folder>/*_test.c becomes the test "<room>.<file>". PURE rooms are also checked for symbols that do I/O, read
# the clock or draw random numbers.

function(room_door room folder)
  set(door ${PROJECT_BINARY_DIR}/doors/${room})
  file(MAKE_DIRECTORY ${door})
  file(CREATE_LINK ${folder} ${door}/${room} SYMBOLIC)
  set(door ${door} PARENT_SCOPE)
endfunction()

# A folder of headers only, made by somebody else or installed: nothing to compile.
function(add_header_room room)
  cmake_parse_arguments(R "" "DIR" "" ${ARGN})
  get_filename_component(folder ${R_DIR} ABSOLUTE)
  room_door(${room} ${folder})
  add_library(room_${room} INTERFACE)
  target_include_directories(room_${room} INTERFACE ${door})
endfunction()

function(add_room room)
  cmake_parse_arguments(R "PURE" "DIR" "SOURCES;USES;LIBS;TEST_USES" ${ARGN})
  get_filename_component(folder ${R_DIR} ABSOLUTE)
  room_door(${room} ${folder})
  list(TRANSFORM R_SOURCES PREPEND ${folder}/)
  list(TRANSFORM R_USES PREPEND room_)
  list(TRANSFORM R_TEST_USES PREPEND room_)

  add_library(room_${room} STATIC ${R_SOURCES})
  target_include_directories(room_${room} PUBLIC ${door})
  target_link_libraries(room_${room} PRIVATE ${R_USES} ${R_LIBS} house_flags)

  file(GLOB tests CONFIGURE_DEPENDS ${folder}/*_test.c)
  foreach(source ${tests})
    get_filename_component(name ${source} NAME_WE)
    add_house_test(${room}.${name} ${source} ${room} "${R_USES};${R_TEST_USES};${R_LIBS}" ${folder})
  endforeach()

  if(R_PURE)
    add_test(NAME ${room}.pure COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM}
      -DLIB=$<TARGET_FILE:room_${room}> -P ${PROJECT_SOURCE_DIR}/cmake/CheckPure.cmake)
    set_tests_properties(${room}.pure PROPERTIES LABELS unit)
  endif()
endfunction()

function(add_house_test name source room libs folder)
  if(NOT TREFOIL_TESTS)
    return()
  endif()
  add_executable(${name} ${source})
  target_compile_definitions(${name} PRIVATE TESTDATA="${folder}/testdata" SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE room_${room} ${libs} house_flags cmocka)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 900)
endfunction()

#   add_program(<name> SOURCES main.c … USES room… [LIBS lib…])      lands in build/<preset>/bin
function(add_program name)
  cmake_parse_arguments(P "" "" "SOURCES;USES;LIBS" ${ARGN})
  list(TRANSFORM P_USES PREPEND room_)
  add_executable(${name} ${P_SOURCES})
  target_link_libraries(${name} PRIVATE ${P_USES} ${P_LIBS} house_flags)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# add_translator(<name> [SOURCES further.c …] [USES room…]): by file name, what is pure and what is not.
#   <name>_decode.c <name>_encode.c <name>_judge.c <name>.c    the map: pure; defines `<name>_ops`
#   main.c                                                     the process
# Every map inherits the conformance suite, which plays its testdata/, and the fuzz target decode_<name>.
function(add_translator name)
  cmake_parse_arguments(T "" "" "SOURCES;USES" ${ARGN})
  add_room(${name} DIR . PURE USES base trefoil skeleton_types formats ${T_USES} TEST_USES map_kit
    SOURCES ${name}.c ${name}_decode.c ${name}_encode.c ${name}_judge.c ${T_SOURCES})
  add_program(trefoil-${name} SOURCES main.c USES ${name} skeleton skeleton_types trefoil base)
  if(TREFOIL_TESTS)
    add_house_test(${name}.conformance ${PROJECT_SOURCE_DIR}/tests/conformance/suite.c ${name}
      "room_base;room_trefoil;room_skeleton_types;room_map_kit" ${CMAKE_CURRENT_SOURCE_DIR})
    target_compile_definitions(${name}.conformance PRIVATE NETWORK_OPS=${name}_ops)
    add_fuzz(decode_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/decode.c USES ${name} base trefoil skeleton_types
      CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/testdata)
    target_compile_definitions(fuzz_decode_${name} PRIVATE NETWORK_OPS=${name}_ops)
  endif()
endfunction()

#   add_fuzz(<name> <source> USES room… [LIBS lib…] [CORPUS folder…])
# With clang and TREFOIL_FUZZ a libFuzzer target build/<preset>/fuzz/<name>; else a program that runs its corpus once,
# as a test.
function(add_fuzz name source)
  if(NOT TREFOIL_TESTS)
    return()
  endif()
  cmake_parse_arguments(F "" "" "USES;LIBS;CORPUS" ${ARGN})
  list(TRANSFORM F_USES PREPEND room_)
  add_executable(fuzz_${name} ${source})
  set_target_properties(fuzz_${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  target_link_libraries(fuzz_${name} PRIVATE ${F_USES} ${F_LIBS} house_flags)
  if(TREFOIL_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
    add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${F_CORPUS})
    set_tests_properties(fuzz.${name} PROPERTIES LABELS unit TIMEOUT 900)
  endif()
endfunction()
