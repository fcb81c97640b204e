# Everything comes from the distribution's packages (README, "Build").
find_package(Threads REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(LibArchive 3.6 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(fmt 9 REQUIRED)
find_path(TOMLPP_INCLUDE toml++/toml.h REQUIRED)
if(CUDAENV_TESTS)
  find_package(Catch2 REQUIRED)
endif()

function(print_dependency_summary)
  message(STATUS "libcurl ${CURL_VERSION_STRING}, libarchive ${LibArchive_VERSION}, OpenSSL ${OPENSSL_VERSION}, "
    "nlohmann-json ${nlohmann_json_VERSION}, CLI11 ${CLI11_VERSION}, fmt ${fmt_VERSION}, Catch2 ${Catch2_VERSION}")
endfunction()
