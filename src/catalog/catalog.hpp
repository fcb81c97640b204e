// What one channel offers, whatever its kind. Answers are remembered: asking twice costs nothing.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/catalog.hpp"

namespace cudaenv {

class Catalog {
 public:
  virtual ~Catalog() = default;
  [[nodiscard]] virtual const std::string& channel() const = 0;
  [[nodiscard]] virtual ChannelKind kind() const = 0;

  /// Every toolkit version on offer, release candidates too, newest first. One request.
  [[nodiscard]] virtual Result<std::vector<Version>> versions() = 0;
  /// One release with the components that exist for this platform. At most two requests.
  /// Code::no_such_version where the channel does not have it after all.
  [[nodiscard]] virtual Result<Release> release(const Version& version) = 0;
  /// The files for these components of a release; companions are not among them. For wheels one
  /// request per package. In the order of `components`.
  [[nodiscard]] virtual Result<std::vector<ComponentFiles>> files(const Version& version,
                                                                  const std::vector<std::string>& components) = 0;
  /// The files for a companion (cudnn, nccl) that fit this CUDA major version; `files` is empty where
  /// the channel does not publish it.
  [[nodiscard]] virtual Result<ComponentFiles> companion(const ComponentRequest& request, unsigned cuda_major) = 0;
};

}  // namespace cudaenv
