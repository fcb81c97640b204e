// Images by the toolkit's command-line tools: for toolkits without NVRTC.
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "probe/image.hpp"
#include "probe/kernel_text.hpp"
#include "probe/record.hpp"
#include "probe/toolkit_files.hpp"

extern char** environ;

namespace cudaenv::probe {

namespace {

bool write_text(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const auto size = std::strlen(text);
  const bool whole = write(fd, text, size) == static_cast<ssize_t>(size);
  return close(fd) == 0 && whole;
}

// What the tool prints goes to a file of its own: its first words are the reason of a failure.
bool run_tool(const char* const* arguments, const char* log) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  // posix_spawn takes char* const* for historical reasons and writes to none of them.
  const int error = posix_spawn(&child, arguments[0], &actions, nullptr, const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return false;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void take_log(const char* tool, const char* log, Image& image) {
  Image text;
  read_image(log, text);
  std::snprintf(image.error, sizeof image.error, "%s failed: %.400s", tool, text.bytes != nullptr ? text.bytes : "no output");
}

struct Scratch {
  char input[4096], output[4096], log[4096];
};

// Names of their own for each target: several are made side by side.
Scratch scratch_for(const Options& options, const char* target, const char* input, const char* output) {
  Scratch place{};
  std::snprintf(place.input, sizeof place.input, "%s/%s.%s", options.scratch, target, input);
  std::snprintf(place.output, sizeof place.output, "%s/%s.%s", options.scratch, target, output);
  std::snprintf(place.log, sizeof place.log, "%s/%s.%s.log", options.scratch, target, output);
  return place;
}

void by_ptxas(const Options& options, const Path& ptxas, int target, Image& image) {
  std::snprintf(image.way, sizeof image.way, "ptxas");
  const Scratch place = scratch_for(options, image.target, "ptx", "cubin");
  char text[2048], arch[24];
  write_ptx_text(text, sizeof text, options.nonce, salt_of(options.nonce).text, options.isa, target);
  if (!write_text(place.input, text)) {
    std::snprintf(image.error, sizeof image.error, "cannot write %.400s", place.input);
    return;
  }
  std::snprintf(arch, sizeof arch, "-arch=sm_%d", target);
  const char* arguments[] = {ptxas.text, arch, "-o", place.output, place.input, nullptr};
  if (run_tool(arguments, place.log)) read_image(place.output, image);
  else take_log("ptxas", place.log, image);
}

bool by_nvcc(const Options& options, const Path& nvcc, Image& image) {
  const Scratch place = scratch_for(options, image.target, "cu", "ptx");
  char text[1024], arch[40];
  write_cuda_text(text, sizeof text, options.nonce, salt_of(options.nonce).text);
  if (!write_text(place.input, text)) return false;
  std::snprintf(arch, sizeof arch, "-arch=%s", image.target);
  const char* arguments[] = {nvcc.text, "-ptx", arch, "-o", place.output, place.input, nullptr};
  if (!run_tool(arguments, place.log)) return false;
  std::snprintf(image.way, sizeof image.way, "nvcc");
  read_image(place.output, image);
  return image.error[0] == '\0';
}

void by_text(const Options& options, const char* way, const char* isa, int target, Image& image) {
  std::snprintf(image.way, sizeof image.way, "%s", way);
  image.error[0] = '\0';
  image.bytes = static_cast<char*>(std::calloc(2048, 1));
  if (image.bytes == nullptr) return;
  write_ptx_text(image.bytes, 2048, options.nonce, salt_of(options.nonce).text, isa, target);
  image.size = std::strlen(image.bytes);
}

}  // namespace

namespace {
// SASS of Tegra parts is for these parts alone, although the numbers lie between those of others.
bool is_embedded(int arch) { return arch == 53 || arch == 62 || arch == 72 || arch == 87 || arch == 88 || arch == 101 || arch == 110; }
}  // namespace

int choose_target(const int* archs, int count, Kind kind, int cc) {
  int best = 0;
  for (int i = 0; i < count; ++i)
    if (archs[i] <= cc && archs[i] > best && (archs[i] == cc || !is_embedded(archs[i])) &&
        (kind == Kind::ptx || archs[i] / 10 == cc / 10))
      best = archs[i];
  return best;
}

int choose_target(const char* archs, Kind kind, int cc) {
  int list[64] = {}, count = 0;
  for (const char* at = archs; *at != '\0' && count < 64;) {
    char* end = nullptr;
    list[count++] = static_cast<int>(std::strtol(at, &end, 10));
    if (end == at) return 0;
    at = *end == ',' ? end + 1 : end;
  }
  return choose_target(list, count, kind, cc);
}

void read_image(const char* path, Image& image) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status{};
  if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > (64 << 20)) {
    std::snprintf(image.error, sizeof image.error, "cannot read %.400s", path);
    if (fd >= 0) close(fd);
    return;
  }
  image.bytes = static_cast<char*>(std::calloc(static_cast<std::size_t>(status.st_size) + 1, 1));
  while (image.bytes != nullptr && image.size < static_cast<std::size_t>(status.st_size)) {
    const auto n = read(fd, image.bytes + image.size, static_cast<std::size_t>(status.st_size) - image.size);
    if (n <= 0) break;
    image.size += static_cast<std::size_t>(n);
  }
  close(fd);
  if (image.size == 0) std::snprintf(image.error, sizeof image.error, "%.400s is empty", path);
}

namespace {
// PTX ISA 7.0 is what the oldest driver reads that any toolkit from 11.0 on runs with; its newest target is sm_80.
void carry(const Options& options, int cc, Image& image) {
  const int target = cc < 80 ? cc : 80;
  std::snprintf(image.target, sizeof image.target, "compute_%d", target);
  by_text(options, "carried", "7.0", target, image);
}
}  // namespace

Image by_tools(const Options& options, Kind kind, int cc, int target) {
  Image image;
  const char* form = kind == Kind::sass ? "sm" : "compute";
  const Path ptxas = find_tool(options.toolkit, "ptxas"), nvcc = find_tool(options.toolkit, "nvcc");
  const double start = now_ms();
  if (options.scratch == nullptr || ptxas.empty()) {
    if (kind == Kind::ptx) return carry(options, cc, image), image;
    std::snprintf(image.error, sizeof image.error, "no-compiler: the toolkit has neither NVRTC nor ptxas");
    return image;
  }
  if (target == 0) {
    std::snprintf(image.error, sizeof image.error, "no-target: this toolkit has no %s target for %s_%d", form, form, cc);
    return image;
  }
  std::snprintf(image.target, sizeof image.target, "%s_%d", form, target);
  if (options.isa == nullptr)
    std::snprintf(image.error, sizeof image.error, "no-compiler: the PTX ISA of this toolkit is not known");
  else if (kind == Kind::sass)
    by_ptxas(options, ptxas, target, image);
  else if (nvcc.empty() || !by_nvcc(options, nvcc, image))
    by_text(options, "text", options.isa, target, image);
  image.ms = now_ms() - start;
  return image;
}

}  // namespace cudaenv::probe
