// SHA-256 over OpenSSL's EVP, which uses the CPU's own instructions where there are some.
#include <openssl/evp.h>

#include <array>

#include "sys/io_module/parts.hpp"

namespace cudaenv {

namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

class OpenSslSha256 final : public Sha256 {
 public:
  OpenSslSha256() : context_(EVP_MD_CTX_new()) {
    good_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }
  void update(std::span<const std::byte> bytes) override {
    good_ = good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  }
  std::string finish() override {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    // An empty digest equals no promised one, so a failure here can only refuse.
    if (!good_ || EVP_DigestFinal_ex(context_.get(), digest.data(), &length) != 1 || length != 32) return {};
    good_ = false;
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
      text += digits[digest[i] >> 4U];
      text += digits[digest[i] & 15U];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
  bool good_ = false;
};

}  // namespace

std::unique_ptr<Sha256> make_sha256() { return std::make_unique<OpenSslSha256>(); }

}  // namespace cudaenv
