#include "probe/images.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "probe/record.hpp"

namespace cudaenv::probe {

namespace {

// The `.version` line that the toolkit's own compiler wrote: its PTX ISA.
void record_isa(const Image& image) {
  const bool own = std::strcmp(image.way, "nvrtc") == 0 || std::strcmp(image.way, "nvcc") == 0;
  const char* line = own && image.bytes != nullptr ? std::strstr(image.bytes, "\n.version ") : nullptr;
  if (line == nullptr) return;
  line += sizeof "\n.version " - 1;
  const auto size = std::strspn(line, "0123456789.");
  char text[16];
  std::snprintf(text, sizeof text, "%.*s", static_cast<int>(size < 12 ? size : 12), line);
  record("ptx.isa", text);
}

void record_compilation(Kind kind, const Image& image) {
  char key[64], text[24];
  std::snprintf(key, sizeof key, "ms.compile_%s.%s", kind == Kind::sass ? "sass" : "ptx", image.target);
  std::snprintf(text, sizeof text, "%.1f", image.ms);
  record(key, text);
}

}  // namespace

bool ImageSet::start(const Options& options) {
  options_ = &options;
  for (auto* work : {make_sass, make_ptx}) {
    pthread_t thread{};
    if (pthread_create(&thread, nullptr, work, this) != 0) return false;
    pthread_detach(thread);  // whoever needs an image waits for that
  }
  return true;
}

void ImageSet::publish(bool& flag) {
  pthread_mutex_lock(&lock_);
  flag = true;
  pthread_cond_broadcast(&changed_);
  pthread_mutex_unlock(&lock_);
}

void ImageSet::wait_until(const bool& flag) {
  pthread_mutex_lock(&lock_);
  while (!flag) pthread_cond_wait(&changed_, &lock_);
  pthread_mutex_unlock(&lock_);
}

void ImageSet::want(const DeviceList& devices) {
  for (int i = 0; i < devices.count; ++i) {
    int known = 0;
    while (known < count_ && made_[0][known].cc != devices.at[i].cc) ++known;
    if (known < count_) continue;
    made_[0][count_].cc = made_[1][count_].cc = devices.at[i].cc;
    ++count_;
  }
  publish(wanted_);
}

void* ImageSet::make_sass(void* self) {
  auto& set = *static_cast<ImageSet*>(self);
  record("background.load-nvrtc", "runs");
  set.compiler_.prepare(*set.options_);
  record("background.load-nvrtc", "done");
  set.publish(set.compiler_ready_);
  set.make(Kind::sass);
  return nullptr;
}

void* ImageSet::make_ptx(void* self) {
  auto& set = *static_cast<ImageSet*>(self);
  record("background.load-cudart", "runs");
  if (set.options_->cudart) set.runtime_.load(set.options_->toolkit);
  record("background.load-cudart", "done");
  set.publish(set.runtime_ready_);
  set.wait_until(set.compiler_ready_);
  set.make(Kind::ptx);
  return nullptr;
}

// Two compute capabilities may lead to one target: sm_86 and sm_89 to sm_80.
const Image* ImageSet::shared(Kind kind, int before) const {
  const auto* list = made_[static_cast<int>(kind)];
  for (int i = 0; list[before].target != 0 && i < before; ++i)
    if (list[i].target == list[before].target) return list[i].image;
  return nullptr;
}

void ImageSet::make(Kind kind) {
  wait_until(wanted_);
  const bool asked = kind == Kind::sass ? options_->sass : options_->ptx;
  for (int i = 0; asked && i < count_; ++i) {
    auto& made = made_[static_cast<int>(kind)][i];
    made.target = compiler_.target_for(kind, made.cc);
    const Image* image = shared(kind, i);
    if (image == nullptr) {
      const char* work = kind == Kind::sass ? "background.compile-sass" : "background.compile-ptx";
      record(work, "runs");
      made.own = compiler_.compile(kind, made.cc, made.target);
      record(work, "done");
      image = &made.own;
      record_compilation(kind, *image);
      if (kind == Kind::ptx) record_isa(*image);
    }
    pthread_mutex_lock(&lock_);
    made.image = image;
    pthread_cond_broadcast(&changed_);
    pthread_mutex_unlock(&lock_);
  }
}

const Image& ImageSet::wait(Kind kind, int cc) {
  auto* list = made_[static_cast<int>(kind)];
  int at = 0;
  while (list[at].cc != cc) ++at;  // `want` put every device's in
  pthread_mutex_lock(&lock_);
  while (list[at].image == nullptr) pthread_cond_wait(&changed_, &lock_);
  const Image& image = *list[at].image;
  pthread_mutex_unlock(&lock_);
  return image;
}

const Runtime& ImageSet::wait_runtime() {
  wait_until(runtime_ready_);
  return runtime_;
}

}  // namespace cudaenv::probe
