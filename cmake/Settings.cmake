# Two interface targets, linked to own code only: `settings` (how it is compiled) and `warnings`.
add_library(settings INTERFACE)
target_include_directories(settings INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(settings INTERFACE CUDAENV_VERSION="${PROJECT_VERSION}" _GNU_SOURCE)
target_compile_options(settings INTERFACE -fno-omit-frame-pointer $<$<CONFIG:Release>:-O2 -fstack-protector-strong
  -fstack-clash-protection -ffunction-sections -fdata-sections -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
target_link_options(settings INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
  $<$<CONFIG:Release>:-Wl,--gc-sections>)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  target_compile_options(settings INTERFACE $<$<CONFIG:Release>:-fcf-protection>)
endif()
if(CUDAENV_SANITIZE)
  target_compile_options(settings INTERFACE -g1 -fsanitize=${CUDAENV_SANITIZE} -fno-sanitize-recover=all)
  if(CUDAENV_SANITIZE MATCHES "undefined")
    # These four instrument every member access and double the time of a build; address finds what they would.
    target_compile_options(settings INTERFACE -fno-sanitize=null,alignment,object-size,vptr)
  endif()
  target_link_options(settings INTERFACE -fsanitize=${CUDAENV_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # A dynamic libstdc++ costs about half a millisecond before main; commands have 2 ms.
  target_link_options(settings INTERFACE -static-libstdc++ -static-libgcc)
  include(CheckIPOSupported)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # plain -flto links on one core, and warns about it
    set(CMAKE_CXX_COMPILE_OPTIONS_IPO -flto=auto -fno-fat-lto-objects)
  endif()
  check_ipo_supported(RESULT CUDAENV_IPO OUTPUT ignored LANGUAGES CXX)
endif()

add_library(warnings INTERFACE)
target_compile_options(warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${CUDAENV_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(warnings INTERFACE -Wno-stringop-overflow)  # GCC 13 sees it in fmt 9.1's headers at -O2
endif()

# own_target(NAME): what every target of ours gets.
function(own_target name)
  target_link_libraries(${name} PRIVATE settings warnings)
  if(CUDAENV_IPO)
    set_target_properties(${name} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  endif()
endfunction()
