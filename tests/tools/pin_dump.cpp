// Reads texts from standard input, each as its length in decimal, a line feed and its bytes, and prints for each what
// parse_pin says, as one line of JSON. For the differential test against Python's tomllib.
#include <cstdio>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "model/pinfile.hpp"

using namespace cudaenv;

namespace {

nlohmann::json values_of(const Pin& pin) {
  nlohmann::json out = nlohmann::json::object();
  if (pin.toolkit_line != 0) out["toolkit"] = pin.toolkit.text;
  auto components = nlohmann::json::array();
  for (std::size_t i = 0; i < pin.components; ++i) components.push_back(pin.component[i]);
  out["components"] = std::move(components);
  if (!pin.channel.empty()) out["channel"] = pin.channel;
  auto require = nlohmann::json::object();
  if (!pin.require.driver.empty()) require["driver"] = pin.require.driver;
  if (!pin.require.compute_capability.empty()) require["compute_capability"] = pin.require.compute_capability;
  if (!pin.require.torch.empty()) require["torch"] = pin.require.torch;
  out["require"] = std::move(require);
  return out;
}

// The one-line form is the only one whose toolkit stands without quotes.
bool one_line_form(const Pin& pin, const std::string& text) {
  if (pin.toolkit_line == 0) return false;
  const auto at = static_cast<std::size_t>(pin.toolkit.text.data() - text.data());
  return at == 0 || (text[at - 1] != '"' && text[at - 1] != '\'');
}

}  // namespace

int main() {
  std::size_t size = 0;
  while (std::cin >> size) {
    std::cin.get();
    std::string text(size, '\0');
    if (!std::cin.read(text.data(), static_cast<std::streamsize>(size))) return 1;
    Pin pin;
    PinError error;
    nlohmann::json line;
    if (parse_pin(text, pin, error))
      line = {{"ok", values_of(pin)}, {"one_line", one_line_form(pin, text)}};
    else
      line = {{"error", error.reason}, {"line", error.line}, {"column", error.column}};
    std::cout << line.dump() << '\n';
  }
  return 0;
}
