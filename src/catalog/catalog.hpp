// What one channel offers, whatever its kind. Answers are remembered: asking twice costs nothing.
#pragma once

#include <string>
#include <utility>
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
  /// Releases with the components that exist for this platform, in the order asked; all that is not known
  /// yet is asked at once. Code::no_such_version where the channel does not have one after all.
  [[nodiscard]] virtual std::vector<Result<Release>> releases(const std::vector<Version>& versions) = 0;
  [[nodiscard]] Result<Release> release(const Version& version) { return std::move(releases({version}).front()); }
  /// The files for these components of a release; companions are not among them. For wheels one
  /// request per package. In the order of `components`.
  [[nodiscard]] virtual Result<std::vector<ComponentFiles>> files(const Version& version,
                                                                  const std::vector<std::string>& components) = 0;
  /// The files for a companion (cudnn, nccl) that fit this CUDA major version; `files` is empty where
  /// the channel does not publish it.
  [[nodiscard]] virtual Result<ComponentFiles> companion(const ComponentRequest& request, unsigned cuda_major) = 0;
};

}  // namespace cudaenv
