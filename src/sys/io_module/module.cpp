// The entry point of cudaenv-io.so.
#include "sys/net.hpp"

namespace cudaenv {

/// Defined beside the libraries they wrap.
std::unique_ptr<IoModule> make_io_module();

}  // namespace cudaenv
