// dlsym with the type of what is looked for.
#pragma once

#include <dlfcn.h>

#include <cstring>

namespace cudaenv::probe {

/// Sets `function` to the symbol, or to null; false where the library has no such symbol.
template <class F>
bool find_symbol(void* library, const char* name, F& function) {
  void* symbol = dlsym(library, name);
  std::memcpy(&function, &symbol, sizeof symbol);  // POSIX promises that this conversion works
  return symbol != nullptr;
}

}  // namespace cudaenv::probe
