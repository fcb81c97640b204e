// Loads an image, launches the kernel, checks every value: on one device.
#pragma once

#include "probe/driver_api.hpp"
#include "probe/images.hpp"

namespace cudaenv::probe {

/// Makes the device's primary context current (the runtime library uses the same). Records
/// gpu.<index>.{stage,context.error,context.error_name}.
[[nodiscard]] bool open_context(const DriverApi& api, const Device& device);

/// The whole proof on `device`, from its primary context (the runtime library uses the same) to its libcudart; may
/// run on a thread of its own. Records gpu.<index>.stage, .context.*,
/// .{sass,ptx}.{way,target,compile_error,call,error,error_name,log,checked,wrong}, .cudart.*, .ms.*.
void prove_device(const DriverApi& api, const Options& options, const Device& device, ImageSet& images);

}  // namespace cudaenv::probe
