#include "probe/record.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>

namespace cudaenv::probe {

namespace {

// One channel a process: the probe has no other state that outlives a function.
struct Channel {
  int fd = -1;
  char nonce[65] = {};
  dev_t device = 0;
  ino_t inode = 0;
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
};
Channel channel;

constexpr std::size_t value_cap = 2'000;

std::size_t escape(const char* value, char* out, std::size_t cap) {
  static const char digits[] = "0123456789ABCDEF";
  std::size_t size = 0;
  for (const char* c = value; *c != '\0' && size + 3 < cap; ++c) {
    const auto byte = static_cast<unsigned char>(*c);
    if (byte >= 0x20 && byte != 0x7F && byte != '%') {
      out[size++] = *c;
      continue;
    }
    out[size++] = '%';
    out[size++] = digits[byte >> 4U];
    out[size++] = digits[byte & 15U];
  }
  return size;
}

bool still_ours() {
  struct stat now{};
  return ::fstat(channel.fd, &now) == 0 && now.st_dev == channel.device && now.st_ino == channel.inode;
}

}  // namespace

bool open_records(int fd, const char* nonce) {
  struct stat status{};
  const auto size = std::strlen(nonce);
  if (size == 0 || size >= sizeof channel.nonce || ::fstat(fd, &status) != 0) return false;
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  channel.fd = fd;
  std::memcpy(channel.nonce, nonce, size + 1);
  channel.device = status.st_dev;
  channel.inode = status.st_ino;
  return true;
}

void record(const char* key, const char* value) {
  char line[value_cap * 3 + 256];
  const int head = std::snprintf(line, 250, "%s %s=", channel.nonce, key);
  if (head <= 0 || head >= 250) return;
  auto size = static_cast<std::size_t>(head);
  size += escape(value, line + size, value_cap);
  line[size++] = '\n';
  pthread_mutex_lock(&channel.lock);
  if (still_ours() && ::write(channel.fd, line, size) < 0) channel.fd = -1;
  pthread_mutex_unlock(&channel.lock);
}

void record_number(const char* key, std::int64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value));
  record(key, text);
}

void record_at(const char* key, int index, const char* field, const char* value) {
  char name[96];
  std::snprintf(name, sizeof name, "%s.%d.%s", key, index, field);
  record(name, value);
}

void record_number_at(const char* key, int index, const char* field, std::int64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value));
  record_at(key, index, field, text);
}

void record_stage(const char* stage) { record("stage", stage); }

double now_ms() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

void record_elapsed(const char* key, double since) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", now_ms() - since);
  record(key, text);
}

void record_elapsed_at(const char* key, int index, const char* field, double since) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", now_ms() - since);
  record_at(key, index, field, text);
}

}  // namespace cudaenv::probe
