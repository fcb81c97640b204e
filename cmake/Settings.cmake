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
  target_compile_options(settings INTERFACE -fsanitize=${CUDAENV_SANITIZE} -fno-sanitize-recover=all)
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

# own_target(NAME): what every target of ours gets.
function(own_target name)
  target_link_libraries(${name} PRIVATE settings warnings)
  if(CUDAENV_IPO)
    set_target_properties(${name} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  endif()
endfunction()
