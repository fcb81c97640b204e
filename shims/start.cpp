// What stands below main(): the entry point, and the functions that a compiler may call by itself.
#include <cstddef>

#include "process.hpp"

#if defined(__x86_64__)
asm(".text\n.globl _start\n.type _start,@function\n_start:\n"
    "  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call cudaenv_shim_start\n  hlt\n");
#elif defined(__aarch64__)
asm(".text\n.globl _start\n.type _start,@function\n_start:\n"
    "  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  bl cudaenv_shim_start\n  brk #0\n");
#endif

extern "C" {

// The stack as the kernel leaves it: argc, the arguments, a null, the environment, a null, the auxiliary vector.
[[noreturn, gnu::used]] void cudaenv_shim_start(long* stack) {
  auto** arguments = reinterpret_cast<char**>(stack + 1);
  cudaenv::shim::kernel::exit(cudaenv::shim::run(cudaenv::shim::read_process(arguments, arguments + stack[0] + 1)));
}

void* memcpy(void* to, const void* from, std::size_t size) {
  auto* t = static_cast<char*>(to);
  const auto* f = static_cast<const char*>(from);
  for (std::size_t i = 0; i < size; ++i) t[i] = f[i];
  return to;
}

void* memmove(void* to, const void* from, std::size_t size) {
  auto* t = static_cast<char*>(to);
  const auto* f = static_cast<const char*>(from);
  if (t < f) return memcpy(to, from, size);
  for (std::size_t i = size; i != 0; --i) t[i - 1] = f[i - 1];
  return to;
}

void* memset(void* to, int byte, std::size_t size) {
  auto* t = static_cast<char*>(to);
  for (std::size_t i = 0; i < size; ++i) t[i] = static_cast<char>(byte);
  return to;
}

int memcmp(const void* a, const void* b, std::size_t size) {
  const auto* x = static_cast<const unsigned char*>(a);
  const auto* y = static_cast<const unsigned char*>(b);
  for (std::size_t i = 0; i < size; ++i)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}

void* memchr(const void* in, int byte, std::size_t size) {
  auto* p = static_cast<const unsigned char*>(in);
  for (std::size_t i = 0; i < size; ++i)
    if (p[i] == static_cast<unsigned char>(byte)) return const_cast<unsigned char*>(p + i);
  return nullptr;
}

std::size_t strlen(const char* text) {
  std::size_t size = 0;
  while (text[size] != '\0') ++size;
  return size;
}
}

// What substr() and checked access name; every position we pass is inside. Later headers bring the first along.
namespace std {
#if __GNUC__ < 13
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) { __builtin_trap(); }
#else
[[noreturn]] void terminate() noexcept { __builtin_trap(); }
#endif
}  // namespace std
