// Loads an image, launches the kernel, checks every value.
#pragma once

#include "probe/driver_api.hpp"
#include "probe/image.hpp"

namespace cudaenv::probe {

/// Makes the device's primary context current (the runtime library uses the same). Writes context.error.
[[nodiscard]] bool open_context(const DriverApi& api, const Device& device);

/// Writes the records <step>.{way,target,call,error,error_name,log,checked,wrong,ms...}, step "sass" or "ptx".
/// False where the context is broken and nothing further makes sense.
bool prove_image(const DriverApi& api, const Options& options, Kind kind, const Image& image);

/// The toolkit's libcudart: version, cudaMalloc, copies there and back, cudaFree. Writes cudart.*.
void prove_cudart(const Options& options);

}  // namespace cudaenv::probe
