// `.cudaenv` comes with any repository. Beyond not crashing: what is accepted is accepted again with the same values,
// also with other line ends and a comment more; every view lies inside the text; every error inside it too.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "model/pin_value.hpp"
#include "model/pinfile.hpp"

using namespace cudaenv;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void inside(std::string_view part, std::string_view text) {
  if (part.empty()) return;
  require(part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size(),
          "a view outside of the text");
}

bool same(const Pin& a, const Pin& b) {
  if (a.toolkit_line != b.toolkit_line || a.toolkit.text != b.toolkit.text || a.toolkit.kind != b.toolkit.kind ||
      a.toolkit.bounds != b.toolkit.bounds || a.components != b.components || a.channel != b.channel)
    return false;
  for (std::size_t i = 0; i < a.components; ++i)
    if (a.component[i] != b.component[i]) return false;
  return a.require.driver == b.require.driver && a.require.compute_capability == b.require.compute_capability &&
         a.require.torch == b.require.torch;
}

void check_accepted(std::string_view text, const Pin& pin) {
  inside(pin.toolkit.text, text);
  inside(pin.channel, text);
  inside(pin.require.driver, text);
  inside(pin.require.compute_capability, text);
  inside(pin.require.torch, text);
  for (std::size_t i = 0; i < pin.components; ++i) {
    inside(pin.component[i], text);
    require(component_fault(pin.component[i]) == nullptr, "a component that its check refuses");
  }
  require(pin.channel.empty() || channel_fault(pin.channel) == nullptr, "a channel that its check refuses");
  VersionSpec spec;
  const char* reason = "";
  require(pin.toolkit_line == 0 || parse_spec(pin.toolkit.text, spec, reason), "a toolkit that is no spec");
}

void check_variant(const std::string& text, const Pin& pin, const char* what) {
  if (text.size() > pinfile_max_bytes) return;
  Pin again;
  PinError error;
  require(parse_pin(text, again, error) && same(pin, again), what);
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' && (out.empty() || out.back() != '\r')) out += '\r';
    out += c;
  }
  return out;
}

void check_refused(std::string_view text, const PinError& error) {
  require(error.reason != nullptr && *error.reason != '\0', "an error without a reason");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  require(error.line >= 1 && error.column >= 1, "a place before the text");
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < error.line; ++line) {
    begin = text.find('\n', begin);
    require(begin != std::string_view::npos, "a line below the text");
    ++begin;
  }
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  require(error.column - 1 <= end - begin, "a column behind its line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of exactly this size: a read behind it is a read that the sanitizer sees.
  const auto copy = std::make_unique<char[]>(size);
  for (std::size_t i = 0; i < size; ++i) copy[i] = static_cast<char>(data[i]);
  const std::string_view text(copy.get(), size);
  Pin pin;
  PinError error;
  if (!parse_pin(text, pin, error)) {
    check_refused(text, error);
    return 0;
  }
  check_accepted(text, pin);
  check_variant(std::string(text), pin, "another result for the same text");
  check_variant(std::string(text) + "\n# a comment", pin, "a comment at the end changes the result");
  check_variant(with_crlf(text), pin, "other line ends change the result");
  if (!text.starts_with("\xEF\xBB\xBF"))
    check_variant("\xEF\xBB\xBF" + std::string(text), pin, "a byte order mark changes the result");
  return 0;
}
