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

// Numbers and meanings: CUDA Driver API, `CUresult`. Fixes: the threads named in the manual page of `verify`.
constexpr Row rows[] = {
    {34, "stub-libcuda", false, "{libcuda} is the link-time stub, not a driver",
     "take the toolkit's `stubs` folder out of LD_LIBRARY_PATH and of the linker's cache: `cudaenv ldd` names who put it there"},
    {35, "driver-too-old", false, "driver {driver} is older than CUDA {toolkit} needs ({evidence})",
     "install a newer driver, or a toolkit for this one: `cudaenv install driver`"},
    {46, "gpu-busy", true, "the GPU is taken: exclusive mode, or another process holds it ({evidence})",
     "`nvidia-smi --query-compute-apps=pid,name --format=csv` names who holds it; `cudaenv verify --refresh` tries again"},
    {100, "no-device", false, "the driver ({module}) sees no CUDA device ({evidence})",
     "look at CUDA_VISIBLE_DEVICES, at /dev/nvidia* and at `nvidia-smi -L`; a container needs `--gpus all`, MIG needs an instance"},
    {101, "invalid-device", true, "there is no such device ({evidence})", "`cudaenv driver` lists the devices"},
    {200, "invalid-image", false, "the driver does not take the image that {toolkit} made ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit; else the driver is too old for its format"},
    {201, "invalid-context", true, "the driver gave a context that does not work ({evidence})",
     "`cudaenv verify --refresh` tries again; if it stays, another program has put the GPU into exclusive mode"},
    {209, "no-kernel-image", false, "this GPU runs nothing that {toolkit} can make ({evidence})",
     "`cudaenv driver` shows which toolkit has a target for this GPU"},
    {214, "ecc-uncorrectable", true, "the GPU's memory has an uncorrectable error ({evidence})",
     "reset the GPU or restart the machine: `nvidia-smi -q -d ECC` names the error"},
    {218, "invalid-ptx", false, "the driver's compiler rejects the PTX of {toolkit} ({evidence})",
     "`cudaenv driver` shows whose PTX this driver takes"},
    {220, "nvlink-uncorrectable", true, "an NVLink of the GPU has an uncorrectable error ({evidence})",
     "`nvidia-smi nvlink -e` names the link; restart the machine"},
    {221, "jit-compiler-missing", false, "the driver's PTX compiler libnvidia-ptxjitcompiler.so.1 is not there",
     "install the rest of the driver's libraries; in a container, NVIDIA_DRIVER_CAPABILITIES=compute,utility"},
    {222, "ptx-too-new", false, "PTX of {toolkit} is newer than driver {driver} can compile; machine code (SASS) runs",
     "compile with `-arch=native` or for your GPU's sm_ number, or use a toolkit that the driver knows: `cudaenv use driver`"},
    {300, "invalid-source", false, "the driver's compiler cannot read the PTX of {toolkit} ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit"},
    {304, "os-call-failed", true, "a system call of the driver failed ({evidence})",
     "look at the permissions of /dev/nvidia*, at `ulimit -a` and at `dmesg`"},
    {719, "launch-failed", true, "the kernel died on the GPU ({evidence})", "`dmesg | grep -i xid` names the fault of the GPU"},
    {802, "system-not-ready", true, "the GPUs are not initialised yet: on NVSwitch machines the fabric manager must run",
     "start the service that matches the driver: `systemctl start nvidia-fabricmanager`"},
    {803, "driver-mismatch", false, "{libcuda} is not of the running kernel module {module}",
     "restart the machine after a driver upgrade, or take the other libcuda out of the way: `cudaenv ldd` names who put it there"},
    {804, "compat-not-supported", false, "{libcuda} is a forward-compatibility driver, and this GPU is not one it supports",
     "take the `compat` folder out of LD_LIBRARY_PATH and of the linker's cache"},
    {999, "driver-unknown-error", true, "the driver failed without a reason ({evidence})",
     "`dmesg | grep -i nvrm` may say more; reload the module nvidia_uvm or restart the machine"},
    {0, "no-driver", false, "there is no NVIDIA driver here: nothing can run, compiling works",
     "on a machine with a GPU, install its driver; CUDAENV_DRIVER=13.0 judges for another machine"},
    {0, "no-gpu", false, "libcuda is here, but no GPU ({evidence}): nothing can run, compiling works",
     "CUDAENV_DRIVER=13.0 CUDAENV_GPU=9.0 judges for another machine"},
    {0, "gpus-hidden", false, "CUDA_VISIBLE_DEVICES hides every GPU: nothing can run, compiling works",
     "unset CUDA_VISIBLE_DEVICES"},
    {0, "libcuda-missing", false, "the driver's kernel module {module} is loaded, but its libcuda.so.1 is not found ({evidence})",
     "start the container with `--gpus all` and NVIDIA_DRIVER_CAPABILITIES=compute,utility, or install the driver's libraries"},
    {0, "libcuda-wrong-class", false, "libcuda.so.1 is for another kind of processor ({evidence})",
     "take the 32-bit driver libraries out of LD_LIBRARY_PATH"},
    {0, "libcuda-damaged", false, "libcuda.so.1 cannot be loaded ({evidence})", "install the driver's libraries again"},
    {0, "libcuda-incomplete", false, "{libcuda} lacks the call {evidence}", "install the driver's libraries again"},
    {0, "driver-hung", true, "the driver did not answer in time ({evidence})",
     "`dmesg | grep -i nvrm` may say why; `cudaenv verify --refresh --timeout 60` waits longer"},
    {0, "driver-crashed", true, "the driver crashed ({evidence})", "`dmesg | grep -i nvrm` may say why; restart the machine"},
    {0, "driver-greedy", true, "the driver was stopped for the memory it took ({evidence})",
     "look at {libcuda}: a genuine driver takes some hundred MB for a GPU"},
    {0, "driver-left", true, "the driver ended the proof without an answer ({evidence})",
     "look at {libcuda}: a genuine driver does not do that"},
    {0, "wrong-results", true, "the kernel of {toolkit} ran and computed wrong values ({evidence})",
     "do not trust this GPU: run a memory test, look at `nvidia-smi -q -d ECC` and `dmesg | grep -i xid`"},
    {0, "gpu-too-old", false, "{evidence}", "`cudaenv driver` shows which toolkit has a target for this GPU"},
    {0, "gpu-newer-than-toolkit", false, "{evidence}", "install a toolkit that has this GPU as a target: `cudaenv install driver`"},
    {0, "no-compiler", false, "{toolkit} has neither NVRTC nor ptxas: no kernel of its own could be launched",
     "cudaenv install {toolkit} --with nvrtc"},
    {0, "compile-failed", false, "the compiler of {toolkit} failed ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit"},
    {0, "cudart-damaged", false, "libcudart of {toolkit} cannot be loaded ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit"},
    {0, "library-damaged", false, "a library of {toolkit} cannot be used ({evidence})",
     "`cudaenv install {toolkit}` repairs a damaged toolkit"},
    {0, "library-failed", true, "kernels of {toolkit} run, but not one of its libraries ({evidence})",
     "`cudaenv verify {toolkit} --gemm` tries again; `dmesg | grep -i xid` names a fault of the GPU"},
    {0, "library-shadowed", false, "another copy is loaded in place of a library of {toolkit} ({evidence})",
     "take that folder out of LD_LIBRARY_PATH: `cudaenv ldd` names who put it there"},
};

std::string fill(std::string_view text, const CauseFacts& facts) {
  return fmt::format(fmt::runtime(text), fmt::arg("toolkit", facts.toolkit), fmt::arg("driver", facts.driver),
                     fmt::arg("module", facts.module), fmt::arg("libcuda", facts.libcuda),
                     fmt::arg("evidence", facts.evidence));
}

Cause make_cause(const Row& row, const CauseFacts& facts) {
  return {std::string(row.id), row.error, fill(row.what, facts), fill(row.fix, facts)};
}

}  // namespace

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
