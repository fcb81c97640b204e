// cuDNN: one small checked call, the sum of two tensors.
#include <initializer_list>

#include "probe/libraries.hpp"

namespace cudaenv::probe {

namespace {

constexpr int layout_nchw = 0, type_float = 0;  // cudnn_graph.h (cudnn_ops_infer.h of cuDNN 8)
constexpr int images = 2, channels = 3, height = 32, width = 32;
constexpr int count = images * channels * height * width;
constexpr std::size_t bytes = count * sizeof(float);

struct Dnn {
  std::size_t (*version)() = nullptr;
  std::size_t (*cudart_version)() = nullptr;
  const char* (*error_text)(int status) = nullptr;
  int (*create)(void** handle) = nullptr;
  int (*create_descriptor)(void** descriptor) = nullptr;
  int (*set_descriptor)(void* descriptor, int layout, int type, int n, int c, int h, int w) = nullptr;
  int (*add)(void* handle, const void* alpha, void* a_form, const void* a, const void* beta, void* c_form, void* c) = nullptr;
};

bool find_calls(const LibraryStep& step, void* library, Dnn& dnn) {
  return step.need(library, "cudnnGetVersion", dnn.version) &&
         step.need(library, "cudnnGetCudartVersion", dnn.cudart_version) &&
         step.need(library, "cudnnGetErrorString", dnn.error_text) && step.need(library, "cudnnCreate", dnn.create) &&
         step.need(library, "cudnnCreateTensorDescriptor", dnn.create_descriptor) &&
         step.need(library, "cudnnSetTensor4dDescriptor", dnn.set_descriptor) && step.need(library, "cudnnAddTensor", dnn.add);
}

// Small whole numbers: every sum and product of them is exact in fp32.
float sent(int index) { return static_cast<float>(static_cast<int>(mixed_bits(static_cast<std::uint64_t>(index)) % 2001) - 1000); }

// C = 2 A + 3 C.
bool add(const Bench& bench, const LibraryStep& step, const Dnn& dnn, float (&values)[count]) {
  const auto ok = [&](const char* call, int status) { return step.ok(call, status, status != 0 ? dnn.error_text(status) : ""); };
  DeviceMemory a(bench), c(bench);
  void *handle = nullptr, *form = nullptr;
  const float alpha = 2, beta = 3;
  for (int i = 0; i < count; ++i) values[i] = sent(i);
  if (!ok("cudnnCreate", dnn.create(&handle)) || !a.allocate(step, bytes) || !c.allocate(step, bytes) ||
      !step.driver_ok("cuMemcpyHtoD", bench.work.memory_write(a.at(), values, bytes)))
    return false;
  for (int i = 0; i < count; ++i) values[i] = sent(count + i);
  return step.driver_ok("cuMemcpyHtoD", bench.work.memory_write(c.at(), values, bytes)) &&
         ok("cudnnCreateTensorDescriptor", dnn.create_descriptor(&form)) &&
         ok("cudnnSetTensor4dDescriptor", dnn.set_descriptor(form, layout_nchw, type_float, images, channels, height, width)) &&
         ok("cudnnAddTensor", dnn.add(handle, &alpha, form, a.pointer(), &beta, form, c.pointer())) &&
         step.driver_ok("cuCtxSynchronize", bench.api.context_synchronize()) &&
         step.driver_ok("cuMemcpyDtoH", bench.api.memory_read(values, c.at(), bytes));
}

}  // namespace

void prove_cudnn(const Bench& bench) {
  const LibraryStep step("cudnn", bench);
  if (!step.installed("libcudnn.so")) return;
  // cuDNN 8 needs cuBLAS; both versions load parts of their own by name, which the manager's LD_LIBRARY_PATH leads
  // into the toolkit.
  for (const char* first : {"libnvJitLink.so", "libcudart.so", "libcublasLt.so", "libcublas.so"}) step.load_first(first);
  void* library = step.load("libcudnn.so");
  Dnn dnn;
  if (library == nullptr || !find_calls(step, library, dnn)) return;
  step.say_number("version", static_cast<std::int64_t>(dnn.version()));
  step.say_number("cudart", static_cast<std::int64_t>(dnn.cudart_version()));
  float values[count];
  if (!add(bench, step, dnn, values)) return;
  int wrong = 0;
  for (int i = 0; i < count; ++i)
    if (values[i] != 2 * sent(i) + 3 * sent(count + i)) ++wrong;
  step.say_number("checked", count);
  step.say_number("wrong", wrong);
  static constexpr const char* names[] = {"libcudnn", "libcublas", "libnvrtc"};
  step.record_foreign(names, 3);
  step.finish();
}

}  // namespace cudaenv::probe
