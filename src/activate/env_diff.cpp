#include "activate/env_diff.hpp"

namespace cudaenv::activate {

EnvDiff make_env_diff(const Tree& tree, LibraryPathPolicy policy) {
  EnvDiff diff;
  diff.set = {{"CUDA_HOME", tree.path}, {"CUDA_PATH", tree.path}, {"CUDAToolkit_ROOT", tree.path}};
  if (tree.has_nvcc) diff.set.insert(diff.set.begin() + 2, {"CUDACXX", tree.path + "/bin/nvcc"});
  diff.prepend = {{"PATH", {tree.path + "/bin"}}, {"LD_LIBRARY_PATH", {}}};
  if (!tree.compat_note.empty()) diff.notes.push_back(tree.compat_note);
  if (!tree.compat.empty() && policy != LibraryPathPolicy::never) diff.prepend.back().second.push_back(tree.compat);
  if (!tree.compat.empty() && policy == LibraryPathPolicy::never)
    diff.notes.push_back("library-path = \"never\" keeps it out of LD_LIBRARY_PATH: programs will meet the older driver");
  switch (policy) {
    case LibraryPathPolicy::always:
      if (!tree.lib.empty()) diff.prepend.back().second.push_back(tree.lib);
      break;
    case LibraryPathPolicy::never:
      break;
    case LibraryPathPolicy::automatic:
      // The safe half of the policy: what a library folder would shadow is not judged yet.
      if (!tree.lib.empty())
        diff.notes.push_back(
            std::string(tree.compat.empty() ? "LD_LIBRARY_PATH is left alone" : "the toolkit's libraries are not in LD_LIBRARY_PATH") +
            ": it could change which libraries other programs load "
            "(library-path = \"always\" exports it, an rpath needs none)");
      break;
  }
  return diff;
}

}  // namespace cudaenv::activate
