#include "verify/causes.hpp"

#include <fmt/args.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cudaenv::verify {

namespace {

struct Row {
  int error;             // CUresult; 0: a finding of ours
  std::string_view id;
  bool transient;
  std::string_view what;
  std::string_view fix;
};

// Numbers and meanings: CUDA Driver API, `CUresult`. `what` says what it means here, with the evidence; `fix` has a
// command that can be run, in backticks.
constexpr Row rows[] = {
    {34, "stub-libcuda", false, "{libcuda} is the stub that programs are linked with, not a driver ({origin})", "`{remedy}`"},
    {35, "driver-too-old", false, "driver {driver} is older than CUDA {toolkit} needs ({evidence})",
     "`cudaenv install driver` installs the newest toolkit that this driver runs"},
    {46, "gpu-busy", true, "the GPU is taken: exclusive mode, or another process holds it ({evidence})",
     "`nvidia-smi --query-compute-apps=pid,name --format=csv` names who holds it, `nvidia-smi -q -d COMPUTE` the mode; "
     "`cudaenv verify --refresh` tries again"},
    {100, "no-device", false, "the driver ({module}) sees no CUDA device ({evidence})",
     "`nvidia-smi -L` lists GPUs and MIG instances; `unset CUDA_VISIBLE_DEVICES` shows all of them; a container is started "
     "with `docker run --gpus all`"},
    {101, "invalid-device", true, "there is no such device ({evidence})", "`cudaenv driver` lists the devices"},
    {200, "invalid-image", false, "the driver does not take the image that {toolkit} made ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit; `cudaenv install driver` installs one of this driver's own age"},
    {201, "invalid-context", true, "the driver gave a context that does not work ({evidence})",
     "`cudaenv verify --refresh` tries again; `nvidia-smi -q -d COMPUTE` shows whether another program has the GPU for itself"},
    {209, "no-kernel-image", false, "this GPU runs nothing that {toolkit} can make ({evidence})",
     "`cudaenv driver` shows which toolkit has a target for this GPU"},
    {214, "ecc-uncorrectable", true, "the GPU's memory has an error that ECC cannot correct ({evidence})",
     "`nvidia-smi -q -d ECC` shows the error; `sudo nvidia-smi --gpu-reset` while nothing uses the GPU, or `sudo reboot`"},
    {218, "invalid-ptx", false, "the driver's compiler rejects the PTX of {toolkit}; its machine code (SASS) runs ({evidence})",
     "`cudaenv use driver` takes the newest toolkit whose PTX this driver compiles"},
    {220, "nvlink-uncorrectable", true, "an NVLink of the GPU has an error that cannot be corrected ({evidence})",
     "`nvidia-smi nvlink -e` names the link; `sudo reboot` trains it again"},
    {221, "jit-compiler-missing", false, "the driver's PTX compiler, libnvidia-ptxjitcompiler.so.1 of {module}, is not there",
     "`ldconfig -p | grep ptxjitcompiler` shows it once the rest of the driver's libraries is installed; a container is "
     "started with `docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility`"},
    {222, "ptx-too-new", false, "PTX of {toolkit} is newer than driver {driver} can compile; machine code (SASS) runs",
     "`nvcc -arch=native` compiles machine code for this GPU; `cudaenv use driver` takes the newest toolkit whose PTX this "
     "driver compiles"},
    {300, "invalid-source", false, "the driver's compiler cannot read the PTX of {toolkit} ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit"},
    {304, "os-call-failed", true, "a system call of the driver failed ({evidence})",
     "`ls -l /dev/nvidia*` shows who may open the devices, `ulimit -a` the limits; `dmesg | grep -i nvrm` may say more"},
    {719, "launch-failed", true, "the kernel died on the GPU ({evidence})",
     "`dmesg | grep -i xid` names the fault of the GPU; `cudaenv verify --refresh` tries again"},
    {802, "system-not-ready", true, "the GPUs are not initialised yet ({evidence}): on NVSwitch machines the fabric manager must run",
     "`sudo systemctl start nvidia-fabricmanager`, in the version of the driver ({module})"},
    {803, "driver-mismatch", false, "{libcuda} does not go with the running kernel module {module} ({origin})", "`{remedy}`"},
    {804, "compat-not-supported", false,
     "{libcuda} is a forward-compatibility driver, and this GPU is none of those that may use one ({origin})", "`{remedy}`"},
    {999, "driver-unknown-error", true, "the driver failed without a reason ({evidence})",
     "`dmesg | grep -i nvrm` may say more; `sudo modprobe -r nvidia_uvm && sudo modprobe nvidia_uvm`, or `sudo reboot`"},
    {0, "no-driver", false, "there is no NVIDIA driver here ({evidence}): nothing can run, compiling works",
     "`CUDAENV_DRIVER=13.0 CUDAENV_GPU=9.0 cudaenv verify` judges for another machine; on one with a GPU, install its driver"},
    {0, "no-gpu", false, "libcuda is here, but no GPU ({evidence}): nothing can run, compiling works",
     "`CUDAENV_DRIVER=13.0 CUDAENV_GPU=9.0 cudaenv verify` judges for another machine"},
    {0, "gpus-hidden", false, "CUDA_VISIBLE_DEVICES hides every GPU: nothing can run, compiling works",
     "`unset CUDA_VISIBLE_DEVICES`"},
    {0, "libcuda-missing", false, "the driver's libcuda.so.1 is not found (kernel module {module}; {evidence})",
     "`docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility` gives a container the driver's libraries; "
     "elsewhere `ldconfig -p | grep libcuda` shows them once they are installed"},
    {0, "libcuda-wrong-class", false, "libcuda.so.1 is for another kind of processor ({evidence})", "`{remedy}`"},
    {0, "libcuda-damaged", false, "libcuda.so.1 cannot be loaded ({evidence})",
     "`ldconfig -p | grep libcuda` shows where it lies: install the driver's libraries again"},
    {0, "libcuda-incomplete", false, "{libcuda} lacks the call {evidence} ({origin})",
     "`ldconfig -p | grep libcuda` shows where it lies: install the driver's libraries again"},
    {0, "driver-hung", true, "the driver did not answer in time ({evidence})",
     "`dmesg | grep -i nvrm` may say why; `cudaenv verify --refresh --timeout 60` waits longer"},
    {0, "driver-crashed", true, "the driver crashed ({evidence})", "`dmesg | grep -i nvrm` may say why; `sudo reboot`"},
    {0, "driver-greedy", true, "the driver was stopped for the memory it took ({evidence})",
     "`ls -l {libcuda}` shows what was loaded ({origin}): a genuine driver takes some hundred MB for a GPU"},
    {0, "driver-left", true, "the driver ended the proof without an answer ({evidence})",
     "`ls -l {libcuda}` shows what was loaded ({origin}): a genuine driver does not do that"},
    {0, "wrong-results", true, "the kernel of {toolkit} ran and computed wrong values ({evidence})",
     "`nvidia-smi -q -d ECC` and `dmesg | grep -i xid` show faults of the GPU: do not trust its results"},
    {0, "gpu-too-old", false, "{evidence}", "`cudaenv driver` shows which toolkit has a target for this GPU"},
    {0, "gpu-newer-than-toolkit", false, "{evidence}",
     "`cudaenv install driver` installs the newest toolkit that this driver runs: it may have this GPU as a target"},
    {0, "no-compiler", false, "{toolkit} has neither NVRTC nor ptxas: no kernel of its own could be launched",
     "`cudaenv install {toolkit} --with nvrtc`"},
    {0, "compile-failed", false, "the compiler of {toolkit} failed ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit"},
    {0, "cudart-damaged", false, "libcudart of {toolkit} cannot be loaded ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit"},
    // steps of `verify --gemm`
    {0, "library-damaged", false, "a library of {toolkit} cannot be used ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit"},
    {0, "library-failed", true, "kernels of {toolkit} run, but not one of its libraries ({evidence})",
     "`cudaenv verify {toolkit} --gemm` tries again; `dmesg | grep -i xid` names a fault of the GPU"},
    {0, "library-shadowed", false, "another copy is loaded in place of a library of {toolkit} ({evidence})",
     "`cudaenv install {toolkit} --with cublas,cudnn` gives a toolkit whose libraries find each other"},
    {0, "host-compiler", false, "nvcc of {toolkit} takes no host compiler of this machine ({evidence})", "`{remedy}`"},
    {0, "glibc-too-new", false, "headers of {toolkit} contradict this machine's glibc ({evidence})", "`{remedy}`"},
    {0, "nvcc-failed", false, "kernels of {toolkit} run, but its nvcc makes no program here ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit"},
    {0, "nvcc-program", true, "a program that nvcc of {toolkit} made does not run here ({evidence})",
     "`cudaenv verify {toolkit} --gemm` tries again; `dmesg | grep -i xid` names a fault of the GPU"},
};

std::string fill(std::string_view text, const CauseFacts& facts) {
  return fmt::format(fmt::runtime(text), fmt::arg("toolkit", facts.toolkit), fmt::arg("driver", facts.driver),
                     fmt::arg("module", facts.module), fmt::arg("libcuda", facts.libcuda),
                     fmt::arg("evidence", facts.evidence), fmt::arg("origin", facts.origin),
                     fmt::arg("remedy", facts.remedy));
}

Cause make_cause(const Row& row, const CauseFacts& facts) {
  return {std::string(row.id), row.error, fill(row.what, facts), fill(row.fix, facts)};
}

}  // namespace

std::vector<std::pair<int, std::string_view>> known_causes() {
  std::vector<std::pair<int, std::string_view>> list;
  for (const auto& row : rows) list.emplace_back(row.error, row.id);
  return list;
}

Cause cause_of_error(int cuda_error, const CauseFacts& facts) {
  for (const auto& row : rows)
    if (row.error == cuda_error && cuda_error != 0) return make_cause(row, facts);
  return {"cuda-error", cuda_error, fmt::format("CUDA error {} ({})", cuda_error, facts.evidence),
          "`cudaenv verify --refresh` tries again"};
}

Cause cause_of_finding(std::string_view id, const CauseFacts& facts) {
  for (const auto& row : rows)
    if (row.error == 0 && row.id == id) return make_cause(row, facts);
  return {"internal", 0, fmt::format("no sentence for `{}` ({})", id, facts.evidence), ""};
}

bool is_transient(const Cause& cause) {
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) { return one.id == cause.id; });
  return row == std::end(rows) || row->transient;
}

}  // namespace cudaenv::verify
