#include "probe/kernel_text.hpp"

#include <cstdio>

namespace cudaenv::probe {

unsigned count_wrong(const std::uint32_t (&values)[kernel_threads], Salt salt) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < kernel_threads; ++i)
    if (values[i] != kernel_value(i, salt.text, salt.seed)) ++wrong;
  return wrong;
}

void write_cuda_text(char* out, std::size_t size, const char* nonce, std::uint32_t text_salt) {
  std::snprintf(out, size,
                "// %s\n"
                "extern \"C\" __global__ void %s(unsigned int* out, unsigned int seed) {\n"
                "  const unsigned int index = blockIdx.x * blockDim.x + threadIdx.x;\n"
                "  out[index] = ((index + 0x%08xu) * 2654435761u) ^ seed;\n"
                "}\n",
                nonce, kernel_name, text_salt);
}

void write_ptx_text(char* out, std::size_t size, const char* nonce, std::uint32_t text_salt, const char* isa, int cc) {
  std::snprintf(out, size,
                "// %s\n"
                ".version %s\n"
                ".target sm_%d\n"
                ".address_size 64\n"
                ".visible .entry %s(.param .u64 out, .param .u32 seed)\n"
                "{\n"
                "  .reg .b32 %%index, %%block, %%width, %%lane, %%value, %%seed;\n"
                "  .reg .b64 %%base, %%step, %%place;\n"
                "  ld.param.u64 %%base, [out];\n"
                "  ld.param.u32 %%seed, [seed];\n"
                "  mov.u32 %%block, %%ctaid.x;\n"
                "  mov.u32 %%width, %%ntid.x;\n"
                "  mov.u32 %%lane, %%tid.x;\n"
                "  mad.lo.u32 %%index, %%block, %%width, %%lane;\n"
                "  add.u32 %%value, %%index, 0x%08x;\n"
                "  mul.lo.u32 %%value, %%value, 0x9E3779B1;\n"
                "  xor.b32 %%value, %%value, %%seed;\n"
                "  cvta.to.global.u64 %%base, %%base;\n"
                "  mul.wide.u32 %%step, %%index, 4;\n"
                "  add.u64 %%place, %%base, %%step;\n"
                "  st.global.u32 [%%place], %%value;\n"
                "  ret;\n"
                "}\n",
                nonce, isa, cc, kernel_name, text_salt);
}

}  // namespace cudaenv::probe
