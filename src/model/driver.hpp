// Facts about driver and GPUs, and the verdict of a proof. Field names follow `driver --json` and
// `verify --json` (README).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cudaenv {

struct GpuFacts {
  int index = 0;
  std::string uuid;  // "GPU-…" or "MIG-…"
  std::string name;
  int cc_major = 0, cc_minor = 0;
  std::uint64_t memory_bytes = 0;
  bool mig = false;
  std::string bus_id;  // "0000:3b:00.0", empty where it is not known
};

/// An instance of a GPU in MIG mode, as NVML names it.
struct MigInstance {
  std::string uuid;  // "MIG-…"
  int gpu_instance = -1, compute_instance = -1;  // -1: not known
};

/// A GPU of this machine as NVML names it, whether or not CUDA may see it. NVML counts by PCI bus.
struct NvmlGpu {
  std::string uuid;  // "GPU-…"
  std::string name;
  std::string bus_id;
  int cc_major = 0, cc_minor = 0;
  std::uint64_t memory_bytes = 0;
  bool mig_mode = false;
  std::vector<MigInstance> mig;
  int error = 0;  // nvmlReturn_t: why nothing else is known of it
};

struct NvmlFacts {
  bool loaded = false;   // libnvidia-ml.so.1 was found and answered
  int error = 0;         // nvmlReturn_t of nvmlInit: 18 is a library of another version than the module
  std::string driver;    // "580.159.04", of the running driver
  std::vector<NvmlGpu> gpus;
};

struct LibcudaFacts {
  std::string path;          // real path of the library that loads, empty when missing
  std::string file_version;  // "580.159.04", from the real file's name
  int cuda = 0;              // cuDriverGetVersion: 13000; 0 unknown
  enum class Kind : std::uint8_t { genuine, stub, compat, wsl, missing } kind = Kind::missing;
  int init_error = 0;        // CUresult of cuInit; 0 is success
};
[[nodiscard]] const char* libcuda_kind_name(LibcudaFacts::Kind kind);

struct DriverFacts {
  bool pretended = false;      // CUDAENV_DRIVER and CUDAENV_GPU, or a file with the facts of another machine
  std::string pretended_by;    // "CUDAENV_DRIVER", or that file's path
  std::string kernel_module;   // "580.159.04", empty when no module is loaded
  LibcudaFacts libcuda;
  std::vector<GpuFacts> gpus;      // what CUDA shows
  NvmlFacts nvml;                  // what there is
  std::string container;           // "docker", "podman", "kubernetes", "apptainer", or empty
  std::string jetson;              // "R36.4.3", or empty
  bool wsl = false;
  std::vector<std::string> notes;  // what is odd about this machine, as sentences with a way out
};

enum class StepStatus : std::uint8_t { pass, fail, skip };
[[nodiscard]] const char* step_status_name(StepStatus status);

struct Step {
  std::string name;  // facts genuine floor arch sass ptx cudart; with --gemm also gemm cufft cudnn nccl nvcc
  StepStatus status = StepStatus::skip;
  std::string evidence;
};

/// The cause of a refusal or a degradation.
struct Cause {
  std::string id;      // "ptx-too-new"
  int cuda_error = 0;  // CUresult, 0 where none
  std::string what;
  std::string fix;     // a command, or a sentence where no command helps
};

/// What the toolkit's cuBLAS reached: bf16, 4096 x 4096 x 4096, summed in fp32.
struct GemmFigures {
  double ms = 0;         // median of the timed runs
  double tflops = 0;
  double max_error = 0;  // of the entries looked at, against double precision, as a share of their root mean square
};

struct GpuVerdict;

/// The forward-compatibility folder that a toolkit has.
struct CompatUse {
  std::string folder;   // absolute: what activation puts first in LD_LIBRARY_PATH
  bool active = false;  // the verdict was reached with it, and would be a lesser one without
  std::string why;
};

struct Verdict {
  enum class Kind : std::uint8_t { proven, compile_only, degraded, refused } kind = Kind::compile_only;
  std::string toolkit;  // "13.0.2"
  bool cached = false;
  bool pretended = false;  // judged from the tables for CUDAENV_DRIVER / CUDAENV_GPU; nothing was launched
  double elapsed_ms = 0;
  std::vector<Step> steps;
  std::optional<Cause> cause;
  std::optional<CompatUse> compat;   // where the toolkit has such a folder
  std::optional<GemmFigures> gemm;  // only where --gemm asked for it; never cached
  std::vector<GpuVerdict> gpus;  // every GPU that was to be proven; the verdict is the worst of theirs
};

struct GpuVerdict {
  int index = 0;                   // CUDA's
  std::string uuid, name;
  std::string compute_capability;  // "9.0"
  Verdict::Kind kind = Verdict::Kind::compile_only;
  std::string why;                 // less than proven: the step and what happened
};
/// "proven", "compile-only", "degraded", "refused".
[[nodiscard]] const char* verdict_name(Verdict::Kind kind);

/// What a toolkit may do under a driver and its GPUs, by the tables and cuDriverGetVersion.
enum class May : std::uint8_t { full, sass_only, ptx_only, refused };
/// "full", "sass-only", "ptx-only" (every GPU here is newer than the toolkit), "refused".
[[nodiscard]] const char* may_name(May may);

struct Reach {
  May may = May::refused;  // on the GPU that can do most
  std::string why;
  bool every_gpu = true;   // the others can do as much
};

}  // namespace cudaenv
