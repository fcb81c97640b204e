// Every image that the devices need, made once each on threads of their own while the contexts open.
#pragma once

#include <pthread.h>

#include "probe/driver_api.hpp"
#include "probe/image.hpp"
#include "probe/runtime.hpp"

namespace cudaenv::probe {

/// One thread makes machine code, one PTX: NVRTC and libcudart load while the driver initialises, compilation begins
/// as soon as the compute capabilities are known. Devices that share a target share its image. What the threads are
/// at is in records background.{load-nvrtc,load-cudart,compile-sass,compile-ptx}, "runs" or "done".
class ImageSet {
 public:
  /// Starts both threads. False where the system has none to give.
  [[nodiscard]] bool start(const Options& options);
  /// Says for which devices.
  void want(const DeviceList& devices);
  /// Waits until the image is made; it may carry an error instead of bytes.
  [[nodiscard]] const Image& wait(Kind kind, int cc);
  /// Waits until the toolkit's libcudart is loaded.
  [[nodiscard]] const Runtime& wait_runtime();

 private:
  struct Made {
    int cc = 0, target = 0;
    const Image* image = nullptr;  // null: not yet
    Image own;
  };
  static void* make_sass(void* self);
  static void* make_ptx(void* self);
  void make(Kind kind);
  void publish(bool& flag);
  void wait_until(const bool& flag);
  [[nodiscard]] const Image* shared(Kind kind, int before) const;

  const Options* options_ = nullptr;
  Compiler compiler_;
  Runtime runtime_;
  pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
  bool compiler_ready_ = false, runtime_ready_ = false, wanted_ = false;
  int count_ = 0;  // of distinct compute capabilities
  Made made_[2][max_devices];
};

}  // namespace cudaenv::probe
