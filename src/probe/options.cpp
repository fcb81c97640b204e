#include "probe/options.hpp"

#include <cstdlib>
#include <cstring>

namespace cudaenv::probe {

namespace {

bool is_hex(const char* text) {
  const auto size = std::strlen(text);
  return size >= 8 && size <= 64 && std::strspn(text, "0123456789abcdef") == size;
}

bool is_small_number(const char* text) {
  const auto size = std::strlen(text);
  return size >= 1 && size <= 4 && std::strspn(text, "0123456789") == size;
}

bool has_step(const char* list, const char* step) {
  const auto size = std::strlen(step);
  for (const char* at = list; (at = std::strstr(at, step)) != nullptr; at += size)
    if ((at == list || at[-1] == ',') && (at[size] == '\0' || at[size] == ',')) return true;
  return false;
}

struct TextOption {
  const char* name;
  const char* Options::*field;
};
constexpr TextOption text_options[] = {
    {"--nonce", &Options::nonce},     {"--toolkit", &Options::toolkit}, {"--libcuda", &Options::libcuda},
    {"--scratch", &Options::scratch}, {"--archs", &Options::archs},     {"--isa", &Options::isa},
    {"--cubin", &Options::cubin},     {"--ptx", &Options::ptx_file},    {"--libraries", &Options::libraries},
};

bool set_value(const char* name, const char* value, Options& options) {
  for (const auto& option : text_options)
    if (std::strcmp(name, option.name) == 0) return options.*option.field = value, true;
  if (std::strcmp(name, "--steps") == 0) {
    options.sass = has_step(value, "sass");
    options.ptx = has_step(value, "ptx");
    options.cudart = has_step(value, "cudart");
    return true;
  }
  if (!is_small_number(value)) return false;
  if (std::strcmp(name, "--device") == 0) return options.device = std::atoi(value), true;
  if (std::strcmp(name, "--kernel-gpus") == 0) return options.kernel_gpus = std::atoi(value), true;
  if (std::strcmp(name, "--result-fd") == 0) return options.result_fd = std::atoi(value), true;
  return false;
}

}  // namespace

const char* parse_options(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--facts-only") == 0) {
      options.facts_only = true;
      continue;
    }
    if (i + 1 >= argc || !set_value(argv[i], argv[i + 1], options)) return argv[i];
    ++i;
  }
  return options.nonce != nullptr && is_hex(options.nonce) ? nullptr : "--nonce";
}

Salt salt_of(const char* nonce) {
  // FNV-1a, 64 bits: spreads any nonce over both numbers.
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char* c = nonce; *c != '\0'; ++c) hash = (hash ^ static_cast<unsigned char>(*c)) * 1099511628211ULL;
  return {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32U)};
}

}  // namespace cudaenv::probe
