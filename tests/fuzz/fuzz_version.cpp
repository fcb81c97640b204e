// Versions and specs come from indexes, manifests, folders and people. Beyond not crashing: a version survives being
// printed, the order is an order, and a spec is never a path.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "model/spec.hpp"

using namespace cudaenv;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check_version(const Version& version) {
  const VersionText text = to_text(version);
  Version again;
  require(parse_version(text.view(), again) && again == version, "a version that does not survive being printed");
  require(version.is_prefix_of(version), "a version that is no prefix of itself");
  VersionSpec spec;
  const char* reason = "";
  require(parse_spec(text.view(), spec, reason) && matches(spec, version),
          "a version that its own spec does not match");
}

void check_order(const Version& a, const Version& b, std::string_view name_a, std::string_view name_b) {
  require((compare(a, b) < 0) == (compare(b, a) > 0) && (compare(a, b) == 0) == (compare(b, a) == 0),
          "an order with two opinions");
  require(!(chosen_before(a, name_a, b, name_b) && chosen_before(b, name_b, a, name_a)),
          "each is chosen before the other");
  require(name_a == name_b || chosen_before(a, name_a, b, name_b) || chosen_before(b, name_b, a, name_a),
          "neither is chosen");
}

void check_spec(const VersionSpec& spec, std::string_view text, const Version& version) {
  require(spec.text.data() == text.data() && spec.text.size() == text.size(), "a spec that forgets its text");
  require(text.find('/') == std::string_view::npos && text.find("..") == std::string_view::npos &&
              text.find('\0') == std::string_view::npos && text.find('\n') == std::string_view::npos &&
              text.front() != '-',
          "a spec that could be a path or an option");
  if (matches(spec, version)) require(matches(spec, version, true), "candidates allowed take a match away");
}

}  // namespace

// The input is two texts with a newline between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto cut = std::min(input.find('\n'), input.size());
  const std::string first = input.substr(0, cut);
  const std::string second = cut == input.size() ? std::string() : input.substr(cut + 1);
  Version a;
  Version b;
  const bool have_a = parse_version(first, a);
  const bool have_b = parse_version(second, b);
  if (have_a) check_version(a);
  if (have_a && have_b) check_order(a, b, first, second);
  VersionSpec spec;
  const char* reason = "";
  if (parse_spec(first, spec, reason))
    check_spec(spec, first, have_b ? b : a);
  else
    require(*reason != '\0', "a refusal without a reason");
  return 0;
}
