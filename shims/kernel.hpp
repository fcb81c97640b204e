// The system calls of the shim: a start-up of a C library costs more than all the rest of a run, so there
// is none. Each answers what the kernel answers: a result, or the negative error number.
#pragma once

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cudaenv::shim::kernel {

using Status = struct stat;
// inode(7); the kernel's own header hides these next to glibc's.
inline bool is_regular(const Status& status) { return (status.st_mode & 0170000U) == 0100000U; }
inline bool is_link(const Status& status) { return (status.st_mode & 0170000U) == 0120000U; }

#if defined(__x86_64__)
inline long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long r10 asm("r10") = d;
  long result = number;
  asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
inline long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "cudaenv-shim knows x86-64 and aarch64"
#endif

template <class T>
long address(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

/// No device or FIFO makes this wait, and no program that is started later inherits it.
inline long open_to_read(const char* path, int more = 0) {
  return call(__NR_openat, AT_FDCWD, address(path), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | more);
}
inline long open_folder(const char* path) { return open_to_read(path, O_DIRECTORY); }
inline long close(long fd) { return call(__NR_close, fd); }
inline long read(long fd, void* buffer, std::size_t size) {
  return call(__NR_read, fd, address(buffer), static_cast<long>(size));
}
inline long write(long fd, const void* buffer, std::size_t size) {
  return call(__NR_write, fd, address(buffer), static_cast<long>(size));
}
inline long status(const char* path, Status& out) {
  return call(__NR_newfstatat, AT_FDCWD, address(path), address(&out), 0);
}
/// The same of a link itself.
inline long link_status(const char* path, Status& out) {
  return call(__NR_newfstatat, AT_FDCWD, address(path), address(&out), AT_SYMLINK_NOFOLLOW);
}
inline long status_of(long fd, Status& out) { return call(__NR_fstat, fd, address(&out)); }
/// The length of the path and its NUL.
inline long working_directory(char* buffer, std::size_t size) {
  return call(__NR_getcwd, address(buffer), static_cast<long>(size));
}
inline long read_link(const char* path, char* buffer, std::size_t size) {
  return call(__NR_readlinkat, AT_FDCWD, address(path), address(buffer), static_cast<long>(size));
}
inline long read_folder(long fd, void* buffer, std::size_t size) {
  return call(__NR_getdents64, fd, address(buffer), static_cast<long>(size));
}
/// Only comes back with an error.
inline long execute(const char* path, char** arguments, char** environment) {
  return call(__NR_execve, address(path), address(arguments), address(environment));
}
[[noreturn]] inline void exit(int status) {
  for (;;) call(__NR_exit_group, status);
}

}  // namespace cudaenv::shim::kernel
