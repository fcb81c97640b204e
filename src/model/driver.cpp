#include "model/driver.hpp"

namespace cudaenv {

const char* libcuda_kind_name(LibcudaFacts::Kind kind) {
  switch (kind) {
    case LibcudaFacts::Kind::genuine: return "genuine";
    case LibcudaFacts::Kind::stub: return "stub";
    case LibcudaFacts::Kind::compat: return "compat";
    case LibcudaFacts::Kind::wsl: return "wsl";
    case LibcudaFacts::Kind::missing: return "missing";
  }
  return "missing";
}

const char* step_status_name(StepStatus status) {
  switch (status) {
    case StepStatus::pass: return "pass";
    case StepStatus::fail: return "fail";
    case StepStatus::skip: return "skip";
  }
  return "skip";
}

const char* verdict_name(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::proven: return "proven";
    case Verdict::Kind::compile_only: return "compile-only";
    case Verdict::Kind::degraded: return "degraded";
    case Verdict::Kind::refused: return "refused";
  }
  return "refused";
}

const char* may_name(May may) {
  switch (may) {
    case May::full: return "full";
    case May::sass_only: return "sass-only";
    case May::ptx_only: return "ptx-only";
    case May::refused: return "refused";
  }
  return "refused";
}

}  // namespace cudaenv
