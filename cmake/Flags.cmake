# One set of flags for every line of C in the house; generated code gets fewer warnings.
find_package(PkgConfig REQUIRED)
foreach(part libzmq libprotobuf-c libsodium libmicrohttpd libcurl jansson yaml-0.1 libuv)
  string(MAKE_C_IDENTIFIER ${part} id)
  pkg_check_modules(${id} REQUIRED IMPORTED_TARGET ${part})
endforeach()
find_library(LMDB_LIBRARY lmdb REQUIRED)

add_library(house_flags INTERFACE)
target_compile_definitions(house_flags INTERFACE _GNU_SOURCE)
target_compile_options(house_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith
  -Wcast-qual -Wformat=2 -Wnull-dereference -Wno-missing-field-initializers
  -fno-common -fvisibility=hidden -fstack-protector-strong -fstack-clash-protection
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
  # -Wcast-qual: gcc checks it; clang blames the users of generated initialisers
  target_compile_options(house_flags INTERFACE -Wno-gnu-zero-variadic-macro-arguments -Wno-cast-qual)
endif()
if(TREFOIL_WERROR)
  target_compile_options(house_flags INTERFACE -Werror)
endif()
target_link_options(house_flags INTERFACE -Wl,-z,relro,-z,now)

if(TREFOIL_SANITIZE)
  add_compile_options(-fsanitize=${TREFOIL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TREFOIL_SANITIZE})
else()
  add_compile_options($<$<CONFIG:RelWithDebInfo,Release>:-D_FORTIFY_SOURCE=2>)
endif()
if(TREFOIL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
