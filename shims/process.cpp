#include "process.hpp"

#include <linux/auxvec.h>

namespace cudaenv::shim {

namespace {

// Where `entry` is NAME=value of `name` (with or without a value of its own), the value, else null.
const char* value_of(const char* entry, std::string_view name) {
  for (const char c : name)
    if (*entry++ != c) return nullptr;
  return *entry == '=' ? entry + 1 : nullptr;
}

std::string_view name_of(const char* entry) {
  std::size_t size = 0;
  while (entry[size] != '=') ++size;
  return {entry, size};
}

std::size_t count(char* const* list) {
  std::size_t size = 0;
  while (list[size] != nullptr) ++size;
  return size;
}

}  // namespace

Process read_process(char** arguments, char** environment) {
  Process process{arguments, environment, 0, false};
  const auto* pair = reinterpret_cast<const unsigned long*>(environment + count(environment) + 1);
  for (; pair[0] != AT_NULL; pair += 2) {
    if (pair[0] == AT_EUID) process.user = static_cast<std::uint32_t>(pair[1]);
    if (pair[0] == AT_SECURE) process.secure = pair[1] != 0;
  }
  return process;
}

std::string_view Process::variable(std::string_view name) const {
  for (char** entry = environment; *entry != nullptr; ++entry)
    if (const char* value = value_of(*entry, name)) return value;
  return {};
}

std::string_view Process::tool() const {
  if (arguments[0] == nullptr) return {};
  const std::string_view path = arguments[0];
  std::size_t begin = path.size();
  while (begin != 0 && path[begin - 1] != '/') --begin;
  return {path.data() + begin, path.size() - begin};
}

long become(const Process& process, char* program, int skipped, char* const (&more)[4]) {
  char** arguments = process.arguments + skipped;
  arguments[0] = program;
  // Nothing is freed and nothing comes back from a good run: the list may lie on the stack.
  const std::size_t before = count(process.environment);
  auto** environment = static_cast<char**>(__builtin_alloca((before + 5) * sizeof(char*)));
  std::size_t size = 0;
  for (char** entry = process.environment; *entry != nullptr; ++entry) {
    bool replaced = false;
    for (char* const own : more) replaced = replaced || (own != nullptr && value_of(*entry, name_of(own)) != nullptr);
    if (!replaced) environment[size++] = *entry;
  }
  for (char* const own : more)
    if (own != nullptr) environment[size++] = own;
  environment[size] = nullptr;
  return kernel::execute(program, arguments, environment);
}

}  // namespace cudaenv::shim
