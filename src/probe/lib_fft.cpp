// cuFFT: one transform of 4,096 complex numbers, there and back.
#include <cerrno>
#include <cstdlib>

#include "probe/libraries.hpp"
#include "probe/record.hpp"

namespace cudaenv::probe {

namespace {

constexpr int points = 4096, sampled_bins = 64;
constexpr int complex_to_complex = 0x29, forward = -1, inverse = 1;  // cufft.h
constexpr std::size_t bytes = points * 2 * sizeof(float);

struct Fft {
  int (*version)(int* version) = nullptr;
  int (*plan)(int* plan, int size, int type, int batch) = nullptr;
  int (*run)(int plan, void* in, void* out, int direction) = nullptr;
  int (*destroy)(int plan) = nullptr;
};

bool find_calls(const LibraryStep& step, void* library, Fft& fft) {
  return step.need(library, "cufftGetVersion", fft.version) && step.need(library, "cufftPlan1d", fft.plan) &&
         step.need(library, "cufftExecC2C", fft.run) && step.need(library, "cufftDestroy", fft.destroy);
}

const char* name_of(int result) {
  constexpr const char* names[] = {"",
                                   "CUFFT_INVALID_PLAN",
                                   "CUFFT_ALLOC_FAILED",
                                   "CUFFT_INVALID_TYPE",
                                   "CUFFT_INVALID_VALUE",
                                   "CUFFT_INTERNAL_ERROR",
                                   "CUFFT_EXEC_FAILED",
                                   "CUFFT_SETUP_FAILED",
                                   "CUFFT_INVALID_SIZE"};
  return result > 0 && result < 9 ? names[result] : "";
}

struct Complex {
  double re = 0, im = 0;
};
constexpr Complex product(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

// exp(-2 pi i / points): four terms of the series are exact to the last bit at this small angle. The probe has no libm.
constexpr Complex turn() {
  constexpr double angle = 2 * 3.14159265358979323846 / points, square = angle * angle;
  return {1 - square / 2 + square * square / 24, -angle * (1 - square / 6 + square * square / 120)};
}

struct Signal {
  float sent[2 * points], spectrum[2 * points], back[2 * points];
  Complex root[points];  // exp(-2 pi i k / points)
};

void fill(Signal& signal) {
  for (std::uint64_t i = 0; i < 2 * points; ++i) signal.sent[i] = normal_value((1ULL << 32U) + i);
  signal.root[0] = {1, 0};
  for (int k = 1; k < points; ++k) signal.root[k] = product(signal.root[k - 1], turn());
}

double square_of_difference(const float* got, Complex want) {
  const double re = static_cast<double>(got[0]) - want.re, im = static_cast<double>(got[1]) - want.im;
  return re * re + im * im;
}

// Largest squared error of 64 bins against sums in double precision.
double spectrum_error(const Signal& signal) {
  double worst = 0;
  for (int s = 0; s < sampled_bins; ++s) {
    const int bin = s * (points / sampled_bins) + (s * 37) % (points / sampled_bins);
    Complex sum;
    for (int i = 0; i < points; ++i) {
      const Complex term = product({static_cast<double>(signal.sent[2 * i]), static_cast<double>(signal.sent[2 * i + 1])},
                                   signal.root[static_cast<unsigned>(i) * static_cast<unsigned>(bin) % points]);
      sum = {sum.re + term.re, sum.im + term.im};
    }
    const double error = square_of_difference(signal.spectrum + 2 * bin, sum);
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

// Largest squared error of the signal after both ways, which multiply it by the number of points.
double return_error(const Signal& signal) {
  double worst = 0;
  for (int i = 0; i < points; ++i) {
    const float back[] = {signal.back[2 * i] / points, signal.back[2 * i + 1] / points};
    const double error =
        square_of_difference(back, {static_cast<double>(signal.sent[2 * i]), static_cast<double>(signal.sent[2 * i + 1])});
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

bool transform(const Bench& bench, const LibraryStep& step, const Fft& fft, Signal& signal) {
  DeviceMemory in(bench), out(bench);
  int plan = 0;
  const auto ok = [&](const char* call, int result) { return step.ok(call, result, name_of(result)); };
  if (!in.allocate(step, bytes) || !out.allocate(step, bytes) ||
      !step.driver_ok("cuMemcpyHtoD", bench.work.memory_write(in.at(), signal.sent, bytes)) ||
      !ok("cufftPlan1d", fft.plan(&plan, points, complex_to_complex, 1)))
    return false;
  const bool ran = ok("cufftExecC2C", fft.run(plan, in.pointer(), out.pointer(), forward)) &&
                   step.driver_ok("cuMemcpyDtoH", bench.api.memory_read(signal.spectrum, out.at(), bytes)) &&
                   ok("cufftExecC2C", fft.run(plan, out.pointer(), in.pointer(), inverse)) &&
                   step.driver_ok("cuMemcpyDtoH", bench.api.memory_read(signal.back, in.at(), bytes));
  fft.destroy(plan);
  return ran;
}

}  // namespace

void prove_cufft(const Bench& bench) {
  const LibraryStep step("cufft", bench);
  if (!step.installed("libcufft.so")) return;
  step.load_first("libnvJitLink.so");
  void* library = step.load("libcufft.so");
  Fft fft;
  if (library == nullptr || !find_calls(step, library, fft)) return;
  int version = 0;
  if (!step.ok("cufftGetVersion", fft.version(&version))) return;
  step.say_number("version", version);
  auto* signal = static_cast<Signal*>(std::calloc(1, sizeof(Signal)));
  if (signal == nullptr) return void(step.ok("calloc", ENOMEM));
  fill(*signal);
  if (transform(bench, step, fft, *signal)) {
    // A bin of the spectrum has the variance 2 * points, an entry of the signal 2. An error of 12 butterflies in
    // fp32 is about 12 * 2^-24 of that; ten times as much is allowed.
    constexpr double allowed = 120.0 / 16777216, allowed_square = allowed * allowed;
    const double there = spectrum_error(*signal) / (2.0 * points), back = return_error(*signal) / 2;
    step.say_number("checked", sampled_bins + points);
    step.say_number("wrong", (there <= allowed_square ? 0 : 1) + (back <= allowed_square ? 0 : 1));
    step.say_real("error_square_there", there);
    step.say_real("error_square_back", back);
    static constexpr const char* names[] = {"libcufft", "libnvJitLink"};
    step.record_foreign(names, 2);
    step.finish();
  }
  std::free(signal);
}

}  // namespace cudaenv::probe
